"""From an operation and its arguments to what goes on the wire: URL, headers, body. Pure; knows no HTTP library."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote

from typedpipes._core.decoding.model import JSON, UNSET, Model, to_wire
from typedpipes._core.rest import Arguments, Operation
from typedpipes._core.values import check_numbers, json_bytes, json_text, no_text, text_of, wire_of
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.rest.multipart import MultipartBody

Content: TypeAlias = "bytes | MultipartBody | None"

_FIELD: Final = re.compile(r"[A-Za-z0-9_]+\Z")
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_FORM: Final = "application/x-www-form-urlencoded"
_NO_STYLES: Final[Mapping[str, str]] = {}
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
    if operation.times:
        from typedpipes._core.rest.times import with_times

        arguments = with_times(operation, arguments)
    query = dict(arguments.query or {})
    headers = _headers(operation, arguments)
    body = arguments.body
    _check_bounds(operation, query)
    inserted: dict[str, object] = {}
    for option, location, wire in operation.client_parameters:
        value = settings.get(option)
        if value is None and (location == "path" or (wire in operation.needs and not _holds(body, wire))):
            from typedpipes.configuration.settings import elsewhere

            raise ConfigurationError(
                f"{operation.name} needs {option}: give it to the client or to this call{elsewhere(option)}",
                setting=option,
            )
        if location == "path":
            inserted[wire] = value
        elif value is not None:
            if location == "query":
                query.setdefault(wire, value)
            elif location == "header":
                headers.setdefault(wire, text_of(value, option))
            else:
                body = _with_field(body, wire, value)
    target = _path(operation, arguments.path, inserted)
    if arguments.fields:
        target += _selector(operation, arguments.fields)
    if operation.method == "DELETE":
        _check_chosen(operation, query)
    text = _query(query, operation.csv, operation.styles)
    content = _content(operation, body, headers, settings.get("encoding"))
    if operation.accept is not None:
        headers.setdefault("accept", operation.accept)
    if text:
        target += f"{'&' if '?' in operation.path else '?'}{text}"
    return Encoded(target, headers, content)


def _holds(body: object, wire: str) -> bool:
    held = body.get(wire) if isinstance(body, dict) else getattr(body, wire, None)
    return held is not None and held is not UNSET


def _with_field(body: object, wire: str, value: object) -> object:
    """The body with a field that client or call fill, unless it is there."""
    if body is None:
        return {wire: value}
    if isinstance(body, Model):
        return {wire: value, **to_wire(body)}
    if isinstance(body, dict) and body.get(wire, UNSET) is UNSET:
        return {**body, wire: value}
    return body


def _headers(operation: Operation[Any], arguments: Arguments) -> dict[str, str]:
    """The headers of a call, its cookies among them."""
    if not arguments.headers and arguments.cookies is None:
        return {}
    given = {name: value for name, value in (arguments.headers or {}).items() if value not in (None, UNSET)}
    styles = operation.styles
    if not styles and arguments.cookies is None:
        return {name: text_of(value, name) for name, value in given.items()}
    headers = {name: header_text(name, value, styles.get(f"header {name}", "simple")) for name, value in given.items()}
    cookies = [
        pair
        for name, value in (arguments.cookies or {}).items()
        if value is not None and value is not UNSET
        for pair in query_pairs(name, value, styles.get(f"cookie {name}", "form*"))
    ]
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    return headers


def _path(operation: Operation[Any], values: tuple[object, ...], inserted: Mapping[str, object]) -> str:
    segments = operation.segments
    if len(segments) == 1:
        return segments[0]
    given = iter(values)
    parts = [segments[0]]
    for name, literal in zip(operation.inserted, segments[1:], strict=True):
        value = inserted[name] if name in inserted else next(given, None)
        style = operation.styles.get(f"path {name}")
        if style is not None and value is not None:
            parts += [_styled(operation, name, path_text(name, value, style)), literal]
            continue
        text = "" if value is None else text_of(value, name)
        if not text.strip():
            raise ConfigurationError(f"{operation.name} needs a non-empty {name}", setting=name)
        encoded = _quoted(name, text, "")
        parts.append(encoded.replace(".", "%2E") if encoded in (".", "..") else encoded)
        parts.append(literal)
    return "".join(parts)


def _styled(operation: Operation[Any], name: str, text: str) -> str:
    if not text.strip(";.,="):
        raise ConfigurationError(f"{operation.name} needs a non-empty {name}", setting=name)
    return text.replace(".", "%2E") if text in (".", "..") else text


def _selector(operation: Operation[Any], fields: tuple[str, ...]) -> str:
    """``:(id,title)`` behind the collection's name; the characters stay unescaped."""
    for field in fields:
        if not _FIELD.match(field):
            raise ConfigurationError(
                f"fields: {field!r} cannot stand in a field selector; use field names or 40-character keys",
                setting="fields",
            )
    return f":({','.join(fields)})"


def _check_chosen(operation: Operation[Any], query: Mapping[str, object]) -> None:
    """Refuse an empty text that is to say what is deleted: a server may take it for no restriction."""
    for name, value in query.items():
        if isinstance(value, str) and not value.strip(" ,") and name not in operation.blank:
            raise ConfigurationError(
                f"{operation.name}: {name} is empty, which does not say what to delete; leave {name} out if no "
                "restriction is meant",
                setting=name,
            )


def _check_bounds(operation: Operation[Any], query: Mapping[str, object]) -> None:
    """Refuse a number that the schema or the overlay says is too small or too great."""
    paging = operation.paging
    limit = None if paging is None else paging.limit
    if paging is not None and limit is not None and limit in query:
        _check_bound(operation, limit, query[limit], 1, paging.max_size)
    for name, (least, most) in operation.bounds.items():
        if name in query and name != limit:
            _check_bound(operation, name, query[name], least, most)


def _check_bound(operation: Operation[Any], name: str, value: object, least: float | None, most: float | None) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return
    if (least is not None and value < least) or (most is not None and value > most):
        told = f"at most {most}" if least is None else f"at least {least}" if most is None else f"{least} to {most}"
        raise ConfigurationError(f"{operation.name}: {name} is {told}, not {value}", setting=name)


def _query(query: Mapping[str, object], csv: tuple[str, ...], styles: Mapping[str, str] = _NO_STYLES) -> str:
    pairs: list[str] = []
    for name, value in query.items():
        if value is None or value is UNSET:
            continue
        style = styles.get(f"query {name}") if styles else None
        if style is not None:
            pairs += query_pairs(name, value, style)
            continue
        if isinstance(value, (str, int, float)):
            pairs.append(f"{_quoted(name, name, '[]')}={_quoted(name, text_of(value, name), _QUERY_SAFE)}")
            continue
        if isinstance(value, (list, tuple, set, frozenset)):
            if not value:
                raise ConfigurationError(
                    f"{name} is an empty list, which cannot be sent; leave {name} out if no restriction is meant",
                    setting=name,
                )
            texts = [text_of(item, f"{name}[{index}]") for index, item in enumerate(value)]
            if name in csv:
                # The commas between items stay, those of an item are encoded.
                joined = ",".join(_quoted(name, text, _ITEM_SAFE) for text in texts)
                pairs.append(f"{_quoted(name, name, '[]')}={joined}")
                continue
        elif isinstance(value, (Mapping, Model)):
            texts = [json_text(value, name)]
        else:
            texts = [text_of(value, name)]
        key = _quoted(name, name, "[]")
        pairs += [f"{key}={_quoted(name, text, _QUERY_SAFE)}" for text in texts]
    return "&".join(pairs)


_ITEM_SAFE: Final = ":@/*$"
_QUERY_SAFE: Final = f",{_ITEM_SAFE}"


_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~-]*")
"""Texts that stay as they are, whatever else is safe: looking costs a sixth of quoting."""


def _quoted(name: str, text: str, safe: str) -> str:
    if _UNRESERVED.fullmatch(text):
        return text
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise no_text(name) from None


def _content(operation: Operation[Any], body: object, headers: dict[str, str], encoding: object = None) -> Content:
    media = operation.media if encoding is None else _asked_media(operation, encoding)
    if body is None or body is UNSET:
        return None
    if media == "multipart/form-data":
        from typedpipes._core.rest.multipart import MultipartBody

        form = MultipartBody(body, operation.files, operation.styles)
        headers.setdefault("content-type", form.content_type)
        return form
    if media == _FORM:
        headers.setdefault("content-type", media)
        return _form(operation, body, strict=encoding is not None).encode()
    raw = _raw(operation, body, media)
    if raw is not None:
        headers.setdefault("content-type", media)
        return raw
    headers.setdefault("content-type", media if media not in _JSON_TYPES else "application/json")
    return json_bytes(_wire(operation, body), operation.name)


def _wire(operation: Operation[Any], body: object) -> JSON:
    """The JSON form of a body, the entries of its ``spread`` fields beside the others."""
    wire = wire_of(body, operation.name)
    if not operation.spread or not isinstance(wire, dict):
        return wire
    wire = {**wire}
    for name in operation.spread:
        entries = wire.pop(name, None)
        if isinstance(entries, dict):
            twice = next((key for key in entries if key in wire), None)
            if twice is not None:
                raise ConfigurationError(
                    f"{operation.name}: {twice} is given as an argument and in {name}; keep one", setting=name
                )
            wire.update(entries)
        elif entries is not None:
            raise ConfigurationError(f"{operation.name}: {name} is a mapping of keys to values", setting=name)
    return wire


def _raw(operation: Operation[Any], body: object, media: str) -> bytes | None:
    """The bytes of a body that is sent as it is given; None if it is JSON."""
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    plain, _, rest = media.partition(";")
    plain = plain.strip().lower()
    if plain.endswith("json") or media == "*/*":
        return None
    if isinstance(body, str):
        charset = charset_of(rest)
        try:
            return body.encode(charset)
        except UnicodeEncodeError:
            raise ConfigurationError(
                f"{operation.name}: the text has characters that {charset} cannot encode", setting="body"
            ) from None
    if isinstance(body, Path):
        return body.read_bytes()
    if hasattr(body, "read"):
        content = body.read()
        return content.encode() if isinstance(content, str) else bytes(content)
    raise ConfigurationError(
        f"{operation.name} takes {plain}: give its text or its bytes, not {type(body).__name__}", setting="body"
    )


def charset_of(parameters: str) -> str:
    """The codec that the parameters of a content type name; UTF-8 if they name none that exists."""
    match = _CHARSET.search(parameters)
    try:
        return codecs.lookup(match[1]).name if match else "utf-8"
    except LookupError:
        return "utf-8"


def _asked_media(operation: Operation[Any], encoding: object) -> str:
    """The content type for a call's ``encoding`` (Pipedrive v1 takes forms for POST)."""
    if encoding not in ("json", "form"):
        raise ConfigurationError(f"encoding is 'json' or 'form', not {encoding!r}", setting="encoding")
    wanted = _FORM if encoding == "form" else "application/json"
    if wanted != operation.media and (
        encoding == "json" or operation.method != "POST" or operation.media not in _JSON_TYPES
    ):
        raise ConfigurationError(
            f"{operation.name} is {operation.method} with {operation.media}: encoding='form' is for POST bodies that "
            "are JSON otherwise, and nothing else can be chosen; leave encoding out",
            setting="encoding",
        )
    return wanted


def _form(operation: Operation[Any], body: object, *, strict: bool) -> str:
    """The fields of a body; ``strict`` refuses what only JSON can say instead of leaving it out or repeating names."""
    wire = _wire(operation, body)
    if not isinstance(wire, dict):
        raise ConfigurationError(f"{operation.name} takes a form: pass a model or keyword arguments")
    for name, value in wire.items() if strict else ():
        if value is None or isinstance(value, (dict, list)):
            raise ConfigurationError(
                f"{operation.name}: {name} has no form: a form holds text, numbers and booleans; leave encoding out",
                setting=name,
            )
    fields = {name[6:]: code for name, code in operation.styles.items() if name.startswith("field ")}
    return _query(wire, (), {f"query {name}": code for name, code in fields.items()})


# OpenAPI parameter styles: how lists and objects are written in paths, queries and headers.
#
# A code names style and explode: ``form``, ``form*``, ``spaceDelimited``, ``pipeDelimited``, ``deepObject``,
# ``simple``, ``simple*``, ``label``, ``label*``, ``matrix``, ``matrix*``; ``json`` is a parameter described by its
# content. Items are percent-encoded before they are joined, so that a comma in one of them stays part of it.

Plain: TypeAlias = "str | int | float | bool | None | list[Plain] | dict[str, Plain]"

_DELIMITERS: Final = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C", "deepObject": ","}


def query_pairs(name: str, value: object, code: str) -> list[str]:
    """``key=value`` pieces of a query or a cookie, encoded."""
    plain, style, explode = _plain(name, value), code.rstrip("*"), code.endswith("*")
    key = quote(name, safe="[]")
    if style == "json":
        return [f"{key}={_json(plain)}"]
    if isinstance(plain, dict):
        if style == "deepObject":
            return [f"{at}={text}" for at, text in _deep(key, plain)]
        if style == "form" and explode:
            return [f"{quote(at, safe='[]')}={text}" for at, item in plain.items() for text in _repeated(item)]
        return [f"{key}={_DELIMITERS[style].join(_alternating(plain))}"]
    if isinstance(plain, list):
        texts = [_text(item) for item in plain]
        if explode or style == "deepObject":
            return [f"{key}={text}" for text in texts]
        return [f"{key}={_DELIMITERS[style].join(texts)}"]
    return [f"{key}={_text(plain)}"]


def path_text(name: str, value: object, code: str) -> str:
    """A segment of a path, encoded."""
    plain, style, explode = _plain(name, value), code.rstrip("*"), code.endswith("*")
    key = quote(name, safe="")
    if style == "json":
        return _json(plain)
    if isinstance(plain, dict):
        items = [f"{quote(at, safe='')}={_text(item)}" for at, item in plain.items()]
        alternating = ",".join(_alternating(plain))
        if style == "matrix":
            return "".join(f";{item}" for item in items) if explode else f";{key}={alternating}"
        if style == "label":
            return "." + (".".join(items) if explode else alternating)
        return ",".join(items) if explode else alternating
    texts = [_text(item) for item in plain] if isinstance(plain, list) else [_text(plain)]
    if style == "matrix":
        return "".join(f";{key}={text}" for text in texts) if explode else f";{key}={','.join(texts)}"
    if style == "label":
        return "." + ("." if explode else ",").join(texts)
    return ",".join(texts)


def header_text(name: str, value: object, code: str) -> str:
    """The value of a header; nothing is percent-encoded there."""
    plain, explode = _plain(name, value), code.endswith("*")
    if code == "json":
        return json.dumps(plain, separators=(",", ":"))
    if isinstance(plain, dict):
        sign = "=" if explode else ","
        return ",".join(f"{at}{sign}{_word(item)}" for at, item in plain.items())
    return ",".join(_word(item) for item in plain) if isinstance(plain, list) else _word(plain)


def _plain(name: str, value: object) -> Plain:
    """The JSON form, without what is not set."""
    if isinstance(value, Mapping):
        return {
            text_of(key, name): _plain(f"{name}.{key}", item)
            for key, item in value.items()
            if item is not UNSET and item is not None
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(f"{name}[{index}]", item) for index, item in enumerate(value)]
    if value is None or isinstance(value, Model | bool | int | float | Enum):
        wire = wire_of(value, name)
        check_numbers(wire, name)
        return wire
    return text_of(value, name)


def _alternating(value: Mapping[str, Plain]) -> Iterator[str]:
    for key, item in value.items():
        yield quote(key, safe="")
        yield _text(item)


def _repeated(item: Plain) -> list[str]:
    return [_text(one) for one in item] if isinstance(item, list) else [_text(item)]


def _deep(at: str, value: Plain) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _deep(f"{at}[{quote(key, safe='')}]", item)
    elif isinstance(value, list):
        for item in value:
            yield from _deep(at, item)
    else:
        yield at, _text(value)


def _text(item: Plain) -> str:
    return quote(_word(item), safe="")


def _word(item: object) -> str:
    if item is None:
        return ""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, dict | list):
        return json.dumps(item, separators=(",", ":"), ensure_ascii=False)
    return str(item)


def _json(value: Plain) -> str:
    return quote(json.dumps(value, separators=(",", ":"), ensure_ascii=False), safe="")
