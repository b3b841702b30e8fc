"""The TOML beside a schema of the user's own: where the API is, how it is signed, what it allows, how it pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from typedpipes_codegen.own.toml_table import Table, read_table

_KEYS: Final = ("name", "base_url", "base_url_env", "overlays", "lock", "auth", "limits", "paging", "methods", "bodies")
_AUTH_KEYS: Final = (
    "type in name prefix setting env username_env password_env client_id_env client_secret_env token_url scope "
    "client_auth"
).split()
_LIMIT_KEYS: Final = "name calls seconds period scope operations source".split()
_PAGING_KEYS: Final = "operations style cursor limit items next more total first size max_size".split()
TYPES: Final = ("bearer", "api_key", "basic", "oauth_client_credentials", "none")
SCOPES: Final = {"credential": "user", "api": "api"}
"""Whom a limit counts for: each credential, or everything that talks to the API."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_CLASS: Final = re.compile(r"[A-Z][A-Za-z0-9]*\Z")


@attrs.frozen(kw_only=True)
class Limit:
    """``calls`` per ``seconds`` (a rolling window) or per ``period`` (a calendar day or month, UTC)."""

    name: str
    calls: int
    seconds: float | None
    period: str | None
    scope: str
    operations: tuple[str, ...]
    source: str
    table: Table


@attrs.frozen(kw_only=True)
class Listing:
    """How some operations are paged; the keys are those of ``x-paging``."""

    operations: tuple[str, ...]
    facts: dict[str, str | int]
    table: Table


@attrs.frozen(kw_only=True)
class Config:
    """The file; everything in it may be missing."""

    root: Table
    name: str | None = None
    base_url: str | None = None
    base_url_env: str | None = None
    overlays: tuple[Path, ...] = ()
    lock: Path | None = None
    auth: dict[str, Table] = attrs.field(factory=dict)
    limits: tuple[Limit, ...] = ()
    paging: tuple[Listing, ...] = ()
    methods: dict[str, str] = attrs.field(factory=dict)
    bodies: dict[str, str] = attrs.field(factory=dict)
    """Content type to send, where an operation takes several."""


def read_config(file: Path | None, folder: Path) -> Config:
    """Read ``file``; without one, an empty configuration whose errors speak of a TOML to be written."""
    if file is None:
        return Config(root=Table({}, folder / "the TOML given with --config"))
    root = read_table(file)
    root.known(_KEYS)
    base = root.get("base_url", str)
    if base is not None and not is_address(base):
        raise root.fault(f"base_url {base!r} is no http address", "write https://HOST/PATH", "base_url")
    name = root.get("name", str)
    if name is not None and not _CLASS.match(name):
        raise root.fault(f"{name!r} is no class name", "write it like PetStore", "name")
    lock = root.get("lock", str)
    auth = root.named("auth")
    for table in auth.values():
        table.known(_AUTH_KEYS)
    return Config(
        root=root,
        name=name,
        base_url=base,
        base_url_env=variable(root, "base_url_env"),
        overlays=tuple(_overlay(root, one, index) for index, one in enumerate(root.texts("overlays"))),
        lock=None if lock is None else file.parent / lock,
        auth=auth,
        limits=tuple(_limit(table) for table in root.tables("limits")),
        paging=tuple(_listing(table) for table in root.tables("paging")),
        methods=_words(root, "methods", '"GET /pets" = "pets.list"'),
        bodies=_words(root, "bodies", '"POST /files" = "multipart/form-data"'),
    )


def is_address(url: str) -> bool:
    """Whether ``url`` is absolute, http or https, and plain: no user, query or template."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or "{" in url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and url.isprintable()


def variable(table: Table, key: str) -> str | None:
    """The name of an environment variable."""
    name = table.get(key, str)
    if name is not None and not _VARIABLE.match(name):
        raise table.fault(
            f"{name[:40]!r} is no name of an environment variable",
            "write the variable's name, like SHOP_API_KEY; the secret itself never stands in this file",
            key,
        )
    return name


def _overlay(root: Table, name: str, index: int) -> Path:
    path = root.file.parent / name
    if not path.is_file():
        raise root.fault(f"{name!r} does not exist", "add the overlay or mend the name", "overlays", index)
    return path


def _words(root: Table, key: str, example: str) -> dict[str, str]:
    """A table of operations and words."""
    value = root.values.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(word, str) for word in value.values()):
        raise root.fault(f"{key} maps operations to words", f"write {example} under [{key}]", key)
    return dict(value)


def _limit(table: Table) -> Limit:
    table.known(_LIMIT_KEYS)
    how = 'write name = "requests", calls = 100 and seconds = 60 (or period = "day")'
    seconds, period = table.get("seconds", float), table.get("period", str)
    if (seconds is None) == (period is None):
        raise table.fault("a limit has either seconds or a period", how)
    if period not in (None, "day", "month"):
        raise table.fault(f"{period!r} is no period", "write day or month; for anything else use seconds", "period")
    calls = table.need("calls", int, how)
    if calls < 1 or (seconds is not None and seconds <= 0):
        raise table.fault("calls and seconds are above zero", how)
    return Limit(
        name=table.need("name", str, how),
        calls=calls,
        seconds=None if seconds is None else float(seconds),
        period=period,
        scope=SCOPES[table.choice("scope", SCOPES, "credential")],
        operations=table.texts("operations"),
        source=table.get("source", str) or "",
        table=table,
    )


def _listing(table: Table) -> Listing:
    table.known(_PAGING_KEYS)
    style = table.choice("style", ("cursor", "offset", "after", "page", "skip"))
    facts: dict[str, str | int] = {"style": style}
    needed = ["cursor", "items"] if style in ("page", "skip") else ["cursor", "items", "next"]
    for key in needed:
        facts[key] = table.need(key, str, f"{style} paging needs {', '.join(needed)}: see the page on own schemas")
    for key in ("limit", "next", "more", "total"):
        if (word := table.get(key, str)) is not None:
            facts[key] = word
    for key, fact in (("first", "first"), ("size", "default"), ("max_size", "max")):
        if (count := table.get(key, int)) is not None:
            facts[fact] = count
    operations = table.texts("operations")
    if not operations:
        raise table.fault("operations is missing", 'name them: operations = ["GET /pets"], or ["*"] for all that fit')
    return Listing(operations=operations, facts=facts, table=table)
