"""Messages between a limiter and its store, and the reading of rate limit headers. No I/O.

Durations in asks, answers and notes are whole microseconds. Of headers only what vendors send is read:
``Retry-After`` on a 429 anywhere; for Pipedrive ``x-ratelimit-limit``, ``-remaining`` and ``-reset``, where reset is
the seconds left (not an epoch), and ``x-daily-ratelimit-token-limit`` and ``-remaining``, which may be absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Literal, TypeAlias

import msgspec


class WindowEntry(msgspec.Struct, frozen=True, gc=False):
    """One window a claim counts in: the row of the policy, bound to a key and a weight."""

    name: str
    key: str
    allowance: int | None
    hold: int
    """How long a settled unit is held: window and guard."""
    weight: int
    block: int
    bucket: bool
    """Whether only some operations count in it."""


class BudgetEntry(msgspec.Struct, frozen=True, gc=False):
    """One budget a claim counts in, bound to a key and a weight."""

    name: str
    key: str
    allowance: int | None
    period: Period
    weight: int
    warn_at: float
    adopt: bool


class Bound(msgspec.Struct, frozen=True):
    """A claim as a store sees it: everything under one ``account`` is reserved at once or not at all."""

    account: str
    windows: tuple[WindowEntry, ...]
    budgets: tuple[BudgetEntry, ...]
    counted: bool
    """Whether anything is counted; otherwise there are only pauses to obey."""


class Ask(msgspec.Struct, gc=False):
    """One attempt to reserve. Asking again with the same ``lease`` and ``place`` keeps the place in the queue."""

    bound: Bound
    lease: str
    answer_by: int
    """From now: when the request will have been answered or given up, grace included."""
    patience: int
    """Longest wait worth queueing for; -1 without bound, 0 never queues."""
    place: int | None = None
    grace: int = 0
    """How long after its process ended a request may still arrive at the server."""


class Granted(msgspec.Struct, frozen=True, gc=False):
    """The units are held. ``budgets`` tells (used, allowance or 0, end of the period) after this grant."""

    budgets: tuple[tuple[int, int, int], ...] = ()


class Retry(msgspec.Struct, frozen=True, gc=False):
    """Not yet: ask again in ``wait``. ``limit`` is what holds it up; ``place`` the ticket, if one was taken."""

    wait: int
    limit: str
    place: int | None


class Exhausted(msgspec.Struct, frozen=True, gc=False):
    """A budget would be exceeded; it turns at ``resets_at`` (microseconds since 1970)."""

    limit: str
    used: int
    allowance: int
    resets_at: int


Reply: TypeAlias = Granted | Retry | Exhausted


class Note(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A fact that the server reported about a limit.

    ``block``: grant nothing for ``duration``. ``window``, ``budget``: it counts ``remaining`` of ``limit`` (0 and -1:
    not said; for a window until ``duration`` from now). ``exhausted``: the budget is used up until its period ends.
    """

    kind: str
    key: str
    duration: int = 0
    limit: int = 0
    remaining: int = -1


class WindowView(msgspec.Struct, frozen=True):
    """A window as it stands in the store. Durations are from now."""

    used: int = 0
    in_flight: int = 0
    waiting: int = 0
    observed: int = 0
    blocked: int = 0
    free_in: int = 0
    all_free_in: int = 0


class BudgetView(msgspec.Struct, frozen=True):
    """A budget as it stands in the store."""

    used: int = 0
    observed: int = 0
    exhausted: bool = False
    resets_at: int = 0


class View(msgspec.Struct, frozen=True):
    """Both, parallel to the entries of the `Bound` that was read."""

    windows: tuple[WindowView, ...] = ()
    budgets: tuple[BudgetView, ...] = ()


LONGEST_PAUSE = 86_400.0
"""Seconds: no pause a server asks for is taken to be longer than a day."""
EDGE_PAUSE = 60.0
"""Seconds to pause when the vendor's edge refuses with an HTML page after ignored 429s."""
UNNAMED_PAUSE = 1.0
"""Seconds to pause after a 429 that names no wait and exceeds a limit without a known penalty."""


def refused(reads: str, status: int, headers: Mapping[str, str]) -> bool:
    """Whether the answer says that a limit was exceeded. ``reads`` names the vendor whose headers are read."""
    if status == 429:
        return True
    return status == 403 and reads == "pipedrive" and "html" in headers.get("content-type", "")


def notes_of(reads: str, bound: Bound, status: int, headers: Mapping[str, str], wall: float) -> tuple[Note, ...]:
    """What the store should take over from an answer. ``headers`` have lower-case names, ``wall`` is for dates."""
    notes: list[Note] = []
    daily_empty = False
    if reads == "pipedrive":
        daily_empty = _pipedrive(bound, headers, notes)
    if not refused(reads, status, headers):
        return tuple(notes)
    if status == 429 and daily_empty and bound.budgets:
        # The company's tokens are gone until midnight: waiting as for a burst would be useless, and so is Retry-After.
        notes += [Note("exhausted", budget.key) for budget in bound.budgets]
        return tuple(notes)
    asked = retry_after(headers, wall)
    if asked is None and status == 429:
        asked = _reset(headers, wall)
    for entry in pausing(bound):
        seconds = EDGE_PAUSE if status == 403 else max(entry.block / 1_000_000, UNNAMED_PAUSE)
        notes.append(
            Note(
                "block",
                entry.key,
                math.ceil(1_000_000 * (seconds if asked is None else asked)),
            )
        )
    return tuple(notes)


def pausing(bound: Bound) -> list[WindowEntry]:
    """The windows a refusal pauses: those that count the call, else the one that carries pauses only."""
    counting = [entry for entry in bound.windows if entry.allowance is not None]
    return counting or list(bound.windows)


def _pipedrive(bound: Bound, headers: Mapping[str, str], notes: list[Note]) -> bool:
    limit = _whole(headers.get("x-ratelimit-limit"))
    remaining = _whole(headers.get("x-ratelimit-remaining"))
    if limit is not None or remaining is not None:
        reset = _seconds(headers.get("x-ratelimit-reset"))
        for entry in _told_of(bound, limit):
            until = entry.hold if reset is None else min(entry.hold, math.ceil(reset * 1_000_000))
            notes.append(
                Note(
                    "window",
                    entry.key,
                    until,
                    limit or 0,
                    -1 if remaining is None else remaining,
                )
            )
    limit = _whole(headers.get("x-daily-ratelimit-token-limit"))
    remaining = _whole(headers.get("x-daily-ratelimit-token-remaining"))
    if limit is None and remaining is None:
        return False
    notes += [
        Note("budget", budget.key, 0, limit or 0, -1 if remaining is None else remaining) for budget in bound.budgets
    ]
    return remaining is not None and any(remaining < max(1, budget.weight) for budget in bound.budgets)


def _told_of(bound: Bound, limit: int | None) -> list[WindowEntry]:
    """The windows that ``x-ratelimit-limit`` speaks of: of the narrowest the call counts in, unless it is too large.

    The answer to a search tells of the search limit, or of the burst: then the figure is above what a search may.
    """
    counting = [(entry, entry.allowance) for entry in bound.windows if entry.allowance is not None]
    narrow = [entry for entry, allowance in counting if entry.bucket and (limit is None or limit <= allowance)]
    return narrow or [entry for entry, _ in counting if not entry.bucket]


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds named by Retry-After, as a number or a date; None if absent or unreadable. Never more than a day."""
    from typedpipes._core.http.retry_after import server_wait

    asked = server_wait(headers, wall=wall)
    return None if asked is None else min(asked, LONGEST_PAUSE)


def _reset(headers: Mapping[str, str], wall: float) -> float | None:
    seconds = _seconds(headers.get("x-ratelimit-reset"))
    if seconds is None:
        return None
    if seconds > 1_000_000_000:  # Unix seconds: the Pipedream SDK reads the header so
        try:
            now = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, TypeError, ValueError, OverflowError, IndexError):
            now = wall
        seconds = max(0.0, seconds - now)
    return min(seconds, LONGEST_PAUSE)


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _whole(text: str | None) -> int | None:
    value = _seconds(text)
    return None if value is None or value > 2**53 else int(value)


GRACE = 5.0
"""Seconds: the assumption is that a server reads what it accepted at most so long after the connection was closed."""


Unit: TypeAlias = Literal["call", "token"]


Period: TypeAlias = Literal["month", "day"]


MICROSECONDS = 1_000_000


DRIFT = 0.001
"""Part of the window added as a guard: two clocks, each slewed by NTP at its maximum of 500 ppm."""


GUARD = 1_000
"""Microseconds added for rounding and for servers that count in milliseconds."""


def hold_of(seconds: float) -> int:
    """How long a settled unit is held, in microseconds, for a window of ``seconds``."""
    return math.ceil(seconds * (1 + DRIFT) * MICROSECONDS) + GUARD


__all__ = [
    "DRIFT",
    "EDGE_PAUSE",
    "GRACE",
    "GUARD",
    "LONGEST_PAUSE",
    "MICROSECONDS",
    "UNNAMED_PAUSE",
    "Ask",
    "Bound",
    "BudgetEntry",
    "BudgetView",
    "Exhausted",
    "Granted",
    "Note",
    "Period",
    "Reply",
    "Retry",
    "Unit",
    "View",
    "WindowEntry",
    "WindowView",
    "hold_of",
    "notes_of",
    "pausing",
    "refused",
    "retry_after",
]
