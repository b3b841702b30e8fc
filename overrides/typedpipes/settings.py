"""Settings of the vendors: constructor arguments first, then a configuration; and the credentials they make.

Used by the facades as::

    settings = PipefySettings.resolve(token=..., env=configuration())   # env=None: arguments only
    credentials = settings.credentials(store=MemoryTokenStore())

``env`` is an environment or a `typedpipes.configuration.Configuration`. An argument hides the setting of the same name.
`ConfigurationError` names what is missing or contradictory: the variable, the key of a profile, and the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from typedpipes.auth import OAUTH_URL, WORKFLOW_DOMAIN, Credential, Credentials, StaticCredential, checked
from typedpipes.errors import ConfigurationError
from typedpipes.redaction import Secret, basic, secret
from typedpipes.setting_values import (
    Env,
    check_pair,
    choice,
    company_name,
    count,
    get,
    get_secret,
    in_profile,
    limits_store,
    missing,
    origin_of,
)

if TYPE_CHECKING:
    from typedpipes.auth.store import TokenStore

PIPEFY_URL: Final = "https://api.pipefy.com/graphql"
PIPEFY_TOKEN_URL: Final = "https://app.pipefy.com/oauth/token"
PIPEDREAM_URL: Final = "https://api.pipedream.com/v1"
PIPEDREAM_WORKFLOW_DOMAIN: Final = WORKFLOW_DOMAIN
PIPEDRIVE_URL: Final = "https://api.pipedrive.com"
PIPEFY_KINDS: Final = ("service_account", "personal_token")
"""Credential kinds of Pipefy operations, in the order they are preferred."""


class PipefySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Pipefy: a service account, which wins, or a personal access token (seed 000)."""

    client_id: str | None = None
    client_secret: Secret | None = None
    token: Secret | None = None
    base_url: str = PIPEFY_URL
    token_url: str = PIPEFY_TOKEN_URL
    plan: str | None = None
    allowance: int | None = None
    organization_id: str | None = None
    limits: str | None = None
    """The store that the environment or a profile names."""

    @classmethod
    def resolve(
        cls,
        *,
        env: Env | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        token: str | Secret | None = None,
        base_url: str | None = None,
        token_url: str | None = None,
        plan: str | None = None,
        allowance: int | None = None,
        organization_id: str | None = None,
    ) -> PipefySettings:
        """From arguments, then ``PIPEFY_CLIENT_ID``, ``_CLIENT_SECRET``, ``_TOKEN``, ``_BASE_URL``, ``_TOKEN_URL``,
        ``_PLAN``, ``_ALLOWANCE``, ``_ORGANIZATION_ID``, ``_LIMITS``.

        Credentials given as arguments hide all credentials of the environment; a plan or an allowance both figures.
        """
        client_secret, token = secret(client_secret), secret(token)
        if client_id is None and client_secret is None and token is None:
            client_id, client_secret = get(env, "PIPEFY_CLIENT_ID"), get_secret(env, "PIPEFY_CLIENT_SECRET")
            token = get_secret(env, "PIPEFY_TOKEN")
        check_pair("PIPEFY", client_id, client_secret, env)
        if client_id is None and token is None:
            raise missing(
                "pipefy",
                "Pipefy needs a service account (client_id= and client_secret=, or PIPEFY_CLIENT_ID and "
                "PIPEFY_CLIENT_SECRET) or a personal access token (token= or PIPEFY_TOKEN)",
                env,
                "PIPEFY_CLIENT_ID",
            )
        if plan is None and allowance is None:
            plan, allowance = choice(env, "PIPEFY_PLAN"), count(env, "PIPEFY_ALLOWANCE")
        base = base_url or get(env, "PIPEFY_BASE_URL") or PIPEFY_URL
        token_url = token_url or get(env, "PIPEFY_TOKEN_URL")
        if token_url is None:
            # Secrets of a stand-in go to the stand-in: another base URL means another token endpoint.
            home = origin_of(base) == origin_of(PIPEFY_URL)
            token_url = PIPEFY_TOKEN_URL if home else f"{origin_of(base)}/oauth/token"
        return cls(
            client_id=client_id,
            client_secret=client_secret,
            token=token,
            base_url=base,
            token_url=token_url,
            plan=plan,
            allowance=allowance,
            organization_id=organization_id or get(env, "PIPEFY_ORGANIZATION_ID"),
            limits=limits_store(env, "PIPEFY"),
        )

    def credentials(self, *, store: TokenStore | None = None) -> Credentials:
        """The one credential that is used."""
        if self.client_id is not None and self.client_secret is not None:
            # Tokens are a third of this package's code: imported by whoever has an OAuth client.
            from typedpipes.auth.grant import ClientCredentials
            from typedpipes.auth.token_credential import TokenCredential

            grant = ClientCredentials(self.token_url, self.client_id, self.client_secret)
            identity = f"pipefy:{self.client_id}"
            return Credentials(
                TokenCredential(
                    "service_account",
                    grant,
                    identity=identity,
                    origins=[self.base_url],
                    store=store,
                )
            )
        token = checked(self.token, "PIPEFY_TOKEN")
        return Credentials(StaticCredential("personal_token", token, origins=[self.base_url], setting="PIPEFY_TOKEN"))


class PipedreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Pipedream: an OAuth client, a user API key, a Connect token; several may be set, the operation decides."""

    client_id: str | None = None
    client_secret: Secret | None = None
    api_key: Secret | None = None
    connect_token: Secret | None = None
    org_id: str | None = None
    project_id: str | None = None
    environment: str | None = None
    base_url: str = PIPEDREAM_URL
    workflow_domain: str = PIPEDREAM_WORKFLOW_DOMAIN
    workflows_url: str | None = None
    """Where workflows are when they are told apart by path, not by host: a sandbox. Default: hosts of the domain."""
    figures: str | None = None
    limits: str | None = None
    """The store that the environment or a profile names."""

    @classmethod
    def resolve(
        cls,
        *,
        env: Env | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        api_key: str | Secret | None = None,
        connect_token: str | Secret | None = None,
        org_id: str | None = None,
        project_id: str | None = None,
        environment: str | None = None,
        base_url: str | None = None,
        workflow_domain: str | None = None,
        workflows_url: str | None = None,
        figures: str | None = None,
    ) -> PipedreamSettings:
        """From arguments, then ``PIPEDREAM_CLIENT_ID``, ``_CLIENT_SECRET``, ``_API_KEY``, ``_ORG_ID``, ``_PROJECT_ID``,
        ``_ENVIRONMENT``, ``_BASE_URL``, ``_WORKFLOW_DOMAIN``, ``_WORKFLOWS_URL``, ``_FIGURES``, ``_LIMITS``.
        Credentials given as arguments hide those of the environment.
        """
        client_secret, api_key, connect_token = secret(client_secret), secret(api_key), secret(connect_token)
        if client_id is None and client_secret is None and api_key is None and connect_token is None:
            client_id, client_secret = get(env, "PIPEDREAM_CLIENT_ID"), get_secret(env, "PIPEDREAM_CLIENT_SECRET")
            api_key = get_secret(env, "PIPEDREAM_API_KEY")
        check_pair("PIPEDREAM", client_id, client_secret, env)
        if client_id is None and api_key is None and connect_token is None:
            raise missing(
                "pipedream",
                "Pipedream needs an OAuth client (client_id= and client_secret=, or PIPEDREAM_CLIENT_ID and "
                "PIPEDREAM_CLIENT_SECRET), a user API key (api_key= or PIPEDREAM_API_KEY), or both",
                env,
                "PIPEDREAM_CLIENT_ID",
            )
        return cls(
            client_id=client_id,
            client_secret=client_secret,
            api_key=api_key,
            connect_token=connect_token,
            org_id=org_id or get(env, "PIPEDREAM_ORG_ID"),
            project_id=project_id or get(env, "PIPEDREAM_PROJECT_ID"),
            environment=environment or get(env, "PIPEDREAM_ENVIRONMENT"),
            base_url=(base_url or get(env, "PIPEDREAM_BASE_URL") or PIPEDREAM_URL).rstrip("/"),
            workflow_domain=workflow_domain or get(env, "PIPEDREAM_WORKFLOW_DOMAIN") or PIPEDREAM_WORKFLOW_DOMAIN,
            workflows_url=workflows_url or get(env, "PIPEDREAM_WORKFLOWS_URL"),
            figures=figures or choice(env, "PIPEDREAM_FIGURES"),
            limits=limits_store(env, "PIPEDREAM"),
        )

    def credentials(self, *, store: TokenStore | None = None) -> Credentials:
        """What is configured, by kind: ``oauth``, ``api_key``, ``connect_token``."""
        made: list[Credential] = []
        origins = [self.base_url]
        if self.client_id is not None and self.client_secret is not None:
            from typedpipes.auth.pipedream import PipedreamOAuth

            made.append(
                PipedreamOAuth(
                    self.client_id,
                    self.client_secret,
                    base_url=self.base_url,
                    workflow_domain=self.workflow_domain,
                    store=store,
                )
            )
        if self.api_key is not None:
            made.append(StaticCredential("api_key", self.api_key, origins=origins, setting="PIPEDREAM_API_KEY"))
        if self.connect_token is not None:
            made.append(StaticCredential("connect_token", self.connect_token, origins=origins, setting="connect_token"))
        return Credentials(
            *made,
            hints={
                "oauth": "an OAuth client (client_id= and client_secret=, or PIPEDREAM_CLIENT_ID and _CLIENT_SECRET"
                f"{in_profile('pipedream', 'client_id', 'client_secret')})",
                "api_key": f"a user API key (api_key= or PIPEDREAM_API_KEY{in_profile('pipedream', 'api_key')})",
                "connect_token": "a Connect token (connect_token=)",
            },
        )


class PipedriveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Pipedrive: an API token, or an OAuth app; both at once are refused (notes, "Auth")."""

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
    def resolve(
        cls,
        *,
        env: Env | None = None,
        api_token: str | Secret | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        refresh_token: str | Secret | None = None,
        redirect_uri: str | None = None,
        company_domain: str | None = None,
        base_url: str | None = None,
        oauth_url: str | None = None,
        plan: str | None = None,
        seats: int | None = None,
    ) -> PipedriveSettings:
        """From arguments, then ``PIPEDRIVE_API_TOKEN``, ``_CLIENT_ID``, ``_CLIENT_SECRET``, ``_REFRESH_TOKEN``,
        ``_REDIRECT_URI``, ``_COMPANY_DOMAIN``, ``_BASE_URL``, ``_OAUTH_URL``, ``_PLAN``, ``_SEATS``, ``_LIMITS``.
        Credentials given as arguments hide those of the environment.
        """
        api_token, client_secret = secret(api_token), secret(client_secret)
        refresh_token = secret(refresh_token)
        if api_token is None and client_id is None and client_secret is None:
            api_token = get_secret(env, "PIPEDRIVE_API_TOKEN")
            client_id, client_secret = get(env, "PIPEDRIVE_CLIENT_ID"), get_secret(env, "PIPEDRIVE_CLIENT_SECRET")
        if client_id is not None or client_secret is not None:
            refresh_token = refresh_token or get_secret(env, "PIPEDRIVE_REFRESH_TOKEN")
        check_pair("PIPEDRIVE", client_id, client_secret, env)
        if api_token is not None and client_id is not None:
            raise ConfigurationError(
                "Pipedrive has both an API token and an OAuth app configured; keep one (PIPEDRIVE_API_TOKEN, or "
                "PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
                setting="PIPEDRIVE_API_TOKEN",
            )
        if api_token is None and client_id is None:
            raise missing(
                "pipedrive",
                "Pipedrive needs an API token (api_token= or PIPEDRIVE_API_TOKEN) or an OAuth app (client_id= and "
                "client_secret=, or PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
                env,
                "PIPEDRIVE_API_TOKEN",
            )
        company = company_domain or get(env, "PIPEDRIVE_COMPANY_DOMAIN")
        base = base_url or get(env, "PIPEDRIVE_BASE_URL")
        if base is None and company is not None:
            base = f"https://{company_name(company)}.pipedrive.com"
        return cls(
            api_token=api_token,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            redirect_uri=redirect_uri or get(env, "PIPEDRIVE_REDIRECT_URI"),
            company_domain=company,
            base_url=None if base is None else base.rstrip("/"),
            oauth_url=(oauth_url or get(env, "PIPEDRIVE_OAUTH_URL") or OAUTH_URL).rstrip("/"),
            plan=plan or choice(env, "PIPEDRIVE_PLAN"),
            seats=seats if seats is not None else count(env, "PIPEDRIVE_SEATS"),
            limits=limits_store(env, "PIPEDRIVE"),
        )

    def credentials(self, *, store: TokenStore | None = None, account: str | None = None) -> Credentials:
        """By kind: ``api_token``; or ``oauth2`` and ``basic``, which goes to the OAuth server only.

        ``account`` tells the accounts of one app apart in a shared store; default: the company domain.
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
        from typedpipes.auth.pipedrive import PipedriveOAuth

        oauth = PipedriveOAuth(
            self.client_id,
            self.client_secret,
            refresh_token=self.refresh_token,
            redirect_uri=self.redirect_uri,
            oauth_url=self.oauth_url,
            base_url=self.base_url,
            default_url=PIPEDRIVE_URL,
            account=self.company_domain or "" if account is None else account,
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


_PIPEDRIVE_HINTS: Final = {
    "api_token": "an API token (api_token= or PIPEDRIVE_API_TOKEN)",
    "oauth2": "an OAuth app (client_id= and client_secret=, or PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
    "basic": "an OAuth app (client_id= and client_secret=, or PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
}


__all__ = ["PIPEFY_KINDS", "PipedreamSettings", "PipedriveSettings", "PipefySettings"]
