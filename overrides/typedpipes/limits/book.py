"""All windows and budgets of a store, and what an `Ask` does to them: reserved at once or not at all.

Pure: the time is set from outside. The memory store keeps a `Book` alive, the SQLite store loads the rows an ask
names; the Redis store has the same rules in Lua (``stores/limits.lua``), kept equal by a test.

A waiter queues at the window that makes it wait longest and keeps the places it has. So many requests that wait for a
narrow window do not keep others from a wide one, and none starves: its place is as old as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from typedpipes.limits.ask import (
    Ask,
    Bound,
    BudgetEntry,
    BudgetView,
    Exhausted,
    Granted,
    Note,
    Period,
    Reply,
    Retry,
    View,
    WindowEntry,
    WindowView,
)
from typedpipes.limits.counts import BudgetState, WindowState, bounds

PLACE_GRACE = 2_000_000
"""How much later than announced a waiter may ask again before its place lapses."""
NAP = 5_000_000
"""Longest time between two asks of a waiter: what others give back is noticed after this time at the latest."""

GRANTED = Granted()

OpenBudget: TypeAlias = "tuple[BudgetEntry, BudgetState, int, int]"
"""A budget, its state, its allowance (0: unknown) and the end of its period."""


class Book:
    """Windows and budgets by key. ``load`` makes or fetches those that are not there yet."""

    __slots__ = ("_periods", "budgets", "now", "wall", "windows")

    def __init__(self) -> None:
        self.windows: dict[str, WindowState] = {}
        self.budgets: dict[str, BudgetState] = {}
        self.now: int = 0
        """Time on the store's clock, set before every operation. Never goes back."""
        self.wall: int = 0
        """Microseconds since 1970, for budgets."""
        self._periods: dict[Period, tuple[int, int]] = {}

    def window(self, key: str) -> WindowState:
        """The window ``key``, with what is over dropped."""
        state = self.raw_window(key)
        state.expire(self.now)
        return state

    def raw_window(self, key: str) -> WindowState:
        """The window ``key``; what is over may still be in it."""
        state = self.windows.get(key)
        if state is None:
            state = self.windows[key] = WindowState()
        return state

    def budget(self, key: str, start: int) -> BudgetState:
        """The budget ``key`` in the period that starts at ``start``."""
        state = self.budgets.get(key)
        if state is None:
            state = self.budgets[key] = BudgetState()
        state.turn(start)
        return state

    def forget(self, bound: Bound) -> None:
        """Count everything that ``bound`` names from zero, without what servers said of it."""
        self.windows.update((entry.key, WindowState()) for entry in bound.windows)
        self.budgets.update((entry.key, BudgetState()) for entry in bound.budgets)

    def reserve(self, ask: Ask) -> Reply:
        """Grant everything, or say which limit prevents it. `now` must have been set."""
        bound, lease, place, now = ask.bound, ask.lease, ask.place, self.now
        table = self.windows
        if len(bound.windows) == 1 and not bound.budgets:  # the most frequent ask, and nothing else to look at
            (entry,) = bound.windows
            only = table.get(entry.key)
            if only is not None and only.take(lease, entry, now, ask.answer_by):
                return GRANTED
        budgets: list[OpenBudget] = []
        if bound.budgets:
            exhausted = self._open_budgets(bound, budgets)
            if exhausted is not None:
                self.leave(ask)
                return exhausted
        at, last, again = now, None, False
        for entry in bound.windows:
            window = table.get(entry.key)
            if window is None:
                window = table[entry.key] = WindowState()
            if lease in window.flights:
                again = True  # the same question again, because the first answer was lost: it counts once
            if not window.fits(entry.allowance, entry.weight, now):
                window.expire(now)
                opens = window.opening(entry, entry.weight, place, now)
                if opens > at:
                    at, last = opens, entry
        if last is not None and not again:
            return self._refuse(ask, last, at)
        for entry in bound.windows:
            window = table[entry.key]
            if entry.allowance is not None and lease not in window.flights:
                window.hold(lease, entry.weight, now + ask.answer_by + entry.hold)
            if place is not None:
                window.leave(place)
        return self._charge(budgets, again=again) if budgets else GRANTED

    def _open_budgets(self, bound: Bound, budgets: list[OpenBudget]) -> Exhausted | None:
        """Collect the budgets as they stand; tells which one cannot bear its weight."""
        wall = self.wall
        for entry in bound.budgets:
            period = self._periods.get(entry.period)
            if period is None or not period[0] <= wall < period[1]:
                period = self._period(entry.period)
            account = self.budgets.get(entry.key)
            if account is None or period[0] > account.start:
                account = self.budget(entry.key, period[0])
            allowance = account.observed if entry.adopt and account.observed else entry.allowance
            if account.exhausted or (allowance is not None and account.used + entry.weight > allowance):
                return Exhausted(entry.name, account.used, allowance or 0, period[1])
            budgets.append((entry, account, allowance or 0, period[1]))
        return None

    def _charge(self, budgets: list[OpenBudget], *, again: bool) -> Granted:
        if not again:
            for entry, account, _, _ in budgets:
                account.used += entry.weight
        return Granted(tuple([(account.used, allowance, end) for _, account, allowance, end in budgets]))

    def _period(self, period: Period) -> tuple[int, int]:
        """Start and end of the current period; worked out once while it lasts."""
        known = self._periods.get(period)
        if known is None or not known[0] <= self.wall < known[1]:
            known = self._periods[period] = bounds(period, self.wall)
        return known

    def _refuse(self, ask: Ask, last: WindowEntry, at: int) -> Retry:
        wait = at - self.now
        if 0 <= ask.patience < wait:
            self.leave(ask)
            return Retry(wait, last.name, None)
        place = self.now if ask.place is None else ask.place
        expiry = self.now + min(wait, NAP) + PLACE_GRACE
        for entry in ask.bound.windows:
            window = self.windows[entry.key]
            if entry is last or window.queued(place):
                window.queue(place, entry.weight, expiry)
        return Retry(wait, last.name, place)

    def leave(self, ask: Ask) -> None:
        """Give up the place in every queue."""
        if ask.place is not None:
            for entry in ask.bound.windows:
                state = self.windows.get(entry.key)
                if state is not None:
                    state.leave(ask.place)

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...], grace: int = 0) -> None:
        """The request has arrived, or will within ``grace``; response headers said ``notes``."""
        now, table = self.now + grace, self.windows
        for entry in bound.windows:
            if entry.allowance is not None:
                window = table.get(entry.key) or self.raw_window(entry.key)
                window.settle(lease, entry.weight, now + entry.hold)
        for note in notes:
            self._note(bound, note)

    def bury(self, ask: Ask, has_ended: Callable[[str], bool]) -> bool:
        """Count requests that ended processes left in flight as given up now; returns whether there were any.

        A lease is named by its process, up to a hyphen.
        """
        found = False
        known: dict[str, bool] = {}
        for entry in ask.bound.windows:
            window = self.window(entry.key)
            free_at = self.now + ask.grace + entry.hold
            for lease, (weight, lapse) in list(window.flights.items()):
                process = lease.partition("-")[0]
                if process not in known:
                    known[process] = has_ended(process)
                if known[process] and free_at < lapse:
                    window.settle(lease, weight, free_at)
                    found = True
        return found

    def _note(self, bound: Bound, note: Note) -> None:
        for entry in bound.windows:
            if entry.key == note.key:
                state = self.window(note.key)
                if note.kind == "block":
                    state.block(self.now + note.duration)
                elif entry.allowance is not None:
                    state.correct(entry, note.limit, note.remaining, self.now + note.duration)
        for budget in bound.budgets:
            if budget.key == note.key:
                account = self.budget(note.key, self._period(budget.period)[0])
                if note.kind == "exhausted":
                    account.exhausted = True
                else:
                    account.correct(budget.allowance, note.limit, note.remaining)

    def release(self, ask: Ask, *, granted: bool) -> None:
        """Undo an ask: its places, and the units it holds if the request was never sent."""
        self.leave(ask)
        # What was counted in a window is given back once, however often a lost answer makes a client repeat it.
        held = granted and not any(entry.allowance is not None for entry in ask.bound.windows)
        for entry in ask.bound.windows:
            state = self.windows.get(entry.key)
            if state is not None:
                held = state.forget(ask.lease) or held
        if held:
            for budget in ask.bound.budgets:
                account = self.budget(budget.key, self._period(budget.period)[0])
                account.used = max(0, account.used - budget.weight)

    def view(self, bound: Bound) -> View:
        """How the windows and budgets of ``bound`` stand."""
        windows = tuple(self._window_view(entry) for entry in bound.windows)
        budgets = []
        for budget in bound.budgets:
            start, end = self._period(budget.period)
            account = self.budget(budget.key, start)
            budgets.append(BudgetView(account.used, account.observed, account.exhausted, end))
        return View(windows, tuple(budgets))

    def _window_view(self, entry: WindowEntry) -> WindowView:
        state, now = self.window(entry.key), self.now
        opens = state.opening(entry, 1, None, now)
        last = max(
            state.free_at[-1] if state.free_at else now,
            now + entry.hold if state.flights else now,
        )
        return WindowView(
            used=state.used,
            in_flight=state.flying,
            waiting=len(state.order),
            observed=state.stated(entry),
            blocked=max(0, state.blocked_until - now),
            free_in=max(0, opens - now),
            all_free_in=last - now,
        )


__all__ = ["GRANTED", "NAP", "PLACE_GRACE", "Book", "OpenBudget"]
