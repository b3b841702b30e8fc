"""The JSON that decoded objects came from, kept as bytes until somebody asks for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec

from typedpipes.errors import ResponseMismatch
from typedpipes.model import JSON, Model

_FEW: Final = 4
"""Records that outlive their page get JSON of their own if they are fewer than one in this many."""
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Body:
    """The bytes of one answer, or of one record of it; parsed at most once."""

    __slots__ = ("_content", "_value")

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._value: JSON = None

    def json(self) -> JSON:
        """All of it. Raises `ResponseMismatch` if a property that nobody looked at holds a number beyond all range."""
        content = self._content  # another thread may be at it, too
        if content is not None:
            try:
                self._value = msgspec.json.decode(content)
            except ValueError as error:
                raise ResponseMismatch(f"unknown properties cannot be read: {error}") from None
            self._content = None
        return self._value

    def cut(self, key: str | None) -> list[Body] | None:
        """The items of the list at ``key``, or of the list this is, each with bytes of its own; None if parsed."""
        content = self._content
        if content is None:
            return None
        items = _ITEMS.decode(content if key is None else _OBJECT.decode(content)[key])
        return [Body(bytes(item)) for item in items]


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where an object lay in an answer: at a key or index of what holds it."""

    holder: Body | Place
    key: str | int

    def json(self) -> JSON:
        """The object as received."""
        held: Any = self.holder.json()
        return cast("JSON", held[self.key])


def release(records: Sequence[object]) -> None:
    """Let a page's bytes go when the walk is past it: records of it that the caller kept get bytes of their own.

    Nothing but ``records`` may hold the records, or else what counts as the caller. The last one is passed over: the
    loop that asked for the next page still has it. If many were kept they share the page's bytes, which costs less.
    """
    counts = _references(records)
    kept = [record for record, count in zip(records, counts[:-1], strict=False) if count > _UNSHARED]
    if len(kept) * _FEW > len(records):
        return
    cut: dict[int, list[Body] | None] = {}
    for record in kept:
        place = getattr(record, "_data", None)
        if not isinstance(record, Model) or not isinstance(place, Place):
            continue
        holder = place.holder
        if id(holder) not in cut:
            cut[id(holder)] = holder.cut(None) if isinstance(holder, Body) else _cut_below(holder)
        own = cut[id(holder)]
        record._data = place.json() if own is None else own[cast("int", place.key)]  # type: ignore[assignment]  # an object's JSON is a dict


def _cut_below(holder: Place) -> list[Body] | None:
    body = holder.holder
    return body.cut(cast("str", holder.key)) if isinstance(body, Body) else None


def _references(records: Sequence[object]) -> list[int]:
    return [sys.getrefcount(record) for record in records]


_UNSHARED: Final = _references([object()])[0]
