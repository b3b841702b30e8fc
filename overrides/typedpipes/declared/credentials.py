"""From a declaration and the settings given to the credentials of one client."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin

from typedpipes._core.auth import Credential, Credentials, StaticCredential
from typedpipes._core.auth.grant import ClientCredentials
from typedpipes._core.auth.token_credential import TokenCredential
from typedpipes._core.redaction import Secret, basic, secret
from typedpipes._core.tokens import TokenStore
from typedpipes.declared.auth import (
    BasicClientCredentials,
    CookieKeyCredential,
    JoinedCredential,
    NoCredential,
    QueryKeyCredential,
)
from typedpipes.declared.declaration import Declaration, Scheme
from typedpipes.errors import ConfigurationError

Given = Mapping[str, "str | Secret | None"]
"""Constructor arguments by setting."""


def declared_credentials(
    declaration: Declaration,
    given: Given,
    env: Mapping[str, str] | None,
    *,
    base_url: str,
    origins: tuple[str, ...],
    store: TokenStore | None,
) -> Credentials:
    """The credentials that are configured. Arguments hide the environment.

    Raises `ConfigurationError` for half of a pair, and for no credential at all where every operation needs one.
    """
    made: dict[str, Credential] = {}
    hidden = any(value is not None for value in given.values())
    for scheme in declaration.schemes:
        if scheme.style == "joined":
            parts = [made[kind] for kind in scheme.parts if kind in made]
            if len(parts) == len(scheme.parts):
                made[scheme.kind] = JoinedCredential(scheme.kind, parts)
            continue
        if scheme.style == "none":
            made[scheme.kind] = NoCredential(scheme.kind, origins=origins)
            continue
        values = _values(scheme, given, None if hidden else env)
        if values is not None:
            made[scheme.kind] = _credential(declaration, scheme, values, base_url, origins, store)
    wanted = [scheme for scheme in declaration.schemes if scheme.inputs]
    if declaration.demanded and wanted and not made:
        raise ConfigurationError(
            f"{declaration.api} needs a credential: " + "; or ".join(scheme.hint for scheme in wanted),
            setting=wanted[0].inputs[0].env,
        )
    hints = {scheme.kind: scheme.hint for scheme in wanted}
    hints |= {
        scheme.kind: " together with ".join(hints.get(part, part) for part in scheme.parts)
        for scheme in declaration.schemes
        if scheme.style == "joined"
    }
    return Credentials(*made.values(), hints=hints)


def _values(scheme: Scheme, given: Given, env: Mapping[str, str] | None) -> list[Secret] | None:
    """The scheme's settings in order; None if it is not configured."""
    found: list[Secret | None] = []
    for one in scheme.inputs:
        text = given.get(one.setting)
        value = secret(text)
        if value is None and env is not None:
            text = env.get(one.env)
            value = secret((text or "").strip() or None)
        if value is None and text is not None and scheme.style == "basic" and found and found[0] is not None:
            value = Secret("")  # a name alone, as APIs whose key is the name want it
        found.append(value)
    values = [value for value in found if value is not None]
    if values and len(values) < len(found):
        missing = next(one for one, value in zip(scheme.inputs, found, strict=True) if value is None)
        raise ConfigurationError(
            f"{missing.setting} ({missing.env}) is not set, but its counterpart is; {scheme.kind} needs both",
            setting=missing.env,
        )
    return values or None


def _credential(
    declaration: Declaration,
    scheme: Scheme,
    values: list[Secret],
    base_url: str,
    origins: tuple[str, ...],
    store: TokenStore | None,
) -> Credential:
    kind, setting, value = scheme.kind, scheme.inputs[0].env, values[0]
    match scheme.style:
        case "query":
            return QueryKeyCredential(kind, value, origins=origins, name=scheme.name, setting=setting)
        case "cookie":
            return CookieKeyCredential(kind, value, origins=origins, name=scheme.name, setting=setting)
        case "header":
            return StaticCredential(
                kind, value, origins=origins, header=scheme.name.lower(), scheme=scheme.prefix, setting=setting
            )
        case "basic":
            name = value.reveal()
            return StaticCredential(
                kind,
                basic(name, values[1]),
                origins=origins,
                scheme="Basic ",
                identity=f"{declaration.api}:{name}",
                setting=scheme.inputs[1].env,
            )
        case "oauth":
            client, url = value.reveal(), urljoin(base_url.rstrip("/") + "/", scheme.token_url)
            grant = (
                BasicClientCredentials(url, client, values[1], encoding="form", scope=scheme.scope or None)
                if scheme.client_auth == "basic"
                else ClientCredentials(url, client, values[1], encoding="form", scope=scheme.scope or None)
            )
            return TokenCredential(kind, grant, identity=f"{declaration.api}:{client}", origins=origins, store=store)
        case _:
            return StaticCredential(kind, value, origins=origins, setting=setting)


__all__ = ["Given", "declared_credentials"]
