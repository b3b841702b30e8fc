"""What every client of this package is, whatever it calls: it has limits, is closed, and shows where it goes.

A vendor's client adds how it is made and what it calls. Nothing here names the HTTP library: the type checkers of our
users need not read it for a client that does not show it.
"""

from __future__ import annotations

import functools
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from typedpipes._core.redaction import while_whole

if TYPE_CHECKING:
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes.limits.snapshot import AsyncLimits, Limits


class Facts(Protocol):
    """What a client asks its core for, a `typedpipes._core.http.policies.ClientCore`."""

    @property
    def address(self) -> str:
        """Where the API is."""
        ...

    @property
    def limiter(self) -> StoreLimiter | None:
        """What counts requests; None if nothing does."""
        ...


class Connections(Protocol):
    """The connections of a synchronous client."""

    def close(self) -> None:
        """Close them."""
        ...


class AsyncConnections(Protocol):
    """The connections of an asynchronous client."""

    async def aclose(self) -> None:
        """Close them."""
        ...


class ApiClient:
    """Base of synchronous clients: may be shared by threads; close it, or use it as a context manager."""

    _core: Facts
    _http: Connections

    @functools.cached_property
    def limits(self) -> Limits:
        """How the limits stand, and what a job will cost. With ``limits="off"`` there is nothing to show."""
        from typedpipes._core.claims import claim_of
        from typedpipes.limits.snapshot import Limits

        return Limits(self._core.limiter, claims=functools.partial(claim_of, self._http))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @while_whole
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._core.address}>"


class AsyncApiClient:
    """The asynchronous twin of `ApiClient`, for asyncio and trio; belongs to one event loop."""

    _core: Facts
    _http: AsyncConnections

    @functools.cached_property
    def limits(self) -> AsyncLimits:
        """How the limits stand, and what a job will cost. With ``limits="off"`` there is nothing to show."""
        from typedpipes._core.claims import claim_of
        from typedpipes.limits.snapshot import AsyncLimits

        return AsyncLimits(self._core.limiter, claims=functools.partial(claim_of, self._http))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @while_whole
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._core.address}>"


__all__ = ["ApiClient", "AsyncApiClient", "AsyncConnections", "Connections", "Facts"]
