"""OpenAPI parameter styles: how lists and objects are written in paths, queries and headers. No I/O.

A code names style and explode: ``form``, ``form*``, ``spaceDelimited``, ``pipeDelimited``, ``deepObject``, ``simple``,
``simple*``, ``label``, ``label*``, ``matrix``, ``matrix*``; ``json`` is a parameter described by its content. Items are
percent-encoded before they are joined, so that a comma in one of them stays part of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final, TypeAlias
from urllib.parse import quote

from typedpipes._core.decoding.model import UNSET, Model
from typedpipes._core.values import check_numbers, text_of, wire_of

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


__all__ = ["header_text", "path_text", "query_pairs"]
