"""The handles of two-step jobs, synchronous and asynchronous: thin, both over `ExportFlows`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeAlias, TypeVar, overload

from typedpipes._core.arguments import check_plain
from typedpipes._core.decoding.model import OpenEnum, member
from typedpipes._core.files.download import DownloadOptions
from typedpipes._core.files.host import FileHost
from typedpipes._core.files.links import FileLink
from typedpipes._core.files.progress import Progress
from typedpipes._core.files.stream import AsyncFileStream, FileStream
from typedpipes._core.flow import AsyncIO, Flow, SyncIO, adrive, call, drive, hold
from typedpipes._core.redaction import while_whole
from typedpipes.pipefy.exports.flows import ExportFlows
from typedpipes.pipefy.exports.jobs import JobState, Outcome, WaitProgress, moment
from typedpipes.rows import RowLimits, Rows, open_rows

# The statuses of exports.


class ExportStatus(OpenEnum):
    """Status of an export; reports say ``done``. Unknown values are kept as they are."""

    CREATED: ClassVar[Self] = member("created")
    PROCESSING: ClassVar[Self] = member("processing")
    FINISHED: ClassVar[Self] = member("finished")
    FAILED: ClassVar[Self] = member("failed")
    DONE: ClassVar[Self] = member("done")


Row = TypeVar("Row")
OnWait: TypeAlias = Callable[[WaitProgress], Awaitable[object] | None]
"""Of an asynchronous client it may be ``async``."""
OnProgress: TypeAlias = Callable[[Progress], None]

WAIT: Final = 3600.0
"""Seconds a wait or download takes at most by default."""
MAX_BYTES: Final = 4 << 30
"""Size of a file refused beyond by default."""
BATCH: Final = 1000
"""Rows an asynchronous iteration reads per hop to a thread."""


class _JobView:
    """What both handles show."""

    def __init__(self, flows: ExportFlows, state: JobState) -> None:
        self._flows = flows
        self._state = state

    @property
    def id(self) -> str:
        """The vendor's id of the export."""
        return self._state.id

    @property
    def status(self) -> ExportStatus:
        """The status as last seen; values we do not know are kept. `refresh` and `wait` bring it up to date."""
        return ExportStatus(self._state.status)

    @property
    def outcome(self) -> Outcome:
        """What `status` means: pending, finished, failed or unknown."""
        return self._state.outcome

    @property
    def created_at(self) -> datetime | None:
        """When the server answered the create, by our clock (UTC); None for a job resumed by its bare id."""
        return moment(self._state.created_at)

    @property
    def token(self) -> str:
        """The job as a small JSON string without secrets: give it to ``exports.resume``, in another process too."""
        return self._state.token()

    @property
    def details(self) -> Mapping[str, object]:
        """Further fields of the last answer, such as the count of imported cards."""
        return self._state.details

    @while_whole
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._state.declaration.kind} {self.id} {self._state.status}>"


class ExportJob(_JobView):
    """A handle on one export. Not for several threads at once."""

    def __init__(self, flows: ExportFlows, state: JobState, io: SyncIO) -> None:
        super().__init__(flows, state)
        self._io = io

    def refresh(self) -> Self:
        """Ask once how the export is (one call)."""
        drive(self._flows.engine.poll(self._state), self._io)
        return self

    def wait(self, timeout: float = WAIT, *, on_progress: OnWait | None = None) -> Self:
        """Wait until the export is finished, ``timeout`` seconds at most (default an hour).

        Raises `ExportFailed` if the server says that it failed, `ExportTimeout` at the deadline (the export continues;
        the error's ``token`` resumes), and what a poll is refused with. An answer that cannot be read or does not show
        the export, an unknown status and a late link do not end the wait.
        """
        check_plain("on_progress", on_progress)
        drive(self._flows.wait(self._state, timeout, on_progress), self._io)
        return self

    def file(self) -> FileLink:
        """The link to the file, good for another minute at least; one call if the known one is older."""
        return drive(self._flows.link(self._state), self._io)

    def download(
        self,
        path: str | os.PathLike[str],
        *,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
        max_bytes: int = MAX_BYTES,
        overwrite: bool = True,
    ) -> Path:
        """Fetch the file to ``path``: the whole of it or nothing. Raises `DownloadError`.

        It is written as the server sent it, CSV or XLSX; a suffix that promises the other one is warned of.
        """
        options = DownloadOptions(timeout=timeout, max_bytes=max_bytes, overwrite=overwrite, progress=progress)
        return drive(self._flows.download(self._state, path, options), self._io)

    def open(self, *, timeout: float = WAIT) -> FileStream:
        """The file as a binary stream that is not stored anywhere; close it. Raises `DownloadError`."""
        host = self._flows.host()
        try:
            transfer = drive(self._flows.open(self._state, host, DownloadOptions(timeout=timeout)), self._io)
        except BaseException:
            drive(_closing(host), self._io)
            raise
        return FileStream(transfer, host, self._io)

    @overload
    def rows(self, *, limits: RowLimits | None = None) -> Iterator[dict[str, Any]]: ...
    @overload
    def rows(self, *, into: type[Row], limits: RowLimits | None = None) -> Iterator[Row]: ...

    def rows(self, *, into: type[Any] | None = None, limits: RowLimits | None = None) -> Iterator[Any]:
        """The file's rows (see `typedpipes.rows.open_rows`), through a temporary file that is removed at the end."""
        with tempfile.TemporaryDirectory(prefix="typedpipes-") as folder:
            path = self.download(Path(folder) / "export")
            with _open(path, into, limits) as rows:
                yield from rows


class AsyncExportJob(_JobView):
    """The asynchronous twin of `ExportJob`."""

    def __init__(self, flows: ExportFlows, state: JobState, io: AsyncIO) -> None:
        super().__init__(flows, state)
        self._io = io

    async def refresh(self) -> Self:
        """Ask once how the export is (one call)."""
        await adrive(self._flows.engine.poll(self._state), self._io)
        return self

    async def wait(self, timeout: float = WAIT, *, on_progress: OnWait | None = None) -> Self:
        """Wait until the export is finished (see `ExportJob.wait`)."""
        await adrive(self._flows.wait(self._state, timeout, on_progress), self._io)
        return self

    async def file(self) -> FileLink:
        """The link to the file, good for another minute at least; one call if the known one is older."""
        return await adrive(self._flows.link(self._state), self._io)

    async def download(
        self,
        path: str | os.PathLike[str],
        *,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
        max_bytes: int = MAX_BYTES,
        overwrite: bool = True,
    ) -> Path:
        """Fetch the file to ``path``: the whole of it or nothing. Raises `DownloadError`."""
        options = DownloadOptions(timeout=timeout, max_bytes=max_bytes, overwrite=overwrite, progress=progress)
        return await adrive(self._flows.download(self._state, path, options), self._io)

    async def open(self, *, timeout: float = WAIT) -> AsyncFileStream:
        """The file as a binary stream that is not stored anywhere; close it. Raises `DownloadError`."""
        host = self._flows.host()
        try:
            transfer = await adrive(self._flows.open(self._state, host, DownloadOptions(timeout=timeout)), self._io)
        except BaseException:
            await adrive(_closing(host), self._io)
            raise
        return AsyncFileStream(transfer, host, self._io)

    @overload
    def rows(self, *, limits: RowLimits | None = None) -> AsyncIterator[dict[str, Any]]: ...
    @overload
    def rows(self, *, into: type[Row], limits: RowLimits | None = None) -> AsyncIterator[Row]: ...

    async def rows(self, *, into: type[Any] | None = None, limits: RowLimits | None = None) -> AsyncIterator[Any]:
        """The file's rows (see `typedpipes.rows.open_rows`), through a temporary file that is removed at the end."""
        with tempfile.TemporaryDirectory(prefix="typedpipes-") as folder:
            path = await self.download(Path(folder) / "export")
            rows = await adrive(call(lambda: _open(path, into, limits), blocking=True), self._io)
            with rows:
                while batch := await adrive(call(lambda: rows.batch(BATCH), blocking=True), self._io):
                    for row in batch:
                        yield row


def _open(path: Path, into: type[Any] | None, limits: RowLimits | None) -> Rows[Any]:
    return open_rows(path, limits=limits) if into is None else open_rows(path, into=into, limits=limits)


def _closing(host: FileHost) -> Flow[None]:
    yield from hold(host.close())


__all__ = ["BATCH", "MAX_BYTES", "WAIT", "AsyncExportJob", "ExportJob", "ExportStatus", "OnProgress", "OnWait"]
