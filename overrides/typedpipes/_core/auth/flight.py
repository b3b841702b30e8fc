"""Single flight within a process: of all callers who need a new token, one asks for it, the others wait for it."""

from __future__ import annotations

import copy
import threading
from typing import Final

from typedpipes._core.auth import AuthContext
from typedpipes._core.flow import Flow, Sleep
from typedpipes._core.tokens import Token
from typedpipes.errors import DeadlineExceeded, TypedPipesError

_FIRST_PAUSE: Final = 0.004
_LONGEST_PAUSE: Final = 0.05


class Flight:
    """One request for a token that several callers wait for."""

    __slots__ = ("done", "error", "token")

    def __init__(self) -> None:
        self.done = False
        self.token: Token | None = None
        self.error: TypedPipesError | None = None

    def land(self, token: Token) -> None:
        """The token arrived."""
        self.token = token
        self.done = True

    def fail(self, error: BaseException) -> None:
        """There will be no token; those who wait get an error of their own saying the same."""
        if isinstance(error, TypedPipesError):
            self.error = error
        self.done = True

    def abandon(self) -> None:
        """The one who asked went away: somebody else may ask."""
        self.done = True

    def wait(self, context: AuthContext, what: str) -> Flow[Token | None]:
        """Wait for the outcome; None if the one who asked went away. Raises what the request raised."""
        pause = _FIRST_PAUSE
        while not self.done:
            if context.until is not None and context.clock.monotonic() >= context.until:
                raise DeadlineExceeded(
                    f"no {what} within the deadline: another call is still asking for it", sent=False
                )
            yield Sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        if self.error is not None:
            raise copy.copy(self.error)
        return self.token


class Flights:
    """The current flight of a credential."""

    __slots__ = ("_current", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: Flight | None = None

    def board(self, mine: Flight) -> Flight:
        """The flight to wait for: ``mine`` if there is none under way, and then the caller is to perform it."""
        with self._lock:
            if self._current is None or self._current.done:
                self._current = mine
            return self._current


__all__ = ["Flight", "Flights"]
