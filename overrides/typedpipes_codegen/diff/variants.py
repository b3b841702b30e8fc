"""Which form of a union is which: no form has an identity, so the likeliest pairs are found."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeAlias

from typedpipes_codegen.diff.shape import Reader, Shape

Pairs: TypeAlias = tuple[list[tuple[Shape, Shape]], list[Shape], list[Shape]]
"""Pairs, forms only the old union has, forms only the new one has."""
_Key: TypeAlias = Callable[[Reader, Shape, Shape], Hashable]
"""What a form of a union goes by; None for nothing."""


def pair_variants(old: Reader, new: Reader, before: Shape, after: Shape) -> Pairs:
    """Pair the forms of two unions; what is no union is one of one form.

    In this order: forms with the same content, with the same name, with the same value in the property that tells them
    apart, with the same values in the properties that can have only one; then what is most alike.
    """
    left, right = _forms(old, before), _forms(new, after)
    pairs: list[tuple[Shape, Shape]] = []
    keys: tuple[_Key, ...] = (_content, _name, _tag, _constants)
    for key in keys:
        known: dict[Hashable, list[Shape]] = {}
        for form in right:
            if (found := key(new, after, form)) is not None:
                known.setdefault(found, []).append(form)
        rest = []
        for form in left:
            candidates = known.get(key(old, before, form))
            if candidates:
                pairs.append((form, candidates.pop(0)))
            else:
                rest.append(form)
        taken = {id(form) for _, form in pairs}
        left, right = rest, [form for form in right if id(form) not in taken]
    alike, left, right = _pair_alike(left, right)
    return pairs + alike, left, right


def _forms(reader: Reader, union: Shape) -> list[Shape]:
    # Copies: one shape may stand in a union twice.
    return [reader.copy(spot) for spot in union.variants] or [union]


def _content(reader: Reader, union: Shape, form: Shape) -> Hashable:
    return reader.closure(form.source)


def _name(reader: Reader, union: Shape, form: Shape) -> Hashable:
    return form.component


def _tag(reader: Reader, union: Shape, form: Shape) -> Hashable:
    """The values that the discriminator gives a form."""
    found = sorted(tag for tag, at in union.tags.items() if form.component and at.endswith(f"/{form.component}"))
    return tuple(found) or None


def _constants(reader: Reader, union: Shape, form: Shape) -> Hashable:
    found: list[tuple[str, ...]] = []
    for name, spot in form.properties.items():
        values = reader.shape(spot).values
        if values is not None and len(values) == 1:
            found.append((name, *values))
    return tuple(sorted(found)) or None


def _pair_alike(left: list[Shape], right: list[Shape]) -> Pairs:
    """Pair by likeness, the most alike first."""
    scored = sorted((-_likeness(one, other), i, j) for i, one in enumerate(left) for j, other in enumerate(right))
    pairs: list[tuple[Shape, Shape]] = []
    gone: set[int] = set()
    fresh: set[int] = set()
    for score, i, j in scored:
        if score < 0 and i not in gone and j not in fresh:
            pairs.append((left[i], right[j]))
            gone.add(i)
            fresh.add(j)
    return (
        pairs,
        [form for i, form in enumerate(left) if i not in gone],
        [form for j, form in enumerate(right) if j not in fresh],
    )


def _likeness(one: Shape, other: Shape) -> float:
    """From 0 (nothing in common) to 1."""
    if one.types != other.types and not (one.types & other.types):
        return 0.0
    names, others = one.properties.keys(), other.properties.keys()
    if not names and not others:
        return 0.5 if one.types == other.types else 0.25
    return len(names & others) / len(names | others)
