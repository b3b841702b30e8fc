"""What Pipefy publishes: docs/vendor-facts/pipefy.md#limits"""

from __future__ import annotations

from typing import Final

from typedpipes.errors import ConfigurationError
from typedpipes.limits.policy import Budget, Policy, Window

CALLS_PER_MONTH: Final[dict[str, int | None]] = {
    "starter": 20,
    "business": 500,
    "enterprise": 10_000,
    "unlimited": None,
}
"""By plan. Unlimited: a number by contract."""
RECORDS_PER_PAGE: Final = 50
"""Items of one page."""
ATTACHMENT_BYTES: Final = 512 * 1024 * 1024
"""Size limit of an attached file."""
FILE_LINK_SECONDS: Final = 15 * 60
"""How long the link to a file works."""
WEBHOOKS_PER_PIPE: Final = 30
"""The vendor advises against more."""

REQUESTS: Final = Window(
    name="pipefy.requests",
    allowance=500,
    seconds=30.0,
    scope="user",
    block=300.0,
    source="vendor-facts/pipefy: 500 requests every 30 seconds, then the user is refused for 5 minutes",
)


def policy(plan: str | None = None, calls_per_month: int | None = None) -> Policy:
    """Pipefy's limits for a plan; without one the month is unknown and not enforced.

    Raises `ConfigurationError` for an unknown plan, and for ``unlimited`` without ``calls_per_month``.
    """
    allowance = calls_per_month
    if plan is not None:
        name = plan.lower()
        if name not in CALLS_PER_MONTH:
            raise ConfigurationError(
                f"Pipefy has no plan {plan!r}; known: {', '.join(CALLS_PER_MONTH)}",
                setting="plan",
            )
        if allowance is None:
            allowance = CALLS_PER_MONTH[name]
        if allowance is None:
            raise ConfigurationError(
                "Pipefy's Unlimited plan has a number of calls per month by contract: pass it as allowance",
                setting="allowance",
            )
    month = Budget(
        name="pipefy.calls_per_month",
        allowance=allowance,
        period="month",
        scope="organization",
        source="vendor-facts/pipefy: by plan; that the month is the calendar month in UTC is an assumption",
    )
    return Policy(vendor="pipefy", account="organization", windows=(REQUESTS,), budgets=(month,))


__all__ = [
    "ATTACHMENT_BYTES",
    "CALLS_PER_MONTH",
    "FILE_LINK_SECONDS",
    "RECORDS_PER_PAGE",
    "REQUESTS",
    "WEBHOOKS_PER_PIPE",
    "policy",
]
