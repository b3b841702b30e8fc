"""Tells the others on a shared store that this process lives, as long as it has requests in flight.

A thread of its own does it, because a request may take minutes in which nothing else is said. It ends when nothing is
in flight. A process that is killed stops at once. One that is frozen is taken for dead, too, and notices it when it
continues.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

BEAT: Final = 1.0
"""Seconds between two signs of life."""
DEAD: Final = 4.0
"""Seconds without one after which a process counts as dead."""


class Heart:
    """Calls ``beat`` with the accounts that have requests in flight, every `BEAT` seconds."""

    def __init__(self, beat: Callable[[Iterable[str]], None]) -> None:
        self._beat = beat
        self.forked()

    def forked(self) -> None:
        """What is in flight is the parent's."""
        self._lock = threading.Lock()
        self._held: dict[str, tuple[str, float]] = {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._last = time.monotonic()

    def hold(self, lease: str, account: str, seconds: float) -> None:
        """``lease`` is in flight, at most so long; its grant was a sign of life."""
        with self._lock:
            self._held[lease] = (account, time.monotonic() + seconds)
            self._last = time.monotonic()
            if self._thread is None:
                self._stop = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._stop,), name="typedpipes-heart", daemon=True
                )
                self._thread.start()

    def let_go(self, lease: str) -> None:
        """``lease`` is over."""
        with self._lock:
            self._held.pop(lease, None)

    def lives(self) -> bool:
        """Whether the others certainly still count this process as living."""
        return time.monotonic() - self._last < DEAD - 2 * BEAT  # what was said took up to two seconds to arrive

    def close(self) -> None:
        """End the thread; the next grant starts another."""
        with self._lock:
            self._held.clear()
            self._stop.set()
            self._thread = None

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(BEAT):
            now = time.monotonic()
            with self._lock:
                if stop.is_set():
                    return
                self._held = {lease: held for lease, held in self._held.items() if held[1] > now}
                accounts = {account for account, _ in self._held.values()}
                if not accounts:
                    self._thread = None
                    return
            with suppress(Exception):  # the store cannot be reached: calls say so themselves
                self._beat(accounts)
                self._last = now


__all__ = ["BEAT", "DEAD", "Heart"]
