"""Python names for what a document names. Deterministic, ASCII, never a keyword."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable

from typedpipes_codegen.errors import SchemaError

PLAIN = re.compile(r"[a-z][a-z0-9_]*\Z")
METHOD_PATH = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")
COMPONENT = re.compile(r"[A-Za-z0-9._-]+\Z")

_SIGNS = {"+": "plus", "-": "minus"}

TYPE_NAMES = frozenset(("bool", "bytes", "dict", "float", "int", "list", "str", "None", "Literal", "JSON"))
"""Names that annotations inside a class body use: a field of that name would hide them."""

CLASS_SCOPE = frozenset(("property", "overload", "deprecated", "raw", "raw_method", "async_raw_method", "raw_of"))
"""Names that the body of a resource class uses: a method of that name would hide them."""


def ascii_text(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def words(text: str) -> list[str]:
    """The lower-case words of an identifier in any style: ``codeRaw`` -> ``code raw``."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", ascii_text(text))
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def snake(text: str, fallback: str = "value") -> str:
    """A lower-case identifier; names that already are one stay as they are."""
    if PLAIN.match(text):
        return text
    if text[:1] in _SIGNS and text[1:2].isdigit():
        text = f"{_SIGNS[text[0]]} {text[1:]}"
    name = "_".join(words(text))
    if not name:
        return fallback
    return name if name[0].isalpha() else f"{fallback}_{name}"


def pascal(text: str) -> str:
    """A class name: each part capitalised, inner capitals kept (``OAuthToken``, ``deal_status`` -> ``DealStatus``)."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", ascii_text(text)) if part]
    return "".join(part[0].upper() + part[1:] for part in parts)


def clear(name: str, taken: Container[str] = frozenset()) -> str:
    """``name`` with a trailing underscore if it is a keyword or in ``taken``."""
    return f"{name}_" if keyword.iskeyword(name) or name in taken else name


def numbered(name: str, taken: Container[str], separator: str = "_") -> str:
    """``name``, or ``name_2``, ``name_3``… : the first that is free."""
    if name not in taken:
        return name
    number = 2
    while f"{name}{separator}{number}" in taken:
        number += 1
    return f"{name}{separator}{number}"


def attributes(wires: Iterable[str]) -> dict[str, str]:
    """The attribute of each wire name of one object: plain names first, so that an alias never takes their place."""
    ordered = list(wires)
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for plain in (True, False):
        for wire in ordered:
            if bool(PLAIN.match(wire)) is plain:
                name = numbered(clear(snake(wire, "field"), TYPE_NAMES), taken)
                chosen[wire] = name
                taken.add(name)
    return {wire: chosen[wire] for wire in ordered}


def enum_member(value: str) -> str:
    """The upper-case name of an enum value."""
    if value.startswith("-") and value[1:2].isdigit():
        value = f"minus {value[1:]}"
    name = "_".join(words(value.replace("[]", " list"))).upper()
    if not name:
        return "EMPTY" if not value else "VALUE"
    return name if name[0].isalpha() else f"VALUE_{name}"


def inline_name(hint: str) -> str:
    """A class name for a schema that has none of its own."""
    name = pascal(hint)
    return clear(name) if name[:1].isalpha() else f"Inline{name}"


def class_name(component: str, where: str, fixed: object = None) -> str:
    """The class name of a component. One that no class can have is a `SchemaError`."""
    text = fixed if isinstance(fixed, str) else component
    name = pascal(text)
    if not COMPONENT.match(text) or ".." in text or not name.isidentifier() or keyword.iskeyword(name):
        raise SchemaError(
            f"{text[:80]!r} cannot be the name of a class",
            pointer=where,
            remedy="rename the component, or give it an x-class",
        )
    return name
