"""What Pipedream publishes for REST and Connect: docs/vendor-facts/pipedream.md#rate-limits"""

from __future__ import annotations

from typing import Final

from typedpipes.errors import ConfigurationError
from typedpipes.limits.policy import Policy, Window

EXTERNAL_USER_ID_LENGTH: Final = 250
"""Characters."""
PAGE: Final = (1, 100, 10)
"""Smallest, largest and default page."""

PAUSES: Final = Window(
    name="pipedream.pauses",
    allowance=None,
    seconds=60.0,
    scope="client",
    source="no limit is documented for the rest: only pauses the server asks for",
)
TOKENS: Final = Window(
    name="connect.tokens",
    allowance=100,
    seconds=60.0,
    scope="external_user",
    buckets=("connect.tokens",),
    source="vendor-facts/pipedream: POST /tokens, 100 requests per minute per external_user_id",
)
ACCOUNTS: Final = Window(
    name="connect.accounts",
    allowance=100,
    seconds=60.0,
    scope="project",
    buckets=("connect.accounts",),
    source="vendor-facts/pipedream: the sum over all */accounts/* endpoints, 100 per minute; "
    "the vendor says GET, the stricter reading counts every verb",
)


def _published(name: str, allowance: int, bucket: str) -> Window:
    return Window(
        name=name,
        allowance=allowance,
        seconds=300.0,
        scope="project",
        buckets=(bucket,),
        source="vendor-facts/pipedream: the vendor's newer page",
    )


FIGURES: Final[dict[str, tuple[Window, ...]]] = {
    "documented": (TOKENS, ACCOUNTS),
    "published-2026": (
        TOKENS,
        _published("connect.accounts", 2000, "connect.accounts"),
        _published("connect.components", 3000, "connect.components"),
        _published("connect.run", 2000, "connect.run"),
        _published("connect.proxy", 1000, "connect.proxy"),
    ),
}
"""Two sets of figures: those of the Connect reference, and the newer ones the vendor publishes."""


def policy(figures: str = "documented") -> Policy:
    """Limits of REST and Connect. ``figures`` picks a row of `FIGURES`; raises `ConfigurationError` for another."""
    if figures not in FIGURES:
        raise ConfigurationError(
            f"no figures {figures!r} for Pipedream; known: {', '.join(FIGURES)}",
            setting="figures",
        )
    return Policy(vendor="pipedream", account="project", windows=(PAUSES, *FIGURES[figures]))


__all__ = ["ACCOUNTS", "EXTERNAL_USER_ID_LENGTH", "FIGURES", "PAGE", "PAUSES", "TOKENS", "policy"]
