"""The body of an answer as a JSON value: its size in memory is bounded, and text cut in a character is repaired."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

import msgspec

from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.json_reader import JSON, NotJSON, describe, read_json, weight
from typedpipes.errors import ResponseMismatch

_decode_json: Final[Callable[[bytes], JSON]] = msgspec.json.Decoder().decode
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def check_weight(content: bytes, decoding: Decoding, most: int, per_object: int = 768) -> None:
    """Raise `ResponseMismatch` for an answer that would take more than twice ``most`` bytes of memory when parsed."""
    needed = weight(content, per_object)
    if needed > 2 * most:
        raise ResponseMismatch(
            f"{decoding.operation}: the answer's {len(content)} bytes would take about {needed >> 20} MiB of memory; "
            "ask for less at a time, or raise max_body",
            operation=decoding.operation,
        )


def parse_json(content: bytes, decoding: Decoding) -> JSON:
    """Parse a body; a truncated or non-JSON one raises `ResponseMismatch` with the position.

    A byte order mark before the JSON is passed over. A text that was cut inside a character, as JavaScript writes it
    (``\\ud83d`` alone), is drift: the half becomes U+FFFD.
    """
    try:
        return _decode_json(content)
    except (ValueError, RecursionError) as error:  # msgspec.DecodeError is a ValueError
        if content.startswith(BOM_UTF8):
            return parse_json(content[len(BOM_UTF8) :], decoding)
        if _HALF.search(content):
            with suppress(NotJSON):
                return _mended(read_json(content), decoding, Node(None, None))
        raise ResponseMismatch(
            f"{decoding.operation}: the body is not valid JSON: {describe(content, error)}",
            operation=decoding.operation,
        ) from None


def _mended(value: JSON, decoding: Decoding, node: Node) -> JSON:
    """The same value with U+FFFD for every half of a surrogate pair; each place is told."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            decoding.drift(node, None, "a text", "a text cut inside a character")
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if isinstance(value, list):
        items = node.below(None)
        mended: list[JSON] = []
        for items.index, item in enumerate(value):
            mended.append(_mended(item, decoding, items))
        return mended
    if isinstance(value, dict):
        return {
            cast("str", _mended(key, decoding, node)): _mended(item, decoding, node.below(key))
            for key, item in value.items()
        }
    return value


def too_deep(decoding: Decoding) -> ResponseMismatch:
    """The error for an answer whose values nest more deeply than they can be walked through."""
    return ResponseMismatch(
        f"{decoding.operation}: the answer nests too deeply to be read; check that base_url is the vendor's API",
        operation=decoding.operation,
    )


__all__ = ["check_weight", "parse_json", "too_deep"]
