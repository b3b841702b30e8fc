"""Comparing two schemas in one direction, structure by structure, circles included."""

from __future__ import annotations

import attrs

from typedpipes_codegen.diff.bounds import constraint_changes, enum_names
from typedpipes_codegen.diff.circles import Circles, Pair
from typedpipes_codegen.diff.properties import property_of, subject, use_changes
from typedpipes_codegen.diff.shape import Reader, Shape, Spot
from typedpipes_codegen.diff.site import Findings, Site
from typedpipes_codegen.diff.variants import pair_variants

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
