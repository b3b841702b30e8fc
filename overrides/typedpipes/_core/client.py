"""Bases of all clients: their limits, closing them, and their repr.

A vendor's client adds its settings and its operations.
"""

from __future__ import annotations

import functools
from types import TracebackType
from typing import TYPE_CHECKING, Self

from typedpipes._core.redaction import while_whole

if TYPE_CHECKING:
    from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
    from typedpipes._core.http.policies import ClientCore
    from typedpipes.limits.snapshot import AsyncLimits, Limits


class ApiClient:
    """Base of synchronous clients: may be shared by threads; close it, or use it as a context manager."""

    _core: ClientCore
    _http: PolicyClient

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

    _core: ClientCore
    _http: AsyncPolicyClient

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


__all__ = ["ApiClient", "AsyncApiClient"]
