"""Components that hold themselves: compared to the end, no change of themselves, and what changes in them is told."""

from __future__ import annotations

import pytest

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.diff.openapi import openapi_changes
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, clone

LEAF: JsonObject = {"$ref": "#/components/schemas/Leaf"}
NODE: JsonObject = {"$ref": "#/components/schemas/Node"}
EXTRA: JsonObject = {"type": "object", "properties": {"extra": {"type": "string"}}}
NULL: JsonObject = {"type": "null"}

# How Leaf holds itself in its property `child`, and the changes of `Leaf.size` beside the one in Leaf itself: a schema
# that joins Leaf to something else is another class, which shows the change as well.
CIRCLES: dict[str, tuple[JsonObject, tuple[str, ...]]] = {
    "itself": (LEAF, ()),
    "properties": ({"type": "object", "properties": {"deeper": LEAF}}, ()),
    "items": ({"type": "array", "items": LEAF}, ()),
    "additionalProperties": ({"type": "object", "additionalProperties": LEAF}, ()),
    "patternProperties": ({"type": "object", "patternProperties": {"^x": LEAF}}, ()),
    "prefixItems": ({"type": "array", "prefixItems": [LEAF]}, ()),
    "oneOf": ({"oneOf": [LEAF, {"type": "string"}]}, ()),
    "anyOf": ({"anyOf": [LEAF, {"type": "array", "items": LEAF}]}, ()),
    "oneOf with null": ({"oneOf": [LEAF, NULL]}, ()),
    "anyOf with null": ({"anyOf": [NULL, LEAF]}, ()),
    "allOf of one": ({"allOf": [LEAF]}, ()),
    "allOf of one, nullable": ({"allOf": [LEAF], "nullable": True}, ()),
    "nullable allOf in items": ({"type": "array", "items": {"allOf": [LEAF], "nullable": True}}, ()),
    "two components": (NODE, ()),
    "allOf": ({"allOf": [LEAF, EXTRA]}, (".child",)),
    "allOf in items": ({"type": "array", "items": {"allOf": [LEAF, EXTRA]}}, (".child[]",)),
    "allOf of two components": ({"allOf": [LEAF, NODE]}, (".child",)),
    "allOf of two components in maps": (
        {"type": "array", "items": {"type": "object", "additionalProperties": {"allOf": [LEAF, NODE]}}},
        (".child[].*",),
    ),
    "anyOf of joined components": ({"anyOf": [{"allOf": [LEAF, NODE]}, NULL]}, (".child",)),
}


def holding(child: JsonObject, size: JsonObject | None = None, root: JsonObject = LEAF) -> JsonObject:
    """An operation that answers with a Leaf; Node holds Leaf again."""
    leaf: JsonObject = {"type": "object", "properties": {"child": child, "size": size or {"type": "string"}}}
    node: JsonObject = {"type": "object", "properties": {"up": {"type": "array", "items": LEAF}}}
    answer: JsonObject = {"description": "", "content": {"application/json": {"schema": root}}}
    return whole({"Leaf": leaf, "Node": node}, answer)


def whole(components: JsonObject, answer: JsonObject) -> JsonObject:
    return as_object(
        clone(
            {
                "openapi": "3.1.0",
                "info": {"title": "t", "version": "1"},
                "paths": {"/leaf": {"get": {"responses": {"200": answer}}}},
                "components": {"schemas": components},
            }
        ),
        "",
    )


def both_say(left: Json, right: Json) -> JsonObject:
    """Two components that say the same property, and are joined again below it: it would grow with each turn."""
    one: JsonObject = {"type": "object", "properties": {"p": left}}
    other: JsonObject = {"type": "object", "properties": {"p": right, "size": {"type": "string"}}}
    answer: JsonObject = {"description": "", "content": {"application/json": {"schema": {"allOf": [LEAF, NODE]}}}}
    return whole({"Leaf": one, "Node": other}, answer)


GROWING: dict[str, JsonObject] = {
    "alike": both_say({"allOf": [LEAF, NODE]}, {"allOf": [LEAF, NODE]}),
    "one beside both": both_say(LEAF, {"allOf": [LEAF, NODE]}),
    "one beside the other": both_say(NODE, LEAF),
    "in two orders": both_say({"allOf": [NODE, LEAF]}, {"allOf": [LEAF, NODE]}),
    "with more": both_say({"allOf": [LEAF, EXTRA]}, {"allOf": [NODE, EXTRA], "nullable": True}),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_component_that_holds_itself_is_no_change_of_itself(name: str) -> None:
    document = holding(CIRCLES[name][0])
    canonical = canonicalize(document).document

    assert openapi_changes(document, document) == []
    assert openapi_changes(document, canonical) == []
    assert openapi_changes(canonical, document) == []


@pytest.mark.parametrize("name", CIRCLES)
def test_a_change_of_a_component_that_holds_itself_is_told_once_for_each_class(name: str) -> None:
    child, others = CIRCLES[name]

    changes = openapi_changes(holding(child), holding(child, {"type": "integer"}))

    assert {change.kind for change in changes} == {"response-type-changed"}
    assert sorted(change.path for change in changes) == sorted(
        f"response 200: {f'{path}.size'.removeprefix('.')}" for path in ("", *others)
    )


@pytest.mark.parametrize("name", CIRCLES)
def test_a_change_is_told_wherever_the_circle_is_entered(name: str) -> None:
    child, _ = CIRCLES[name]
    roots: list[JsonObject] = [
        NODE,
        {"type": "array", "items": child},
        {"allOf": [NODE, EXTRA], "nullable": True},
    ]
    for root in roots:
        assert openapi_changes(holding(child, root=root), holding(child, root=root)) == []

        changes = openapi_changes(holding(child, root=root), holding(child, {"type": "integer"}, root=root))

        paths = [change.path for change in changes]
        assert {change.field for change in changes} == {"size"}
        assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("name", GROWING)
def test_joined_components_that_join_each_other_below_are_compared_to_the_end(name: str) -> None:
    document = GROWING[name]
    changed = as_object(clone(document), "")
    node = as_object(as_object(as_object(changed["components"], "")["schemas"], "")["Node"], "")
    as_object(node["properties"], "")["size"] = {"type": "integer"}
    canonical = canonicalize(document).document

    assert openapi_changes(document, document) == []
    assert openapi_changes(document, canonical) == []
    assert openapi_changes(canonical, document) == []
    found = openapi_changes(document, changed)
    assert "response 200: size" in {change.path for change in found}
    assert {change.field for change in found} == {"size"}
    assert len({change.path for change in found}) == len(found)


def test_a_circle_is_told_again_at_another_place_although_it_was_cut_at_the_first() -> None:
    def twice(size: str) -> JsonObject:
        root: JsonObject = {"type": "object", "properties": {"a": LEAF, "b": LEAF}}
        return holding({"type": "array", "items": NODE}, {"type": size}, root)

    paths = [change.path for change in openapi_changes(twice("string"), twice("integer"))]

    assert paths == ["response 200: a.size", "response 200: b.size"]


def test_answers_of_one_shared_place_are_told_apart() -> None:
    """Two answers that become one shared answer have one place after, and two schemas before."""

    def answer(kind: str) -> JsonObject:
        schema: JsonObject = {"type": "object", "properties": {"size": {"type": kind}}}
        return {"description": "", "content": {"application/json": {"schema": schema}}}

    old, new = whole({}, answer("string")), whole({}, answer("string"))
    answers(old)["201"] = answer("boolean")
    shared: JsonObject = {"$ref": "#/components/responses/Shared"}
    answers(new).update({"200": shared, "201": shared})
    as_object(new["components"], "")["responses"] = {"Shared": answer("string")}

    assert [change.path for change in openapi_changes(old, new)] == ["response 201: size"]


def answers(document: JsonObject) -> JsonObject:
    operation = as_object(as_object(as_object(document["paths"], "")["/leaf"], "")["get"], "")
    return as_object(operation["responses"], "")
