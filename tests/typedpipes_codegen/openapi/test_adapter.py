"""The contract with openapi-python-client: its version, and what we use of its parser, one name at a time."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from openapi_python_client.parser.openapi import GeneratorData

from tests.typedpipes_codegen.openapi.rendering import render_into, shop, small
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import adapter, ir
from typedpipes_codegen.openapi.build import build_api
from typedpipes_codegen.openapi.endpoints import raw_operations
from typedpipes_codegen.openapi.prepared import distinct


def test_the_version_is_the_pinned_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert importlib.metadata.version("openapi-python-client") == adapter.VERSION
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.30.0")
    with pytest.raises(SchemaError, match=r"0\.30\.0 is installed; the adapter is made for 0\.29\.1"):
        render_into(shop(), tmp_path / "shop")


def parse(schemas: dict[str, Any], operation: dict[str, Any]) -> GeneratorData:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/x": {"post": operation}},
        "components": {"schemas": schemas},
    }
    data = GeneratorData.from_dict(document, config=adapter._config())
    assert isinstance(data, GeneratorData)
    return data


ANSWERS: list[dict[str, Any]] = [
    {"const": 4},
    {"type": "string", "format": "binary"},
    {"type": "null"},
    {"type": "object", "title": "Map7", "additionalProperties": {"type": "string"}},
]


def answer(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


def test_each_attribute_the_adapter_reads_means_what_it_did() -> None:
    """Fails first when a new version of the parser moves something."""
    reference = {"$ref": "#/components/schemas/Order"}
    data = parse(
        {
            "Order": {"type": "object", "properties": {"p2": {"type": "string"}, "p1": reference}, "required": ["p1"]},
            "State": {"type": "string", "enum": ["b", "a"]},
        },
        {
            "parameters": [
                {"name": "p9", "in": "query", "schema": {"$ref": "#/components/schemas/State"}},
                {"name": "p-8", "in": "query", "required": True, "schema": {"type": ["string", "null"]}},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"type": "array", "items": reference}}}},
            "responses": {str(200 + index): answer(schema) for index, schema in enumerate(ANSWERS)},
        },
    )
    assert data.errors == []
    model, plain_map = data.models
    assert (model.class_info.name, plain_map.class_info.name) == ("Order", "Map7")
    assert [prop.name.get_untrusted_value() for prop in model.required_properties or []] == ["p1"]
    assert [prop.name.get_untrusted_value() for prop in model.optional_properties or []] == ["p2"]
    (enum,) = data.enums
    assert (enum.class_info.name, enum.values) == ("State", {"a", "b"})
    (collection,) = data.endpoint_collections_by_tag.values()
    assert collection.parse_errors == []
    (endpoint,) = collection.endpoints
    assert (endpoint.path.get_untrusted_value(), endpoint.method, endpoint.errors) == ("/x", "post", [])

    read = adapter._Types({"Order": "order", "State": "State", "Map7": None}, {}).endpoint(endpoint)
    assert read.parameters == {"p9": (ir.Ref("State"), False), "p-8": (ir.union(ir.STR, ir.NONE), True)}
    assert read.bodies == (ir.ListOf(ir.Ref("order")),)
    assert read.answers == (ir.Const(4), ir.Scalar("bytes"), ir.NONE, ir.DictOf(ir.STR))


def test_two_names_of_one_identifier_are_told_apart() -> None:
    assert adapter.identifier("order-id") == adapter.identifier("orderId") == "order_id"
    assert adapter.class_identifier("A1b") == adapter.class_identifier("A1B") == "A1B"
    assert distinct(["id", "orderId", "order-id", "client", "p3", "ORDER ID"], ["client"]) == [
        *("id", "orderId", "p3", "p4", "p5", "p6"),
    ]


def test_a_warning_of_the_parser_fails_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from openapi_python_client.parser.errors import ParseError

    original = GeneratorData.from_dict

    def grumbling(data: dict[str, Any], *, config: Any) -> Any:
        result = original(data, config=config)
        assert isinstance(result, GeneratorData)
        next(iter(result.endpoint_collections_by_tag.values())).parse_errors.append(
            ParseError(detail="odd OrderStatus")
        )
        return result

    monkeypatch.setattr(GeneratorData, "from_dict", staticmethod(grumbling))
    with pytest.raises(SchemaError, match=r"the parser refused the document: .* odd OrderStatus"):
        render_into(shop(), tmp_path / "shop")


@pytest.mark.parametrize("what", ["endpoint", "property", "value", "answer", "required"])
def test_whatever_the_parser_loses_fails_the_run(what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    original = adapter.parse

    def losing(*given: Any) -> adapter.Parsed:
        parsed = original(*given)
        line = parsed.models["Line"]
        if what == "endpoint":
            del parsed.endpoints["/files", "post"]
        elif what == "property":
            del line["sku"]
        elif what == "required":
            line["sku"] = (line["sku"][0], False)
        elif what == "value":
            parsed.enums["OrderStatus"] -= {"paid"}
        else:
            endpoint = parsed.endpoints["/orders", "get"]
            parsed.endpoints["/orders", "get"] = attrs.evolve(endpoint, answers=())
        return parsed

    monkeypatch.setattr(sys.modules[build_api.__module__], "parse", losing)
    with pytest.raises(SchemaError, match="the parser lost") as caught:
        render_into(shop(), tmp_path / "shop")
    assert caught.value.pointer


def test_an_operation_lost_before_the_parser_fails_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Operations are counted without being read."""
    build = sys.modules[build_api.__module__]
    monkeypatch.setattr(build, "raw_operations", lambda document: raw_operations(document)[1:])
    with pytest.raises(SchemaError, match="the parser lost the number of operations"):
        render_into(shop(), tmp_path / "shop")


def test_the_report_counts_what_was_made(tmp_path: Path) -> None:
    report = render_into(small(Thing={"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}}), tmp_path / "s")
    assert (report.operations, report.models, report.enums) == (1, 1, 1)
