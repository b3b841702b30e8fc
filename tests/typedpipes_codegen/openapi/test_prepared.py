"""Whatever openapi-python-client would rename, drop or refuse is generated all the same, under its own name."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import GeneratorData

from tests.typedpipes_codegen.openapi.rendering import small
from typedpipes_codegen.openapi import adapter, ir
from typedpipes_codegen.openapi.build import build_api

TEXT = {"type": "string"}
PROPERTIES = (
    *("on-hold", "on hold", "onHold", "on_hold", "$a", "a", "a$", "", " ", "p0", "p1", "p9", "field_", "_", "__"),
    *("client", "url", "class", "class_", "größe", "grosse", "名", "self", "type", "type_", "1", "field_1", '"""', "'"),
)


def named(*wires: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(wires, TEXT), "required": list(wires)}


def reference(key: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{key}"}


def with_parameters(*parameters: tuple[str, str, Any]) -> dict[str, Any]:
    document = small(Thing=named("id"))
    names = [wire for wire, location, _ in parameters if location == "path"]
    path = "/things" + "".join(f"/{{{name}}}" for name in names)
    document["paths"] = {path: document["paths"]["/things"]}
    document["paths"][path]["get"]["parameters"] = [
        {"name": wire, "in": location, "required": location == "path", "schema": schema}
        for wire, location, schema in parameters
    ]
    return document


EXTRA = {"type": "object", "properties": {"labels": {"type": "object", "additionalProperties": TEXT}}}
HARD: dict[str, dict[str, Any]] = {
    "properties of one identifier": small(Thing=named(*PROPERTIES)),
    "components of one class": small(A1b=named("a"), A1B=named("b"), Exception=named("c")),
    "a map that takes the name of a component": small(Order=EXTRA, OrderLabels=named("a"), Map=named("b")),
    "an inline object that takes the name of a component": small(
        Order={"type": "object", "properties": {"line": named("sku")}}, OrderLine=named("id")
    ),
    "an inline object that takes the key of a component": small(
        Order={"type": "object", "properties": {"line": named("sku")}}, OrderLine=named("id") | {"x-class": "Position"}
    ),
    "a component that is a list": small(Order={"type": "object", "properties": {"a": reference("Lines")}})
    | {"components": {"schemas": {"Order": named("id"), "Lines": {"type": "array", "items": reference("Lines")}}}},
    "parameters of one identifier": with_parameters(
        *(("id", place, TEXT) for place in ("path", "query", "header", "cookie")),
        *((wire, "query", TEXT) for wire in ("id_path", "id_query", "codeRaw", "code_raw", "CodeRaw", "client", "url")),
    ),
    "a path parameter that is no identifier": with_parameters(("user.id", "path", TEXT), ("$x", "path", TEXT)),
    "a header that is a list": with_parameters(("ids", "header", {"type": "array", "items": TEXT})),
}


def parsed_alone(document: dict[str, Any]) -> bool:
    """Whether the parser reads the document as it is, without a word and without another name."""
    data = GeneratorData.from_dict(document, config=adapter._config())
    assert not isinstance(data, GeneratorError)
    refused = [
        *data.errors,
        *(error for one in data.endpoint_collections_by_tag.values() for error in one.parse_errors),
    ]
    names = [(model.name.get_untrusted_value().rpartition("/")[2], model.class_info.name) for model in data.models]
    return not refused and all(given == made for given, made in names)


@pytest.mark.parametrize("what", HARD)
def test_what_the_parser_cannot_hold_is_generated_completely(what: str) -> None:
    document = HARD[what]
    api = build_api(document)
    for key, node in document["components"]["schemas"].items():
        if node["type"] == "object":
            component = api.components[key]
            assert isinstance(component, ir.Model)
            assert component.class_name == node.get("x-class", key)
            assert [field.wire for field in component.fields] == list(node["properties"])
            assert {field.wire for field in component.fields if field.required} == {*node.get("required", ())}
    ((item, operation),) = zip(document["paths"].values(), api.operations, strict=True)
    wanted = {(one["in"], one["name"]) for one in item["get"].get("parameters", ())}
    assert {(one.location, one.wire) for one in operation.parameters} == wanted
    assert len(operation.parameters) == len(wanted)


@pytest.mark.parametrize("what", HARD)
def test_each_pass_is_still_needed(what: str) -> None:
    """A newer parser that holds one of these by itself makes a pass superfluous."""
    assert not parsed_alone(HARD[what])


def test_the_parser_is_given_the_names_of_the_document() -> None:
    """What it can hold goes in as it is: no name of a plain document is replaced."""
    from typedpipes_codegen.openapi.endpoints import raw_operations
    from typedpipes_codegen.openapi.prepared import Prepared
    from typedpipes_codegen.openapi.reading import Document

    document = with_parameters(("id", "path", TEXT), ("sort_by", "query", TEXT))
    document["components"]["schemas"]["Thing"] = named("id", "url", "client", "orderId")
    read = Document(document)
    prepared = Prepared(read, raw_operations(read))
    assert prepared.classes == {"Thing": "Thing"}
    assert prepared.facts["Thing"].given_names == ["id", "url", "client", "orderId"]
    assert [endpoint.parameters for endpoint in prepared.endpoints] == [["id", "sort_by"]]
