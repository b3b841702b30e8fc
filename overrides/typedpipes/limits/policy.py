"""Limits as data: what a vendor allows, per scope, with the source of every number.

A `Policy` is a table. The vendors' tables are in ``pipefy.py``, ``pipedream.py`` and ``pipedrive.py``; callers may pass
their own.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from typedpipes.errors import ConfigurationError

Unit: TypeAlias = Literal["call", "token"]
Period: TypeAlias = Literal["month", "day"]


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
