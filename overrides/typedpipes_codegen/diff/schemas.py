"""Comparing two schemas in one direction, structure by structure, circles included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Final, TypeAlias

import attrs

from typedpipes_codegen.diff.bounds import constraint_changes, enum_names, property_of, subject, use_changes
from typedpipes_codegen.diff.shape import Key, Reader, Shape, Spot
from typedpipes_codegen.diff.site import Findings, Site

ALL = frozenset(("string", "integer", "number", "boolean", "array", "object", "null", "nothing"))


class SchemaDiff:
    """Compares the schemas of one operation. A change is told at every place that shows it, circles followed once."""

    def __init__(self, old: Reader, new: Reader, findings: Findings, *, dressed: bool) -> None:
        self._old, self._new, self._findings = old, new, findings
        self._dressed = dressed
        self._circles = Circles()

    def compare(self, old: Spot, new: Spot, site: Site) -> None:
        """Record what differs between two schemas at ``site``."""
        before, after = self._old.shape(old), self._new.shape(new)
        site = site.at(after.place)
        self._pair(before, after, site)

    def _pair(self, before: Shape, after: Shape, site: Site) -> None:
        """Compare two shapes, each pair once on the way from the root to here.

        Not only components: a circle may lead through what has no name, such as two components joined.
        """
        # The pair differs in nothing else where null is allowed on both sides or on neither.
        null = after.nullable if before.nullable != after.nullable else None
        pair: Pair = (before.key, after.key, site.role, site.error, null)
        if not self._circles.enter(pair):
            return
        start = len(self._findings.changes)
        named = after if after.component is not None else before
        if named.component is not None:
            site = site.in_component(named.component, named.model or named.component)
            self._names(before, after, site)
        self._shape(before, after, site)
        self._circles.leave(pair, changed=len(self._findings.changes) > start)

    def _shape(self, before: Shape, after: Shape, site: Site) -> None:
        self._exact(before, after, site)
        if before.variants or after.variants:
            self._unions(before, after, site)
            if before.variants and after.variants:
                self._fields(before, after, site)
            return
        if not self._types(before, after, site):
            return
        self._null(before, after, site)
        self._values(before, after, site)
        moved = before.constraints != after.constraints
        for kind, what in constraint_changes(before.constraints, after.constraints, site.role) if moved else ():
            self._findings.add(f"{site.role}-{kind}", site, f"{subject(site)}: {what}")
        self._fields(before, after, site)
        self._items(before, after, site)

    def _names(self, before: Shape, after: Shape, site: Site) -> None:
        """What our extensions say about the class of a component."""
        if not self._dressed or before.component != after.component:
            return
        if before.model != after.model:
            what = f"the class of {before.component} is called {after.model} instead of {before.model}"
            self._findings.add(f"{site.role}-model-renamed", attrs.evolve(site, model=before.model), what)
        mixed, now = before.annotations.get("x-mixin"), after.annotations.get("x-mixin")
        if mixed != now:
            kind = "methods-changed" if site.role == "request" else "methods-removed" if mixed else "methods-added"
            what = f"the hand-written methods of {before.component} are {now or 'none'} instead of {mixed or 'none'}"
            self._findings.add(f"{site.role}-{kind}", site, what)

    # Kinds of value.

    def _types(self, before: Shape, after: Shape, site: Site) -> bool:
        """Compare types; False when nothing below can be compared any more."""
        old, new = _types(before), _types(after)
        told = f"{subject(site)} is {_typed(after)} instead of {_typed(before)}"
        request = site.role == "request"
        if before.anything != after.anything:
            kinds = ("request-type-changed", "response-type-specified", "request-type-widened", "response-type-changed")
            self._findings.add(kinds[2 * after.anything + (not request)], site, told)
        elif old != new:
            lost, gained = old - new, new - old
            if lost if request else gained:
                self._findings.add(f"{site.role}-type-changed", site, told)
            else:
                self._findings.add("request-type-widened" if request else "response-type-narrowed", site, told)
        elif before.free and after.properties:
            told = f"{subject(site)} was any object and now has properties of its own"
            self._findings.add(f"{site.role}-type-specified", site, told)
        return before.anything == after.anything and bool(old & new)

    def _null(self, before: Shape, after: Shape, site: Site) -> None:
        if before.nullable == after.nullable:
            return
        if site.role == "request":
            kind = "null-allowed" if after.nullable else "null-refused"
        elif after.nullable:
            kind = "optional-null-added" if site.optional else "null-added"
        else:
            kind = "null-removed"
        told = "may be null" if after.nullable else "may no longer be null"
        self._findings.add(f"{site.role}-{kind}", site, f"{subject(site)} {told}")

    def _values(self, before: Shape, after: Shape, site: Site) -> None:
        old, new, role = before.values, after.values, site.role
        if old is None and new is not None:
            self._findings.add(
                f"{role}-enum-introduced", site, f"{subject(site)} is limited to {len(new)} listed values"
            )
        elif new is None and old is not None:
            self._findings.add(f"{role}-enum-dropped", site, f"{subject(site)} is no longer limited to listed values")
        elif old is not None and new is not None:
            # The constant of a value that goes belongs to the class as it was.
            for key in sorted(old.keys() - new.keys()):
                told = f"{subject(site)} no longer has the value {old[key]!r}"
                self._findings.add(f"{role}-enum-value-removed", site, told, value=old[key])
            for key in sorted(new.keys() - old.keys()):
                told = f"{subject(site)} has the new value {new[key]!r}"
                self._findings.add(f"{role}-enum-value-added", site, told, value=new[key])
            names, now = enum_names(before), enum_names(after)
            if any(names.get(value) != now.get(value) for value in set(old.values()) & set(new.values())):
                # Generated constants are named after the values, not after these names.
                self._findings.add(f"{role}-enum-names-changed", site, f"the vendor renames values of {subject(site)}")

    def _exact(self, before: Shape, after: Shape, site: Site) -> None:
        for key in sorted(before.exact.keys() | after.exact.keys()):
            # A schema that is false says something, a missing one says nothing.
            old = self._old.closure(before.exact[key]) if key in before.exact else None
            new = self._new.closure(after.exact[key]) if key in after.exact else None
            if old != new:
                told = f"{subject(site)}: the condition `{key}` is another"
                self._findings.add(f"{site.role}-condition-changed", site, told)

    # Members.

    def _fields(self, before: Shape, after: Shape, site: Site) -> None:
        if not (_holds(before) and _holds(after)):
            return
        for name in sorted(before.properties.keys() | after.properties.keys()):
            old, new = before.properties.get(name), after.properties.get(name)
            needed = name in after.required
            spot = new or old
            assert spot is not None
            here = site.of_property(name, spot.place, optional=name not in before.required)
            if new is None:
                self._findings.add(f"{site.role}-property-removed", here, f"{property_of(here)} is gone")
            elif old is None:
                self._added(new, here, needed=needed)
            else:
                self._required(self._old.shape(old), self._new.shape(new), here, (name in before.required, needed))
                use_changes(self._findings, self._old.shape(old), self._new.shape(new), here, dressed=self._dressed)
                self.compare(old, new, here)
        for name in sorted((before.required ^ after.required) - before.properties.keys() - after.properties.keys()):
            # Required without being described: any value will do, but it has to be there.
            here = site.of_property(name, f"{after.place}/required", optional=False)
            self._required(Shape(""), Shape(""), here, (name in before.required, name in after.required))
        self._patterns(before, after, site)
        self._additional(before, after, site)

    def _added(self, new: Spot, here: Site, *, needed: bool) -> None:
        told = f"{property_of(here)} is new"
        if here.role == "response":
            self._findings.add("response-property-added", here, told)
            return
        needed = needed and self._new.shape(new).annotations.get("readOnly") is not True
        kind = "request-required-property-added" if needed else "request-optional-property-added"
        self._findings.add(kind, here, f"{told} and {'required' if needed else 'optional'}")

    def _required(self, before: Shape, after: Shape, here: Site, needed: tuple[bool, bool]) -> None:
        if needed[0] == needed[1]:
            return
        kind = "property-became-required" if needed[1] else "property-became-optional"
        if here.role == "response" and not needed[1] and before.nullable:
            kind = "nullable-property-became-optional"
        told = f"{property_of(here)} is now {'required' if needed[1] else 'optional'}"
        self._findings.add(f"{here.role}-{kind}", here, told)

    def _patterns(self, before: Shape, after: Shape, site: Site) -> None:
        for pattern in sorted(before.patterns.keys() | after.patterns.keys()):
            old, new = before.patterns.get(pattern), after.patterns.get(pattern)
            if old is not None and new is not None:
                self.compare(old, new, site.inside(f".<{pattern}>", new.place))
            else:
                told = f"{subject(site)}: the condition on properties like {pattern!r} is {'gone' if old else 'new'}"
                self._findings.add(f"{site.role}-condition-changed", site, told)

    def _additional(self, before: Shape, after: Shape, site: Site) -> None:
        old, new = before.additional, after.additional
        if old is not None and new is not None and old.schema is not False and new.schema is not False:
            self.compare(old, new, site.inside(".*", new.place))
            return
        was, now = _extras(old), _extras(new)
        if was == now:
            return
        told = f"further properties of {subject(site)} are {now} instead of {was}"
        if site.role == "request":
            wider = now == "anything" or was == "refused"
            kind = "request-extra-properties-allowed" if wider else "request-extra-properties-refused"
        elif now == "refused":
            kind = "response-extra-properties-refused"
        else:
            kind = "response-extra-properties-allowed" if was == "refused" else "response-extra-properties-changed"
        self._findings.add(kind, site, told)

    def _items(self, before: Shape, after: Shape, site: Site) -> None:
        if "array" not in before.types or "array" not in after.types:
            return
        for index in range(max(len(before.prefix), len(after.prefix))):
            spots = [
                shape.prefix[index] if index < len(shape.prefix) else shape.items or Spot(True, shape.place)
                for shape in (before, after)
            ]
            self.compare(spots[0], spots[1], site.inside(f"[{index}]", spots[1].place))
        old, new = (shape.items or Spot(True, shape.place) for shape in (before, after))
        if before.items or after.items:
            self.compare(old, new, site.inside("[]", new.place))

    # Unions.

    def _unions(self, before: Shape, after: Shape, site: Site) -> None:
        if (before.anything and not before.exact) or (after.anything and not after.exact):
            self._types(before, after, site)
            return
        if not (before.types == {"null"} or after.types == {"null"}):
            self._null(before, after, site)
        role = site.role
        if before.tag != after.tag and before.variants and after.variants:
            told = f"the forms of {subject(site)} are told apart by {after.tag!r} instead of {before.tag!r}"
            self._findings.add(f"{role}-discriminator-changed", site, told)
        pairs, gone, fresh = pair_variants(self._old, self._new, before, after)
        for old, new in pairs:
            self._variant(old, new, site)
        for form in gone:
            told = f"{subject(site)} no longer has the form {_form(form)}"
            self._findings.add(f"{role}-variant-removed", site.at(form.place), told)
        for form in fresh:
            told = f"{subject(site)} has the new form {_form(form)}"
            grown = role == "response" and not before.variants
            kind = "response-became-union" if grown else f"{role}-variant-added"
            self._findings.add(kind, site.at(form.place), told)
        if not gone and not fresh:
            self._tags(before.tags, after.tags, site)

    def _variant(self, before: Shape, after: Shape, site: Site) -> None:
        """Compare one form with itself. Null belongs to the union as a whole, whichever form it is written in."""
        here = site.inside("", after.place)
        self._pair(attrs.evolve(before, nullable=False), attrs.evolve(after, nullable=False), here)

    def _tags(self, old: dict[str, str], new: dict[str, str], site: Site) -> None:
        for tag in sorted(old.keys() - new.keys()):
            told = f"the form {tag!r} of {subject(site)} is gone"
            self._findings.add(f"{site.role}-discriminator-value-removed", site, told, value=tag)
        for tag in sorted(new.keys() - old.keys()):
            told = f"{subject(site)} has the new form {tag!r}"
            self._findings.add(f"{site.role}-discriminator-value-added", site, told, value=tag)


def _types(shape: Shape) -> frozenset[str]:
    """Every type a shape lets through; a number may be whole."""
    if shape.anything:
        return ALL
    types = shape.types | ({"integer"} if "number" in shape.types else frozenset())
    if not types and shape.properties:
        return frozenset({"object"})
    return types or ALL


def _typed(shape: Shape) -> str:
    return " or ".join(sorted(shape.types)) if shape.types else "anything"


def _holds(shape: Shape) -> bool:
    return "object" in shape.types or bool(shape.properties) or bool(shape.required)


def _extras(spot: Spot | None) -> str:
    return "anything" if spot is None else "refused" if spot.schema is False else "of one type"


def _form(shape: Shape) -> str:
    return repr(shape.component) if shape.component else _typed(shape)


# Following circles of schemas once: which pairs are being compared, and which are known to be equal.

Pair: TypeAlias = tuple[Key, Key, str, bool, bool | None]
"""Two schemas by what they are made of, and what else a finding depends on."""
MOST_PLACES: Final = 50
"""How often a changed pair of schemas is told about in one operation; a schema can be made to repeat one forever."""


@attrs.define
class Circles:
    """The pairs of schemas met in one operation.

    A pair that is met again on the way down from itself differs in nothing but what is told already. So a circle is
    equal when nothing in it differs; that is known where it was entered, for all of its pairs at once (Tarjan's
    strongly connected components).
    """

    _count: int = 0
    _open: dict[Pair, int] = attrs.field(factory=dict)
    """The way down to here: the number of each pair, in the order of entry."""
    _outer: list[tuple[int, int]] = attrs.field(factory=list)
    """For each open pair: ``_lowest``, and the length of ``_unsure``, as they were before."""
    _lowest: int = 0
    """The least number that what was compared leans on; -1 for what is no longer told."""
    _unsure: list[Pair] = attrs.field(factory=list)
    """Pairs without a difference that lean on one still open."""
    _numbers: dict[Pair, int] = attrs.field(factory=dict)
    """The numbers of those."""
    _equal: set[Pair] = attrs.field(factory=set)
    _met: Counter[Pair] = attrs.field(factory=Counter)

    def enter(self, pair: Pair) -> bool:
        """Whether a pair has to be compared. If so, `leave` follows."""
        if pair in self._equal:
            return False
        number = self._open.get(pair, self._numbers.get(pair))
        if number is None and self._met[pair] >= MOST_PLACES:
            number = -1
        if number is not None:
            self._lowest = min(self._lowest, number)
            return False
        self._met[pair] += 1
        self._outer.append((self._lowest, len(self._unsure)))
        self._lowest = self._open[pair] = self._count
        self._count += 1
        return True

    def leave(self, pair: Pair, *, changed: bool) -> None:
        """End the comparison of a pair. ``changed``: a difference was found in it or below."""
        number = self._open.pop(pair)
        outer, start = self._outer.pop()
        closed = self._lowest == number
        if not changed:
            self._unsure.append(pair)
            self._numbers[pair] = number
            if closed:
                self._equal.update(self._unsure[start:])
        if changed or closed or not self._open:
            for one in self._unsure[start:]:
                del self._numbers[one]
            del self._unsure[start:]
        self._lowest = min(outer, self._lowest)


# Which form of a union is which: no form has an identity, so the likeliest pairs are found.

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
