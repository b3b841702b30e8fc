"""Fetches pages ahead: one policy (`Window`), threads for `Pages`, tasks for `AsyncPages`.

Only a listing whose pages start at computable places can be read ahead. A page fetched early counts when its turn
comes, and only if it starts where the server says that the next one does: so order, repeated cursors, failures and the
place to resume from are those of a listing without prefetch. What is not needed after all is dropped unread.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, Generic, Protocol, TypeVar

import anyio

K = TypeVar("K")

Query = dict[str, object]


class Listing(Protocol):
    """What is known of a listing that is walked."""

    cursor: str | None
    """Where the page whose turn it is begins; None at the beginning."""
    prefetch: int
    """How many pages may be under way."""

    def ahead(self) -> list[str]:
        """The cursors of the pages that are worth having now."""
        ...

    def query(self, cursor: str | None = None) -> Query:
        """The query of the page at ``cursor``, or of the one whose turn it is."""
        ...

    def is_last(self, page: object) -> bool:
        """Whether nothing follows on ``page``."""
        ...


class Window(Generic[K]):
    """Which pages are under way. ``start`` begins one, ``answer`` is its answer if it has one yet, ``drop`` ends it."""

    def __init__(
        self,
        walk: Listing,
        start: Callable[[Query], K],
        answer: Callable[[K], object | None],
        drop: Callable[[K], None],
    ) -> None:
        self._walk = walk
        self._start = start
        self._answer = answer
        self._drop = drop
        self._held: dict[str, K] = {}

    def turn(self) -> K | None:
        """The page whose turn it is, if it was asked for."""
        return self._held.pop(self._walk.cursor or "", None)

    def fill(self) -> None:
        """Ask for what is worth having, up to the last page as far as it is known; drop what is not."""
        kept: dict[str, K] = {}
        for cursor in self._walk.ahead():
            held = self._held.pop(cursor, None)
            kept[cursor] = held = self._start(self._walk.query(cursor)) if held is None else held
            answer = self._answer(held)
            if answer is not None and self._walk.is_last(answer):
                break
        self.clear()
        self._held = kept

    def clear(self) -> None:
        """Drop everything."""
        while self._held:
            self._drop(self._held.popitem()[1])


class ThreadFetches:
    """Pages fetched ahead in as many threads. `close` waits for requests on the wire, for nothing else."""

    def __init__(self, walk: Listing, fetch: Callable[[Query, threading.Event], object]) -> None:
        self._walk = walk
        self._fetch = fetch
        self._stops: dict[Future[object], threading.Event] = {}
        self._threads = ThreadPoolExecutor(walk.prefetch, thread_name_prefix="typedpipes-prefetch")
        self._window = Window(walk, self._start, _result, self._drop)
        self.fill = self._window.fill

    def page(self) -> object:
        """The page whose turn it is; raises what its request raised."""
        future = self._window.turn()
        if future is None:
            return self._fetch(self._walk.query(), threading.Event())
        try:
            return future.result()
        finally:
            if future.done():
                self._stops.pop(future, None)

    def close(self) -> None:
        """Drop what is under way; no thread is left afterwards."""
        self._window.clear()
        for stop in self._stops.values():
            stop.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _start(self, query: Query) -> Future[object]:
        stop = threading.Event()
        future = self._threads.submit(contextvars.copy_context().run, self._fetch, query, stop)
        self._stops[future] = stop
        return future

    def _drop(self, future: Future[object]) -> None:
        self._stops.pop(future).set()
        future.cancel()


def _result(future: Future[object]) -> object | None:
    done = future.done() and not future.cancelled() and future.exception() is None
    return future.result() if done else None


class TaskFetches:
    """Pages fetched ahead in as many tasks, on asyncio and trio. `aclose` cancels them and waits for their end."""

    def __init__(self, walk: Listing, fetch: Callable[[Query], Awaitable[object]]) -> None:
        self._walk = walk
        self._fetch = fetch
        self._running: set[_Task] = set()
        self._window = Window(walk, self._start, lambda task: task.page, lambda task: task.scope.cancel())
        self.fill = self._window.fill

    async def page(self) -> object:
        """The page whose turn it is; raises what its request raised."""
        task = self._window.turn()
        return await (self._fetch(self._walk.query()) if task is None else task.wait())

    async def aclose(self) -> None:
        """Drop what is under way; no task is left afterwards."""
        self._window.clear()
        with anyio.CancelScope(shield=True):
            for task in tuple(self._running):
                task.scope.cancel()
                await task.done.wait()

    def _start(self, query: Query) -> _Task:
        task = _Task(self._fetch, query)
        self._running.add(task)
        task.handle = _spawn(lambda: task.run(self._running))
        return task


class _Task:
    """One page on its way."""

    def __init__(self, fetch: Callable[[Query], Awaitable[object]], query: Query) -> None:
        self._fetch = fetch
        self._query = query
        self.scope = anyio.CancelScope()
        self.done = anyio.Event()
        self.page: object | None = None
        self._error: Exception | None = None
        self.handle: object = None
        """Keeps the task alive: an event loop holds it weakly."""

    async def run(self, running: set[_Task]) -> None:
        try:
            with self.scope:
                self.page = await self._fetch(self._query)
        except Exception as error:
            self._error = error
        finally:
            running.discard(self)
            self.done.set()

    async def wait(self) -> object:
        await self.done.wait()
        if self._error is not None:
            raise self._error
        return self.page


def _spawn(run: Callable[[], Coroutine[Any, Any, None]]) -> object:
    """Start a task beside the caller's. An iterator cannot keep a task group open between two items."""
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio

        return trio.lowlevel.spawn_system_task(run)
    return loop.create_task(run())


__all__: Final = ["TaskFetches", "ThreadFetches", "Window"]
