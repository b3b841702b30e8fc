"""What the retry flow sees of a limiter: one claim and one lease per wire request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from typedpipes._flow import Flow


class Claim:
    """What one wire request counts in."""

    __slots__ = ("api", "buckets", "operation", "scope", "token_cost")

    def __init__(
        self,
        api: str,
        operation: str,
        *,
        buckets: tuple[str, ...] = (),
        token_cost: int = 0,
        scope: Mapping[str, str] | None = None,
    ) -> None:
        self.api = api
        self.operation = operation
        self.buckets = buckets
        self.token_cost = token_cost
        self.scope: Mapping[str, str] = scope or {}
        """Whom the limits count for: ``user``, ``project``, ``external_user``, ``company`` … by stable identity."""

    def __repr__(self) -> str:
        return f"<Claim {self.api}.{self.operation} {self.buckets} cost={self.token_cost}>"


class Lease(Protocol):
    """A granted slot. Released by the driver, whatever happens; until then `settle` and `unsent` refine it."""

    def settle(self, status: int, headers: Mapping[str, str]) -> Flow[None]:
        """Response headers were seen (names in lower case): the window starts to run; limits named there are learnt."""
        ...

    def unsent(self) -> Flow[None]:
        """Nothing of the request left this machine (no connection): the slot may be given back."""
        ...


class Limiter(Protocol):
    """Grants leases, first come first served."""

    def acquire(self, claim: Claim, *, until: float | None, max_wait: float | None) -> Flow[Lease]:
        """Wait for a slot, through effects, and register its release with the driver.

        ``until`` is a time of the monotonic clock, ``max_wait`` seconds; None is no bound. Raises `RateLimited` if the
        slot would come later, `QuotaExhausted` if a budget is used up.
        """
        ...
