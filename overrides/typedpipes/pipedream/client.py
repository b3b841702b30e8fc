"""`Pipedream` and `AsyncPipedream`: REST as ``rest``, Connect as ``connect``, ``workflows`` and ``proxy``."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, Unpack

from typedpipes._core.client import ApiClient, AsyncApiClient
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.options import Given, check_client
from typedpipes.pipedream.settings import Core, PipedreamSettings

if TYPE_CHECKING:
    from typedpipes.pipedream.options import AsyncPipedreamClientOptions, PipedreamClientOptions
    from typedpipes.pipedream.proxy import AsyncProxy, Proxy
    from typedpipes.pipedream.rest_api import AsyncRestApi, RestApi
    from typedpipes.pipedream.workflows import AsyncWorkflows, Workflows
    from typedpipes_api.connect import AsyncConnectApi, ConnectApi


class Pipedream(ApiClient):
    """Pipedream's REST API (``rest``), Connect (``connect``), workflow invocation and the Connect proxy.

    Give an OAuth client (``client_id``, ``client_secret``), a user API key (``api_key``), a Connect token, or several:
    each operation takes the one it accepts, and raises `ConfigurationError` before sending if that is missing.
    ``project_id`` and ``environment`` serve Connect, ``org_id`` REST; calls can override them. With only a Connect
    token, both may be left out: the token names them. ``workflow_domain`` is where workflows listen and their tokens
    may go (default ``m.pipedream.net``).
    """

    _core: Core
    _http: PolicyClient

    def __init__(self, *, env: Mapping[str, str] | None = None, **options: Unpack[PipedreamClientOptions]) -> None:
        check_client(type(self), options, PipedreamSettings.__struct_fields__)
        self._core = Core(PipedreamSettings.of(Given("pipedream", options, env)), options)
        self._http = PolicyClient(**self._core.policies(), http_client=options.get("http_client"))

    @classmethod
    def from_env(
        cls,
        *,
        profile: str | None = None,
        config: str | os.PathLike[str] | None = None,
        env_file: str | os.PathLike[str] | None = None,
        **options: Unpack[PipedreamClientOptions],
    ) -> Self:
        """From ``PIPEDREAM_CLIENT_ID``, ``_CLIENT_SECRET``, ``_API_KEY``, ``_ORG_ID``, ``_PROJECT_ID`` and the rest.

        The environment goes before ``env_file`` (``NAME=value`` lines) and that before the ``profile`` of the profile
        file ``config``; which file and which profile by default: `typedpipes.configuration.configuration`. Raises
        `ProfileError` and other `ConfigurationError`s.
        """
        from typedpipes.configuration import configuration

        check_client(cls, options, PipedreamSettings.__struct_fields__, factory="from_env")
        return cls(env=configuration(profile=profile, config=config, env_file=env_file), **options)

    @functools.cached_property
    def rest(self) -> RestApi:
        """The REST API."""
        from typedpipes._core.rest.caller import RestCaller
        from typedpipes.pipedream.rest_api import RestApi

        return RestApi(RestCaller(self._http, self._core.rest()))

    @functools.cached_property
    def connect(self) -> ConnectApi:
        """Connect."""
        from typedpipes._core.rest.caller import RestCaller
        from typedpipes_api.connect import ConnectApi

        return ConnectApi(RestCaller(self._http, self._core.connect()))

    @functools.cached_property
    def workflows(self) -> Workflows:
        """Invoking workflows by their HTTP triggers."""
        from typedpipes.pipedream.workflows import Workflows

        return Workflows(self._http, self._core)

    @functools.cached_property
    def proxy(self) -> Proxy:
        """Requests to an app's own API with a user's account."""
        from typedpipes.pipedream.proxy import Proxy

        return Proxy(self._http, self._core.connect())

    def revoke_token(self) -> None:
        """Make the current OAuth token invalid; the next call gets a new one.

        Raises `ConfigurationError` if the client has no OAuth client.
        """
        self._http.perform(self._core.oauth().revoke(self._http.context()))


class AsyncPipedream(AsyncApiClient):
    """The asynchronous twin of `Pipedream`, for asyncio and trio; belongs to one event loop."""

    _core: Core
    _http: AsyncPolicyClient

    def __init__(self, *, env: Mapping[str, str] | None = None, **options: Unpack[AsyncPipedreamClientOptions]) -> None:
        check_client(type(self), options, PipedreamSettings.__struct_fields__)
        self._core = Core(PipedreamSettings.of(Given("pipedream", options, env)), options)
        self._http = AsyncPolicyClient(**self._core.policies(), http_client=options.get("http_client"))

    @classmethod
    def from_env(
        cls,
        *,
        profile: str | None = None,
        config: str | os.PathLike[str] | None = None,
        env_file: str | os.PathLike[str] | None = None,
        **options: Unpack[AsyncPipedreamClientOptions],
    ) -> Self:
        """From ``PIPEDREAM_CLIENT_ID``, ``_CLIENT_SECRET``, ``_API_KEY``, ``_ORG_ID``, ``_PROJECT_ID`` and the rest.

        The environment goes before ``env_file`` (``NAME=value`` lines) and that before the ``profile`` of the profile
        file ``config``; which file and which profile by default: `typedpipes.configuration.configuration`. Raises
        `ProfileError` and other `ConfigurationError`s.
        """
        from typedpipes.configuration import configuration

        check_client(cls, options, PipedreamSettings.__struct_fields__, factory="from_env")
        return cls(env=configuration(profile=profile, config=config, env_file=env_file), **options)

    @functools.cached_property
    def rest(self) -> AsyncRestApi:
        """The REST API."""
        from typedpipes._core.rest.caller import AsyncRestCaller
        from typedpipes.pipedream.rest_api import AsyncRestApi

        return AsyncRestApi(AsyncRestCaller(self._http, self._core.rest()))

    @functools.cached_property
    def connect(self) -> AsyncConnectApi:
        """Connect."""
        from typedpipes._core.rest.caller import AsyncRestCaller
        from typedpipes_api.connect import AsyncConnectApi

        return AsyncConnectApi(AsyncRestCaller(self._http, self._core.connect()))

    @functools.cached_property
    def workflows(self) -> AsyncWorkflows:
        """Invoking workflows by their HTTP triggers."""
        from typedpipes.pipedream.workflows import AsyncWorkflows

        return AsyncWorkflows(self._http, self._core)

    @functools.cached_property
    def proxy(self) -> AsyncProxy:
        """Requests to an app's own API with a user's account."""
        from typedpipes.pipedream.proxy import AsyncProxy

        return AsyncProxy(self._http, self._core.connect())

    async def revoke_token(self) -> None:
        """Make the current OAuth token invalid; the next call gets a new one.

        Raises `ConfigurationError` if the client has no OAuth client.
        """
        await self._http.perform(self._core.oauth().revoke(self._http.context()))


__all__ = ["AsyncPipedream", "Pipedream"]
