"""From an operation and its arguments to what goes on the wire: URL, headers, body. Pure; knows no HTTP library."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from typedpipes.errors import ConfigurationError
from typedpipes.model import UNSET, Model, to_wire
from typedpipes.multipart import MultipartBody
from typedpipes.operation import Arguments, Operation

Content: TypeAlias = bytes | MultipartBody | None

_FIELD: Final = re.compile(r"[A-Za-z0-9_]+\Z")
_JSON_TYPES: Final = ("application/json", "*/*")


class Encoded:
    """One request, ready but for server and credential. ``target`` is the path with its query."""

    __slots__ = ("content", "headers", "target")

    def __init__(self, target: str, headers: dict[str, str], content: Content) -> None:
        self.target = target
        self.headers = headers
        self.content = content


def encode(operation: Operation[Any], arguments: Arguments, settings: Mapping[str, object]) -> Encoded:
    """Encode one call. ``settings`` holds the client's and the call's values of ``operation.client_parameters``.

    Raises `ConfigurationError` for a path value that is missing or empty, for a field selector with an impossible
    name, and for a body that has no JSON form.
    """
    query = dict(arguments.query or {})
    headers = {name: _text(value) for name, value in (arguments.headers or {}).items() if value not in (None, UNSET)}
    body = arguments.body
    inserted: dict[str, object] = {}
    for option, location, wire in operation.client_parameters:
        value = settings.get(option)
        if location == "path":
            if value is None:
                raise ConfigurationError(
                    f"{operation.name} needs {option}: give it to the client or to this call", setting=option
                )
            inserted[wire] = value
        elif value is not None:
            if location == "query":
                query.setdefault(wire, value)
            elif location == "header":
                headers.setdefault(wire, _text(value))
            elif isinstance(body, Model):
                form = to_wire(body)
                body = {wire: value, **form} if isinstance(form, dict) else form
            elif isinstance(body, dict):
                body = {**body, wire: value} if body.get(wire, UNSET) is UNSET else body
            elif body is None:
                body = {wire: value}
    target = _path(operation, arguments.path, inserted) + _selector(operation, arguments.fields)
    text = _query(query, operation.csv)
    content = _content(operation, body, headers)
    return Encoded(f"{target}?{text}" if text else target, headers, content)


def _path(operation: Operation[Any], values: tuple[object, ...], inserted: Mapping[str, object]) -> str:
    segments = operation.segments
    if len(segments) == 1:
        return segments[0]
    names = re.findall(r"\{([^}]*)\}", operation.path)
    given = iter(values)
    parts = [segments[0]]
    for name, literal in zip(names, segments[1:], strict=True):
        value = inserted[name] if name in inserted else next(given, None)
        text = "" if value is None else _text(value)
        if not text:
            raise ConfigurationError(f"{operation.name} needs a non-empty {name}", setting=name)
        encoded = quote(text, safe="")
        parts.append(encoded.replace(".", "%2E") if encoded in (".", "..") else encoded)
        parts.append(literal)
    return "".join(parts)


def _selector(operation: Operation[Any], fields: tuple[str, ...] | None) -> str:
    """``:(id,title)`` behind the collection's name; the characters stay unescaped (seed 003, "Field selector")."""
    if not fields:
        return ""
    for field in fields:
        if not _FIELD.match(field):
            raise ConfigurationError(
                f"{field!r} cannot stand in a field selector; use field names or 40-character keys", setting="fields"
            )
    return f":({','.join(fields)})"


def _query(query: Mapping[str, object], csv: tuple[str, ...]) -> str:
    pairs: list[str] = []
    for name, value in query.items():
        if value is None or value is UNSET:
            continue
        if isinstance(value, (list, tuple, set, frozenset)):
            texts = [_text(item) for item in value]
            if name in csv:
                texts = [",".join(texts)]
        elif isinstance(value, (Mapping, Model)):
            texts = [json.dumps(to_wire(value), separators=(",", ":"), ensure_ascii=False)]
        else:
            texts = [_text(value)]
        key = quote(name, safe="[]")
        pairs += [f"{key}={quote(text, safe=_QUERY_SAFE)}" for text in texts]
    return "&".join(pairs)


_QUERY_SAFE: Final = ",:@/*$"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if callable(isoformat) else str(value)


def _content(operation: Operation[Any], body: object, headers: dict[str, str]) -> Content:
    if body is None or body is UNSET:
        return None
    if operation.media == "multipart/form-data":
        form = MultipartBody(body)
        headers.setdefault("content-type", form.content_type)
        return form
    if operation.media == "application/x-www-form-urlencoded":
        headers.setdefault("content-type", operation.media)
        wire = to_wire(body)
        if not isinstance(wire, dict):
            raise ConfigurationError(f"{operation.name} takes a form: pass a model or keyword arguments")
        return _query(wire, ()).encode()
    if isinstance(body, (bytes, bytearray)):
        headers.setdefault("content-type", operation.media)
        return bytes(body)
    headers.setdefault("content-type", operation.media if operation.media not in _JSON_TYPES else "application/json")
    import msgspec

    try:
        return msgspec.json.encode(to_wire(body))
    except TypeError as error:
        raise ConfigurationError(f"{operation.name}: {error}") from None
