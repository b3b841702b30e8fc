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
from typedpipes_codegen import openapi
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import adapter, ir
from typedpipes_codegen.openapi.build import build_api


def test_the_version_is_the_pinned_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert importlib.metadata.version("openapi-python-client") == adapter.VERSION
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.30.0")
    with pytest.raises(SchemaError, match=r"0\.30\.0 is installed; the adapter is made for 0\.29\.1"):
        render_into(shop(), tmp_path / "shop")


def parse(schemas: dict[str, Any], operation: dict[str, Any]) -> GeneratorData:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/x/{p1}": {"post": operation}},
        "components": {"schemas": schemas},
    }
    data = GeneratorData.from_dict(document, config=adapter._config())
    assert isinstance(data, GeneratorData)
    return data


def test_each_attribute_the_adapter_reads_means_what_it_did() -> None:
    """Fails first when a new version of the parser moves something."""
    reference = {"$ref": "#/components/schemas/C12"}
    data = parse(
        {
            "C12": {"type": "object", "properties": {"p2": {"type": "string"}, "p1": reference}, "required": ["p1"]},
            "C7": {"type": "string", "enum": ["b", "a"]},
        },
        {
            "operationId": "o3",
            "tags": ["t"],
            "parameters": [
                {"name": "p1", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "p9", "in": "query", "schema": {"$ref": "#/components/schemas/C7"}},
                {"name": "p8", "in": "header", "schema": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"type": "array", "items": reference}}}},
            "responses": {
                "200": {"description": "", "content": {"application/json": {"schema": {"const": 4}}}},
                "201": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}},
                "202": {"description": ""},
            },
        },
    )
    assert data.errors == []
    (model,) = data.models
    assert model.class_info.name == "C12"
    assert [prop.name.get_untrusted_value() for prop in model.required_properties or []] == ["p1"]
    assert [prop.name.get_untrusted_value() for prop in model.optional_properties or []] == ["p2"]
    (enum,) = data.enums
    assert (enum.class_info.name, enum.values) == ("C7", {"a", "b"})
    (collection,) = data.endpoint_collections_by_tag.values()
    assert collection.parse_errors == []
    (endpoint,) = collection.endpoints
    assert (endpoint.name, endpoint.method, endpoint.errors) == ("o3", "post", [])

    class Keys:
        def key(self, code: str) -> str | None:
            return code if code in ("C12", "C7") else None

    read = adapter._Types(Keys()).endpoint(endpoint)  # type: ignore[arg-type]  # stands for Neutral
    assert read.query == (("p9", ir.Ref("C7"), False),)
    assert read.bodies == (("application/json", ir.ListOf(ir.Ref("C12"))),)
    assert read.responses == {"200": ir.Const(4), "201": ir.STR, "202": ir.NONE}


def test_a_warning_of_the_parser_fails_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from openapi_python_client.parser.errors import ParseError

    original = GeneratorData.from_dict

    def grumbling(data: dict[str, Any], *, config: Any) -> Any:
        result = original(data, config=config)
        assert isinstance(result, GeneratorData)
        next(iter(result.endpoint_collections_by_tag.values())).parse_errors.append(ParseError(detail="odd C0"))
        return result

    monkeypatch.setattr(GeneratorData, "from_dict", staticmethod(grumbling))
    with pytest.raises(SchemaError, match=r"the parser refused the document: .* odd OrderStatus"):
        render_into(shop(), tmp_path / "shop")


@pytest.mark.parametrize("what", ["endpoint", "property", "value", "answer", "required"])
def test_whatever_the_parser_loses_fails_the_run(what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    original = adapter.parse

    def losing(document: dict[str, Any], neutral: Any) -> adapter.Parsed:
        parsed = original(document, neutral)
        code, name = neutral.code("Line"), neutral.wire("sku")
        if what == "endpoint":
            del parsed.endpoints["o2"]
        elif what == "property":
            del parsed.models[code][name]
        elif what == "required":
            type_, required = parsed.models[code][name]
            parsed.models[code][name] = (type_, not required)
        elif what == "value":
            key = neutral.code("OrderStatus")
            parsed.enums[key] -= {"paid"}
        else:
            parsed.endpoints["o0"].responses.clear()
        return parsed

    monkeypatch.setattr(sys.modules[build_api.__module__], "parse", losing)
    with pytest.raises(SchemaError, match="the parser lost") as caught:
        render_into(shop(), tmp_path / "shop")
    assert caught.value.pointer


def test_an_operation_lost_after_the_parser_fails_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def losing(document: dict[str, Any]) -> ir.Api:
        api = build_api(document)
        return attrs.evolve(api, operations=api.operations[1:])

    monkeypatch.setattr(openapi, "build_api", losing)
    with pytest.raises(SchemaError, match="7 operations in the document, 6 generated"):
        render_into(shop(), tmp_path / "shop")


def test_the_report_counts_what_was_made(tmp_path: Path) -> None:
    report = render_into(small(Thing={"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}}), tmp_path / "s")
    assert (report.operations, report.models, report.enums) == (1, 1, 1)
