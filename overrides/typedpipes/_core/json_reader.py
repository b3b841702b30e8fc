"""Reading JSON that we or others wrote: tokens, journals, state files, small answers.

What is refused, and the words for it, are ours: parsers differ by version in how deep they read, in what they raise
(`RecursionError` is no `ValueError`) and in what they say.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeAlias, Union

import msgspec

JSON: TypeAlias = Union[None, bool, int, float, str, "list[JSON]", "dict[str, JSON]"]  # text has no | operator

MAX_DEPTH: Final = 200
"""Levels of nesting that are read. What we write has at most five, the deepest answer known a few dozen."""

_TOKENS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)


_LOOKED_AT: Final = 4 << 20
"""Bytes of a text up to which the place of its fault is looked for."""
_UNWEIGHED: Final = 256 << 10
"""Bytes of a text that is parsed whatever it holds."""
_ASTRAL: Final = re.compile(rb"[\xf0-\xf4]")


class NotJSON(ValueError):
    """A text is no JSON, or nests too deeply. Shows where, never what stands there."""


def read_json(text: str | bytes | bytearray) -> Any:
    """The value of a text. Raises `NotJSON` and nothing else."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    check_depth(content)
    try:
        value: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotJSON(describe(content, error)) from error
    return value


def check_depth(content: bytes) -> None:
    """Raise `NotJSON` for more than `MAX_DEPTH` levels, before a parser sees them."""
    if content.count(b"[") + content.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _TOKENS.finditer(content):
        if token[1]:
            depth += 1
            if depth > MAX_DEPTH:
                raise NotJSON(f"nested more than {MAX_DEPTH} levels deep, at byte {token.start()}")
        elif token[2]:
            depth -= 1


def weight(content: bytes, per_object: int) -> int:
    """About how many bytes of memory a text takes when it is parsed, at most: ``[{},{}]`` takes hundreds of times its
    own length. ``per_object``: bytes of what an object becomes. Short texts weigh nothing.
    """
    if len(content) <= _UNWEIGHED:
        return 0
    values = per_object * content.count(b"{") + 96 * content.count(b"[") + 40 * content.count(b",")
    letters = 16 * content.count(b'"')
    if not content.isascii():  # one rare character widens all of its text
        letters += len(content) * (3 if _ASTRAL.search(content) else 1)
    return values + letters


def describe(content: bytes, error: Exception) -> str:
    """Why a parser refused ``content``, in our words: too deep, cut off, or not JSON, with the place if it is known."""
    try:
        check_depth(content[:_LOOKED_AT])
    except NotJSON as too_deep:
        return str(too_deep)
    if not content.strip():
        return "it is empty"
    if isinstance(error, json.JSONDecodeError):
        place: int | None = len(error.doc[: error.pos].encode("utf-8", "surrogatepass"))
    elif isinstance(error, UnicodeDecodeError):
        place = error.start
    elif len(content) > _LOOKED_AT:
        place = None
    elif isinstance(error, msgspec.DecodeError):  # it names its place in words only: ask a parser that has a number
        try:
            json.loads(content)
        except (json.JSONDecodeError, UnicodeDecodeError) as other:
            return describe(content, other)
        except (ValueError, RecursionError):
            place = None
        else:
            place = None
    else:
        place = None
    if place is None:
        return "no JSON reader takes it"
    if place >= len(content.rstrip()):
        return f"it was cut off: it ends at byte {len(content)} in the middle of a value"
    return f"no value can stand at byte {place}"


__all__ = ["JSON", "MAX_DEPTH", "NotJSON", "check_depth", "describe", "read_json", "weight"]
