"""What a limiter asks of a store, and what the store answers. Durations are whole microseconds."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from typedpipes.limits.policy import Period


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
    """Something the server said.

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
