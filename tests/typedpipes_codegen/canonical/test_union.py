"""The union of two dated documents: the newer wins, what only the older has stays as withdrawn."""

from __future__ import annotations

import pytest

from tests.typedpipes_codegen.canonical.support import answering, dig, dig_object, document, schemas_of
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.canonical.union import union
from typedpipes_codegen.documents.tree import Json, JsonObject
from typedpipes_codegen.errors import SchemaError


def props(*names: str) -> JsonObject:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


OLD = document(
    {
        "/deals": {"get": answering(props("a", "old")), "delete": answering(props("gone"))},
        "/persons": {"get": answering(props("p"))},
    }
)
NEW = document({"/deals": {"get": answering(props("a", "new"))}, "/leads": {"get": answering(props("l"))}})


def test_an_operation_both_have_is_the_newers_whole() -> None:
    canonical = canonicalize(union(NEW, OLD)).document

    assert "old" not in str(schemas_of(canonical))
    assert "new" in str(schemas_of(canonical))
    assert "deprecated" not in dig_object(canonical, "paths", "/deals", "get")


def test_operations_only_the_older_has_are_withdrawn() -> None:
    canonical = canonicalize(union(NEW, OLD)).document

    for path, method in (("/deals", "delete"), ("/persons", "get")):
        operation = dig_object(canonical, "paths", path, method)
        assert operation["deprecated"] is True
        assert operation["x-withdrawn"] is True
    assert fidelity(NEW, canonical, OLD).losses == []


def test_a_withdrawn_operation_keeps_the_older_servers_and_security() -> None:
    old: JsonObject = {**OLD, "servers": [{"url": "https://old.example"}], "security": [{"key": []}]}
    new: JsonObject = {**NEW, "servers": [{"url": "https://new.example"}]}

    result = union(new, old)

    assert dig(result, "paths", "/persons", "get", "servers", 0, "url") == "https://old.example"
    assert dig(result, "paths", "/persons", "get", "security") == [{"key": []}]
    assert "servers" not in dig_object(result, "paths", "/deals", "get")


@pytest.mark.parametrize("used", [True, False])
def test_a_component_that_changed_is_refused_only_if_a_withdrawn_operation_needs_it(used: bool) -> None:
    reference: Json = {"$ref": "#/components/schemas/Outer"} if used else {"type": "string"}
    components: JsonObject = {"Outer": {"type": "array", "items": {"$ref": "#/components/schemas/Shape"}}}
    old = document({"/x": {"get": answering(reference)}}, {"schemas": {**components, "Shape": props("a")}})
    new = document({}, {"schemas": {**components, "Shape": props("b")}})

    if not used:
        assert dig(union(new, old), "components", "schemas", "Shape") == props("b")
        return
    with pytest.raises(SchemaError, match="describe this component differently") as caught:
        union(new, old)
    assert caught.value.pointer == "/components/schemas/Shape"
