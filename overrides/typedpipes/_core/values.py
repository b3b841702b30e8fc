"""Encodes callers' values: one JSON form and one text form, used everywhere.

An enum member is sent as its value. A value that would arrive changed is refused with the path of the
argument: NaN and infinity (msgspec writes them as null, which clears a field), and objects without such a form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Any, Final, NoReturn

import msgspec

from typedpipes._core.decoding.model import JSON, UNSET, Model, field_names, no_zone, to_wire
from typedpipes._core.json_reader import NotJSON, check_depth
from typedpipes.errors import ConfigurationError

_encode: Final = msgspec.json.encode
_NULL: Final = b"null"


def json_bytes(wire: JSON, what: str, arguments: JSON = None, *, at: str = "") -> bytes:
    """The bytes of what `wire_of` gave. Raises `ConfigurationError` for a number or a text that JSON cannot say, and
    for more levels of nesting than are read (`json_reader.MAX_DEPTH`).

    Only JSON with a null in it can hold an erased number: that is looked at.

    ``arguments`` is the part of it that the caller gave, if that is not all of it; ``at`` is the argument's name, if it
    is one argument.
    """
    try:
        content = _encode(wire)
    except UnicodeEncodeError:
        given = wire if arguments is None else arguments
        raise no_text(_joined(at, _culprit(given, _encode, UnicodeEncodeError)) or what) from None
    except RecursionError:
        raise _too_deep(what) from None
    try:
        check_depth(content)  # interpreters differ in how deep they write
    except NotJSON:
        raise _too_deep(what) from None
    if _NULL in content:
        check_numbers(wire if arguments is None else arguments, what, at)
    return content


def wire_of(value: object, what: str, *, at: str = "") -> JSON:
    """The JSON form of an argument. Raises `ConfigurationError` with the path of the part that has none."""
    try:
        return to_wire(value)
    except TypeError as error:
        path = _joined(at, _culprit(value, to_wire, TypeError))
        where = f"{what}: {path}" if path else what
        raise ConfigurationError(f"{where}: {error}", setting=path or what) from None
    except RecursionError:
        raise _too_deep(what) from None


def _too_deep(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what}: a value is nested too deeply to be sent, or contains itself; send less at once", setting=what
    )


def no_text(name: str) -> ConfigurationError:
    """The error for a text that cannot be sent."""
    return ConfigurationError(f"{name} contains a lone surrogate and cannot be encoded", setting=name)


def check_numbers(wire: JSON, what: str, path: str = "") -> None:
    """Raise `ConfigurationError` for a number that JSON cannot say, with its path."""
    if isinstance(wire, dict):
        for key, item in wire.items():
            check_numbers(item, what, _joined(path, key))
    elif isinstance(wire, list):
        for index, item in enumerate(wire):
            check_numbers(item, what, f"{path}[{index}]")
    elif isinstance(wire, float) and not isfinite(wire):
        _no_number(f"{what}: {path}" if path else what, path or what, wire)


def json_text(value: object, what: str, *, spaced: bool = False) -> str:
    """The JSON form of an argument as text, for a query, a header or a form; ``spaced``: as json does by itself."""
    wire = wire_of(value, what)
    check_numbers(wire, what)
    return json.dumps(wire, separators=None if spaced else (",", ":"), ensure_ascii=False)


def text_of(value: object, name: str) -> str:
    """The text form of a plain value, for paths, queries, headers and forms; ``name`` is the argument's."""
    if type(value) is str:
        return value
    if isinstance(value, Enum):
        if value is UNSET:
            raise ConfigurationError(f"{name} is UNSET, which cannot be sent here; leave it out", setting=name)
        return text_of(value.value, name)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value) if isfinite(value) else _no_number(name, name, value)
    finite = getattr(value, "is_finite", None)  # a decimal, without importing decimal
    if callable(finite) and not finite():
        _no_number(name, name, value)
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat):
        if value != value:
            _no_number(name, name, value)
        if isinstance(value, datetime) and value.utcoffset() is None:
            raise ConfigurationError(f"{name}: {no_zone(value)}", setting=name)
        return str(isoformat())
    if value is None or type(value).__str__ is object.__str__ or isinstance(value, _CONTAINERS):
        raise ConfigurationError(
            f"{name}: {type(value).__name__} has no text form; pass a text, a number, a boolean or a date", setting=name
        )
    return str(value)


_CONTAINERS: Final = (bytes, bytearray, memoryview, Mapping, list, tuple, set, frozenset, Model)


def _no_number(where: str, setting: str, value: object) -> NoReturn:
    raise ConfigurationError(
        f"{where} is {value}, which is no number that can be sent; leave it out, or give None to clear the field",
        setting=setting,
    )


def _culprit(value: object, convert: Callable[[Any], object], error: type[Exception]) -> str:
    """The path of the part of an argument that ``convert`` refuses with ``error``."""
    for step, part in _parts(value):
        try:
            convert(part)
        except error:
            return _joined(step, _culprit(part, convert, error))
    return ""


def _joined(path: str, below: str) -> str:
    return path + below if not path or not below or below.startswith("[") else f"{path}.{below}"


def _parts(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Model):
        read: Callable[[str], object] = value.__getattribute__
        return [(value._wire_.get(name, name), read(name)) for name in field_names(type(value)) if hasattr(value, name)]
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items() if item is not UNSET]
    if isinstance(value, list | tuple | set | frozenset):
        return [(f"[{index}]", item) for index, item in enumerate(value)]
    return []


__all__ = ["check_numbers", "json_bytes", "json_text", "no_text", "text_of", "wire_of"]
