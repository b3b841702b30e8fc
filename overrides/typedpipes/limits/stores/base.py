"""What a store is, and the process-wide registry: one store per URL, so everybody in a process shares its counts."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Literal, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from typedpipes._flow import Call, Flow
from typedpipes.errors import ConfigurationError
from typedpipes.events import Event, LimitStore
from typedpipes.limits.ask import Ask, Bound, Note, Reply, View

StoreState: TypeAlias = Literal["unreachable", "local", "recovered", "lost"]


class Listener(Protocol):
    """Who wants to know what happens to a store: the limiters on it."""

    def report(self, event: Event) -> None:
        """Take note."""
        ...


class Announcer:
    """Tells all limiters on a store what happens to it: every state once, until it changes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._reachable = True
        self._given_up = False
        self._lock = threading.Lock()
        """For arithmetic and single transactions only, never across a wait."""

    def forked(self) -> None:
        """This is a child of the process that made the store: a thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def attach(self, listener: Listener) -> None:
        """Report to ``listener`` as long as it lives."""
        self._listeners.add(listener)

    def announce(self, state: StoreState, detail: str = "") -> None:
        """Report a change."""
        for listener in list(self._listeners):
            listener.report(LimitStore(store=self.url, state=state, detail=detail))

    def failed(self, detail: str) -> None:
        """An operation failed."""
        if self._reachable:
            self._reachable = False
            self.announce("unreachable", detail)

    def gave_up(self) -> None:
        """Waiting for the store was in vain: until it works again, nobody else waits for it."""
        self._given_up = True

    def worked(self) -> None:
        """An operation succeeded."""
        self._given_up = False
        if not self._reachable:
            self._reachable = True
            self.announce("recovered")


class Store(Protocol):
    """Counts, shared by everybody who opens the same one. All operations are atomic.

    Flows raise `LimitStoreError` if the store cannot be reached; then nothing, or at most the one reservation asked
    for, was changed.
    """

    url: str
    """Without credentials."""
    durable: bool
    """Whether counts outlive the process."""

    def attach(self, listener: Listener) -> None:
        """Report what happens to the store to ``listener``, as long as it lives."""
        ...

    def announce(self, state: StoreState, detail: str = "") -> None:
        """Report a change to all listeners."""
        ...

    def reserve(self, ask: Ask) -> Flow[Reply]:
        """Grant all of ``ask`` or nothing. Repeating it with the same lease counts once while the first is held."""
        ...

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...]) -> Flow[None]:
        """The response's headers were seen just now; ``notes`` is what they said."""
        ...

    def release(self, ask: Ask, granted: bool) -> Call[None]:
        """Undo ``ask``: its place in the queue, and its units as if never sent."""
        ...

    def view(self, bound: Bound) -> Flow[View]:
        """How things stand."""
        ...

    def forked(self) -> None:
        """This process is a forked child of the one that made the store."""
        ...

    def close(self) -> None:
        """Close connections; counts stay. The store opens again when used."""
        ...


_registry: dict[str, Store] = {}
_lock = threading.Lock()


def open_store(url: str) -> Store:
    """The store for ``url``: ``memory://[NAME]``, ``sqlite:///PATH``, ``redis://``, ``rediss://`` or ``unix://``.

    One per URL and process. Raises `ConfigurationError` for anything else, and when the extra ``redis`` is missing.
    """
    with _lock:
        store = _registry.get(url)
        if store is None:
            store = _registry[url] = _open(url)
        return store


def _open(url: str) -> Store:
    parts = urlsplit(url)
    if parts.scheme == "memory":
        from typedpipes.limits.stores.memory import MemoryStore

        return MemoryStore(url)
    if parts.scheme == "sqlite":
        from typedpipes.limits.stores.sqlite import SqliteStore

        path = unquote(parts.path)
        if parts.netloc or len(path) < 2:
            raise ConfigurationError("limits: write sqlite:///PATH, for example sqlite:////var/lib/app/limits.db")
        # sqlite:///limits.db is relative and sqlite:////var/x.db absolute, as everywhere else.
        return SqliteStore(path[1:])
    if parts.scheme in ("redis", "rediss", "unix"):
        from typedpipes.limits.stores.redis import RedisStore

        return RedisStore(url)
    raise ConfigurationError(
        f"limits: no store for {parts.scheme or 'this'}: URLs; use memory://, sqlite:///PATH, "
        "redis://, rediss:// or unix://",
        setting="limits",
    )


def _after_fork() -> None:
    """A forked child counts for itself: what its parent holds in memory is the parent's."""
    global _lock
    _lock = threading.Lock()
    for store in _registry.values():
        store.forked()
    _registry.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
