"""Settings of Pipedrive, the credentials they make, and what the two clients share.

Constructor arguments first, then a configuration::

    settings = PipedriveSettings.resolve(api_token=..., env=configuration())   # env=None: arguments only
    credentials = settings.credentials(store=MemoryTokenStore())

``env`` is an environment or a `typedpipes.configuration.Configuration`. An argument hides the setting of the same name.
`ConfigurationError` names what is missing or contradictory: the variable, the key of a profile, and the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Unpack

import msgspec

from typedpipes._core.addresses import elsewhere
from typedpipes._core.auth import Credentials, StaticCredential
from typedpipes._core.http.policies import ClientCore
from typedpipes._core.options import (
    Given,
    LimiterOptions,
    SharedOptions,
    limiter_for,
    one_credential,
    token_store,
)
from typedpipes._core.redaction import Secret, basic
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.rest.caller import Rest
    from typedpipes._core.tokens import TokenStore
    from typedpipes.configuration.settings import Env, PipedriveAccount
    from typedpipes.limits.limiter import StoreLimiter

PIPEDRIVE_URL: Final = "https://api.pipedrive.com"
OAUTH_URL: Final = "https://oauth.pipedrive.com"
"""Where Pipedrive gives tokens."""


class PipedriveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Pipedrive: an API token, or an OAuth app; both at once are refused."""

    api_token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    redirect_uri: str | None = None
    company_domain: str | None = None
    base_url: str | None = None
    """Given address, or that of the company; None: the OAuth answer's ``api_domain``, else `PIPEDRIVE_URL`."""
    oauth_url: str = OAUTH_URL
    plan: str | None = None
    seats: int | None = None
    limits: str | None = None
    """The store that the environment or a profile names."""

    @classmethod
    def resolve(cls, *, env: Env | None = None, **arguments: Unpack[PipedriveAccount]) -> PipedriveSettings:
        """From arguments, then a configuration."""
        return cls.of(Given("pipedrive", arguments, env))

    @classmethod
    def of(cls, given: Given) -> PipedriveSettings:
        """Credentials given as arguments hide those of the configuration. Raises `ConfigurationError`."""
        client_id, client_secret, api_token = one_credential(given, "api_token")
        if api_token is None and client_id is None:
            from typedpipes.configuration.settings import missing

            raise missing(
                "pipedrive",
                "Pipedrive needs an API token (api_token= or PIPEDRIVE_API_TOKEN) or an OAuth app (client_id= and "
                "client_secret=, or PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
                given.env,
                "PIPEDRIVE_API_TOKEN",
            )
        company = given.text("company_domain")
        base = given.address("base_url")
        if base is None and company is not None:
            base = f"https://{_company_name(company)}.pipedrive.com"
        refresh_token = (given.arguments_only() if client_id is None else given).secret("refresh_token")
        return cls(
            api_token=api_token,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            redirect_uri=given.text("redirect_uri"),
            company_domain=company,
            base_url=None if base is None else base.rstrip("/"),
            oauth_url=(given.address("oauth_url") or OAUTH_URL).rstrip("/"),
            plan=given.choice("plan"),
            seats=given.count("seats"),
            limits=given.store(),
        )

    def credentials(self, *, store: TokenStore | None = None, account: str | None = None) -> Credentials:
        """By kind: ``api_token``; or ``oauth2`` and ``basic``, which goes to the OAuth server only.

        ``account`` tells the accounts of an app apart whose tokens come by `exchange`, not by a refresh token of the
        settings; default: the company domain.
        """
        if self.api_token is not None:
            return Credentials(
                StaticCredential(
                    "api_token",
                    self.api_token,
                    origins=[self.base_url or PIPEDRIVE_URL],
                    header="x-api-token",
                    scheme="",
                    setting="PIPEDRIVE_API_TOKEN",
                ),
                hints=_PIPEDRIVE_HINTS,
            )
        if self.client_id is None or self.client_secret is None:
            raise ConfigurationError("Pipedrive has no credential", setting="PIPEDRIVE_API_TOKEN")
        from typedpipes.pipedrive.oauth import PipedriveOAuth

        oauth = PipedriveOAuth(
            self.client_id,
            self.client_secret,
            refresh_token=self.refresh_token,
            redirect_uri=self.redirect_uri,
            oauth_url=self.oauth_url,
            base_url=self.base_url,
            default_url=PIPEDRIVE_URL,
            account=account or self.company_domain or "",
            store=store,
        )
        app = StaticCredential(
            "basic",
            basic(self.client_id, self.client_secret),
            origins=[self.oauth_url],
            scheme="Basic ",
            identity=f"pipedrive:{self.client_id}",
            setting="PIPEDRIVE_CLIENT_SECRET",
        )
        return Credentials(oauth, app, hints=_PIPEDRIVE_HINTS)


def _company_name(company: str) -> str:
    """The subdomain, from ``acme``, ``acme.pipedrive.com`` or ``https://acme.pipedrive.com``."""
    name = company.removeprefix("https://").rstrip("/").removesuffix(".pipedrive.com").lower()
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ConfigurationError(
            "company_domain is the part before .pipedrive.com, for example 'acme'", setting="PIPEDRIVE_COMPANY_DOMAIN"
        )
    return name


_PIPEDRIVE_HINTS: Final = {
    "api_token": "an API token (api_token= or PIPEDRIVE_API_TOKEN)",
    "oauth2": "an OAuth app (client_id= and client_secret=, or PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
    "basic": "an OAuth app (client_id= and client_secret=, or PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
}


_PATHS: Final = {"v1": "/api/v1", "v2": "/api/v2"}


class PipedriveCore(ClientCore):
    """What the two clients share."""

    def __init__(self, settings: PipedriveSettings, options: SharedOptions) -> None:
        self.settings = settings
        self.address: str = settings.base_url or PIPEDRIVE_URL
        super().__init__(settings.credentials(store=token_store(options), account=options.get("account")), options)
        first = next(iter(self.credentials))
        identity = {"company": settings.company_domain or "", "token": first.identity}
        facts: LimiterOptions = {"plan": settings.plan, "seats": settings.seats, "auth": first.kind}
        self.limiter: StoreLimiter | None = limiter_for(
            "pipedrive",
            options,
            identity,
            facts,
            settings.limits,
            address=elsewhere(self.address, "pipedrive.com"),
        )

    def rest(self, version: Literal["v1", "v2"]) -> Rest:
        """One version of the API. ``https://{company_domain}.pipedrive.com/api/v1``."""
        from typedpipes.pipedrive.rules import PipedriveRest, check_success

        return PipedriveRest(
            base_url=self.address + _PATHS[version],
            settings={"encoding": None},
            tokens=self.token_headers,
            strict=self.strict,
            drift=self.drift,
            check=check_success,
            servers={OAUTH_URL: self.settings.oauth_url},
        )


__all__ = ["OAUTH_URL", "PIPEDRIVE_URL", "PipedriveCore", "PipedriveSettings"]
