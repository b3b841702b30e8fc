"""Shared by both clients: settings, credentials, policies, and failures that Connect reports with a successful status.

Settings are constructor arguments first, then a configuration: an environment or a
`typedpipes.configuration.Configuration`. An argument hides the setting of the same name. `ConfigurationError` names
what is missing or contradictory: the variable, the key of a profile, and the page.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Unpack

import msgspec

from typedpipes._core.addresses import elsewhere, with_path
from typedpipes._core.auth import Credential, Credentials, StaticCredential
from typedpipes._core.decoding.model import JSON
from typedpipes._core.http import WireResponse
from typedpipes._core.http.policies import ClientCore
from typedpipes._core.options import Given, SharedOptions, limiter_for, token_store
from typedpipes._core.redaction import Secret
from typedpipes._core.rest import Operation
from typedpipes.errors import ConfigurationError, PartialFailure

if TYPE_CHECKING:
    from typedpipes._core.tokens import TokenStore
    from typedpipes.configuration.settings import Env, PipedreamAccount
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes.pipedream.oauth import PipedreamOAuth
    from typedpipes.pipedream.rules import PipedreamRest

PIPEDREAM_URL: Final = "https://api.pipedream.com/v1"
WORKFLOW_DOMAIN: Final = "m.pipedream.net"
"""Where workflows listen: ``{endpoint_id}.m.pipedream.net``."""


class PipedreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Pipedream: an OAuth client, a user API key, a Connect token; several may be set, the operation decides."""

    client_id: str | None = None
    client_secret: Secret | None = None
    api_key: Secret | None = None
    access_token: Secret | None = None
    connect_token: Secret | None = None
    org_id: str | None = None
    project_id: str | None = None
    environment: str | None = None
    base_url: str = PIPEDREAM_URL
    workflow_domain: str = WORKFLOW_DOMAIN
    workflows_url: str | None = None
    """Where workflows are when they are told apart by path, not by host: a sandbox. Default: hosts of the domain."""
    figures: str | None = None
    limits: str | None = None
    """The store that the environment or a profile names."""

    @classmethod
    def resolve(cls, *, env: Env | None = None, **arguments: Unpack[PipedreamAccount]) -> PipedreamSettings:
        """From arguments, then a configuration."""
        return cls.of(Given("pipedream", arguments, env))

    @classmethod
    def of(cls, given: Given) -> PipedreamSettings:
        """Credentials given as arguments hide those of the configuration. Raises `ConfigurationError`."""
        who = given.credentials("api_key", "connect_token", "access_token")
        client_id, api_key = who.text("client_id"), who.secret("api_key")
        connect_token = given.arguments_only().secret("connect_token")
        access_token = who.secret("access_token")
        if client_id is not None and access_token is not None:
            raise given.both("access_token")
        if client_id is None and api_key is None and connect_token is None and access_token is None:
            from typedpipes.configuration.settings import missing

            raise missing(
                "pipedream",
                "Pipedream needs an OAuth client (client_id= and client_secret=, or PIPEDREAM_CLIENT_ID and "
                "PIPEDREAM_CLIENT_SECRET), a user API key (api_key= or PIPEDREAM_API_KEY), or both",
                given.env,
                "PIPEDREAM_CLIENT_ID",
            )
        return cls(
            client_id=client_id,
            client_secret=who.secret("client_secret"),
            api_key=api_key,
            access_token=access_token,
            connect_token=connect_token,
            org_id=given.text("org_id"),
            project_id=given.text("project_id"),
            environment=given.text("environment"),
            base_url=with_path(given.address("base_url") or PIPEDREAM_URL, "/v1").rstrip("/"),
            workflow_domain=given.text("workflow_domain") or WORKFLOW_DOMAIN,
            workflows_url=given.address("workflows_url"),
            figures=given.choice("figures"),
            limits=given.store(),
        )

    def credentials(self, *, store: TokenStore | None = None) -> Credentials:
        """What is configured, by kind: ``oauth``, ``api_key``, ``connect_token``."""
        made: list[Credential] = []
        origins = [self.base_url]
        if self.client_id is not None and self.client_secret is not None:
            from typedpipes.pipedream.oauth import PipedreamOAuth

            made.append(
                PipedreamOAuth(
                    self.client_id,
                    self.client_secret,
                    base_url=self.base_url,
                    workflow_domain=self.workflow_domain,
                    store=store,
                )
            )
        if self.access_token is not None:
            made.append(StaticCredential("oauth", self.access_token, origins=origins, setting="PIPEDREAM_ACCESS_TOKEN"))
        if self.api_key is not None:
            made.append(StaticCredential("api_key", self.api_key, origins=origins, setting="PIPEDREAM_API_KEY"))
        if self.connect_token is not None:
            made.append(StaticCredential("connect_token", self.connect_token, origins=origins, setting="connect_token"))
        return Credentials(*made, hints=_pipedream_hints)


def _pipedream_hints() -> dict[str, str]:
    from typedpipes.configuration.settings import in_profile

    return {
        "oauth": "an OAuth client (client_id= and client_secret=, or PIPEDREAM_CLIENT_ID and _CLIENT_SECRET"
        f"{in_profile('pipedream', 'client_id', 'client_secret')})",
        "api_key": f"a user API key (api_key= or PIPEDREAM_API_KEY{in_profile('pipedream', 'api_key')})",
        "connect_token": "a Connect token (connect_token=)",
    }


DEFAULT_ENVIRONMENT: Final = "production"
"""What the vendor assumes when no environment is given."""

logger: Final = logging.getLogger("typedpipes")


class Core(ClientCore):
    """What the two clients share."""

    def __init__(self, settings: PipedreamSettings, options: SharedOptions) -> None:
        if settings.environment is not None:
            from typedpipes.pipedream.rules import check_environment

            check_environment(settings.environment)
        self.settings = settings
        self.address: str = settings.base_url
        super().__init__(settings.credentials(store=token_store(options)), options)
        first = next(iter(self.credentials))
        identity = {"client": first.identity, "project": settings.project_id or ""}
        self.limiter: StoreLimiter | None = limiter_for(
            "pipedream",
            options,
            identity,
            {"figures": settings.figures} if settings.figures is not None else {},
            settings.limits,
            address=elsewhere(settings.base_url, "pipedream.com"),
        )
        self.token_only: bool = settings.connect_token is not None and settings.client_id is None
        if self.environment is not None and settings.environment is None and settings.project_id is not None:
            logger.warning(
                "no environment was chosen: Pipedream takes %r, which is your live users; "
                "pass environment= or set PIPEDREAM_ENVIRONMENT",
                DEFAULT_ENVIRONMENT,
            )

    @property
    def environment(self) -> str | None:
        """What is sent as ``X-PD-Environment``; None: nothing, because a Connect token has an environment already."""
        return self.settings.environment or (None if self.token_only else DEFAULT_ENVIRONMENT)

    def oauth(self) -> PipedreamOAuth:
        """The OAuth client. Raises `ConfigurationError` if there is none."""
        from typedpipes.pipedream.oauth import PipedreamOAuth

        credential = self.credentials.get("oauth")
        if not isinstance(credential, PipedreamOAuth):
            raise ConfigurationError(
                "there is no OAuth client whose token could be revoked (client_id= and client_secret=)",
                setting="client_id",
            )
        return credential

    def rest(self) -> PipedreamRest:
        """The REST API."""
        from typedpipes.pipedream.rules import PipedreamRest

        return PipedreamRest(
            base_url=self.settings.base_url,
            settings={"org_id": self.settings.org_id},
            tokens=self.token_headers,
            strict=self.strict,
            drift=self.drift,
        )

    def connect(self) -> PipedreamRest:
        """Connect."""
        from typedpipes.pipedream.rules import PipedreamRest, connect_scope

        return PipedreamRest(
            base_url=f"{self.settings.base_url}/connect",
            settings={"project_id": self.settings.project_id, "environment": self.environment},
            tokens=self.token_headers,
            strict=self.strict,
            drift=self.drift,
            scope=connect_scope,
            check=check_observations,
            chosen_environment=self.settings.environment,
            token_only=self.token_only,
        )


def check_observations(operation: Operation[object], value: JSON, built: object, response: WireResponse) -> None:
    """Configure and reload report in ``errors``, run reports in ``os``: either raises `PartialFailure`.

    The built answer is on the error as ``data``, so that what did succeed is not lost.
    """
    if not isinstance(value, dict):
        return
    failures: list[object] = []
    errors = value.get("errors")
    if isinstance(errors, list):
        failures += errors
    observations = value.get("os")
    if isinstance(observations, list):
        failures += [entry for entry in observations if isinstance(entry, dict) and entry.get("err") is not None]
    if failures:
        name = f"{operation.api}.{operation.name}"
        raise PartialFailure(
            f"{name}: the answer reports {len(failures)} failure(s), the first: {_words(failures[0])}",
            failures=failures,
            data=built,
            status=response.status,
            operation=name,
        )


def _words(failure: object) -> str:
    if isinstance(failure, dict):
        err = failure.get("err")
        if isinstance(err, dict):
            return ": ".join(str(err[key])[:200] for key in ("name", "message") if err.get(key))
    return str(failure)[:200]


__all__ = ["DEFAULT_ENVIRONMENT", "Core", "PipedreamSettings", "check_observations"]
