"""Limits as data, the claims that requests make on them, and the keys they count under.

A `Policy` is a table: what a vendor allows, per scope, with the source of every number. The vendors' tables are in
``pipefy.py``, ``pipedream.py`` and ``pipedrive.py``; callers may pass their own. A `Claim` is what one wire request
counts in, a `Lease` what a `Limiter` grants it. A `Binder` finds out whom each limit counts for: keys are HMACs of
stable identity, never of tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import math
import secrets
from collections.abc import Iterator, Mapping
from typing import Final, Literal, Protocol

import msgspec

from typedpipes._core.flow import Flow
from typedpipes._core.forks import renew_in_children
from typedpipes._core.redaction import while_whole
from typedpipes.errors import ConfigurationError
from typedpipes.limits.ask import Bound, BudgetEntry, Period, Unit, WindowEntry, hold_of


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``allowance`` units in any ``seconds``, per value of ``scope``.

    ``allowance=None`` counts nothing: such a row only carries pauses that the server asked for.
    ``buckets`` empty: every call counts; otherwise only operations stamped with one of them.
    ``block`` is what the server adds (seconds) when the limit is exceeded and it names no wait itself.
    """

    name: str
    allowance: int | None
    seconds: float
    scope: str
    buckets: tuple[str, ...] = ()
    unit: Unit = "call"
    block: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        if self.allowance is not None and self.allowance < 1:
            raise ConfigurationError(f"limit {self.name}: allowance must be at least 1", setting="limits")
        if self.seconds <= 0:
            raise ConfigurationError(f"limit {self.name}: seconds must be positive", setting="limits")


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``allowance`` units per calendar ``period`` (UTC), per value of ``scope``.

    ``allowance=None``: unknown, because no plan was given; it is shown, not enforced, until the server states a figure.
    ``adopt``: a limit stated in response headers replaces ``allowance``.
    """

    name: str
    allowance: int | None
    period: Period
    scope: str
    buckets: tuple[str, ...] = ()
    unit: Unit = "call"
    warn_at: float = 0.8
    adopt: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        if self.allowance is not None and self.allowance < 0:
            raise ConfigurationError(f"limit {self.name}: allowance must not be negative", setting="plan")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All limits of one API. ``account`` names the scope that everything of one vendor account shares.

    ``reads`` tells which response headers carry counts: ``none`` (only 429 answers are read), or ``pipedrive``.
    """

    vendor: str
    account: str
    windows: tuple[Window, ...] = ()
    budgets: tuple[Budget, ...] = ()
    reads: Literal["none", "pipedrive"] = "none"

    def __post_init__(self) -> None:
        names = [window.name for window in self.windows] + [budget.name for budget in self.budgets]
        if len(set(names)) != len(names):
            raise ConfigurationError(f"policy {self.vendor}: two limits have the same name", setting="limits")

    @property
    def budgeted(self) -> bool:
        """Whether a budget is enforced, so that the count must outlive this process."""
        return any(budget.allowance is not None for budget in self.budgets)


class Claim:
    """What one wire request counts in."""

    __slots__ = ("again", "api", "buckets", "operation", "scope", "token_cost")

    def __init__(
        self,
        api: str,
        operation: str,
        *,
        buckets: tuple[str, ...] = (),
        token_cost: int = 0,
        scope: Mapping[str, str] | None = None,
        again: bool = False,
    ) -> None:
        self.api: str = api
        self.operation: str = operation
        self.buckets: tuple[str, ...] = buckets
        self.token_cost: int = token_cost
        self.scope: Mapping[str, str] = scope or {}
        """The identity each limit is counted against: ``user``, ``project``, ``external_user``, ``company`` …"""
        self.again: bool = again
        """Whether the call was sent before, and is to be repeated."""

    @property
    def unsent(self) -> str:
        """What to say of a call that gets no slot."""
        return f"{self.operation} was not sent{' again' if self.again else ''}"

    @while_whole
    def __repr__(self) -> str:
        return f"<Claim {self.api}.{self.operation} {self.buckets} cost={self.token_cost}>"


class Lease(Protocol):
    """A granted slot. Released by the driver, whatever happens; `settle`, `unsent` and `abandoned` do so earlier."""

    sent: bool
    """Whether anything of the request may have left this machine. True at first, so that nobody forgets it; who signs
    between grant and send says False until then. A slot whose request was not sent is given back, budgets too."""

    def settle(self, status: int, headers: Mapping[str, str]) -> Flow[None]:
        """Response headers were seen (names in lower case): the window starts to run; limits named there are learnt."""
        ...

    def unsent(self) -> Flow[None]:
        """Nothing of the request left this machine (no connection): the slot may be given back."""
        ...

    def abandoned(self) -> Flow[None]:
        """No answer will come, and the connection was closed just now: the server may still read the request."""
        ...

    def outlived(self) -> bool:
        """Whether somebody may have been given the slot in the meantime: to be asked right before sending."""
        ...

    def end_of_flow(self) -> None:
        """The flow that acquired the lease ends; to be said in its ``finally``, for it performs no effect."""
        ...


class Limiter(Protocol):
    """Grants leases, first come first served."""

    def acquire(self, claim: Claim, *, until: float | None, max_wait: float | None) -> Flow[Lease]:
        """Wait for a slot, through effects, and register its release with the driver.

        ``until`` is a time of the monotonic clock, ``max_wait`` seconds; None is no bound. Raises `RateLimited` if the
        slot would come later, `QuotaExhausted` if a budget is used up.
        """
        ...


_PURPOSE = b"typedpipes limits 1"
_REMEMBERED = 4096


def keyed(*parts: str) -> str:
    """A name for an identity that does not tell it: 20 hex digits of an HMAC for this purpose only."""
    message = b"\0".join(part.encode() for part in parts)
    return hmac.new(_PURPOSE, message, hashlib.sha256).hexdigest()[:20]


class _Names:
    """Names of this process, one after the other; made without running Python code, for it is done per request."""

    def __init__(self) -> None:
        self.forked()
        renew_in_children(self)

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        self.process = secrets.token_hex(8)
        self.fresh: Iterator[str] = map(f"{self.process}-".__add__, map(str, itertools.count()))


_names: Final = _Names()


def process_name() -> str:
    """What the names of this process's leases begin with, up to a hyphen."""
    return _names.process


def fresh_id() -> str:
    """A name no other lease has, in this or any other process."""
    return next(_names.fresh)


class Binder:
    """Binds claims to the rows of a policy for one identity; remembers what it bound.

    ``address``: the server, if it is not the vendor's own: what another server counts is no part of a vendor's budget.
    """

    def __init__(
        self, policy: Policy, identity: Mapping[str, str], *, count_unknown: bool = True, address: str = ""
    ) -> None:
        self._policy = policy
        self._server = f"{policy.vendor} at {address}" if address else policy.vendor
        self._budgets = tuple(row for row in policy.budgets if count_unknown or row.allowance is not None)
        self._identity = dict(identity)
        self._bound: dict[object, Bound] = {}

    def bind(self, claim: Claim) -> Bound:
        """What ``claim`` counts in. Raises `ConfigurationError` if it can never fit a limit."""
        scope = claim.scope
        key = (claim.buckets, claim.token_cost, tuple(scope.items()) if scope else None)
        bound = self._bound.get(key)
        if bound is None:
            if len(self._bound) >= _REMEMBERED:
                self._bound.clear()
            bound = self._bound[key] = self._bind(claim)
        return bound

    def everything(self, scope: Mapping[str, str]) -> Bound:
        """All rows whose scope value is known, as if one call counted in each: for looking at them."""
        policy, known = self._policy, {*self._identity, *scope}
        buckets = {bucket for window in policy.windows for bucket in window.buckets}
        buckets |= {bucket for budget in policy.budgets for bucket in budget.buckets}
        bound = self._bind(Claim("", "", buckets=tuple(sorted(buckets)), token_cost=1, scope=scope))
        scopes = {window.name: window.scope for window in policy.windows}
        per_call = {"external_user"} - known
        shown = tuple(entry for entry in bound.windows if scopes[entry.name] not in per_call)
        return Bound(bound.account, shown, bound.budgets, bound.counted)

    def _bind(self, claim: Claim) -> Bound:
        values = {**self._identity, **claim.scope}
        account = keyed(self._server, self._policy.account, values.get(self._policy.account, ""))
        windows = tuple(
            self._window(window, claim, values) for window in self._policy.windows if _counts(window.buckets, claim)
        )
        budgets = tuple(
            self._budget(budget, claim, values) for budget in self._budgets if _counts(budget.buckets, claim)
        )
        counted = bool(budgets) or any(entry.allowance is not None for entry in windows)
        return Bound(account, windows, budgets, counted)

    def _window(self, window: Window, claim: Claim, values: Mapping[str, str]) -> WindowEntry:
        weight = claim.token_cost if window.unit == "token" else 1
        if window.allowance is not None and weight > window.allowance:
            raise ConfigurationError(
                f"{claim.operation} costs {weight} units, more than {window.name} ever allows ({window.allowance})",
                setting="limits",
            )
        return WindowEntry(
            name=window.name,
            key=self._key(window.name, window.scope, values),
            allowance=window.allowance,
            hold=hold_of(window.seconds),
            weight=weight,
            block=math.ceil(window.block * 1_000_000),
            bucket=bool(window.buckets),
        )

    def _budget(self, budget: Budget, claim: Claim, values: Mapping[str, str]) -> BudgetEntry:
        return BudgetEntry(
            name=budget.name,
            key=self._key(budget.name, budget.scope, values),
            allowance=budget.allowance,
            period=budget.period,
            weight=claim.token_cost if budget.unit == "token" else 1,
            warn_at=budget.warn_at,
            adopt=budget.adopt,
        )

    def _key(self, name: str, scope: str, values: Mapping[str, str]) -> str:
        account = self._policy.account
        root = keyed(self._server, account, values.get(account, ""))
        if scope == account:
            return f"{root}:{name}"
        return f"{root}:{name}:{keyed(self._server, scope, values.get(scope, ''))}"


def _counts(buckets: tuple[str, ...], claim: Claim) -> bool:
    return not buckets or any(bucket in buckets for bucket in claim.buckets)


__all__ = ["Binder", "Budget", "Claim", "Lease", "Limiter", "Policy", "Window", "fresh_id", "keyed", "process_name"]
