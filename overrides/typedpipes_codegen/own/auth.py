"""How requests are signed: the document's security schemes joined with the TOML's ``[auth]``."""

from __future__ import annotations

import re
from typing import Final

import attrs

from typedpipes_codegen.documents.tree import JsonObject, as_list, as_object, child, operations
from typedpipes_codegen.openapi.naming import snake
from typedpipes_codegen.own.config import TYPES, Config, variable
from typedpipes_codegen.own.toml_table import Table

ANONYMOUS: Final = "anonymous"
"""Kind of an operation whose credential is optional."""
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_SETTING: Final = re.compile(r"[a-z][a-z0-9_]*\Z")
_TAKEN: Final = frozenset(
    "base_url servers env self options timeout deadline retries max_wait limits policy unreachable strict on_event "
    "token_cache http_client http_library max_body account".split()
)


@attrs.frozen(kw_only=True)
class Signing:
    """One scheme: the fields of `typedpipes.declared.Scheme`."""

    kind: str
    style: str
    inputs: tuple[tuple[str, str], ...] = ()
    """(setting, environment variable)."""
    name: str = ""
    prefix: str = ""
    parts: tuple[str, ...] = ()
    token_url: str = ""
    scope: str = ""
    client_auth: str = "basic"


@attrs.frozen
class Security:
    """The schemes, and the kinds each operation takes by pointer-like name (``GET /books``)."""

    schemes: tuple[Signing, ...]
    kinds: dict[str, tuple[str, ...]]

    @property
    def demanded(self) -> bool:
        """Whether no operation works without a credential."""
        return bool(self.kinds) and all(kinds and ANONYMOUS not in kinds for kinds in self.kinds.values())


def document_security(document: JsonObject, config: Config, prefix: str) -> Security:
    """The security of a canonical document. ``prefix`` begins environment variables that are not named.

    Raises `SchemaError`, saying what to write into the TOML, for a scheme that neither tells how to use.
    """
    described = child(child(document, "components", ""), "securitySchemes", "/components")
    takes = {f"{method.upper()} {path}": _choices(document, op) for path, method, op, _ in operations(document)}
    used = dict.fromkeys(kind for choices in takes.values() for choice in choices for kind in choice)
    if not used and config.auth:
        # The document is silent: what the TOML declares goes for every operation.
        takes = {name: [(kind,) for kind in config.auth] for name in takes}
        used = dict.fromkeys(config.auth)
    for kind, table in config.auth.items():
        if kind not in used:
            known = ", ".join(used) or "none"
            raise table.fault(f"no operation takes {kind!r}", f"the document's schemes are: {known}")
    order = [*config.auth, *(kind for kind in sorted(used) if kind not in config.auth)]
    schemes = signings(order, described, config, prefix)
    ignored = {kind for kind in order if kind not in {scheme.kind for scheme in schemes}}
    joined: dict[str, Signing] = {}
    kinds: dict[str, tuple[str, ...]] = {}
    for name, choices in takes.items():
        found: dict[str, int] = {}
        for choice in choices:
            parts = tuple(kind for kind in order if kind in choice and kind not in ignored)
            kind = "+".join(parts) or ANONYMOUS
            if len(parts) > 1:
                joined[kind] = Signing(kind=kind, style="joined", parts=parts)
            found[kind] = len(order) * 2 if not parts else order.index(parts[0]) + (len(order) if parts[1:] else 0)
        kinds[name] = tuple(sorted(found, key=lambda kind: found[kind])) if set(found) != {ANONYMOUS} else ()
    anonymous = [Signing(kind=ANONYMOUS, style="none")] if any(ANONYMOUS in taken for taken in kinds.values()) else []
    return Security((*schemes, *joined.values(), *anonymous), kinds)


def _choices(document: JsonObject, operation: JsonObject) -> list[tuple[str, ...]]:
    """The alternatives of an operation; an empty one means that it needs no credential."""
    holder = operation if "security" in operation else document
    return [tuple(as_object(choice, "/security")) for choice in as_list(holder.get("security") or [], "/security")]


def signings(order: list[str], described: JsonObject, config: Config, prefix: str) -> list[Signing]:
    """One scheme per kind, settings named so that no two clash."""
    found: list[Signing] = []
    for kind in order:
        table = config.auth.get(kind) or Table({}, config.root.file, "auth", kind)
        one = _signing(kind, as_object(described.get(kind) or {}, ""), table)
        if one is not None:
            found.append(one)
    shared = [setting for one in found for setting, _ in one.inputs]
    named: list[Signing] = []
    for one in found:
        table = config.auth.get(one.kind) or Table({}, config.root.file, "auth", one.kind)
        clashing = any(shared.count(setting) > 1 for setting, _ in one.inputs)
        named.append(_named(one, table, prefix, snake(one.kind, "auth") if clashing else ""))
    settings = [setting for one in named for setting, _ in one.inputs]
    for one in named:
        for setting, _ in one.inputs:
            if settings.count(setting) > 1:
                raise config.root.fault(
                    f"two credentials would both be the setting {setting!r}",
                    f'write setting = "..." under [auth.{one.kind}]',
                    "auth",
                    one.kind,
                )
    return named


def _named(one: Signing, table: Table, prefix: str, distinct: str) -> Signing:
    """Settings and variables: as the TOML says, else after what they are."""
    inputs: list[tuple[str, str]] = []
    keys = {"username": "username_env", "password": "password_env", "client_id": "client_id_env"}
    keys["client_secret"] = "client_secret_env"
    for setting, _ in one.inputs:
        name = f"{distinct}_{setting}" if distinct and len(one.inputs) > 1 else distinct or setting
        given = table.get("setting", str) if len(one.inputs) == 1 else None
        if given is not None and not _SETTING.match(given):
            raise table.fault(f"{given!r} is no argument name", "write it like api_key", "setting")
        name = given or name
        name = f"{name}_" if name in _TAKEN else name
        env = variable(table, keys.get(setting, "env")) or f"{prefix}_{name.strip('_').upper()}"
        inputs.append((name, env))
    return attrs.evolve(one, inputs=tuple(inputs))


def _signing(kind: str, described: JsonObject, table: Table) -> Signing | None:
    type_ = table.get("type", str) or _type(kind, described, table)
    if type_ not in TYPES:
        raise table.fault(f"{type_!r} is no type of credential", f"one of {', '.join(TYPES)}", "type")
    match type_:
        case "none":
            return None
        case "bearer":
            return Signing(kind=kind, style="bearer", inputs=(("token", ""),))
        case "basic":
            return Signing(kind=kind, style="basic", inputs=(("username", ""), ("password", "")))
        case "api_key":
            return _api_key(kind, described, table)
    return _client_credentials(kind, described, table)


def _api_key(kind: str, described: JsonObject, table: Table) -> Signing:
    place = table.choice("in", ("header", "query", "cookie"), str(described["in"]) if "in" in described else None)
    name = table.get("name", str) or str(described.get("name") or "")
    if not name:
        raise table.fault(f"{kind}: the name of the {place} is missing", 'write name = "X-Api-Key"')
    if place != "query" and not _HEADER.match(name):
        raise table.fault(f"{name[:40]!r} is no name of a {place}", "correct it", "name")
    prefix = table.get("prefix", str) or ""
    if not prefix.isascii() or not prefix.isprintable():
        raise table.fault(f"{prefix[:40]!r} cannot stand in a header", "correct it", "prefix")
    return Signing(kind=kind, style=place, name=name, prefix=prefix, inputs=(("api_key", ""),))


def _client_credentials(kind: str, described: JsonObject, table: Table) -> Signing:
    flow = child(child(described, "flows", ""), "clientCredentials", "")
    url = table.get("token_url", str) or str(flow.get("tokenUrl") or "")
    if not url:
        raise table.fault(
            f"{kind}: nothing says where tokens come from", 'write token_url = "https://HOST/oauth/token"'
        )
    scopes = table.get("scope", str)
    return Signing(
        kind=kind,
        style="oauth",
        inputs=(("client_id", ""), ("client_secret", "")),
        token_url=url,
        scope=" ".join(sorted(child(flow, "scopes", ""))) if scopes is None else scopes,
        client_auth=table.choice("client_auth", ("basic", "body"), "basic"),
    )


def _type(kind: str, described: JsonObject, table: Table) -> str:
    """What the document says the scheme is, in the TOML's words."""
    type_, scheme = described.get("type"), str(described.get("scheme") or "").lower()
    if type_ == "apiKey":
        return "api_key"
    if type_ == "http" and scheme in ("bearer", "basic"):
        return scheme
    if type_ == "oauth2":
        return "oauth_client_credentials" if "clientCredentials" in child(described, "flows", "") else "bearer"
    if type_ == "openIdConnect":
        return "bearer"
    what = f"{type_} {scheme}".strip() if type_ else "nothing"
    raise table.fault(
        f"the security scheme {kind!r} is {what} in the document: nobody knows how to sign with it",
        f'add [auth.{kind}] with type = "bearer" (one of {", ".join(TYPES)})',
    )
