"""`Pipedrive` and `AsyncPipedrive`: API v1 as ``v1``, v2 as ``v2``. Prefer v2 where both have an operation.

API token or OAuth.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Protocol, Self, Unpack, cast

from typedpipes._core.client import ApiClient, AsyncApiClient, AsyncConnections, Connections, Facts
from typedpipes._core.options import AsyncHttpClient, Given, HttpClient, SharedOptions, check_client
from typedpipes.runtime import AsyncCaller, Caller

if TYPE_CHECKING:
    from typedpipes.pipedrive.options import AsyncPipedriveClientOptions, PipedriveClientOptions
    from typedpipes_api.pipedrive_v1 import AsyncPipedriveV1Api, PipedriveV1Api
    from typedpipes_api.pipedrive_v2 import AsyncPipedriveV2Api, PipedriveV2Api


class _Core(Facts, Protocol):
    """What a client asks its core for, a `typedpipes.pipedrive.settings.PipedriveCore`.

    This module imports nothing that needs httpx, and names of it only in functions, where the type checkers of our
    users do not look: reading httpx, and all that it imports, takes them longer than this whole package.
    """

    def open(self, http_client: HttpClient | None) -> Connections:
        """The connections of a client."""
        ...

    def open_async(self, http_client: AsyncHttpClient | None) -> AsyncConnections:
        """The connections of an asynchronous client."""
        ...


def _check(client: type, options: Mapping[str, object], factory: str | None = None) -> None:
    from typedpipes.pipedrive.settings import PipedriveSettings

    check_client(client, options, PipedriveSettings.__struct_fields__, factory=factory)


def _core(options: SharedOptions, env: Mapping[str, str] | None) -> _Core:
    from typedpipes.pipedrive.settings import PipedriveCore, PipedriveSettings

    return PipedriveCore(PipedriveSettings.of(Given("pipedrive", options, env)), options)


def _caller(core: _Core, http: Connections, version: Literal["v1", "v2"]) -> Caller:
    from typedpipes._core.http.clients import PolicyClient
    from typedpipes._core.rest.caller import RestCaller
    from typedpipes.pipedrive.settings import PipedriveCore

    return RestCaller(cast(PolicyClient, http), cast(PipedriveCore, core).rest(version))


def _async_caller(core: _Core, http: AsyncConnections, version: Literal["v1", "v2"]) -> AsyncCaller:
    from typedpipes._core.http.clients import AsyncPolicyClient
    from typedpipes._core.rest.caller import AsyncRestCaller
    from typedpipes.pipedrive.settings import PipedriveCore

    return AsyncRestCaller(cast(AsyncPolicyClient, http), cast(PipedriveCore, core).rest(version))


class Pipedrive(ApiClient):
    """Pipedrive's API v1 (``v1``) and v2 (``v2``).

    Give an API token (``api_token``) or an OAuth app (``client_id``, ``client_secret``, ``refresh_token``); both at
    once are refused. ``company_domain`` makes requests faster. ``plan`` and ``seats`` set the burst limit and the
    company's daily token budget.
    """

    _core: _Core

    def __init__(self, *, env: Mapping[str, str] | None = None, **options: Unpack[PipedriveClientOptions]) -> None:
        _check(type(self), options)
        self._core = _core(options, env)
        self._http = self._core.open(options.get("http_client"))

    @classmethod
    def from_env(
        cls,
        *,
        profile: str | None = None,
        config: str | os.PathLike[str] | None = None,
        env_file: str | os.PathLike[str] | None = None,
        **options: Unpack[PipedriveClientOptions],
    ) -> Self:
        """From ``PIPEDRIVE_API_TOKEN``, or ``_CLIENT_ID``, ``_CLIENT_SECRET``, ``_REFRESH_TOKEN``, and the rest.

        The environment goes before ``env_file`` (``NAME=value`` lines) and that before the ``profile`` of the profile
        file ``config``; which file and which profile by default: `typedpipes.configuration.configuration`. Raises
        `ProfileError` and other `ConfigurationError`s.
        """
        from typedpipes.configuration import configuration

        _check(cls, options, "from_env")
        return cls(env=configuration(profile=profile, config=config, env_file=env_file), **options)

    @functools.cached_property
    def v1(self) -> PipedriveV1Api:
        """API v1. Operations that the vendor has withdrawn are deprecated and name their replacement."""
        from typedpipes_api.pipedrive_v1 import PipedriveV1Api

        return PipedriveV1Api(_caller(self._core, self._http, "v1"))

    @functools.cached_property
    def v2(self) -> PipedriveV2Api:
        """API v2."""
        from typedpipes_api.pipedrive_v2 import PipedriveV2Api

        return PipedriveV2Api(_caller(self._core, self._http, "v2"))


class AsyncPipedrive(AsyncApiClient):
    """The asynchronous twin of `Pipedrive`, for asyncio and trio; belongs to one event loop."""

    _core: _Core

    def __init__(self, *, env: Mapping[str, str] | None = None, **options: Unpack[AsyncPipedriveClientOptions]) -> None:
        _check(type(self), options)
        self._core = _core(options, env)
        self._http = self._core.open_async(options.get("http_client"))

    @classmethod
    def from_env(
        cls,
        *,
        profile: str | None = None,
        config: str | os.PathLike[str] | None = None,
        env_file: str | os.PathLike[str] | None = None,
        **options: Unpack[AsyncPipedriveClientOptions],
    ) -> Self:
        """From ``PIPEDRIVE_API_TOKEN``, or ``_CLIENT_ID``, ``_CLIENT_SECRET``, ``_REFRESH_TOKEN``, and the rest.

        The environment goes before ``env_file`` (``NAME=value`` lines) and that before the ``profile`` of the profile
        file ``config``; which file and which profile by default: `typedpipes.configuration.configuration`. Raises
        `ProfileError` and other `ConfigurationError`s.
        """
        from typedpipes.configuration import configuration

        _check(cls, options, "from_env")
        return cls(env=configuration(profile=profile, config=config, env_file=env_file), **options)

    @functools.cached_property
    def v1(self) -> AsyncPipedriveV1Api:
        """API v1. Operations that the vendor has withdrawn are deprecated and name their replacement."""
        from typedpipes_api.pipedrive_v1 import AsyncPipedriveV1Api

        return AsyncPipedriveV1Api(_async_caller(self._core, self._http, "v1"))

    @functools.cached_property
    def v2(self) -> AsyncPipedriveV2Api:
        """API v2."""
        from typedpipes_api.pipedrive_v2 import AsyncPipedriveV2Api

        return AsyncPipedriveV2Api(_async_caller(self._core, self._http, "v2"))


__all__ = ["AsyncPipedrive", "Pipedrive"]
