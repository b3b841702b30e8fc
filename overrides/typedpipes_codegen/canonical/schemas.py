"""One schema object to its canonical form: facts only, OpenAPI 3.1 spelling, fixed key order.

What goes: prose (``title``, ``description``, ``externalDocs``, ``$comment``), samples (``example``, ``examples``),
XML hints, and ``x-`` keys outside :data:`KEPT_EXTENSIONS`. What changes spelling: ``nullable`` becomes a ``null``
type, 3.0's boolean ``exclusiveMinimum`` becomes a number, a ``$ref`` with facts beside it becomes an ``allOf`` of one.
"""

from __future__ import annotations

from typing import TypeAlias

from typedpipes_codegen.canonical.merge import merge_all_of
from typedpipes_codegen.documents import is_component, references, resolve
from typedpipes_codegen.documents.tree import (
    Json,
    JsonObject,
    as_list,
    as_object,
    as_text,
    child,
    fingerprint,
    pointer,
    tokens,
)
from typedpipes_codegen.errors import SchemaError

KEPT_EXTENSIONS = frozenset(
    # Facts of the vendors' documents.
    "x-binary-response x-enum-varnames x-from-example x-reserved-string x-response-undocumented x-security-inferred "
    "x-seed-path x-streaming x-superseded-by x-token-cost x-withdrawn x-workflow-invocation "
    # Ours, so that an effective document can be canonicalised too.
    "x-buckets x-class x-client-default x-enum-name x-field-selector x-method x-normalize x-omittable "
    "x-paging x-replacement x-safety x-secret x-spread x-summary x-mixin".split()
)
ANNOTATIONS = ("default", "deprecated", "readOnly", "writeOnly", "x-secret")
"""Keys that describe one use of a shape and not the shape: they stay where the shape is used."""
MOST_REPEATED = 500
"""Properties of a component that are repeated where it is joined; of one with more, the reference stays."""
PROSE = frozenset(("title", "description", "summary", "example", "examples", "externalDocs", "xml", "$comment"))

_KEY_ORDER = (
    "$ref type format enum const x-enum-name x-enum-varnames x-class required properties patternProperties "
    "additionalProperties items prefixItems oneOf anyOf allOf not discriminator default minimum exclusiveMinimum "
    "maximum exclusiveMaximum multipleOf minLength maxLength pattern minItems maxItems uniqueItems minProperties "
    "maxProperties contentEncoding contentMediaType readOnly writeOnly deprecated"
).split()
_RANK = {key: rank for rank, key in enumerate(_KEY_ORDER)}
_ONE = ("items", "not", "additionalProperties", "contains", "propertyNames", "if", "then", "else")
_ONE_MORE = ("unevaluatedItems", "unevaluatedProperties", "contentSchema")
_MANY = ("oneOf", "anyOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "$defs", "dependentSchemas")
_OBJECT_KEYS = frozenset(("properties", "patternProperties", "additionalProperties", "required"))


_AllOfPart: TypeAlias = "tuple[JsonObject, JsonObject | None]"
"""A part of an ``allOf``, and the object it stands for when that may be merged."""


class SchemaCanonicalizer:
    """Canonicalises the schemas of one document."""

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self._raw = child(child(document, "components", ""), "schemas", "/components")
        self._neighbours: dict[str, set[str]] = {}
        self._inlining: list[str] = []
        self._meanings: dict[str, JsonObject | None] = {}

    def schema(self, raw: Json, where: str) -> JsonObject:
        """The canonical form of ``raw``. Raises SchemaError for what is not a schema."""
        if isinstance(raw, bool):
            return {} if raw else {"not": {}}
        source = as_object(raw, where)
        if "$ref" in source:
            return self._reference(source, where)
        result: JsonObject = {}
        for key, value in source.items():
            if key in PROSE or key in ("nullable", "allOf") or (key.startswith("x-") and key not in KEPT_EXTENSIONS):
                continue
            result[key] = self._value(key, value, where)
        _sort_names_with_values(source, result)
        or_null = source.get("nullable") is True
        if "allOf" in source:
            parts, some_or_null = _telling(self._parts(source, where, result))
            result, or_null = merge_all_of(result, parts) if parts else result, or_null or some_or_null
        _spell_object(result)
        _spell_bounds(result)
        _spell_type(result, where)
        if or_null:
            result = nullable(result)
        _drop_defaults(result)
        return ordered(result)

    def _reference(self, source: JsonObject, where: str) -> JsonObject:
        target = as_text(source["$ref"], f"{where}/$ref")
        if not is_component(target, "schemas"):
            return self._inlined(target, source, where)
        reference: JsonObject = {"$ref": target}
        facts = {key: value for key, value in source.items() if _is_further(key)}
        if facts:
            rest = {key: value for key, value in source.items() if key != "$ref" and key not in facts}
            return self.schema({**rest, "allOf": [reference, facts]}, where)
        beside: JsonObject = {
            key: value
            for key, value in source.items()
            if (key in ANNOTATIONS and value is not False) or key in KEPT_EXTENSIONS
        }
        result = with_annotations(reference, beside)
        return ordered(nullable(result)) if source.get("nullable") is True else ordered(result)

    def _inlined(self, target: str, source: JsonObject, where: str) -> JsonObject:
        """A reference to some place in the document: hoisting moves places, so what stands there is repeated here."""
        if target in self._inlining:
            raise SchemaError(
                f"$ref {target!r} leads back into itself", pointer=where, remedy="make it a named component"
            )
        self._inlining.append(target)
        try:
            raw = as_object(resolve(self._document, target, where), where)
            beside = {key: value for key, value in source.items() if key != "$ref" and key not in PROSE}
            return self.schema({**raw, **beside}, where)
        finally:
            self._inlining.pop()

    def _value(self, key: str, value: Json, where: str) -> Json:
        at = f"{where}{pointer(key)}"
        if key in _ONE or key in _ONE_MORE:
            kept = value is False or (value is True and key != "items")
            return value if kept else self.schema(value, at)
        if key in _MANY:
            return [self.schema(item, f"{at}/{index}") for index, item in enumerate(as_list(value, at))]
        if key in _NAMED:
            named = as_object(value, at)
            return {name: self.schema(named[name], f"{at}{pointer(name)}") for name in sorted(named)}
        if key == "required":
            return _required(value, at)
        if key == "discriminator":
            return self._discriminator(as_object(value, at), at)
        if key == "enum":
            return _enum(as_list(value, at), at)
        return value

    def _discriminator(self, source: JsonObject, where: str) -> JsonObject:
        result: JsonObject = {"propertyName": as_text(source.get("propertyName"), f"{where}/propertyName")}
        mapping = child(source, "mapping", where)
        if mapping:
            result["mapping"] = {
                tag: self._mapped(mapping[tag], f"{where}/mapping{pointer(tag)}") for tag in sorted(mapping)
            }
        return result

    def _mapped(self, value: Json, where: str) -> str:
        """A mapping names a component, in full or by its bare name."""
        text = as_text(value, where)
        name = tokens(text)[-1] if is_component(text, "schemas") else text
        if name not in self._raw:
            raise SchemaError(f"the discriminator mapping {text[:200]!r} names no schema component", pointer=where)
        return f"#/components/schemas/{name}"

    def _parts(self, source: JsonObject, where: str, result: JsonObject) -> list[_AllOfPart]:
        """Each ``allOf`` part with the object it stands for (a reference is followed).

        A part that says nothing of the shape is about this one use of it: it is written into ``result``.
        """
        parts: list[_AllOfPart] = []
        for index, item in enumerate(as_list(source["allOf"], f"{where}/allOf")):
            part = self.schema(item, f"{where}/allOf/{index}")
            if part.keys() <= {*ANNOTATIONS}:
                result |= {key: value for key, value in part.items() if key not in result}
                or_null = isinstance(item, dict) and item.get("nullable") is True
                part = {"type": ["null"]} if or_null else {}  # the first only here: no type, or null
            parts.append((part, self._behind(part) if "$ref" in part else part))
        return parts

    def _behind(self, part: JsonObject) -> JsonObject | None:
        """The named object a part refers to; None when it must stay a reference (recursion, discriminator, size)."""
        name = str(part["$ref"]).removeprefix("#/components/schemas/")
        if name not in self._meanings:
            raw = self._raw.get(name)
            stays = not isinstance(raw, dict) or "discriminator" in raw or self._leads_back(name)
            meaning = None if stays else self.schema(raw, pointer("components", "schemas", name))
            large = meaning is not None and len(child(meaning, "properties", "")) > MOST_REPEATED
            self._meanings[name] = None if large else meaning
        found = self._meanings[name]
        return None if found is None else dict(found)

    def _leads_back(self, name: str) -> bool:
        """Whether a component refers to itself, at any distance."""
        seen: set[str] = set()
        todo = [name]
        while todo:
            for other in self._next(todo.pop()):
                if other == name:
                    return True
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return False

    def _next(self, name: str) -> set[str]:
        """The components one component refers to."""
        if name not in self._neighbours:
            raw = self._raw.get(name)
            found = {str(target) for _, target in references(raw)} if isinstance(raw, dict) else set()
            # A reference to some other place inside a component is a reference to that component.
            parts = [tokens(target) for target in found]
            self._neighbours[name] = {part[2] for part in parts if part[:2] == ["components", "schemas"] and part[2:]}
        return self._neighbours[name]


def _is_further(key: str) -> bool:
    """Whether a key beside a ``$ref`` says more about the value than the use of it."""
    return not (key in ("$ref", "nullable") or key in PROSE or key in ANNOTATIONS or key.startswith("x-"))


def _telling(parts: list[_AllOfPart]) -> tuple[list[_AllOfPart], bool]:
    """The parts of an ``allOf`` without those that only repeat a type of another one or say "or null"; whether one did.

    Strictly, ``allOf: [X, {nullable: true}]`` is X alone; everybody who writes it means X or null.
    """
    said = {str(meaning.get("type")) for part, meaning in parts if meaning and _bare_type(part) is None}
    kept: list[_AllOfPart] = []
    or_null = False
    for part, meaning in parts:
        types = _bare_type(part)
        if types is not None and {*types} - {"null"} <= said:
            or_null = or_null or "null" in types
        else:
            kept.append((part, meaning))
    return kept, or_null


def _bare_type(part: JsonObject) -> list[str] | None:
    """The types of a schema that says nothing else; None if it says more."""
    if part.keys() - {"type"}:
        return None
    kinds = part.get("type") or []
    return [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]


def with_annotations(reference: JsonObject, beside: JsonObject) -> JsonObject:
    """A reference with facts about this one use. ``allOf`` of one, because 3.0 tools drop what is beside a $ref."""
    return {"allOf": [reference], **beside} if beside else reference


def nullable(schema: JsonObject) -> JsonObject:
    """The schema, or null."""
    kind = schema.get("type")
    if "enum" in schema and None not in (values := as_list(schema["enum"], "")):
        schema = {**schema, "enum": [*values, None]}
    if isinstance(kind, str):
        return schema if kind == "null" else {**schema, "type": [kind, "null"]}
    if isinstance(kind, list):
        return schema if "null" in kind else {**schema, "type": [*kind, "null"]}
    variants = schema.get("oneOf") or schema.get("anyOf")
    if isinstance(variants, list) and {"type": "null"} in variants:
        return schema
    beside = {key: value for key, value in schema.items() if key in ANNOTATIONS}
    rest = {key: value for key, value in schema.items() if key not in ANNOTATIONS}
    if not rest or "enum" in schema:
        return schema
    if set(rest) in ({"oneOf"}, {"anyOf"}) and isinstance(variants, list):
        key = next(iter(rest))
        return {key: [*variants, {"type": "null"}], **beside}
    only = rest.get("allOf")
    if rest.keys() == {"allOf"} and isinstance(only, list) and len(only) == 1 and isinstance(only[0], dict):
        rest = only[0]
    return {"oneOf": [rest, {"type": "null"}], **beside}


def ordered(schema: JsonObject) -> JsonObject:
    """The same schema with its keys in the fixed order, unknown ones last and sorted."""
    return {key: schema[key] for key in sorted(schema, key=lambda key: (_RANK.get(key, len(_RANK)), key))}


def _required(value: Json, where: str) -> Json:
    if isinstance(value, bool):
        # 3.0 writers put `required: true` inside a property; it means nothing there.
        return []
    return [*sorted({as_text(item, where) for item in as_list(value, where)})]


def _enum(values: list[Json], where: str) -> Json:
    if not values:
        raise SchemaError("an enum without values accepts nothing", pointer=where)
    unique = {fingerprint(value): value for value in values}
    # Order means nothing in an enum; sorted, an upstream reshuffle is no change. Null goes last.
    return sorted(unique.values(), key=lambda value: (value is None, isinstance(value, str), _sort_key(value)))


def _sort_names_with_values(source: JsonObject, result: JsonObject) -> None:
    """``x-enum-varnames`` pairs with ``enum`` by position, so both move together."""
    names, values, ordered_values = source.get("x-enum-varnames"), source.get("enum"), result.get("enum")
    if isinstance(names, list) and isinstance(values, list) and isinstance(ordered_values, list):
        if len(names) != len(values):
            raise SchemaError(f"x-enum-varnames has {len(names)} names for {len(values)} values")
        by_value = {fingerprint(value): name for value, name in zip(values, names, strict=True)}
        result["x-enum-varnames"] = [by_value[fingerprint(value)] for value in ordered_values]


def _sort_key(value: Json) -> tuple[float, str]:
    return (value, "") if isinstance(value, int | float) else (0.0, fingerprint(value))


def _spell_object(schema: JsonObject) -> None:
    if schema.get("required") == []:
        del schema["required"]
    if schema.get("properties") == {}:
        del schema["properties"]
    if "type" not in schema and "properties" in schema:
        schema["type"] = "object"


def _spell_bounds(schema: JsonObject) -> None:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)


def _spell_type(schema: JsonObject, where: str) -> None:
    kinds = schema.get("type")
    if isinstance(kinds, list):
        names = [as_text(kind, f"{where}/type") for kind in kinds]
        unique = sorted(set(names), key=lambda name: (name == "null", names.index(name)))
        schema["type"] = unique[0] if len(unique) == 1 else list(unique)
    values = schema.get("enum")
    if schema.get("type") is None and isinstance(values, list) and all(isinstance(value, str) for value in values):
        schema["type"] = "string"


def _drop_defaults(schema: JsonObject) -> None:
    """False is what readOnly, writeOnly, deprecated and uniqueItems mean when they are not there."""
    for key in ("readOnly", "writeOnly", "deprecated", "uniqueItems"):
        if schema.get(key) is False:
            del schema[key]
