"""Finding the inline shapes of a plain document and deciding which of them are one component.

A *shape* is an inline object with properties, an ``allOf`` that could not be merged, or a string enum of two or more
values. Its *site* is the JSON pointer where it stands in the plain document (canonical facts, nothing hoisted yet).
Sites of one tag with equal content are one component; across tags only where ``names.lock`` gives both the same name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from typedpipes_codegen.canonical.context import Context
from typedpipes_codegen.canonical.schemas import ANNOTATIONS, ordered, with_annotations
from typedpipes_codegen.documents.tree import Json, JsonObject, fingerprint, pointer

_MARK = "#site/"
_MARKED = re.compile(r'"\$ref":"#site/(\d+)"')


@dataclass(slots=True)
class Site:
    """One place where an inline shape stands. ``body`` refers to the shapes inside it by site number."""

    number: int
    pointer: str
    context: Context
    body: JsonObject
    height: int
    parent: int | None
    component: str | None = None
    """The name the document itself gives this shape."""


@dataclass(slots=True)
class Group:
    """Sites that are one component. ``locked`` is the name the lock holds for it."""

    sites: list[Site]
    locked: str | None = None

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(site.pointer for site in self.sites)


@dataclass(slots=True)
class Shapes:
    """Collects the sites of one document while its schemas are rewritten to refer to them."""

    sites: list[Site] = field(default_factory=list)

    def rewrite(self, schema: JsonObject, at: str, context: Context, parent: int | None = None) -> JsonObject:
        """``schema`` with each shape in it replaced by a reference to its site."""
        if not is_shape(schema):
            return self.inside(schema, at, context, parent)
        beside: JsonObject = {key: schema[key] for key in ANNOTATIONS if key in schema}
        shape = {key: value for key, value in schema.items() if key not in beside}
        kinds, or_null = shape.get("type"), False
        if isinstance(kinds, list) and "null" in kinds:
            shape["type"] = next(kind for kind in kinds if kind != "null")
            or_null = True
            values = shape.get("enum")
            if isinstance(values, list):
                shape["enum"] = [value for value in values if value is not None]
        site = Site(len(self.sites), at, context, {}, 0, parent)
        self.sites.append(site)
        before = len(self.sites)
        site.body = self.inside(shape, at, context, site.number)
        site.height = 1 + max((inner.height for inner in self.sites[before:]), default=-1)
        reference: JsonObject = {"$ref": f"{_MARK}{site.number}"}
        if or_null:
            return ordered({"oneOf": [reference, {"type": "null"}], **beside})
        return ordered(with_annotations(reference, beside))

    def component(self, name: str, schema: JsonObject, at: str, context: Context) -> JsonObject:
        """A named component that inline shapes of its tag may turn out to equal."""
        kinds = schema.get("type")
        if not is_shape(schema) or isinstance(kinds, list) or any(key in schema for key in ANNOTATIONS):
            return self.inside(schema, at, context)
        number = len(self.sites)
        reference = self.rewrite(schema, at, context)
        self.sites[number].component = name
        return reference

    def inside(self, schema: JsonObject, at: str, context: Context, parent: int | None = None) -> JsonObject:
        """``schema`` itself stays, each shape inside it becomes a reference to its site."""
        result: JsonObject = {}
        for key, value in schema.items():
            if key in ("properties", "patternProperties", "dependentSchemas", "$defs") and isinstance(value, dict):
                result[key] = {
                    name: self._one(item, f"{at}{pointer(key, name)}", context.member(name), parent)
                    for name, item in value.items()
                }
            elif key == "allOf" and isinstance(value, list):
                # A part of a kept allOf is no component of its own: only what is inside it may be.
                result[key] = [
                    self.inside(item, f"{at}/allOf/{index}", context, parent) if isinstance(item, dict) else item
                    for index, item in enumerate(value)
                ]
            elif key in ("oneOf", "anyOf", "prefixItems") and isinstance(value, list):
                shapes = [index for index, item in enumerate(value) if isinstance(item, dict) and is_shape(item)]
                named = context.variants([item for item in value if isinstance(item, dict) and is_shape(item)])
                contexts = dict(zip(shapes, named, strict=True))
                result[key] = [
                    self._one(item, f"{at}/{key}/{index}", contexts.get(index, context), parent)
                    for index, item in enumerate(value)
                ]
            elif key in ("items", "contains", "unevaluatedItems"):
                result[key] = self._one(value, f"{at}/{key}", context.below("[]"), parent)
            elif key in ("additionalProperties", "propertyNames", "unevaluatedProperties"):
                result[key] = self._one(value, f"{at}/{key}", context.below("{}"), parent)
            elif key in ("not", "if", "then", "else", "contentSchema"):
                result[key] = self._one(value, f"{at}/{key}", context.below(key), parent)
            else:
                result[key] = value
        return result

    def _one(self, value: Json, at: str, context: Context, parent: int | None) -> Json:
        return self.rewrite(value, at, context, parent) if isinstance(value, dict) else value


def is_shape(schema: JsonObject) -> bool:
    """Whether an inline schema becomes a named component."""
    kinds = schema.get("type")
    names = [kind for kind in kinds if kind != "null"] if isinstance(kinds, list) else [kinds]
    if "oneOf" in schema or "anyOf" in schema or "$ref" in schema or len(names) != 1:
        return False
    parts = schema.get("allOf")
    if isinstance(parts, list):
        return not (len(parts) == 1 and isinstance(parts[0], dict) and set(parts[0]) == {"$ref"} and not names[0])
    if "properties" in schema:
        return names[0] == "object"
    values = schema.get("enum")
    if names[0] != "string" or not isinstance(values, list):
        return False
    return len([value for value in values if isinstance(value, str)]) >= 2 and all(
        isinstance(value, str) or value is None for value in values
    )


def group_sites(sites: list[Site], names: Mapping[str, str]) -> tuple[list[Group], dict[int, int]]:
    """The components the sites make, and the component of each site.

    A locked name stays with the first of its pointers that is still there, and with every other one whose content
    still equals that one's. The rest (a split) and new pointers join a component of their tag with the same content,
    or make a new one.
    """
    locked = {**{site.pointer: site.component for site in sites if site.component is not None}, **names}
    owners: dict[str, str] = {}
    for at in sorted(site.pointer for site in sites):
        if at in locked:
            owners.setdefault(locked[at], at)
    by_pointer = {site.pointer: site for site in sites}
    contents: dict[int, str] = {}
    member: dict[int, int] = {}
    groups: list[Group] = []
    by_height: dict[int, list[Site]] = defaultdict(list)
    for site in sites:
        by_height[site.height].append(site)
    for height in sorted(by_height):
        level = sorted(by_height[height], key=lambda site: site.pointer)
        for site in level:
            contents[site.number] = _MARKED.sub(
                lambda found: f'"$ref":{member.get(int(found[1]))}', fingerprint(site.body)
            )
        _group_level(level, contents, locked, {name: by_pointer[at] for name, at in owners.items()}, groups, member)
    return groups, member


def _group_level(
    level: list[Site],
    contents: dict[int, str],
    locked: Mapping[str, str],
    owners: dict[str, Site],
    groups: list[Group],
    member: dict[int, int],
) -> None:
    named: dict[str, int] = {}
    alike: dict[tuple[str | None, str], int] = {}
    rest: list[Site] = []

    def add(site: Site, number: int) -> None:
        groups[number].sites.append(site)
        member[site.number] = number

    for site in level:
        name = locked.get(site.pointer)
        if name is None or contents.get(owners[name].number) != contents[site.number]:
            rest.append(site)
            continue
        if name not in named:
            named[name] = len(groups)
            groups.append(Group([], name))
        add(site, named[name])
        alike.setdefault((site.context.tag, contents[site.number]), named[name])
    for site in rest:
        key = (site.context.tag, contents[site.number])
        if key not in alike:
            alike[key] = len(groups)
            groups.append(Group([]))
        add(site, alike[key])


def refer(schema: Json, member: Mapping[int, int], names: Mapping[int, str]) -> Json:
    """The schema with site references turned into references to named components."""
    if isinstance(schema, list):
        return [refer(item, member, names) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith(_MARK):
        return {"$ref": f"#/components/schemas/{names[member[int(reference.removeprefix(_MARK))]]}"}
    return {key: refer(value, member, names) for key, value in schema.items()}
