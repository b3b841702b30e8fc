"""Bounds, formats and constants: which way a value's limits moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from typedpipes_codegen.diff.shape import Shape
from typedpipes_codegen.diff.site import Findings, Role, Site
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


# What is said about one use of a schema, and how messages call it.


def use_changes(findings: Findings, before: Shape, after: Shape, here: Site, *, dressed: bool) -> None:
    """Record what differs in what is said about one use of a schema, as a property."""
    old, new, role = before.annotations, after.annotations, here.role
    if old == new:
        return
    if bool(old.get("deprecated")) != bool(new.get("deprecated")):
        kind = "property-deprecated" if new.get("deprecated") else "property-undeprecated"
        told = f"{property_of(here)} is {'' if new.get('deprecated') else 'no longer '}deprecated"
        findings.add(f"{role}-{kind}", here, told)
    lock, word = ("readOnly", "writable") if role == "request" else ("writeOnly", "readable")
    if bool(old.get(lock)) != bool(new.get(lock)):
        kind = ("read-only" if role == "request" else "write-only") if new.get(lock) else word
        told = f"{property_of(here)} is now {kind}"
        findings.add(f"{role}-property-became-{kind}", here, told)
    if fingerprint(old.get("default")) != fingerprint(new.get("default")):
        told = f"the default of {property_of(here)} is {_text(new, 'default')} instead of {_text(old, 'default')}"
        findings.add(f"{role}-default-changed", here, told)
    if dressed and bool(old.get("x-secret")) != bool(new.get("x-secret")):
        told = f"{property_of(here)} is {'now' if new.get('x-secret') else 'no longer'} treated as a secret"
        findings.add(f"{role}-secrecy-changed", here, told)
    if dressed and role == "request":
        client_default(findings, old.get("x-client-default"), new.get("x-client-default"), here)


def client_default(findings: Findings, old: Json, new: Json, here: Site) -> None:
    """Record that an argument gained or lost the client's setting as its default."""
    if old == new:
        return
    kind = "removed" if new is None else "added" if old is None else "changed"
    told = f"{subject(here)} defaults to {new or 'nothing'} of the client instead of {old or 'nothing'}"
    findings.add(f"request-client-default-{kind}", here, told)


def subject(site: Site) -> str:
    """What a message calls the thing at a site."""
    place = site.path.partition(": ")[2]
    return f"`{place}`" if place else f"the {site.path or 'schema'}"


def property_of(site: Site) -> str:
    """What a message calls a property: with the component that holds it."""
    holder = f" of {site.component}" if site.component else ""
    return f"{subject(site)}{holder}"


def _text(facts: dict[str, Json], key: str) -> str:
    return repr(facts[key]) if key in facts else "none"
