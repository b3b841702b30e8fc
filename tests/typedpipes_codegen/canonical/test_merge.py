"""``allOf``: flattened where that loses nothing, kept where it would."""

from __future__ import annotations

import pytest

from tests.typedpipes_codegen.canonical.support import answering, dig, document, schemas_of
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.documents.tree import Json, JsonObject


def one_schema(schema: JsonObject, components: JsonObject | None = None) -> Json:
    """The canonical schema of a body declared as ``schema``, its component looked up; checked for losses."""
    source = document({"/things": {"get": answering(schema)}}, {"schemas": components} if components else None)
    canonical = canonicalize(source).document
    assert fidelity(source, canonical).losses == []
    assert canonicalize(canonical).document == canonical
    found = dig(canonical, "paths", "/things", "get", "responses", "200", "content", "application/json", "schema")
    if isinstance(found, dict) and set(found) == {"$ref"}:
        return schemas_of(canonical)[str(found["$ref"]).rpartition("/")[2]]
    return found


def props(**properties: Json) -> JsonObject:
    return {"type": "object", "properties": properties}


TEXT: JsonObject = {"type": "string"}
NUMBER: JsonObject = {"type": "number"}


def test_objects_merge_with_their_required_marks() -> None:
    parts: list[Json] = [{**props(a=TEXT), "required": ["a"]}, {**props(b=NUMBER), "required": ["b"]}]

    assert one_schema({"allOf": parts}) == {**props(a=TEXT, b=NUMBER), "required": ["a", "b"]}


def test_a_part_that_is_a_component_is_merged_in() -> None:
    parts: list[Json] = [{"$ref": "#/components/schemas/Base"}, props(b=NUMBER)]

    assert one_schema({"allOf": parts}, {"Base": props(a=TEXT)}) == props(a=TEXT, b=NUMBER)


def test_one_value_said_twice_is_one_value() -> None:
    twice: JsonObject = {"type": "number", "allOf": [{"type": "number", "enum": [0, 1]}], "default": 0}

    assert one_schema(props(flag=twice)) == props(flag={"type": "number", "enum": [0, 1], "default": 0})


def test_of_two_enums_the_larger_stands_when_it_holds_the_smaller() -> None:
    small: JsonObject = {"type": "string", "enum": ["b"]}
    large: JsonObject = {"type": "string", "enum": ["c", "b"]}

    merged = one_schema({"allOf": [props(kind=small), props(kind=large)]})

    assert merged == props(kind={"$ref": "#/components/schemas/ThingKind"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXT, NUMBER),
        ({"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 2}),
        ({"type": "number", "enum": [1, 2]}, {"type": "number", "enum": [2, 3]}),
        ({"oneOf": [TEXT, NUMBER]}, TEXT),
    ],
)
def test_a_property_described_in_two_incompatible_ways_keeps_both(one: JsonObject, other: JsonObject) -> None:
    merged = one_schema({"allOf": [props(x=one, a=TEXT), props(x=other)]})

    assert dig(merged, "properties", "a") == TEXT
    kept = dig(merged, "properties", "x")
    if isinstance(kept, dict) and "$ref" in kept:
        return  # One component that holds the allOf; one_schema has proven that nothing is lost.
    assert isinstance(kept, dict)
    assert kept["allOf"] == [one, other]


def test_a_base_with_a_discriminator_keeps_its_heirs() -> None:
    base: JsonObject = {**props(kind=TEXT), "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat"}}}
    cat: JsonObject = {"allOf": [{"$ref": "#/components/schemas/Pet"}, props(lives=NUMBER)]}

    merged = one_schema({"$ref": "#/components/schemas/Cat"}, {"Pet": base, "Cat": cat})

    assert merged == {"allOf": [{"$ref": "#/components/schemas/Pet"}, props(lives=NUMBER)]}


def test_facts_beside_a_reference_survive() -> None:
    status: JsonObject = {"type": "string", "enum": ["a", "b"]}
    beside: JsonObject = {"$ref": "#/components/schemas/Status", "default": "a", "readOnly": True}

    merged = one_schema(props(status=beside), {"Status": status})

    reference: JsonObject = {"$ref": "#/components/schemas/Status"}
    assert merged == props(status={"allOf": [reference], "default": "a", "readOnly": True})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": ["null", "integer"]}, {"type": ["integer", "null"]}),
        ({"type": "number", "nullable": True, "enum": [1, 2]}, {"type": ["number", "null"], "enum": [1, 2, None]}),
        ({"allOf": [{"$ref": "#/components/schemas/S"}], "nullable": True}, "or null"),
        ({"$ref": "#/components/schemas/S", "nullable": True}, "or null"),
        ({"oneOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]}, "or null"),
        ({"type": "object", "nullable": True}, {"type": ["object", "null"]}),
    ],
)
def test_both_ways_of_saying_nullable_become_one(schema: JsonObject, expected: Json) -> None:
    reference: JsonObject = {"$ref": "#/components/schemas/S"}
    or_null: JsonObject = {"oneOf": [reference, {"type": "null"}]}

    merged = one_schema(props(x=schema), {"S": props(y=TEXT)})

    assert merged == props(x=or_null if expected == "or null" else expected)
