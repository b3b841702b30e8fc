"""Bounds, formats and constants: which way a value's limits moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from typedpipes_codegen.diff.shape import Shape
from typedpipes_codegen.diff.site import Role
from typedpipes_codegen.documents.tree import Json, fingerprint

_LOWER: Final = ("minLength", "minItems", "minProperties")
_UPPER: Final = ("maxLength", "maxItems", "maxProperties")
_WIDER: Final = {("int32", "int64"), ("float", "double")}
"""Formats of which the second holds every value of the first."""


def enum_names(shape: Shape) -> dict[str, str]:
    """The vendor's names of the values of an enum (``x-enum-varnames``, in the order of the values)."""
    names = shape.annotations.get("x-enum-varnames")
    shown = list((shape.values or {}).values())
    if not isinstance(names, list) or len(names) < len(shown):
        return {}
    return dict(zip(shown, map(str, names), strict=False))


def constraint_changes(old: Mapping[str, Json], new: Mapping[str, Json], role: Role) -> Iterator[tuple[str, str]]:
    """Kind (without the role) and text of each limit that moved."""
    for name, before, after, sign in _bounds(old, new):
        if before != after:
            yield _moved(_tighter(before, after, sign)), f"{name} is {_bound(after)} instead of {_bound(before)}"
    yield from _formats(old.get("format"), new.get("format"), role)
    for key in ("pattern", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType"):
        before_value, after_value = old.get(key), new.get(key)
        if fingerprint(before_value) != fingerprint(after_value):
            # Another pattern may refuse what the old one took and take what it refused: the worse reading counts.
            changed = before_value is not None and after_value is not None
            tightened = role == "request" if changed else after_value is not None
            yield _moved(tightened), f"{key} is {_shown(after_value)} instead of {_shown(before_value)}"


def _moved(tightened: bool) -> str:
    return "constraint-tightened" if tightened else "constraint-loosened"


def _formats(old: Json, new: Json, role: Role) -> Iterator[tuple[str, str]]:
    if old == new:
        return
    told = f"the format is {_shown(new)} instead of {_shown(old)}"
    pair = (str(old), str(new))
    if pair in _WIDER:
        yield "constraint-loosened", told
    elif (pair[1], pair[0]) in _WIDER:
        yield "constraint-tightened", told
    elif "binary" in pair:
        yield "format-changed", told
    elif new is None:
        yield "format-removed", told
    elif old is None and role == "response":
        yield "format-added", told
    else:
        yield "format-changed", told


_Bound = tuple[float, bool] | None
"""A limit, and whether the limit itself is outside."""


def _bounds(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[tuple[str, _Bound, _Bound, int]]:
    """Each bound before and after, and the sign of tightening: lower bounds tighten upwards."""
    for word, sign in (("Minimum", 1), ("Maximum", -1)):
        names = (word.lower(), f"exclusive{word}", sign)
        yield f"the {word.lower()}", _edge(old, *names), _edge(new, *names), sign
    for limits, sign in ((_LOWER, 1), (_UPPER, -1)):
        for name in limits:
            yield name, _plain(old.get(name), name), _plain(new.get(name), name), sign


def _tighter(before: _Bound, after: _Bound, sign: int) -> bool:
    if before is None or after is None:
        return before is None
    return (sign * after[0], after[1]) > (sign * before[0], before[1])


def _plain(value: Json, name: str) -> _Bound:
    number = _number(value)
    # At least nothing is no bound.
    return None if number is None or (name in _LOWER and number <= 0) else (number, False)


def _edge(facts: Mapping[str, Json], plain: str, exclusive: str, sign: int) -> _Bound:
    """The tighter of the two ways to write one bound."""
    inside, outside = _number(facts.get(plain)), _number(facts.get(exclusive))
    if outside is None:
        return None if inside is None else (inside, False)
    return (outside, True) if inside is None or sign * outside >= sign * inside else (inside, False)


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _bound(bound: _Bound) -> str:
    return "none" if bound is None else f"{'beyond ' if bound[1] else ''}{bound[0]:g}"


def _shown(value: Json) -> str:
    return "none" if value is None else str(value) if isinstance(value, str) else fingerprint(value)
