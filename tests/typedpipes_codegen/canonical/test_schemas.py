"""One schema in any legal spelling: its canonical form loses nothing, is a fixed point, and gives the type meant."""

from __future__ import annotations

from typing import Any

import pytest

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.build import build_api
from typedpipes_codegen.own.tidy import tidy

PET = {"$ref": "#/components/schemas/Pet"}
TOY = {"$ref": "#/components/schemas/Toy"}
SHARED: dict[str, Any] = {
    "Pet": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    "Toy": {"type": "object", "properties": {"size": {"type": "integer"}}},
    "Name": {"type": "string"},
    "Tags": {"type": "object", "additionalProperties": {"type": "string"}},
}


def document(schema: Any, **components: Any) -> dict[str, Any]:
    """A document whose only operation answers with an object that has ``schema`` as its property ``value``."""
    holder = {"type": "object", "properties": {"value": schema}, "required": ["value"]}
    answer = {"description": "", "content": {"application/json": {"schema": holder}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/things": {"get": {"operationId": "getThing", "tags": ["things"], "responses": {"200": answer}}}},
        "components": {"schemas": {**SHARED, **components}},
    }


def value_type(made: dict[str, Any]) -> str:
    """The type of ``value``, in short: classes by name."""
    api = build_api(made)
    (operation,) = api.operations
    assert isinstance(operation.returns, ir.Ref)
    model = api.components[operation.returns.key]
    assert isinstance(model, ir.Model)
    field = model.field("value")
    assert field is not None
    return short(api, field.type)


def short(api: ir.Api, type_: ir.Type) -> str:
    if isinstance(type_, ir.Union):
        return " | ".join(short(api, option) for option in type_.options)
    if isinstance(type_, ir.ListOf):
        return f"list[{short(api, type_.item)}]"
    if isinstance(type_, ir.DictOf):
        return f"dict[{short(api, type_.value)}]"
    if isinstance(type_, ir.Ref):
        component = api.components[type_.key]
        if isinstance(component, ir.Model):
            return f"{type_.key}({', '.join(field.wire + '!' * field.required for field in component.fields)})"
        return type_.key if isinstance(component, ir.Enum) else short(api, component.type)
    return str(type_.value) if isinstance(type_, ir.Const) else type_.name


PETS = "Pet(name!)"


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"oneOf": [PET], "nullable": True}, f"{PETS} | None"),
        ({"anyOf": [PET], "nullable": True}, f"{PETS} | None"),
        ({"allOf": [PET], "nullable": True}, f"{PETS} | None"),
        ({"allOf": [PET, {"nullable": True}]}, f"{PETS} | None"),
        ({"allOf": [PET, {"nullable": True, "description": "none yet"}]}, f"{PETS} | None"),
        ({"allOf": [{"nullable": True}, PET], "readOnly": True}, f"{PETS} | None"),
        ({**PET, "nullable": True}, f"{PETS} | None"),
        ({**PET, "type": ["object", "null"]}, f"{PETS} | None"),
        ({**PET, "type": "object", "description": "the pet"}, PETS),
        ({"oneOf": [PET]}, PETS),
        ({"anyOf": [{"allOf": [PET]}]}, PETS),
        ({"oneOf": [PET], "type": "object"}, PETS),
        ({"oneOf": [PET, TOY], "type": "object"}, f"{PETS} | Toy(size)"),
        ({"oneOf": [PET, TOY], "type": "object", "nullable": True}, f"{PETS} | Toy(size) | None"),
        ({"anyOf": [{"type": "string"}], "maxLength": 3}, "str"),
        ({"$ref": "#/components/schemas/Name", "minLength": 1}, "str"),
        ({"$ref": "#/components/schemas/Name", "minLength": 1, "nullable": True}, "str | None"),
        ({"$ref": "#/components/schemas/Tags", "maxProperties": 3}, "dict[str]"),
        ({"$ref": "#/components/schemas/Name", "default": "x", "pattern": "x"}, "str"),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
            "list[str | int]",
        ),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, "list[str | int]"),
        ({"type": "array", "prefixItems": [PET], "minItems": 1}, "list[JSON]"),
        ({"type": "array", "items": False}, "list[JSON]"),
        ({"type": "array", "items": True}, "list[JSON]"),
        ({"type": "array"}, "list[JSON]"),
        ({"type": "object", "additionalProperties": False, "properties": {}}, "dict[JSON]"),
        ({"type": ["string", "null"], "const": "x"}, "x | None"),
        ({"type": "string", "enum": ["a", None], "nullable": True}, "a | None"),
        ({"not": {"type": "null"}}, "JSON"),
        (True, "JSON"),
    ],
    ids=str,
)
def test_any_spelling_keeps_its_facts_and_gives_its_type(schema: Any, type_: str) -> None:
    source = tidy(document(schema), "https://x.example").document
    canonical = canonicalize(source, {})
    assert fidelity(source, canonical.document).losses == []
    assert canonicalize(canonical.document, canonical.names).document == canonical.document
    assert value_type(canonical.document) == type_
    value_type(document(schema))  # the document itself is read, too


def test_properties_beside_a_reference_are_added_to_it() -> None:
    schema = {**PET, "properties": {"tag": {"type": "string"}}, "required": ["tag"]}
    source = tidy(document(schema), "https://x.example").document
    canonical = canonicalize(source, {})
    assert fidelity(source, canonical.document).losses == []
    assert value_type(canonical.document).endswith("(name!, tag!)")
    assert canonical.document["components"]["schemas"]["Pet"] == SHARED["Pet"]  # type: ignore[index,call-overload]  # a tree


def test_many_constants_behind_an_enum_are_one_enum() -> None:
    consts = [{"const": f"value_{number}", "title": f"V{number}"} for number in range(40)]
    named = {"type": "string", "enum": [f"value_{number}" for number in range(40)]}
    for schema in ({"oneOf": consts}, {"anyOf": [{"$ref": "#/components/schemas/Named"}, *consts]}):
        source = tidy(document(schema, Named=named), "https://x.example").document
        canonical = canonicalize(source, {})
        assert fidelity(source, canonical.document).losses == []
        value_type(canonical.document)


def test_a_component_that_its_own_property_joins_ends() -> None:
    node = {"type": "object", "properties": {"child": {"allOf": [{"$ref": "#/components/schemas/Node"}, TOY]}}}
    assert value_type(document({"$ref": "#/components/schemas/Node"}, Node=node)).startswith("Node(")
    canonical = canonicalize(tidy(document({"$ref": "#/components/schemas/Node"}, Node=node), None).document, {})
    assert value_type(canonical.document).startswith("Node(")
