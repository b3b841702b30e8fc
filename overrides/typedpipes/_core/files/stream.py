"""A remote file as a file object: nothing is stored; lost connections and expired links are resumed."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from typedpipes._core.files.host import FileHost
from typedpipes._core.files.transfer import Transfer
from typedpipes._core.flow import AsyncIO, SyncIO, adrive, drive

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class FileStream(io.RawIOBase):
    """A readable, unseekable binary stream. Close it, or use it in a ``with``.

    Reading raises `DownloadError` when the file cannot be fetched to its end, also when it changed on the way.
    """

    def __init__(self, transfer: Transfer, host: FileHost, io: SyncIO) -> None:
        super().__init__()
        self._transfer = transfer
        self._host = host
        self._io = io
        self._rest = memoryview(b"")

    @property
    def total(self) -> int | None:
        """The file's length if the host says it."""
        return self._transfer.point.total

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read up to the buffer's length; 0 at the verified end."""
        if self.closed:
            raise ValueError("this stream is closed")
        if not self._rest:
            self._rest = memoryview(drive(self._transfer.next_chunk(), self._io).data)
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Give the connection up."""
        if not self.closed:
            self._host.close().sync()
        super().close()


class AsyncFileStream:
    """The asynchronous twin of `FileStream`: ``async with``, ``read`` and ``async for``."""

    def __init__(self, transfer: Transfer, host: FileHost, io: AsyncIO) -> None:
        self._transfer = transfer
        self._host = host
        self._io = io
        self._rest = b""

    @property
    def total(self) -> int | None:
        """The file's length if the host says it."""
        return self._transfer.point.total

    async def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes (at least one before the end), or all that remain; empty at the verified end."""
        if size < 0:
            return b"".join([chunk async for chunk in self])
        if not self._rest:
            self._rest = (await adrive(self._transfer.next_chunk(), self._io)).data
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self.read(1 << 20):
            yield data

    async def aclose(self) -> None:
        """Give the connection up."""
        closing = self._host.close().asynchronous
        if closing is not None:
            await closing()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.aclose()
