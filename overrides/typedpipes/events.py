"""Events of a client: one small object each, given to ``on_event`` and to the log.

Events hold no secret: URLs are without query and redacted, bodies are not included. Times are seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from typedpipes._core.arguments import check_plain

logger: Final = logging.getLogger("typedpipes")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One wire request ended: with a status, or with ``error`` naming the kind of failure."""

    api: str
    operation: str
    method: str
    url: str
    attempt: int
    elapsed: float
    """Until the response headers arrived, or the failure."""
    status: int | None = None
    error: str | None = None
    request_id: str | None = None


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """A failed attempt will be repeated after ``delay``; ``reason`` says why, ``status`` what was answered."""

    api: str
    operation: str
    attempt: int
    delay: float
    reason: str
    status: int | None = None


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """A request waits for a slot of ``limit``."""

    api: str
    operation: str
    seconds: float
    limit: str


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """A new access token was obtained for the credential ``kind``; ``expires_in`` None is unknown."""

    kind: str
    expires_in: float | None
    reason: str
    """``first``, ``early``, ``expired`` or ``rejected``."""


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a job was asked for; the next question is ``next_in`` away, None if it is finished."""

    operation: str
    job: str
    status: str
    elapsed: float
    next_in: float | None


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A monthly or daily budget passed a mark (80 % by default)."""

    limit: str
    used: float
    total: float
    resets_at: datetime


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """The server refused because of ``limit``: everybody who shares it pauses for ``seconds``."""

    api: str
    operation: str
    limit: str
    seconds: float


class LimitStore(msgspec.Struct, frozen=True, kw_only=True):
    """The store that counts requests changed its state.

    ``unreachable``; ``local``: a conservative share is granted without it; ``recovered``; ``lost``: it forgot its
    counts, so grants pause for one window.
    """

    store: str
    """The store's URL without credentials."""
    state: Literal["unreachable", "local", "recovered", "lost"]
    detail: str = ""


class SchemaDrift(msgspec.Struct, frozen=True):
    """One place where an answer does not fit the schema, reported once per client.

    Attributes:
        operation: the operation's method path, for example ``pipedrive_v2.deals.list``.
        path: JSON path with list positions generalised, for example ``$.data[*].status``.
        expected: what the schema promises, in words.
        got: the kind of value received (``null``, ``string`` …), never the value itself.
    """

    operation: str
    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.path}: expected {self.expected}, got {self.got}"


Event: TypeAlias = Request | Retry | Wait | Refresh | Poll | Budget | Block | LimitStore | SchemaDrift
OnEvent: TypeAlias = Callable[[Event], None]

_LEVELS: Final[dict[type, int]] = {
    Request: logging.DEBUG,
    Wait: logging.DEBUG,
    Poll: logging.DEBUG,
    Refresh: logging.DEBUG,
    Retry: logging.INFO,
    Budget: logging.WARNING,
    Block: logging.WARNING,
    LimitStore: logging.WARNING,
    SchemaDrift: logging.WARNING,
}


class Reporter:
    """Passes events to the caller's function and to the ``typedpipes`` logger. A failing function breaks no call."""

    __slots__ = ("_on_event",)

    def __init__(self, on_event: OnEvent | None = None) -> None:
        check_plain("on_event", on_event)
        self._on_event = on_event

    def wants(self, kind: type[Event]) -> bool:
        """Whether any listener is set; if not, events need not be built."""
        return self._on_event is not None or logger.isEnabledFor(_LEVELS[kind])

    def __call__(self, event: Event) -> None:
        level = _LEVELS[type(event)]
        if logger.isEnabledFor(level):
            logger.log(level, "%s", event)
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception:
            logger.exception("on_event failed; the call continues")


__all__ = [
    "Block",
    "Budget",
    "Event",
    "LimitStore",
    "OnEvent",
    "Poll",
    "Refresh",
    "Reporter",
    "Request",
    "Retry",
    "SchemaDrift",
    "Wait",
    "logger",
]
