"""The canonical form: facts kept, prose gone, equal shapes named once, same bytes every time."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

from tests.typedpipes_codegen.canonical.support import DOCUMENTS, answering, dig, document, run_codegen, schemas_of
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.documents import load_openapi
from typedpipes_codegen.documents.tree import Json, JsonObject
from typedpipes_codegen.documents.yaml_writer import write_yaml

SHOP = DOCUMENTS / "shop.yaml"
CANONICAL = DOCUMENTS / "shop.canonical.yaml"


def test_the_shop_document_has_the_committed_canonical_form() -> None:
    assert write_yaml(canonicalize(load_openapi(SHOP)).document) == CANONICAL.read_text(encoding="utf-8")


def test_a_canonical_document_is_its_own_canonical_form() -> None:
    canonical = load_openapi(CANONICAL)

    again = canonicalize(canonical)

    assert write_yaml(again.document) == CANONICAL.read_text(encoding="utf-8")
    assert again.names == {}


def test_a_canonical_document_is_valid_openapi() -> None:
    validate(load_openapi(CANONICAL))


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4242", "TZ": "UTC", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
    ],
)
def test_bytes_do_not_depend_on_the_environment(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "out.yaml"

    done = run_codegen("canonicalize", SHOP, target, **environment)

    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == CANONICAL.read_bytes()


def test_order_and_prose_upstream_leave_no_difference() -> None:
    def reversed_tree(node: Json) -> Json:
        if isinstance(node, dict):
            return {key: reversed_tree(value) for key, value in reversed(node.items())}
        if isinstance(node, list):
            # The order of tags and servers is a fact; of parameters, enum values and required names it is not.
            facts = node and isinstance(node[0], dict) and ("url" in node[0] or "properties" in node[0])
            return [reversed_tree(item) for item in (node if facts else reversed(node))]
        return node

    source = load_openapi(SHOP)
    other = reversed_tree(source)
    assert isinstance(other, dict)
    other["info"] = {"title": "Shop API", "version": "1.0.0", "description": "Quite other prose."}

    assert write_yaml(canonicalize(other).document) == CANONICAL.read_text(encoding="utf-8")


def test_any_yaml_reader_reads_back_what_was_written() -> None:
    awkward: JsonObject = {
        "yes": "no",
        "12": ["012", "1e3", "0x1", "~", "null", "", " a", "a: b", "a #b", "- x", "2026-01-01", "12:30:00"],
        "text": 'tab\tnew\nline \x85\u2028\ufeff é 😀 "quoted" back\\slash',
        "deep": [[1, 2.5, True, None], {"k": {}}, []],
        "{x}": {"$ref": "#/a"},
        "long": ["x" * 90, "y" * 90],
    }

    text = write_yaml(awkward)

    assert yaml.safe_load(text) == awkward
    assert yaml.load(text, Loader=yaml.BaseLoader)["12"] == awkward["12"]


def shape(*names: str) -> JsonObject:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def test_equal_shapes_of_one_tag_are_one_component_and_of_two_tags_two() -> None:
    source = document(
        {
            "/deals/{id}/notes": {"get": answering(shape("a"), tags=["Deals"], parameters=[ID])},
            "/deals/{id}/memos": {"get": answering(shape("a"), tags=["Deals"], parameters=[ID])},
            "/users": {"get": answering(shape("a"), tags=["Users"])},
        }
    )

    names = canonicalize(source).names

    assert len(names) == 3
    assert len(set(names.values())) == 2


def test_names_are_those_a_person_would_choose() -> None:
    deal: JsonObject = {"type": "object", "properties": {"id": {"type": "integer"}, "owner": shape("name")}}
    listed: JsonObject = {"type": "object", "properties": {"data": {"type": "array", "items": deal}}}
    one: JsonObject = {"type": "object", "properties": {"data": deal}}
    gone: JsonObject = {"type": "object", "properties": {"data": shape("id")}}
    body: JsonObject = {"content": {"application/json": {"schema": shape("title")}}}
    source = document(
        {
            "/dealFields": {
                "get": answering(listed, tags=["DealFields"]),
                "post": answering(one, tags=["DealFields"], requestBody=body),
                "delete": answering(gone, tags=["DealFields"]),
            },
            "/dealFields/{id}": {
                "get": answering(one, tags=["DealFields"], parameters=[ID]),
                "delete": answering(gone, tags=["DealFields"], parameters=[ID]),
            },
        }
    )

    assert set(schemas_of(canonicalize(source).document)) == {
        "DealField",
        "DealFieldOwner",
        "DealFieldListResponse",
        "DealFieldResponse",
        "DealFieldCreateRequest",
        "DealFieldDeleteResponse",
        "DeletedDealField",
    }


ID: JsonObject = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}


def test_path_parameters_come_first_and_in_the_order_of_the_path() -> None:
    both: list[Json] = [
        {"name": "a", "in": "query", "schema": {"type": "string"}},
        {"name": "b", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "z", "in": "path", "required": True, "schema": {"type": "string"}},
    ]
    source = document({"/x/{z}/{b}": {"get": {"parameters": both, "responses": {"204": {"description": ""}}}}})

    parameters = dig(canonicalize(source).document, "paths", "/x/{z}/{b}", "get", "parameters")

    assert isinstance(parameters, list)
    assert [dig(parameter, "name") for parameter in parameters] == ["z", "b", "a"]


def test_a_reference_to_any_place_becomes_what_stands_there() -> None:
    place = "#/paths/~1a/get/responses/200/content/application~1json/schema/properties/inner"
    outer: JsonObject = {"type": "object", "properties": {"inner": shape("x")}}
    source = document({"/a": {"get": answering(outer)}, "/b": {"get": answering({"$ref": place})}})

    canonical = canonicalize(source).document

    assert "~1" not in write_yaml(canonical)
    assert canonicalize(canonical).document == canonical


def test_recursive_components_stay_references() -> None:
    node: JsonObject = {"type": "object", "properties": {"children": {"type": "array", "items": NODE}}}
    source = document({"/tree": {"get": answering(NODE)}}, {"schemas": {"Node": node}})

    assert schemas_of(canonicalize(source).document) == {"Node": node}


NODE: JsonObject = {"$ref": "#/components/schemas/Node"}


def test_a_component_nothing_refers_to_and_its_inline_twin_are_one() -> None:
    source = document({"/deals/{id}": {"get": answering(shape("a", "b"), tags=["Deals"], parameters=[ID])}})
    source["components"] = {"schemas": {"DealItem": shape("b", "a")}}

    canonical = canonicalize(source)

    assert set(schemas_of(canonical.document)) == {"DealItem"}
    assert canonicalize(canonical.document).document == canonical.document
