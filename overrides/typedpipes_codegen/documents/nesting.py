"""How deep a text nests, counted before any parser sees it.

Parsers differ: one version stops at 100 levels with an error of its own, the next one at the end of the stack, a third
one not at all. What we accept, and what we say, is decided here.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from typedpipes_codegen.errors import SchemaError

MAX_DEPTH: Final = 200
"""Deepest nesting accepted. The deepest vendor document known reaches 40."""

Language = Literal["json", "toml", "graphql", "yaml"]

# A quoted text that is never closed reaches to the end, so that nothing is read twice.
_QUOTED: Final = r'"(?:[^"\\\n]|\\.)*+"?'
_BLOCK: Final = r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
_COMMENT: Final = r"\#[^\n]*"
_BRACKETS: Final = r"([\[{])|([\]}])"
_TOKENS: Final[dict[Language, re.Pattern[str]]] = {
    "json": re.compile(f"{_QUOTED}|{_BRACKETS}"),
    "toml": re.compile(
        rf"{_BLOCK}|'{{3}}(?:[^']|'(?!''))*+(?:'{{3}}|\Z)|{_QUOTED}|'[^'\n]*+'?|{_COMMENT}|{_BRACKETS}", re.DOTALL
    ),
    "graphql": re.compile(rf"{_BLOCK}|{_QUOTED}|{_COMMENT}|([\[{{(])|([\]}})])", re.DOTALL),
    "yaml": re.compile(rf"(?<![^\s\[{{,:])(?:{_QUOTED}|'[^'\n]*+'?|{_COMMENT})|{_BRACKETS}"),
}


def first_too_deep(text: str, language: Language, already: int = 0) -> int | None:
    """Where ``text`` opens one level more than `MAX_DEPTH`; None if it never does. ``already``: levels around it.

    Exact for JSON, TOML and GraphQL. A YAML text may hold brackets that are only characters: ask of the part that a
    parser refused.
    """
    if text.count("[") + text.count("{") + text.count("(") + already <= MAX_DEPTH:
        return None
    depth = already
    for token in _TOKENS[language].finditer(text):
        if token[1]:
            depth += 1
            if depth > MAX_DEPTH:
                return token.start()
        elif token[2]:
            depth = max(0, depth - 1)
    return None


def check_nesting(text: str, language: Language) -> None:
    """Raise `SchemaError`, with the line, for a text that nests more than `MAX_DEPTH` levels."""
    place = first_too_deep(text, language)
    if place is not None:
        raise too_deep(line_of(text, place))


def too_deep(line: int | None = None) -> SchemaError:
    """The error for a text that nests too deeply."""
    return SchemaError(f"nested too deeply: more than {MAX_DEPTH} levels deep", line=line, remedy="flatten it")


def line_of(text: str, place: int) -> int:
    """The line, from 1, of a place in ``text``."""
    return text.count("\n", 0, place) + 1


__all__ = ["MAX_DEPTH", "Language", "check_nesting", "first_too_deep", "line_of", "too_deep"]
