"""Bases of the ready clients that `typedpipes generate --schema` writes, for both kinds of schema, sync and async."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from typedpipes._core.client import ApiClient, AsyncApiClient
from typedpipes._core.graphql import GraphQLOperation
from typedpipes._core.graphql.clients import AsyncGraphQLClient, GraphQLClient
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.options import AsyncClientOptions, ClientOptions, check_client
from typedpipes._core.rest import CallOptions
from typedpipes._core.rest.caller import AsyncRestCaller, RestCaller
from typedpipes.declared.core import Core
from typedpipes.declared.credentials import Given
from typedpipes.declared.declaration import Declaration

R = TypeVar("R")


class _Client(ApiClient):
    """A synchronous client of a declared API."""

    _core: Core
    _http: PolicyClient

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


class _AsyncClient(AsyncApiClient):
    """The asynchronous twin of `_Client`."""

    _core: Core
    _http: AsyncPolicyClient

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
        return calls.run(self._http, operation, variables, options)


class AsyncGraphQLApiClient(_AsyncClient, AsyncGraphQLClient):
    """Base of an asynchronous client of an SDL."""

    async def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        calls = self._core.calls(self._http.policies.redactor)
        return await calls.arun(self._http, operation, variables, options)


__all__ = ["AsyncGraphQLApiClient", "AsyncRestApiClient", "GraphQLApiClient", "RestApiClient"]
