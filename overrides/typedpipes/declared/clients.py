"""Bases of the ready clients that `typedpipes generate --schema` writes, for both kinds of schema, sync and async."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TypeVar

from typedpipes._core.graphql import GraphQLOperation, encode_variables
from typedpipes._core.graphql.clients import AsyncGraphQLClient, GraphQLClient
from typedpipes._core.graphql.outcome import telling
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.options import AsyncClientOptions, ClientOptions, check_client
from typedpipes._core.rest import CallOptions
from typedpipes._core.rest.caller import AsyncRestCaller, RestCaller
from typedpipes.declared.core import Core
from typedpipes.declared.credentials import Given
from typedpipes.declared.declaration import Declaration
from typedpipes.limits.snapshot import AsyncLimits, Limits

R = TypeVar("R")


class _Client:
    """A synchronous client: may be shared by threads; close it, or use it as a context manager."""

    def __init__(
        self,
        declaration: Declaration,
        given: Given,
        *,
        base_url: str | None,
        servers: Mapping[str, str] | None,
        env: Mapping[str, str] | None,
        options: ClientOptions,
    ) -> None:
        check_client(type(self), options)
        self._core = Core(declaration, given, options, base_url=base_url, servers=servers, env=env)
        self._http = PolicyClient(**self._core.policies(), http_client=options.get("http_client"))

    @functools.cached_property
    def limits(self) -> Limits | None:
        """The state of the limits; None if they are off."""
        return None if self._core.limiter is None else Limits(self._core.limiter)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._core.base_url}>"


class _AsyncClient:
    """The asynchronous twin of `_Client`, for asyncio and trio; belongs to one event loop."""

    def __init__(
        self,
        declaration: Declaration,
        given: Given,
        *,
        base_url: str | None,
        servers: Mapping[str, str] | None,
        env: Mapping[str, str] | None,
        options: AsyncClientOptions,
    ) -> None:
        check_client(type(self), options)
        self._core = Core(declaration, given, options, base_url=base_url, servers=servers, env=env)
        self._http = AsyncPolicyClient(**self._core.policies(), http_client=options.get("http_client"))

    @functools.cached_property
    def limits(self) -> AsyncLimits | None:
        """The state of the limits; None if they are off."""
        return None if self._core.limiter is None else AsyncLimits(self._core.limiter)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._core.base_url}>"


class RestApiClient(_Client):
    """Base of a synchronous client of an OpenAPI document: the resources of the package, and what carries them."""

    def _rest_caller(self) -> RestCaller:
        """What the package's resources send through."""
        return RestCaller(self._http, self._core.rest())


class AsyncRestApiClient(_AsyncClient):
    """Base of an asynchronous client of an OpenAPI document."""

    def _rest_caller(self) -> AsyncRestCaller:
        """What the package's resources send through."""
        return AsyncRestCaller(self._http, self._core.rest())


class GraphQLApiClient(_Client, GraphQLClient):
    """Base of a synchronous client of an SDL: the generated operations run over its connections."""

    def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        calls = self._core.calls(self._http.policies.redactor)
        request = calls.operation(operation, encode_variables(variables), options)
        with telling(operation.safety):
            return calls.result(operation, self._http.exchange(request))


class AsyncGraphQLApiClient(_AsyncClient, AsyncGraphQLClient):
    """Base of an asynchronous client of an SDL."""

    async def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        calls = self._core.calls(self._http.policies.redactor)
        request = calls.operation(operation, encode_variables(variables), options)
        with telling(operation.safety):
            return calls.result(operation, await self._http.exchange(request))


__all__ = ["AsyncGraphQLApiClient", "AsyncRestApiClient", "GraphQLApiClient", "RestApiClient"]
