"""The flow that fetches one file to disk."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from typedpipes._core.arguments import check_plain
from typedpipes._core.files.host import FileHost
from typedpipes._core.files.links import LinkSource
from typedpipes._core.files.part_file import PartFile, WriteBehind
from typedpipes._core.files.progress import Progress, ProgressMeter
from typedpipes._core.files.transfer import Transfer
from typedpipes._core.flow import Call, Clock, Flow, SystemClock, call, hold
from typedpipes.errors import ConfigurationError, TypedPipesError

WRITE_SIZE: Final = 1 << 20
WRITE_EVERY: Final = 1.0
"""Seconds after which a smaller piece is written too."""


@attrs.frozen(kw_only=True)
class DownloadOptions:
    """How a file is fetched.

    ``timeout``: seconds for all of it; ``max_bytes``: the size refused beyond (4 GiB); ``overwrite``: replace an
    existing file, atomically, else refuse before anything is sent; ``progress``: called up to ten times a second.
    """

    timeout: float = 3600.0
    max_bytes: int = 4 << 30
    overwrite: bool = True
    progress: Callable[[Progress], None] | None = None

    def __attrs_post_init__(self) -> None:
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise ConfigurationError(f"timeout must be a positive number of seconds, not {self.timeout!r}")
        if self.max_bytes <= 0:
            raise ConfigurationError(f"max_bytes must be positive, not {self.max_bytes!r}")
        check_plain("progress", self.progress)


def download(
    source: LinkSource,
    to: str | os.PathLike[str],
    *,
    host: FileHost,
    identity: str,
    clock: Clock | None = None,
    options: DownloadOptions | None = None,
) -> Flow[Path]:
    """Fetch the file behind ``source`` to ``to`` and return its path.

    Under that name there is either what was before or the whole new file. What an interrupted call fetched stays in
    ``to.part`` and is continued by the next call with the same ``identity``. ``host`` is closed at the end.
    Raises `DownloadError`, and what ``source`` raises.
    """
    clock, options = clock or SystemClock(), options or DownloadOptions()
    until = clock.monotonic() + options.timeout
    part = PartFile(Path(to), identity=identity, overwrite=options.overwrite)
    yield from hold(Call(part.close, blocking=True))
    writer = WriteBehind(part.write)
    yield from hold(Call(writer.close, blocking=True))  # what is held last is given back first
    yield from hold(host.close())
    transfer = Transfer(host, source, clock=clock, until=until, max_bytes=options.max_bytes)
    transfer.resume((yield from call(part.open, blocking=True)))
    yield from _copy(transfer, part, writer, ProgressMeter(options.progress, clock), clock)
    yield from call(part.commit, blocking=True)
    return part.target


def _copy(transfer: Transfer, part: PartFile, writer: WriteBehind, meter: ProgressMeter, clock: Clock) -> Flow[None]:
    yield from transfer.open()
    begun = transfer.point
    yield from call(partial(part.begin, begun, begun.offset), blocking=True)
    pending: list[bytes] = []
    start, size, flushed = begun.offset, 0, clock.monotonic()
    while True:
        try:
            chunk = yield from transfer.next_chunk()
        except TypedPipesError:
            if transfer.point is begun:  # what arrived is good for the next attempt
                yield from writer.last(start, pending)
            raise
        if transfer.point is not begun:  # the file was restarted
            begun, pending, size, start = transfer.point, [], 0, chunk.offset
            yield from writer.settle()
            yield from call(partial(part.begin, begun, start), blocking=True)
        if not chunk.data:
            yield from writer.last(start, pending)
            meter.update(transfer.point.offset, transfer.point.total, finished=True)
            return
        pending.append(chunk.data)
        size += len(chunk.data)
        now = clock.monotonic()
        if size >= WRITE_SIZE or now - flushed > WRITE_EVERY:
            yield from writer.put(start, pending)
            start, pending, size, flushed = start + size, [], 0, now
        meter.update(transfer.point.offset, transfer.point.total, finished=False)
