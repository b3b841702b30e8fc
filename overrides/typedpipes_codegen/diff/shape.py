"""Schemas as comparable shapes: references followed, ``allOf`` joined, null kept apart; however a schema is spelt."""

from __future__ import annotations

import hashlib
from typing import Final, TypeAlias

import attrs

from typedpipes_codegen.documents import resolve
from typedpipes_codegen.documents.tree import Json, JsonObject, fingerprint, pointer, tokens

EXACT: Final = (
    "contains contentSchema dependentRequired dependentSchemas else if maxContains minContains not propertyNames then "
    "unevaluatedItems unevaluatedProperties"
).split()
"""Keywords compared as a whole: nothing is known about which way they narrow."""
CONSTRAINTS: Final = (
    "contentEncoding contentMediaType exclusiveMaximum exclusiveMinimum format maxItems maxLength maxProperties "
    "maximum minItems minLength minProperties minimum multipleOf pattern uniqueItems"
).split()
ANNOTATIONS: Final = "default deprecated readOnly writeOnly x-client-default x-enum-varnames x-mixin x-secret".split()
DEEPEST: Final = 6
SCALARS: Final = frozenset(("string", "integer", "number", "boolean"))
_SAID: Final = (
    "types values properties required patterns additional items prefix variants tag tags constraints exact"
).split()

Key: TypeAlias = tuple[tuple[str, int], ...]
"""What a schema is recognised by: the nodes of the document it is made of, whatever was made anew to read them."""


@attrs.frozen
class Spot:
    """A schema and where it stands."""

    schema: Json
    place: str
    parts: tuple[Spot, ...] = ()
    """The schemas of the document that were joined to this one; empty where it stands in the document itself."""

    @property
    def key(self) -> Key:
        """Equal each time the same schemas are met, in the same order."""
        # A place alone is not enough: what the old document says is placed where the new one says it.
        return tuple((part.place, id(part.schema)) for part in self.parts or (self,))

    def joined(self, other: Spot) -> Spot:
        """Both at once. What is in both is taken once: a circle of ``allOf`` would grow with each turn."""
        mine, others = self.parts or (self,), other.parts or (other,)
        fresh = tuple(part for part in others if all(part.schema != known.schema for known in mine))
        if not fresh:
            return self if len(mine) > len(others) else other
        parts = mine + fresh
        return Spot({"allOf": [part.schema for part in parts]}, other.place, parts)


@attrs.define(eq=False)
class Shape:
    """What a schema accepts. ``types`` is empty for anything."""

    place: str
    key: Key = ()
    """As `Spot.key`; what only refers to a component, or adds null to it, has the component's."""
    component: str | None = None
    model: str | None = None
    types: frozenset[str] = frozenset()
    nullable: bool = False
    values: dict[str, str] | None = None
    """Enum values: text shown by JSON text; None where every value goes."""
    properties: dict[str, Spot] = attrs.field(factory=dict)
    required: frozenset[str] = frozenset()
    patterns: dict[str, Spot] = attrs.field(factory=dict)
    additional: Spot | None = None
    items: Spot | None = None
    prefix: tuple[Spot, ...] = ()
    variants: tuple[Spot, ...] = ()
    tag: str | None = None
    """The property that tells the variants apart."""
    tags: dict[str, str] = attrs.field(factory=dict)
    constraints: dict[str, Json] = attrs.field(factory=dict)
    annotations: dict[str, Json] = attrs.field(factory=dict)
    exact: dict[str, Json] = attrs.field(factory=dict)
    source: Json = None
    """The schema as it stands in the document, its references behind it."""

    @property
    def anything(self) -> bool:
        """Whether nothing is said about the kind of value."""
        return not (self.types or self.values or self.variants or self.properties)

    @property
    def free(self) -> bool:
        """Whether it is an object about which nothing is known."""
        return self.types == {"object"} and not (self.properties or self.variants or self.patterns)


class Reader:
    """Reads the schemas of one plain document (`typedpipes_codegen.canonical.plain_document`)."""

    def __init__(self, document: JsonObject) -> None:
        self.document = document
        self._shapes: dict[tuple[Key, str], tuple[Spot, Shape]] = {}
        self._components: dict[str, Shape] = {}
        self._digests: dict[tuple[str, int], str] = {}
        self._cuts = 0

    def shape(self, spot: Spot) -> Shape:
        """The shape of a schema."""
        key = (spot.key, spot.place)
        if key not in self._shapes:
            self._shapes[key] = (spot, self._read(spot, frozenset()))
        return self._shapes[key][1]

    def copy(self, spot: Spot) -> Shape:
        """The shape of a schema, as an object of its own."""
        return attrs.evolve(self.shape(spot))

    def follow(self, node: JsonObject, place: str) -> tuple[JsonObject, str]:
        """A parameter, body, response or header behind its references, and its place."""
        while isinstance(node.get("$ref"), str):
            reference = str(node["$ref"])
            target = resolve(self.document, reference, place)
            node, place = (target if isinstance(target, dict) else {}), pointer(*tokens(reference))
        return node, place

    def closure(self, value: Json) -> str:
        """Text that is equal for schemas of the same structure, whatever their parts are called and where they stand.

        References are followed `DEEPEST` levels: enough to tell forms apart.
        """
        return self._digest(value, DEEPEST)

    def _digest(self, node: Json, levels: int) -> str:
        if isinstance(node, list):
            text = f"[{','.join(self._digest(item, levels) for item in node)}]"
        elif not isinstance(node, dict):
            return fingerprint(node)
        elif isinstance(reference := node.get("$ref"), str):
            if levels == 0:
                return "…"
            if (reference, levels) not in self._digests:
                self._digests[reference, levels] = self._digest(resolve(self.document, reference), levels - 1)
            return self._digests[reference, levels]
        else:
            text = "".join(f"{key}\0{self._digest(node[key], levels)}\0" for key in sorted(node))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _read(self, spot: Spot, seen: frozenset[str]) -> Shape:
        schema = spot.schema
        if not isinstance(schema, dict):
            # `false` accepts nothing; no type has that name.
            return Shape(spot.place, spot.key, types=frozenset() if schema is not False else frozenset({"nothing"}))
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, schema, spot.place, seen)
        shape = _own(schema, spot)
        parts = spot.parts or _spots(schema, "allOf", spot.place)
        for part in parts:
            inner = self._read(part, seen)
            _join(shape, inner)
            if inner.component is not None and len(parts) == 1:
                _wrap(shape, inner)
        for key in ("oneOf", "anyOf"):
            if key in schema:
                shape.key = spot.key
                self._choose(shape, _spots(schema, key, spot.place), seen)
        return shape

    def _referred(self, reference: str, schema: JsonObject, place: str, seen: frozenset[str]) -> Shape:
        if reference in seen:
            self._cuts += 1
            return Shape(place, Spot(schema, place).key)
        shape = self._components.get(reference)
        if shape is None:
            cuts = self._cuts
            shape = self._component(reference, place, seen)
            if cuts == self._cuts:
                # What was read inside a circle is cut short there: it is read again from the outside.
                self._components[reference] = shape
        beside = {key: schema[key] for key in ANNOTATIONS if key in schema}
        return attrs.evolve(shape, annotations=shape.annotations | beside)

    def _component(self, reference: str, place: str, seen: frozenset[str]) -> Shape:
        names = tokens(reference)
        schema = resolve(self.document, reference, place)
        shape = self._read(Spot(schema, pointer(*names)), seen | {reference})
        own = schema if isinstance(schema, dict) else {}
        if "$ref" in own and shape.component is not None:
            return shape
        fixed = own.get("x-class", own.get("x-enum-name"))
        return attrs.evolve(shape, component=names[-1], model=fixed if isinstance(fixed, str) else names[-1])

    def _choose(self, shape: Shape, spots: tuple[Spot, ...], seen: frozenset[str]) -> None:
        """Take the alternatives of a ``oneOf`` or ``anyOf`` into ``shape``."""
        shapes = [(spot, self._read(spot, seen)) for spot in spots]
        rest = [(spot, inner) for spot, inner in shapes if inner.types != {"null"}]
        null = len(rest) < len(shapes) or any(inner.nullable for _, inner in rest)
        if len(rest) == 1 and not (shape.properties or shape.variants):
            _join(shape, rest[0][1])
            _wrap(shape, rest[0][1])
        elif rest and all(_bare(inner) for _, inner in rest) and not (shape.types or shape.values or shape.variants):
            shape.types = frozenset().union(*(inner.types for _, inner in rest))
        else:
            shape.variants += tuple(spot for spot, _ in rest)
        shape.nullable = null


def _own(schema: JsonObject, spot: Spot) -> Shape:
    """What a schema says itself, compositions left aside."""
    place = spot.place
    kinds = schema.get("type")
    names = {str(kind) for kind in kinds} if isinstance(kinds, list) else {kinds} if isinstance(kinds, str) else set()
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    values = listed if isinstance(listed, list) else None
    known = None if values is None else {fingerprint(item): _shown(item) for item in values if item is not None}
    nullable = "null" in names or (values is not None and None in values)
    if values is not None and not known:
        names = {"null"}
    additional = schema.get("additionalProperties")
    discriminator = schema.get("discriminator")
    discriminator = discriminator if isinstance(discriminator, dict) else {}
    tag = discriminator.get("propertyName")
    return Shape(
        place,
        spot.key,
        types=frozenset(names - {"null"}) if names != {"null"} else frozenset({"null"}),
        nullable=nullable,
        values=known or None,
        properties=_named(schema, "properties", place),
        required=frozenset(str(name) for name in _list(schema.get("required"))),
        patterns=_named(schema, "patternProperties", place),
        additional=None if additional in (None, True, {}) else Spot(additional, f"{place}/additionalProperties"),
        items=Spot(schema["items"], f"{place}/items") if "items" in schema else None,
        prefix=_spots(schema, "prefixItems", place),
        tag=tag if isinstance(tag, str) else None,
        tags={name: str(at) for name, at in _object(discriminator.get("mapping")).items()},
        constraints={key: schema[key] for key in CONSTRAINTS if key in schema},
        annotations={key: schema[key] for key in ANNOTATIONS if key in schema},
        exact={key: schema[key] for key in EXACT if key in schema},
        source=schema,
    )


def _join(shape: Shape, part: Shape) -> None:
    """Let ``shape`` say what ``part`` says too."""
    untold = shape.anything and not shape.constraints
    if not shape.types:
        shape.types = part.types
    elif part.types:
        both = shape.types & part.types
        shape.types = both or (frozenset({"integer"}) if "integer" in shape.types | part.types else shape.types)
    shape.nullable = part.nullable if untold else shape.nullable and (part.nullable or part.anything)
    if part.values is not None:
        # Vendors write "the old list, and in addition the new one": the larger stands (canonical_merge does the same).
        shape.values = max(shape.values or {}, part.values, key=len)
    for name, spot in part.properties.items():
        mine = shape.properties.get(name)
        shape.properties[name] = spot if mine is None else mine.joined(spot)
    shape.required |= part.required
    shape.patterns |= part.patterns
    shape.additional = shape.additional or part.additional
    shape.items = shape.items or part.items
    shape.prefix = shape.prefix or part.prefix
    shape.variants += part.variants
    shape.tag = shape.tag or part.tag
    shape.tags = {**part.tags, **shape.tags}
    shape.constraints = {**part.constraints, **shape.constraints}
    shape.annotations = {**part.annotations, **shape.annotations}
    shape.exact = {**part.exact, **shape.exact}


def _wrap(shape: Shape, inner: Shape) -> None:
    """Let ``shape``, which ``inner`` alone was joined to, go by its name."""
    shape.component, shape.model = inner.component, inner.model
    if all(getattr(shape, name) == getattr(inner, name) for name in _SAID) and all(
        shape.annotations.get(name) == inner.annotations.get(name) for name in ("x-enum-varnames", "x-mixin")
    ):
        # Null and the other annotations belong to the use: it is the component itself.
        shape.key = inner.key


def _bare(shape: Shape) -> bool:
    """Whether a shape is a scalar type and nothing more."""
    said = shape.values or shape.constraints or shape.exact or shape.component
    return bool(shape.types) and shape.types <= SCALARS and not said


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else fingerprint(value)


def _named(schema: JsonObject, key: str, place: str) -> dict[str, Spot]:
    return {name: Spot(item, f"{place}/{key}{pointer(name)}") for name, item in _object(schema.get(key)).items()}


def _spots(schema: JsonObject, key: str, place: str) -> tuple[Spot, ...]:
    return tuple(Spot(item, f"{place}/{key}/{index}") for index, item in enumerate(_list(schema.get(key))))


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
