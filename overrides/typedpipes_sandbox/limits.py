"""The vendors' limits, counted on arrival exactly as documented (the limits of docs/vendor-facts/)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from typedpipes_sandbox.checks import require_from_zero
from typedpipes_sandbox.clock import next_midnight, next_month

PIPEFY_MONTHLY = {"starter": 20, "business": 500, "enterprise": 10_000}
PIPEDRIVE_BURST_TOKEN = {"lite": 20, "growth": 40, "premium": 100, "ultimate": 120}
PIPEDRIVE_BURST_OAUTH = {"lite": 80, "growth": 160, "premium": 400, "ultimate": 480}
PIPEDRIVE_PLAN_FACTOR = {"lite": 1, "growth": 2, "premium": 5, "ultimate": 7}
PIPEDRIVE_BASE_TOKENS = 30_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is enforced. None switches one limit off; times are in seconds."""

    pipefy_requests: int | None = 500
    pipefy_window: float = 30.0
    pipefy_block: float = 300.0
    #: calls a month per organization: a plan's name or a number; None is not enforced
    pipefy_monthly: str | int | None = None
    connect_tokens: int | None = 100
    connect_accounts: int | None = 100
    connect_window: float = 60.0
    pipedrive_plan: str = "growth"
    pipedrive_seats: int = 10
    #: overrides the plan's burst for API tokens and OAuth
    pipedrive_burst: int | None = None
    pipedrive_window: float = 2.0
    pipedrive_search: int | None = 10
    #: overrides the plan's daily token budget
    pipedrive_daily: int | None = None
    #: refused requests in a row, per caller, after which the edge answers 403 with HTML
    pipedrive_edge_after: int | None = 200
    pipedrive_enforced: bool = True

    def __post_init__(self) -> None:
        require_from_zero(self, self.__dataclass_fields__)

    @classmethod
    def off(cls) -> Limits:
        """No limit at all, for throughput measurements."""
        return cls(
            pipefy_requests=None,
            connect_tokens=None,
            connect_accounts=None,
            pipedrive_search=None,
            pipedrive_enforced=False,
        )

    def scaled(self, factor: float) -> Limits:
        """The same counts over windows multiplied by ``factor`` (the block and the budgets are left alone)."""
        return replace(
            self,
            pipefy_window=self.pipefy_window * factor,
            connect_window=self.connect_window * factor,
            pipedrive_window=self.pipedrive_window * factor,
        )

    def monthly_calls(self) -> int | None:
        """Pipefy's monthly number of calls, or None when not enforced."""
        if isinstance(self.pipefy_monthly, str):
            return PIPEFY_MONTHLY.get(self.pipefy_monthly.lower())
        return self.pipefy_monthly

    def burst(self, credential: str) -> int | None:
        """Pipedrive's burst for one kind of credential, or None when not enforced."""
        if not self.pipedrive_enforced:
            return None
        if self.pipedrive_burst is not None:
            return self.pipedrive_burst
        table = PIPEDRIVE_BURST_OAUTH if credential == "oauth2" else PIPEDRIVE_BURST_TOKEN
        return table[self.pipedrive_plan]

    def daily_tokens(self) -> int | None:
        """Pipedrive's daily budget of tokens for the company, or None when not enforced."""
        if not self.pipedrive_enforced:
            return None
        if self.pipedrive_daily is not None:
            return self.pipedrive_daily
        return PIPEDRIVE_BASE_TOKENS * PIPEDRIVE_PLAN_FACTOR[self.pipedrive_plan] * self.pipedrive_seats


class RollingWindow:
    """Counts arrivals in the half-open window ``(now - seconds, now]``."""

    __slots__ = ("_arrivals", "limit", "seconds")

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._arrivals: deque[float] = deque()

    def _expire(self, now: float) -> None:
        arrivals, edge = self._arrivals, now - self.seconds
        while arrivals and arrivals[0] <= edge:
            arrivals.popleft()

    def hit(self, now: float) -> bool:
        """Count one arrival; False when it is one too many (it is then not counted)."""
        self._expire(now)
        if len(self._arrivals) >= self.limit:
            return False
        self._arrivals.append(now)
        return True

    def used(self, now: float) -> int:
        """How many arrivals the window holds."""
        self._expire(now)
        return len(self._arrivals)

    def free_at(self, now: float) -> float:
        """When the next arrival will fit."""
        self._expire(now)
        return now if len(self._arrivals) < self.limit else self._arrivals[0] + self.seconds

    def reset(self) -> None:
        """Forget every arrival."""
        self._arrivals.clear()


class Budget:
    """A number of tokens that comes back at the start of every day or month (UTC)."""

    __slots__ = ("_resets_at", "allowance", "monthly", "spent")

    def __init__(self, allowance: int, *, monthly: bool) -> None:
        self.allowance = allowance
        self.monthly = monthly
        self.spent = 0
        self._resets_at = 0.0

    def _roll(self, now: float) -> None:
        if now >= self._resets_at:
            self.spent = 0
            self._resets_at = next_month(now) if self.monthly else next_midnight(now)

    def spend(self, now: float, cost: int = 1) -> bool:
        """Take ``cost`` from what is left; False when it does not fit (nothing is taken then)."""
        self._roll(now)
        if self.spent + cost > self.allowance:
            return False
        self.spent += cost
        return True

    def remaining(self, now: float) -> int:
        """What is left until the reset."""
        self._roll(now)
        return self.allowance - self.spent

    def resets_at(self, now: float) -> float:
        """When the budget is full again."""
        self._roll(now)
        return self._resets_at
