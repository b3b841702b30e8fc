"""Fields that the caller asked the server to leave out: reading one raises `NotSelected` instead of giving None."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from typedpipes._core.decoding.model import Model, is_set, narrow, wire_names


class Selection:
    """What a call chose of each record: only some fields, or all but some. Names are those of the wire."""

    __slots__ = ("chosen", "excluded")

    def __init__(self) -> None:
        self.chosen: frozenset[str] | None = None
        self.excluded: frozenset[str] = frozenset()

    def add(self, name: str, value: object) -> None:
        """Take in a parameter that makes the server leave fields out: ``include``, ``exclude``, ``skip_NAME``."""
        if name.startswith("skip_"):
            self.excluded |= {name.removeprefix("skip_")} if value not in (False, 0, "0", "false") else set()
        elif name == "exclude":
            self.excluded |= _names(value)
        else:
            self.chosen = _names(value) | (self.chosen or frozenset())

    def left_out(self, wire: str) -> bool:
        """Whether a field that an answer lacks was left out by the caller's wish."""
        return wire in self.excluded or (self.chosen is not None and wire not in self.chosen)


def mark(built: object, selection: Selection) -> None:
    """Mark what ``selection`` left out of the records of an answer: of its ``data``, or of the answer itself."""
    records = built
    if isinstance(built, Model) and "data" in wire_names(type(built)):
        records = getattr(built, "data", None) if is_set(built, "data") else None
    for record in records if isinstance(records, list) else [records]:
        if isinstance(record, Model):
            _mark_one(record, selection)


def _mark_one(record: Model, selection: Selection) -> None:
    model = type(record)
    received = cast("Mapping[str, object]", record._data)
    missing = frozenset(
        name
        for name in model._fields_
        if (wire := model._wire_.get(name, name)) not in received and selection.left_out(wire)
    )
    narrow(record, missing)


def _names(value: object) -> frozenset[str]:
    """The fields in ``"id,owner.name"`` or a list of such; of a path its first name."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, Iterable) else ()
    return frozenset(str(part).strip().partition(".")[0] for part in parts)


__all__ = ["Selection", "mark"]
