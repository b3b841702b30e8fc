"""The state of limits for users, and what a bulk job will cost before it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from typedpipes._core.arguments import check_count, check_options
from typedpipes._core.flow import AsyncIO, Flow, SyncIO, adrive, drive
from typedpipes.errors import ConfigurationError
from typedpipes.limits.ask import (
    Bound,
    BudgetEntry,
    BudgetView,
    WindowEntry,
    WindowView,
)
from typedpipes.limits.limiter import StoreLimiter
from typedpipes.limits.policy import Claim, Window


class LimitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as it stands. ``allowance`` None: unknown (no plan was given) and not enforced."""

    name: str
    scope: str
    unit: str
    allowance: int | None
    used: int | None
    """None: not counted, because it is not enforced and the store would forget it; or counted for each external user,
    and none was named."""
    in_flight: int = 0
    waiting: int = 0
    """Requests that queue for it."""
    free_at: datetime | None = None
    """When the next unit is free (UTC), None: now. A lower bound while requests are in flight."""
    blocked_until: datetime | None = None
    """The server asked for a pause until then (UTC)."""
    window: float | None = None
    """Seconds, of a window."""
    resets_at: datetime | None = None
    """End of the period (UTC), of a budget."""
    source: str = ""

    @property
    def remaining(self) -> int | None:
        """Units that can be used now; None: unknown."""
        return None if self.allowance is None or self.used is None else max(0, self.allowance - self.used)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All limits of a client, by name."""

    limits: tuple[LimitStatus, ...]
    store: str
    taken_at: datetime

    def __getitem__(self, name: str) -> LimitStatus:
        for limit in self.limits:
            if limit.name == name:
                return limit
        raise KeyError(name)


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a job takes of one limit. ``fits``: within a budget's rest; a window only takes time. None: unknown."""

    name: str
    amount: int
    remaining: int | None
    fits: bool | None
    seconds: float = 0.0
    """Time this limit alone makes the job take, at least."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a job takes, told before it starts. ``seconds`` is the least time the windows leave it."""

    rows: tuple[CostRow, ...]
    seconds: float

    @property
    def fits(self) -> bool:
        """Whether no known budget would be exceeded."""
        return all(row.fits is not False for row in self.rows)


def take_snapshot(limiter: StoreLimiter, scope: Mapping[str, str], wall: float) -> Flow[Snapshot]:
    """Read how all limits stand. A limit per external user has no figure of its own unless ``scope`` names one."""
    bound = limiter.everything(scope)
    view = yield from limiter.store.view(bound)
    now = datetime.fromtimestamp(wall, UTC)
    windows = {
        entry.name: _window(limiter, entry, state, now)
        for entry, state in zip(bound.windows, view.windows, strict=True)
    }
    rows = [windows.get(row.name) or _of_each(row) for row in limiter.policy.windows]
    rows += [_budget(limiter, entry, state) for entry, state in zip(bound.budgets, view.budgets, strict=True)]
    counted = {row.name for row in rows}
    rows += [
        LimitStatus(
            name=row.name,
            scope=row.scope,
            unit=row.unit,
            allowance=None,
            used=None,
            source=row.source,
        )
        for row in limiter.policy.budgets
        if row.name not in counted
    ]
    return Snapshot(limits=tuple(rows), store=limiter.store.url, taken_at=now)


def _of_each(row: Window) -> LimitStatus:
    """A window that counts for each value of a scope, none of which is named."""
    return LimitStatus(
        name=row.name,
        scope=row.scope,
        unit=row.unit,
        allowance=row.allowance,
        used=None,
        window=row.seconds,
        source=row.source,
    )


def _window(limiter: StoreLimiter, entry: WindowEntry, state: WindowView, now: datetime) -> LimitStatus:
    row = limiter.row(entry.name)
    return LimitStatus(
        name=entry.name,
        scope=row.scope,
        unit=row.unit,
        allowance=state.observed or entry.allowance,
        used=state.used,
        in_flight=state.in_flight,
        waiting=state.waiting,
        free_at=now + timedelta(microseconds=state.free_in) if state.free_in else None,
        blocked_until=now + timedelta(microseconds=state.blocked) if state.blocked else None,
        window=limiter.seconds(entry.name),
        source=row.source,
    )


def _budget(limiter: StoreLimiter, entry: BudgetEntry, state: BudgetView) -> LimitStatus:
    row = limiter.row(entry.name)
    allowance = state.observed if entry.adopt and state.observed else entry.allowance
    used = max(state.used, allowance or 0) if state.exhausted else state.used
    return LimitStatus(
        name=entry.name,
        scope=row.scope,
        unit=row.unit,
        allowance=allowance,
        used=used,
        resets_at=datetime.fromtimestamp(state.resets_at / 1_000_000, UTC),
        source=row.source,
    )


def work_out(limiter: StoreLimiter, job: Iterable[tuple[Claim, int]]) -> Flow[Cost]:
    """What ``job`` takes: pairs of a claim and how often it is made."""
    rows: list[CostRow] = []
    windows: dict[str, tuple[Bound, int, int]] = {}
    budgets: dict[str, tuple[Bound, int, int]] = {}
    for claim, times in job:
        bound = limiter.bind(claim)
        for index, entry in enumerate(bound.windows):
            amount = windows.get(entry.key, (bound, index, 0))[2]
            windows[entry.key] = (bound, index, amount + entry.weight * times)
        for index, budget in enumerate(bound.budgets):
            amount = budgets.get(budget.key, (bound, index, 0))[2]
            budgets[budget.key] = (bound, index, amount + budget.weight * times)
    for bound, index, amount in windows.values():
        state = (yield from limiter.store.view(bound)).windows[index]
        rows.append(_window_cost(bound.windows[index], state, amount))
    for bound, index, amount in budgets.values():
        account = (yield from limiter.store.view(bound)).budgets[index]
        status = _budget(limiter, bound.budgets[index], account)
        left = status.remaining
        rows.append(
            CostRow(
                name=status.name,
                amount=amount,
                remaining=left,
                fits=None if left is None else amount <= left,
            )
        )
    return Cost(rows=tuple(rows), seconds=max((row.seconds for row in rows), default=0.0))


def _window_cost(entry: WindowEntry, state: WindowView, amount: int) -> CostRow:
    allowance = state.observed or entry.allowance
    if allowance is None:
        return CostRow(
            name=entry.name,
            amount=amount,
            remaining=None,
            fits=True,
            seconds=state.blocked / 1_000_000,
        )
    free = max(0, allowance - state.used)
    wait = state.blocked
    if amount > free:
        wait = max(wait, state.all_free_in) + (amount - free - 1) // allowance * entry.hold
        wait = max(wait, (amount - 1) // allowance * entry.hold)  # what is sent now is held, too
    return CostRow(
        name=entry.name,
        amount=amount,
        remaining=free,
        fits=True,
        seconds=wait / 1_000_000,
    )


Countable: TypeAlias = Callable[..., object] | Claim
"""An operation, as the method of a client that calls it; or a claim, where there is no client."""


class _Reading:
    """What both `Limits` are: flows over one limiter, or over none."""

    def __init__(self, limiter: StoreLimiter | None, claims: Callable[[Callable[..., object]], Claim] | None) -> None:
        self._limiter = limiter
        self._claims = claims

    def _snapshot(self, scope: Mapping[str, str]) -> Flow[Snapshot]:
        limiter = self._limiter
        if limiter is None:
            return Snapshot(limits=(), store="off", taken_at=datetime.now(UTC))
        policy = limiter.policy
        scopes = {policy.account, *(one.scope for one in policy.windows), *(one.scope for one in policy.budgets)}
        check_options("limits.snapshot", scope, frozenset(scopes))
        return (yield from take_snapshot(limiter, scope, limiter.clock.wall()))

    def _reset(self) -> Flow[Snapshot]:
        before = yield from self._snapshot({})
        if self._limiter is not None:
            yield from self._limiter.store.forget(self._limiter.everything({}))
        return before

    def _cost(self, operation: Countable | Mapping[Countable, int], times: int) -> Flow[Cost]:
        job = operation if isinstance(operation, Mapping) else {operation: times}
        for number in job.values():
            check_count("times", number, 0)
        claims = [(self._claim(each), number) for each, number in job.items()]
        if self._limiter is None:
            return Cost(rows=(), seconds=0.0)
        return (yield from work_out(self._limiter, claims))

    def _claim(self, operation: Countable) -> Claim:
        if isinstance(operation, Claim):
            return operation
        if self._claims is None:
            raise ConfigurationError("without a client, give a Claim instead of an operation", setting="operation")
        return self._claims(operation)


class Limits(_Reading):
    """The limits of a client. ``client.limits``."""

    def __init__(
        self,
        limiter: StoreLimiter | None,
        io: SyncIO | None = None,
        *,
        claims: Callable[[Callable[..., object]], Claim] | None = None,
    ) -> None:
        super().__init__(limiter, claims)
        self._io = io or SyncIO()

    def snapshot(self, **scope: str) -> Snapshot:
        """How every limit stands. ``external_user="u1"`` shows what that user has used of the limits that count for
        each one; without it they have no figure. Raises `LimitStoreError`."""
        return drive(self._snapshot(scope), self._io)

    def cost(self, operation: Countable | Mapping[Countable, int], times: int = 1) -> Cost:
        """What a job takes before it starts: ``cost(crm.v2.deals.update, 10_000)``, or several operations together,
        ``cost({crm.v2.deals.get: 500, crm.v2.deals.update: 500})``. Sends nothing.

        A limit that counts for each external user is taken as if all calls were for one. Raises `ConfigurationError`
        for what is no operation of this client, `LimitStoreError`.
        """
        return drive(self._cost(operation, times), self._io)

    def reset(self) -> Snapshot:
        """Count from zero again, for everybody who shares the store; returns how the limits stood.

        The vendor goes on counting: what was used is then sent again and may be refused. Limits of external users
        stay. Raises `LimitStoreError`.
        """
        return drive(self._reset(), self._io)


class AsyncLimits(_Reading):
    """The asynchronous twin of `Limits`."""

    def __init__(
        self,
        limiter: StoreLimiter | None,
        io: AsyncIO | None = None,
        *,
        claims: Callable[[Callable[..., object]], Claim] | None = None,
    ) -> None:
        super().__init__(limiter, claims)
        self._io = io or AsyncIO()

    async def snapshot(self, **scope: str) -> Snapshot:
        """How every limit stands; see `Limits.snapshot`."""
        return await adrive(self._snapshot(scope), self._io)

    async def cost(self, operation: Countable | Mapping[Countable, int], times: int = 1) -> Cost:
        """What a job takes before it starts; see `Limits.cost`."""
        return await adrive(self._cost(operation, times), self._io)

    async def reset(self) -> Snapshot:
        """Count from zero again; see `Limits.reset`."""
        return await adrive(self._reset(), self._io)


__all__ = [
    "AsyncLimits",
    "Cost",
    "CostRow",
    "Countable",
    "LimitStatus",
    "Limits",
    "Snapshot",
    "take_snapshot",
    "work_out",
]
