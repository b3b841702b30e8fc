"""Writing to disk while the network goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

from typedpipes._core.flow import Flow, call

Write: TypeAlias = Callable[[int, Sequence[bytes]], None]


class WriteBehind:
    """Runs ``write`` on one thread of its own, one piece behind its caller at most.

    An error of a piece is raised by the next call. Nothing else may touch the file between `put` and `settle`.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None

    def put(self, offset: int, pieces: Sequence[bytes]) -> Flow[None]:
        """Begin to write ``pieces`` at ``offset``, after waiting for the piece before them."""
        yield from self.settle()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "typedpipes-download")
        self._under_way = self._thread.submit(self._write, offset, pieces)

    def settle(self) -> Flow[None]:
        """Wait for the piece under way and raise its error."""
        under_way, self._under_way = self._under_way, None
        if under_way is None:
            return
        if under_way.done():
            under_way.result()
        else:
            yield from call(under_way.result, blocking=True)

    def last(self, offset: int, pieces: Sequence[bytes]) -> Flow[None]:
        """Write ``pieces`` at ``offset`` and return when they are written; a small file needs no thread."""
        yield from self.settle()
        yield from call(partial(self._write, offset, pieces), blocking=True)

    def close(self) -> None:
        """Wait for the piece under way and end the thread; harmless when repeated."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()
