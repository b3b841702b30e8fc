"""`Pipedrive` and `AsyncPipedrive`: API v1 as ``v1``, v2 as ``v2``. Prefer v2 where both have an operation."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, Unpack

from typedpipes._core.client import ApiClient, AsyncApiClient
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.options import Given, check_client
from typedpipes._core.rest.caller import AsyncRestCaller, RestCaller
from typedpipes.pipedrive.settings import PipedriveCore, PipedriveSettings

if TYPE_CHECKING:
    from typedpipes.pipedrive.options import AsyncPipedriveClientOptions, PipedriveClientOptions
    from typedpipes_api.pipedrive_v1 import AsyncPipedriveV1Api, PipedriveV1Api
    from typedpipes_api.pipedrive_v2 import AsyncPipedriveV2Api, PipedriveV2Api


class Pipedrive(ApiClient):
    """Pipedrive's API v1 (``v1``) and v2 (``v2``).

    Give an API token (``api_token``) or an OAuth app (``client_id``, ``client_secret``, ``refresh_token``); both at
    once are refused. ``company_domain`` makes requests faster. ``plan`` and ``seats`` set the burst limit and the
    company's daily token budget.
    """

    _core: PipedriveCore
    _http: PolicyClient

    def __init__(self, *, env: Mapping[str, str] | None = None, **options: Unpack[PipedriveClientOptions]) -> None:
        check_client(type(self), options, PipedriveSettings.__struct_fields__)
        self._core = PipedriveCore(PipedriveSettings.of(Given("pipedrive", options, env)), options)
        self._http = PolicyClient(**self._core.policies(), http_client=options.get("http_client"))

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

        check_client(cls, options, PipedriveSettings.__struct_fields__, factory="from_env")
        return cls(env=configuration(profile=profile, config=config, env_file=env_file), **options)

    @functools.cached_property
    def v1(self) -> PipedriveV1Api:
        """API v1. Operations that the vendor has withdrawn are deprecated and name their replacement."""
        from typedpipes_api.pipedrive_v1 import PipedriveV1Api

        return PipedriveV1Api(RestCaller(self._http, self._core.rest("v1")))

    @functools.cached_property
    def v2(self) -> PipedriveV2Api:
        """API v2."""
        from typedpipes_api.pipedrive_v2 import PipedriveV2Api

        return PipedriveV2Api(RestCaller(self._http, self._core.rest("v2")))


class AsyncPipedrive(AsyncApiClient):
    """The asynchronous twin of `Pipedrive`, for asyncio and trio; belongs to one event loop."""

    _core: PipedriveCore
    _http: AsyncPolicyClient

    def __init__(self, *, env: Mapping[str, str] | None = None, **options: Unpack[AsyncPipedriveClientOptions]) -> None:
        check_client(type(self), options, PipedriveSettings.__struct_fields__)
        self._core = PipedriveCore(PipedriveSettings.of(Given("pipedrive", options, env)), options)
        self._http = AsyncPolicyClient(**self._core.policies(), http_client=options.get("http_client"))

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

        check_client(cls, options, PipedriveSettings.__struct_fields__, factory="from_env")
        return cls(env=configuration(profile=profile, config=config, env_file=env_file), **options)

    @functools.cached_property
    def v1(self) -> AsyncPipedriveV1Api:
        """API v1. Operations that the vendor has withdrawn are deprecated and name their replacement."""
        from typedpipes_api.pipedrive_v1 import AsyncPipedriveV1Api

        return AsyncPipedriveV1Api(AsyncRestCaller(self._http, self._core.rest("v1")))

    @functools.cached_property
    def v2(self) -> AsyncPipedriveV2Api:
        """API v2."""
        from typedpipes_api.pipedrive_v2 import AsyncPipedriveV2Api

        return AsyncPipedriveV2Api(AsyncRestCaller(self._http, self._core.rest("v2")))


__all__ = ["AsyncPipedrive", "Pipedrive"]
