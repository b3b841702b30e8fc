"""`Pipedrive` and `AsyncPipedrive`: API v1 as ``v1``, v2 as ``v2`` (to be preferred where both have an operation).

API token or OAuth.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias, Unpack

from typedpipes.auth import OAUTH_URL
from typedpipes.client_options import (
    AsyncClientOptions,
    ClientOptions,
    LimiterOptions,
    SharedOptions,
    drift_log,
    limiter_for,
    retry_policy,
    token_store,
)
from typedpipes.errors import APIError
from typedpipes.http import AsyncPolicyClient, PolicyClient
from typedpipes.model import JSON
from typedpipes.operation import Operation
from typedpipes.pipedrive_settings import PIPEDRIVE_URL, PipedriveSettings
from typedpipes.redaction import Secret
from typedpipes.wire import WireResponse

if TYPE_CHECKING:
    from typedpipes.limits.snapshot import AsyncLimits, Limits
    from typedpipes.rest import Rest
    from typedpipes_api.pipedrive_v1 import AsyncPipedriveV1Api, PipedriveV1Api
    from typedpipes_api.pipedrive_v2 import AsyncPipedriveV2Api, PipedriveV2Api

Plan: TypeAlias = Literal["lite", "growth", "premium", "ultimate"]

_PATHS: Final = {"v1": "/api/v1", "v2": "/api/v2"}


class _Core:
    """What the two clients share."""

    def __init__(self, settings: PipedriveSettings, options: SharedOptions, *, plan_given: bool) -> None:
        self.settings = settings
        self.credentials = settings.credentials(store=token_store(options))
        self.retry = retry_policy(options)
        first = next(iter(self.credentials))
        identity = {"company": settings.company_domain or "", "token": first.identity}
        facts: LimiterOptions = {"plan": settings.plan, "seats": settings.seats, "auth": first.kind}
        self.limiter = limiter_for("pipedrive", options, identity, facts, settings.limits, plan_given=plan_given)
        self.on_event = options.get("on_event")
        self.strict = options.get("strict", False)
        self.drift = drift_log(options)

    def rest(self, version: Literal["v1", "v2"]) -> Rest:
        """One version of the API. Seed 003: ``https://{COMPANYDOMAIN}.pipedrive.com/api/v1``."""
        from typedpipes.rest import Rest

        return Rest(
            base_url=(self.settings.base_url or PIPEDRIVE_URL) + _PATHS[version],
            settings={"encoding": None},
            strict=self.strict,
            drift=self.drift,
            check=_check_success,
            servers={OAUTH_URL: self.settings.oauth_url},
        )


class Pipedrive:
    """Pipedrive's API v1 (``v1``) and v2 (``v2``).

    Give an API token (``api_token``) or an OAuth app (``client_id``, ``client_secret``, ``refresh_token``); both at
    once are refused. ``company_domain`` makes requests faster (seed 003). ``plan`` and ``seats`` set the burst limit
    and the company's daily token budget.
    """

    def __init__(
        self,
        *,
        api_token: str | Secret | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        refresh_token: str | Secret | None = None,
        redirect_uri: str | None = None,
        company_domain: str | None = None,
        base_url: str | None = None,
        oauth_url: str | None = None,
        plan: Plan | None = None,
        seats: int | None = None,
        env: Mapping[str, str] | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        settings = PipedriveSettings.resolve(
            env=env,
            api_token=api_token,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            redirect_uri=redirect_uri,
            company_domain=company_domain,
            base_url=base_url,
            oauth_url=oauth_url,
            plan=plan,
            seats=seats,
        )
        self._core = _Core(settings, options, plan_given=plan is not None)
        self._http = PolicyClient(
            credentials=self._core.credentials,
            limiter=self._core.limiter,
            retry=self._core.retry,
            on_event=self._core.on_event,
            http_client=options.get("http_client"),
        )

    @classmethod
    def from_env(
        cls,
        *,
        plan: Plan | None = None,
        seats: int | None = None,
        profile: str | None = None,
        config: str | os.PathLike[str] | None = None,
        env_file: str | os.PathLike[str] | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """From ``PIPEDRIVE_API_TOKEN``, or ``_CLIENT_ID``, ``_CLIENT_SECRET``, ``_REFRESH_TOKEN``, and the rest.

        The environment goes before ``env_file`` (``NAME=value`` lines) and that before the ``profile`` of the profile
        file ``config``; which file and which profile by default: `typedpipes.configuration.configuration`. Raises
        `ProfileError` and other `ConfigurationError`s.
        """
        from typedpipes.configuration import configuration

        return cls(
            env=configuration(profile=profile, config=config, env_file=env_file), plan=plan, seats=seats, **options
        )

    @functools.cached_property
    def v1(self) -> PipedriveV1Api:
        """API v1. Operations that the vendor has withdrawn are deprecated and name their replacement."""
        from typedpipes.rest import RestCaller
        from typedpipes_api.pipedrive_v1 import PipedriveV1Api

        return PipedriveV1Api(RestCaller(self._http, self._core.rest("v1")))

    @functools.cached_property
    def v2(self) -> PipedriveV2Api:
        """API v2."""
        from typedpipes.rest import RestCaller
        from typedpipes_api.pipedrive_v2 import PipedriveV2Api

        return PipedriveV2Api(RestCaller(self._http, self._core.rest("v2")))

    @functools.cached_property
    def limits(self) -> Limits | None:
        """How the limits stand; None if they are off."""
        from typedpipes.limits.snapshot import Limits

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
        return f"<Pipedrive {self._core.settings.base_url or PIPEDRIVE_URL}>"


class AsyncPipedrive:
    """The asynchronous twin of `Pipedrive`, for asyncio and trio; belongs to one event loop."""

    def __init__(
        self,
        *,
        api_token: str | Secret | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        refresh_token: str | Secret | None = None,
        redirect_uri: str | None = None,
        company_domain: str | None = None,
        base_url: str | None = None,
        oauth_url: str | None = None,
        plan: Plan | None = None,
        seats: int | None = None,
        env: Mapping[str, str] | None = None,
        **options: Unpack[AsyncClientOptions],
    ) -> None:
        settings = PipedriveSettings.resolve(
            env=env,
            api_token=api_token,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            redirect_uri=redirect_uri,
            company_domain=company_domain,
            base_url=base_url,
            oauth_url=oauth_url,
            plan=plan,
            seats=seats,
        )
        self._core = _Core(settings, options, plan_given=plan is not None)
        self._http = AsyncPolicyClient(
            credentials=self._core.credentials,
            limiter=self._core.limiter,
            retry=self._core.retry,
            on_event=self._core.on_event,
            http_client=options.get("http_client"),
        )

    @classmethod
    def from_env(
        cls,
        *,
        plan: Plan | None = None,
        seats: int | None = None,
        profile: str | None = None,
        config: str | os.PathLike[str] | None = None,
        env_file: str | os.PathLike[str] | None = None,
        **options: Unpack[AsyncClientOptions],
    ) -> Self:
        """From ``PIPEDRIVE_API_TOKEN``, or ``_CLIENT_ID``, ``_CLIENT_SECRET``, ``_REFRESH_TOKEN``, and the rest.

        The environment goes before ``env_file`` (``NAME=value`` lines) and that before the ``profile`` of the profile
        file ``config``; which file and which profile by default: `typedpipes.configuration.configuration`. Raises
        `ProfileError` and other `ConfigurationError`s.
        """
        from typedpipes.configuration import configuration

        return cls(
            env=configuration(profile=profile, config=config, env_file=env_file), plan=plan, seats=seats, **options
        )

    @functools.cached_property
    def v1(self) -> AsyncPipedriveV1Api:
        """API v1. Operations that the vendor has withdrawn are deprecated and name their replacement."""
        from typedpipes.rest import AsyncRestCaller
        from typedpipes_api.pipedrive_v1 import AsyncPipedriveV1Api

        return AsyncPipedriveV1Api(AsyncRestCaller(self._http, self._core.rest("v1")))

    @functools.cached_property
    def v2(self) -> AsyncPipedriveV2Api:
        """API v2."""
        from typedpipes.rest import AsyncRestCaller
        from typedpipes_api.pipedrive_v2 import AsyncPipedriveV2Api

        return AsyncPipedriveV2Api(AsyncRestCaller(self._http, self._core.rest("v2")))

    @functools.cached_property
    def limits(self) -> AsyncLimits | None:
        """How the limits stand; None if they are off."""
        from typedpipes.limits.snapshot import AsyncLimits

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
        return f"<AsyncPipedrive {self._core.settings.base_url or PIPEDRIVE_URL}>"


def _check_success(operation: Operation[object], value: JSON, built: object, response: WireResponse) -> None:
    """``{"success": false, "error": …}`` with a 2xx status is a failure: raises `APIError`."""
    if isinstance(value, dict) and value.get("success") is False:
        said = "; ".join(str(value[key])[:300] for key in ("error", "error_info") if isinstance(value.get(key), str))
        name = f"{operation.api}.{operation.name}"
        raise APIError(
            f"{name}: the server answered {response.status} but reports failure: {said or 'no reason given'}",
            status=response.status,
            operation=name,
            code=code if isinstance(code := value.get("code"), str) else None,
            request_id=response.headers.get("x-correlation-id"),
            body=said,
        )


__all__ = ["AsyncPipedrive", "Pipedrive"]
