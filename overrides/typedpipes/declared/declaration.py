"""The declaration of an API: data in generated code."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from typedpipes.limits.policy import Budget, Policy, Window

Style: TypeAlias = Literal["bearer", "header", "query", "cookie", "basic", "oauth", "joined", "none"]


class Input(msgspec.Struct, frozen=True):
    """A setting: the constructor's argument, and the environment variable it comes from otherwise."""

    setting: str
    env: str


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One way to sign requests.

    Attributes:
        kind: name of the security scheme, which operations list as their credential.
        style: ``bearer`` token; key in a ``header``, the ``query`` or a ``cookie``; ``basic`` (name and password);
            ``oauth`` client credentials (id and secret); several ``joined``; ``none`` where a credential is optional.
        inputs: one setting, or two for ``basic`` and ``oauth``.
        name: of the header, query parameter or cookie.
        prefix: what stands before the key in its header.
        parts: kinds that are ``joined``.
        token_url: where tokens come from: absolute, or relative to the base URL.
        scope: scopes asked for, separated by spaces.
        client_auth: how the token endpoint gets id and secret: HTTP ``basic`` or in the ``body``.
    """

    kind: str
    style: Style
    inputs: tuple[Input, ...] = ()
    name: str = ""
    prefix: str = ""
    parts: tuple[str, ...] = ()
    token_url: str = ""
    scope: str = ""
    client_auth: Literal["basic", "body"] = "basic"

    @property
    def hint(self) -> str:
        """What to set, in words."""
        arguments = " and ".join(f"{one.setting}=" for one in self.inputs)
        variables = " and ".join(one.env for one in self.inputs)
        return f"{arguments}, or {variables} in the environment"


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """An API: what `generate` read from the schema and its TOML.

    Attributes:
        api: name on requests, events and limits.
        base_url: address of the API; ``base_url_env`` names the variable that replaces it.
        servers: other addresses that operations name themselves.
        schemes: ways to sign requests, in order of preference.
        demanded: no operation works without a credential, so a client without one is refused at once.
        windows, budgets: what the API allows. Scope ``user`` counts for each credential, ``api`` for all together.
    """

    api: str
    base_url: str
    base_url_env: str
    servers: tuple[str, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    demanded: bool = False
    windows: tuple[Window, ...] = ()
    budgets: tuple[Budget, ...] = ()

    @property
    def policy(self) -> Policy:
        """The table of limits. Pauses that the server asks for are kept whatever is declared."""
        pauses = Window(name=f"{self.api}.pauses", allowance=None, seconds=60.0, scope="user")
        return Policy(vendor=self.api, account="api", windows=(pauses, *self.windows), budgets=self.budgets)


__all__ = ["Declaration", "Input", "Scheme", "Style"]
