"""Settings of the vendors: constructor arguments first, then environment variables; and the credentials they make.

Used by the facades as::

    settings = PipefySettings.resolve(token=..., env=os.environ)        # env=None: arguments only
    credentials = settings.credentials(store=MemoryTokenStore())

An argument hides the variable of the same name. `ConfigurationError` names what is missing or contradictory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs

from typedpipes.auth.credential import Credential, StaticCredential, checked
from typedpipes.auth.credentials import Credentials
from typedpipes.auth.grant import ClientCredentials
from typedpipes.auth.pipedream import WORKFLOW_DOMAIN, PipedreamOAuth
from typedpipes.auth.pipedrive import OAUTH_URL, PipedriveOAuth
from typedpipes.auth.store import TokenStore
from typedpipes.auth.token_credential import TokenCredential
from typedpipes.errors import ConfigurationError
from typedpipes.redaction import Secret, basic, secret

Env = Mapping[str, str]

PIPEFY_URL: Final = "https://api.pipefy.com/graphql"
PIPEFY_TOKEN_URL: Final = "https://app.pipefy.com/oauth/token"
PIPEDREAM_URL: Final = "https://api.pipedream.com/v1"
PIPEDREAM_WORKFLOW_DOMAIN: Final = WORKFLOW_DOMAIN
PIPEDRIVE_URL: Final = "https://api.pipedrive.com"
PIPEFY_KINDS: Final = ("service_account", "personal_token")
"""Credential kinds of Pipefy operations, in the order they are preferred."""


@attrs.frozen(kw_only=True)
class PipefySettings:
    """Pipefy: a service account, which wins, or a personal access token (seed 000)."""

    client_id: str | None = None
    client_secret: Secret | None = None
    token: Secret | None = None
    base_url: str = PIPEFY_URL
    token_url: str = PIPEFY_TOKEN_URL

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
    ) -> PipefySettings:
        """From arguments, then ``PIPEFY_CLIENT_ID``, ``_CLIENT_SECRET``, ``_TOKEN``, ``_BASE_URL``, ``_TOKEN_URL``.

        Credentials given as arguments hide all credentials of the environment.
        """
        client_secret, token = secret(client_secret), secret(token)
        if client_id is None and client_secret is None and token is None:
            client_id, client_secret = _get(env, "PIPEFY_CLIENT_ID"), _secret(env, "PIPEFY_CLIENT_SECRET")
            token = _secret(env, "PIPEFY_TOKEN")
        _pair("PIPEFY", client_id, client_secret)
        if client_id is None and token is None:
            raise ConfigurationError(
                "Pipefy needs a service account (client_id= and client_secret=, or PIPEFY_CLIENT_ID and "
                "PIPEFY_CLIENT_SECRET) or a personal access token (token= or PIPEFY_TOKEN)",
                setting="PIPEFY_CLIENT_ID",
            )
        base = base_url or _get(env, "PIPEFY_BASE_URL") or PIPEFY_URL
        token_url = token_url or _get(env, "PIPEFY_TOKEN_URL")
        if token_url is None:
            # Secrets of a stand-in go to the stand-in: another base URL means another token endpoint.
            home = _origin(base) == _origin(PIPEFY_URL)
            token_url = PIPEFY_TOKEN_URL if home else f"{_origin(base)}/oauth/token"
        return cls(client_id=client_id, client_secret=client_secret, token=token, base_url=base, token_url=token_url)

    def credentials(self, *, store: TokenStore | None = None) -> Credentials:
        """The one credential that is used."""
        if self.client_id is not None and self.client_secret is not None:
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


@attrs.frozen(kw_only=True)
class PipedreamSettings:
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
    ) -> PipedreamSettings:
        """From arguments, then ``PIPEDREAM_CLIENT_ID``, ``_CLIENT_SECRET``, ``_API_KEY``, ``_ORG_ID``, ``_PROJECT_ID``,
        ``_ENVIRONMENT``, ``_BASE_URL``, ``_WORKFLOW_DOMAIN``, ``_WORKFLOWS_URL``. Credentials given as arguments hide
        those of the environment.
        """
        client_secret, api_key, connect_token = secret(client_secret), secret(api_key), secret(connect_token)
        if client_id is None and client_secret is None and api_key is None and connect_token is None:
            client_id, client_secret = _get(env, "PIPEDREAM_CLIENT_ID"), _secret(env, "PIPEDREAM_CLIENT_SECRET")
            api_key = _secret(env, "PIPEDREAM_API_KEY")
        _pair("PIPEDREAM", client_id, client_secret)
        if client_id is None and api_key is None and connect_token is None:
            raise ConfigurationError(
                "Pipedream needs an OAuth client (client_id= and client_secret=, or PIPEDREAM_CLIENT_ID and "
                "PIPEDREAM_CLIENT_SECRET), a user API key (api_key= or PIPEDREAM_API_KEY), or both",
                setting="PIPEDREAM_CLIENT_ID",
            )
        return cls(
            client_id=client_id,
            client_secret=client_secret,
            api_key=api_key,
            connect_token=connect_token,
            org_id=org_id or _get(env, "PIPEDREAM_ORG_ID"),
            project_id=project_id or _get(env, "PIPEDREAM_PROJECT_ID"),
            environment=environment or _get(env, "PIPEDREAM_ENVIRONMENT"),
            base_url=(base_url or _get(env, "PIPEDREAM_BASE_URL") or PIPEDREAM_URL).rstrip("/"),
            workflow_domain=workflow_domain or _get(env, "PIPEDREAM_WORKFLOW_DOMAIN") or PIPEDREAM_WORKFLOW_DOMAIN,
            workflows_url=workflows_url or _get(env, "PIPEDREAM_WORKFLOWS_URL"),
        )

    def credentials(self, *, store: TokenStore | None = None) -> Credentials:
        """What is configured, by kind: ``oauth``, ``api_key``, ``connect_token``."""
        made: list[Credential] = []
        origins = [self.base_url]
        if self.client_id is not None and self.client_secret is not None:
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
                "oauth": "an OAuth client (client_id= and client_secret=, or PIPEDREAM_CLIENT_ID and _CLIENT_SECRET)",
                "api_key": "a user API key (api_key= or PIPEDREAM_API_KEY)",
                "connect_token": "a Connect token (connect_token=)",
            },
        )


@attrs.frozen(kw_only=True)
class PipedriveSettings:
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
    ) -> PipedriveSettings:
        """From arguments, then ``PIPEDRIVE_API_TOKEN``, ``_CLIENT_ID``, ``_CLIENT_SECRET``, ``_REFRESH_TOKEN``,
        ``_REDIRECT_URI``, ``_COMPANY_DOMAIN``, ``_BASE_URL``, ``_OAUTH_URL``. Credentials given as arguments hide those
        of the environment.
        """
        api_token, client_secret = secret(api_token), secret(client_secret)
        refresh_token = secret(refresh_token)
        if api_token is None and client_id is None and client_secret is None:
            api_token = _secret(env, "PIPEDRIVE_API_TOKEN")
            client_id, client_secret = _get(env, "PIPEDRIVE_CLIENT_ID"), _secret(env, "PIPEDRIVE_CLIENT_SECRET")
        if client_id is not None or client_secret is not None:
            refresh_token = refresh_token or _secret(env, "PIPEDRIVE_REFRESH_TOKEN")
        _pair("PIPEDRIVE", client_id, client_secret)
        if api_token is not None and client_id is not None:
            raise ConfigurationError(
                "Pipedrive has both an API token and an OAuth app configured; keep one (PIPEDRIVE_API_TOKEN, or "
                "PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
                setting="PIPEDRIVE_API_TOKEN",
            )
        if api_token is None and client_id is None:
            raise ConfigurationError(
                "Pipedrive needs an API token (api_token= or PIPEDRIVE_API_TOKEN) or an OAuth app (client_id= and "
                "client_secret=, or PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET)",
                setting="PIPEDRIVE_API_TOKEN",
            )
        company = company_domain or _get(env, "PIPEDRIVE_COMPANY_DOMAIN")
        base = base_url or _get(env, "PIPEDRIVE_BASE_URL")
        if base is None and company is not None:
            base = f"https://{_company(company)}.pipedrive.com"
        return cls(
            api_token=api_token,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            redirect_uri=redirect_uri or _get(env, "PIPEDRIVE_REDIRECT_URI"),
            company_domain=company,
            base_url=None if base is None else base.rstrip("/"),
            oauth_url=(oauth_url or _get(env, "PIPEDRIVE_OAUTH_URL") or OAUTH_URL).rstrip("/"),
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


def _get(env: Env | None, name: str) -> str | None:
    return (env.get(name) or "").strip() or None if env is not None else None


def _secret(env: Env | None, name: str) -> Secret | None:
    return secret((env.get(name) or "").strip()) if env is not None else None


def _pair(vendor: str, client_id: str | None, client_secret: Secret | None) -> None:
    if (client_id is None) == (client_secret is None):
        return
    missing = f"{vendor}_CLIENT_ID" if client_id is None else f"{vendor}_CLIENT_SECRET"
    present = "client_secret" if client_id is None else "client_id"
    raise ConfigurationError(f"{present} is set, but {missing} is not; both are needed", setting=missing)


def _company(company: str) -> str:
    """The subdomain, from ``acme``, ``acme.pipedrive.com`` or ``https://acme.pipedrive.com``."""
    name = company.removeprefix("https://").rstrip("/").removesuffix(".pipedrive.com").lower()
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ConfigurationError(
            "company_domain is the part before .pipedrive.com, for example 'acme'", setting="PIPEDRIVE_COMPANY_DOMAIN"
        )
    return name


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


__all__ = ["PIPEFY_KINDS", "PipedreamSettings", "PipedriveSettings", "PipefySettings"]
