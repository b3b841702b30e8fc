"""What response headers say about limits, as notes for the store. Pure.

Only what vendors send is read: ``Retry-After`` on a 429 anywhere; for Pipedrive ``x-ratelimit-limit``, ``-remaining``
and ``-reset``, where reset is the seconds left (not an epoch), and ``x-daily-ratelimit-token-limit`` and
``-remaining``, which may be absent (Pipedrive notes, "Limits").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from typedpipes.limits.ask import Bound, Note, WindowEntry
from typedpipes.limits.policy import Policy

LONGEST_PAUSE = 86_400.0
"""Seconds: no pause a server asks for is taken to be longer than a day."""
EDGE_PAUSE = 60.0
"""Seconds to pause when the vendor's edge refuses with an HTML page after ignored 429s (Pipedrive notes)."""
UNNAMED_PAUSE = 1.0
"""Seconds to pause after a 429 that names no wait and exceeds a limit without a known penalty."""


def refused(policy: Policy, status: int, headers: Mapping[str, str]) -> bool:
    """Whether the answer says that a limit was exceeded."""
    if status == 429:
        return True
    return status == 403 and policy.reads == "pipedrive" and "html" in headers.get("content-type", "")


def notes_of(policy: Policy, bound: Bound, status: int, headers: Mapping[str, str], wall: float) -> tuple[Note, ...]:
    """What the store should take over from an answer. ``headers`` have lower-case names, ``wall`` is for dates."""
    notes: list[Note] = []
    daily_empty = False
    if policy.reads == "pipedrive":
        daily_empty = _pipedrive(bound, headers, notes)
    if not refused(policy, status, headers):
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
        # The answer to a search tells of the search limit: the narrowest window the call counts in.
        counting = [entry for entry in bound.windows if entry.allowance is not None]
        narrow = [entry for entry in counting if entry.bucket] or counting
        reset = _seconds(headers.get("x-ratelimit-reset"))
        for entry in narrow:
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


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds named by Retry-After, as a number or a date; None if absent or unreadable. Never more than a day."""
    from typedpipes.retry_after import server_wait

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
