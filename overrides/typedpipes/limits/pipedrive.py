"""What is known of Pipedrive's limits, a public reading of 2026-09: docs/vendor-facts/pipedrive.md#limits"""

from __future__ import annotations

from typing import Final

from typedpipes.errors import ConfigurationError
from typedpipes.limits.policy import Budget, Policy, Window

BURST: Final[dict[str, dict[str, int]]] = {
    "api_token": {"lite": 20, "growth": 40, "premium": 100, "ultimate": 120},
    "oauth2": {"lite": 80, "growth": 160, "premium": 400, "ultimate": 480},
}
"""Requests per rolling `WINDOW` seconds, by credential and plan."""
WINDOW: Final = 2.0
SEARCH: Final = 10
"""Search requests per rolling `WINDOW` seconds on every plan."""
TOKENS_PER_SEAT: Final = 30_000
MULTIPLIER: Final[dict[str, int]] = {
    "lite": 1,
    "growth": 2,
    "premium": 5,
    "ultimate": 7,
}
"""Daily tokens of a company: `TOKENS_PER_SEAT` x this x seats, plus top-ups."""


def policy(
    plan: str | None = None,
    seats: int | None = None,
    *,
    auth: str = "api_token",
    daily_tokens: int | None = None,
) -> Policy:
    """Pipedrive's limits for a plan and credential kind.

    Without a plan the burst is the smallest plan's until the server's headers state it, and the daily budget is unknown
    and not enforced; it stays unknown without ``seats`` too. ``daily_tokens`` overrides the product (top-ups). Raises
    `ConfigurationError` for an unknown plan or credential kind.
    """
    name = (plan or "lite").lower()
    if name not in MULTIPLIER:
        raise ConfigurationError(
            f"Pipedrive has no plan {plan!r}; known: {', '.join(MULTIPLIER)}",
            setting="plan",
        )
    if auth not in BURST:
        raise ConfigurationError(
            f"no limits for credential kind {auth!r}; known: {', '.join(BURST)}",
            setting="auth",
        )
    if seats is not None and seats < 1:
        raise ConfigurationError("seats must be at least 1", setting="seats")
    allowance = daily_tokens
    if allowance is None and plan is not None and seats is not None:
        allowance = TOKENS_PER_SEAT * MULTIPLIER[name] * seats
    burst = Window(
        name="pipedrive.burst",
        allowance=BURST[auth][name],
        seconds=WINDOW,
        scope="token",
        source="vendor-facts/pipedrive: burst per token, rolling 2 s, by plan and credential",
    )
    search = Window(
        name="pipedrive.search",
        allowance=SEARCH,
        seconds=WINDOW,
        scope="token",
        buckets=("pipedrive.search",),
        source="vendor-facts/pipedrive: search 10 per 2 s on every plan",
    )
    day = Budget(
        name="pipedrive.tokens_per_day",
        allowance=allowance,
        period="day",
        scope="company",
        unit="token",
        adopt=True,
        source="vendor-facts/pipedrive: 30,000 x plan x seats a day; that the day ends at midnight UTC is assumed",
    )
    return Policy(
        vendor="pipedrive",
        account="company",
        windows=(burst, search),
        budgets=(day,),
        reads="pipedrive",
    )


__all__ = ["BURST", "MULTIPLIER", "SEARCH", "TOKENS_PER_SEAT", "WINDOW", "policy"]
