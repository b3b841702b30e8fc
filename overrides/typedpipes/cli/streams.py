"""Output: stdout, a named pipe or a shell's process substitution are written to, a file is replaced as a whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from typedpipes.cli.failures import UsageError
from typedpipes.errors import DownloadError

STDOUT: Final = frozenset({"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
_SHELL: Final = ("/dev/fd/", "/proc/self/fd/", "/dev/stderr")
"""Where the system itself keeps links to open pipes; links of anybody else are not followed."""


@contextmanager
def output_stream(output: Path) -> Iterator[BinaryIO | None]:
    """The stream that ``output`` names, None if it is to be a file. A named pipe waits here for its reader."""
    if str(output) in STDOUT:
        stream: BinaryIO = os.fdopen(os.dup(1), "wb")
    elif _is_pipe(output):
        stream = output.open("wb")
    else:
        yield None
        return
    try:
        yield stream
    finally:
        with suppress(OSError):  # the error of a reader who left was raised by the write
            stream.close()


@contextmanager
def output_file(output: Path) -> Iterator[Callable[[bytes], object]]:
    """What writes to ``output``. A file has its name, mode and owner once everything is in it; a failure leaves none.

    Raises `UsageError`, before anything is asked for, for a link, a device, a folder, and what cannot be written.
    """
    from typedpipes._core.files.part_file import PartFile
    from typedpipes._core.files.transfer import ResumePoint

    with output_stream(output) as stream:
        if stream is not None:
            yield stream.write
            return
        part, size = PartFile(output, identity="", overwrite=True), 0

        def write(data: bytes) -> None:
            nonlocal size
            part.write(size, [data])
            size += len(data)

        try:
            try:
                part.open()
                part.begin(ResumePoint(), 0)
            except DownloadError as error:
                todo = "give the path of a file in a folder you may write to as --output"
                raise UsageError(str(error), todo) from error
            yield write
            part.commit()
        finally:
            part.close()


def _is_pipe(output: Path) -> bool:
    try:
        there = output.stat() if str(output).startswith(_SHELL) else output.lstat()
    except OSError:
        return False
    return stat.S_ISFIFO(there.st_mode)


__all__ = ["STDOUT", "output_file", "output_stream"]
