"""Settings of Pipefy, and the credentials they make.

Constructor arguments first, then a configuration::

    settings = PipefySettings.resolve(token=..., env=configuration())   # env=None: arguments only
    credentials = settings.credentials(store=MemoryTokenStore())

``env`` is an environment or a `typedpipes.configuration.Configuration`. An argument hides the setting of the same name.
`ConfigurationError` names what is missing or contradictory: the variable, the key of a profile, and the page.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Unpack

import msgspec

from typedpipes._core.addresses import at_origin, elsewhere, is_loopback, origin, with_path
from typedpipes._core.auth import Credentials, StaticCredential, checked
from typedpipes._core.graphql.calls import GraphQLCalls
from typedpipes._core.http.policies import ClientCore
from typedpipes._core.options import Given, SharedOptions, limiter_for, one_credential, token_store
from typedpipes._core.redaction import Secret

if TYPE_CHECKING:
    from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
    from typedpipes._core.tokens import TokenStore
    from typedpipes.configuration.settings import Env, PipefyAccount
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes.pipefy.exports.flows import ExportSettings


PIPEFY_URL: Final = "https://api.pipefy.com/graphql"
PIPEFY_TOKEN_URL: Final = "https://app.pipefy.com/oauth/token"
PIPEFY_KINDS: Final = ("service_account", "personal_token")
"""Credential kinds of Pipefy operations, in the order they are preferred."""


class PipefySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Pipefy: a service account, which wins, or a personal access token."""

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

    journal: str | os.PathLike[str] | None = None

    @classmethod
    def resolve(cls, *, env: Env | None = None, **arguments: Unpack[PipefyAccount]) -> PipefySettings:
        """From arguments, then a configuration."""
        return cls.of(Given("pipefy", arguments, env))

    @classmethod
    def of(cls, given: Given) -> PipefySettings:
        """Credentials given as arguments hide those of the configuration; a plan or an allowance hides both.

        Raises `ConfigurationError`.
        """
        client_id, client_secret, token = one_credential(given, "token")
        if client_id is None and token is None:
            from typedpipes.configuration.settings import missing

            raise missing(
                "pipefy",
                "Pipefy needs a service account (client_id= and client_secret=, or PIPEFY_CLIENT_ID and "
                "PIPEFY_CLIENT_SECRET) or a personal access token (token= or PIPEFY_TOKEN)",
                given.env,
                "PIPEFY_CLIENT_ID",
            )
        figures = given.arguments_only() if given.any_argument("plan", "allowance") else given
        base = with_path(given.address("base_url") or PIPEFY_URL, "/graphql")
        token_url = given.address("token_url")
        if token_url is None:
            # Secrets of a stand-in go to the stand-in: another base URL means another token endpoint.
            home = origin(base) == origin(PIPEFY_URL)
            token_url = PIPEFY_TOKEN_URL if home else at_origin(base, "/oauth/token")
        return cls(
            client_id=client_id,
            client_secret=client_secret,
            token=token,
            base_url=base,
            token_url=token_url,
            plan=figures.choice("plan"),
            allowance=figures.count("allowance"),
            organization_id=given.identifier("organization_id"),
            journal=given.path("journal"),
            limits=given.store(),
        )

    def credentials(self, *, store: TokenStore | None = None) -> Credentials:
        """The one credential that is used."""
        if self.client_id is not None and self.client_secret is not None:
            # Tokens are a third of this package's code: imported by whoever has an OAuth client.
            from typedpipes._core.auth.grant import ClientCredentials
            from typedpipes._core.auth.token_credential import TokenCredential

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


# What the synchronous and the asynchronous Pipefy client share: settings, policies, making and reading calls.

_SMALLER_PAGES: Final = {"Phase.cards": 30}
"""Connections with a smaller pages."""


MAX_DEPTH: Final = 15
"""Levels of fields Pipefy accepts in a request."""


def page_limit(field: str) -> int:
    """Largest page Pipefy gives of the connection ``field``: 50 records, 30 cards of a phase."""
    from typedpipes.limits.pipefy import RECORDS_PER_PAGE

    return _SMALLER_PAGES.get(field, RECORDS_PER_PAGE)


def _monthly_calls(plan: str | None, allowance: int | None) -> int | None:
    if plan is None or allowance is not None:
        return allowance
    from typedpipes.limits.pipefy import CALLS_PER_MONTH

    return CALLS_PER_MONTH[plan.lower()]


class Core(ClientCore):
    """What the two clients share: settings, policies, encoding and reading of calls."""

    def __init__(self, settings: PipefySettings, options: SharedOptions) -> None:
        self.settings = settings
        self.address: str = settings.base_url
        super().__init__(settings.credentials(store=token_store(options)), options)
        self.identity: str = next(iter(self.credentials)).identity
        plan, allowance = settings.plan, settings.allowance
        self.limiter: StoreLimiter | None = limiter_for(
            "pipefy",
            options,
            {"user": self.identity, "organization": settings.organization_id or ""},
            {"plan": plan, "allowance": allowance},
            settings.limits,
            address=elsewhere(settings.base_url, "pipefy.com"),
        )
        self.monthly_calls: int | None = _monthly_calls(plan, allowance)
        self.journal: str | os.PathLike[str] | None = settings.journal

    def calls(self, http: PolicyClient | AsyncPolicyClient) -> GraphQLCalls:
        """The encoder and reader of calls for a client."""
        return GraphQLCalls(
            base_url=self.settings.base_url,
            redactor=http.policies.redactor,
            strict=self.strict,
            drift=self.drift,
            api=API,
            kinds=PIPEFY_KINDS,
            tokens=self.token_headers,
        )

    def export_settings(self) -> ExportSettings:
        """What the exports of this client have in common."""
        from typedpipes._core.http import library
        from typedpipes.events import Reporter
        from typedpipes.pipefy.exports.flows import ExportSettings
        from typedpipes.pipefy.exports.forms import FileFormStore

        durable = self.limiter is not None and self.limiter.store.durable
        return ExportSettings(
            forms=FileFormStore() if durable and self.journal is None else None,
            monthly_calls=self.monthly_calls,
            loopback=is_loopback(library.URL(self.settings.base_url).host),
            journal=self.journal,
            account=f"{self.settings.base_url}|{self.identity}",
            report=Reporter(self.on_event),
        )


API: Final = "pipefy"


__all__ = [
    "MAX_DEPTH",
    "PIPEFY_KINDS",
    "Core",
    "PipefySettings",
    "page_limit",
]
