"""Documents that cannot be generated completely: one clear message, with the place, and no guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.typedpipes_codegen.openapi.rendering import render_into, shop, small
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.output.listing import rest_listing

Change = Callable[[dict[str, Any]], object]


def orders(document: dict[str, Any]) -> Any:
    return document["paths"]["/orders"]["get"]


def schemas(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]


CASES: dict[str, tuple[Change, str, str]] = {
    "dangling reference": (
        lambda d: schemas(d)["Line"]["properties"].update(x={"$ref": "#/components/schemas/Gone"}),
        "does not exist",
        "/components/schemas/Line/properties/x/$ref",
    ),
    "remote reference": (
        lambda d: schemas(d)["Line"]["properties"].update(x={"$ref": "https://evil.example/x.yaml"}),
        "not in this document",
        "/components/schemas/Line/properties/x/$ref",
    ),
    "reference to something else": (
        lambda d: schemas(d)["Line"]["properties"].update(x={"$ref": "#/info"}),
        "no named schema",
        "/components/schemas/Line/properties/x/$ref",
    ),
    "two components, one class": (
        lambda d: schemas(d).update(order_list={"type": "object", "properties": {"a": {}}}),
        "'OrderList' and 'order_list' would both become class OrderList",
        "/components/schemas/order_list",
    ),
    "component named like a keyword": (
        lambda d: schemas(d).update(none={"type": "object", "properties": {"a": {}}}),
        "cannot be the name of a class",
        "/components/schemas/none",
    ),
    "component that would leave the folder": (
        lambda d: schemas(d).update({"../../etc": {"type": "string"}}),
        "cannot be the name of a class",
        "/components/schemas/..~1..~1etc",
    ),
    "tag that would leave the folder": (
        lambda d: (orders(d).pop("x-method"), orders(d).update(tags=["../../etc"])),
        "cannot name a module",
        "/paths/~1orders/get/tags/0",
    ),
    "method path that is none": (
        lambda d: orders(d).update({"x-method": "../orders.list"}),
        "is no method path",
        "/paths/~1orders/get/x-method",
    ),
    "method named like a keyword": (
        lambda d: orders(d).update({"x-method": "orders.import"}),
        "is no method path",
        "/paths/~1orders/get/x-method",
    ),
    "two methods at one place": (
        lambda d: orders(d).update({"x-method": "orders.create"}),
        "orders.create is the place of GET /orders already",
        "/paths/~1orders/post",
    ),
    "resource and method at once": (
        lambda d: orders(d).update({"x-method": "orders.notes"}),
        "a resource and a method at once",
        "/paths/~1orders/get",
    ),
    "path and parameters that differ": (
        lambda d: d["paths"]["/files/{id}"]["get"].pop("parameters"),
        "the path names ['id'], the path parameters are []",
        "/paths/~1files~1{id}/get",
    ),
    "parameter in no place": (
        lambda d: orders(d)["parameters"].append({"name": "c", "in": "body", "schema": {}}),
        "a body parameter",
        "/paths/~1orders/get/parameters/11",
    ),
    "style of another place": (
        lambda d: orders(d)["parameters"][4].update(style="matrix"),
        "a query parameter has no style 'matrix'",
        "/paths/~1orders/get/parameters/4/style",
    ),
    "paging by an unknown parameter": (
        lambda d: orders(d)["x-paging"].update(cursor="begin"),
        "paging by 'begin', which is no query parameter",
        "/paths/~1orders/get/x-paging",
    ),
    "paging over no list": (
        lambda d: orders(d)["x-paging"].update(items="page"),
        "the answer has no list at 'page'",
        "/paths/~1orders/get/x-paging",
    ),
    "unknown safety": (
        lambda d: orders(d).update({"x-safety": "maybe"}),
        "'maybe' is no safety",
        "/paths/~1orders/get/x-safety",
    ),
    "unknown type": (
        lambda d: schemas(d)["Line"]["properties"].update(x={"type": "money"}),
        "'money' is no type of JSON Schema",
        "/components/schemas/Line/properties/x/type",
    ),
    "a composition of no objects": (
        lambda d: schemas(d)["Line"]["properties"].update(x={"allOf": [{"type": "string"}, {"type": "integer"}]}),
        "allOf joins schemas that exclude each other",
        "/components/schemas/Line/properties/x",
    ),
    "paths that are no object": (lambda d: d.update(paths=[]), "an object with names is expected", "/paths"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_documents_are_refused_with_the_place(name: str, tmp_path: Path) -> None:
    change, message, pointer = CASES[name]
    document = shop()
    change(document)
    with pytest.raises(SchemaError) as caught:
        render_into(document, tmp_path / "shop")
    assert message in str(caught.value)
    assert caught.value.pointer == pointer
    assert caught.value.remedy
    assert list((tmp_path / "shop").iterdir()) == []


METHODS = ("get", "list", "retrieve", "import_", "get_d", "e_same", "e_same_things")


def test_a_method_is_derived_and_listed_where_the_document_names_none(tmp_path: Path) -> None:
    document = small(Thing={"type": "object", "properties": {"id": {}}})
    operation = document["paths"]["/things"]["get"]
    for path, identity in (("/a", "list_things"), ("/b", "things_retrieve"), ("/c", "importThing"), ("/d", None)):
        document["paths"][path] = {"get": {**operation, "operationId": identity}}
        if identity is None:
            del document["paths"][path]["get"]["operationId"]
    for path in ("/e", "/f"):
        document["paths"][path] = {
            "get": {**operation, "operationId": f"{path[1]}_same" if path == "/e" else "e_same_things"}
        }
    render_into(document, tmp_path / "s")
    text = (tmp_path / "s" / "things.py").read_text(encoding="utf-8")
    for method in METHODS:
        assert f"    def {method}(self" in text, method
    listed = [row.split(" | ")[0] for row in rest_listing(document, "").splitlines()[5:]]
    assert listed == [f"| things.{method}" for method in sorted(METHODS)]
