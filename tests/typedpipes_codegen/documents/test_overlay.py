"""Overlay 1.0: what an action does, and that one that does nothing is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typedpipes_codegen.canonical.support import DOCUMENTS, dig, dig_object
from typedpipes_codegen.documents import load_openapi
from typedpipes_codegen.documents.overlay import apply_overlay
from typedpipes_codegen.documents.tree import Json, JsonObject
from typedpipes_codegen.errors import SchemaError

SHOP = load_openapi(DOCUMENTS / "shop.canonical.yaml")
FILE = Path("overlay.yaml")


def overlaid(*actions: Json) -> JsonObject:
    overlay: JsonObject = {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": [*actions]}
    return apply_overlay(SHOP, overlay, file=FILE)


def test_update_merges_objects_appends_to_lists_and_replaces_values() -> None:
    result = overlaid(
        {
            "target": "$.components.schemas.Order",
            "update": {"required": ["note"], "properties": {"id": {"type": "string"}, "new": {"type": "boolean"}}},
        }
    )

    order = dig_object(result, "components", "schemas", "Order")
    assert order["required"] == ["id", "note"]
    assert dig(order, "properties", "id") == {"type": "string"}
    assert dig(order, "properties", "new") == {"type": "boolean"}
    assert "status" in dig_object(order, "properties")


def test_a_list_target_gets_one_more_entry() -> None:
    result = overlaid({"target": "$.servers", "update": {"url": "https://second.example"}})

    assert dig(result, "servers", 1) == {"url": "https://second.example"}


def test_wildcards_and_filters_reach_every_match() -> None:
    result = overlaid({"target": "$.paths.*.*.parameters[?@.name=='id']", "update": {"deprecated": True}})

    for method in ("get", "put"):
        assert dig(result, "paths", "/orders/{id}", method, "parameters", 0, "deprecated") is True


def test_remove_takes_all_matching_entries_of_a_list_and_keeps_the_others() -> None:
    result = overlaid({"target": "$.paths['/orders'].get.parameters[?@.name!='cursor']", "remove": True})

    parameters = dig(result, "paths", "/orders", "get", "parameters")
    assert isinstance(parameters, list)
    assert [dig(parameter, "name") for parameter in parameters] == ["cursor"]


def test_actions_see_what_the_ones_before_them_did() -> None:
    result = overlaid(
        {"target": "$.info", "update": {"x-a": {"b": 1}}},
        {"target": "$.info['x-a'].b", "remove": True},
    )

    assert dig(result, "info", "x-a") == {}


def test_the_document_given_is_left_alone() -> None:
    overlaid({"target": "$.info", "update": {"title": "changed"}})

    assert dig(SHOP, "info", "title") == "Shop API"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"target": "$.paths['/gone'].get", "update": {"x": 1}}, r"\$\.paths\['/gone'\]\.get matches nothing"),
        ({"target": "$.paths['/gone']", "remove": True}, "matches nothing"),
        ({"target": "$.info.title", "update": {"x": 1}}, "is a string"),
        ({"target": "$", "remove": True}, "whole document"),
        ({"target": "$.info[", "remove": True}, "is not a JSONPath"),
        ({"target": "$.info", "remove": True, "update": {}}, "either updates or removes"),
        ({"target": "$.info"}, "either updates or removes"),
        ({"target": "$.info", "upadte": {}}, "no key 'upadte'"),
        ({"target": 3, "remove": True}, "expected a string"),
        ({"target": "$.info", "update": [1]}, "expected an object"),
    ],
)
def test_an_action_that_cannot_work_names_itself(action: Json, message: str) -> None:
    with pytest.raises(SchemaError, match=message) as caught:
        overlaid({"target": "$.info", "update": {"x-first": 1}}, action)

    assert caught.value.file == "overlay.yaml"
    assert str(caught.value.pointer).startswith("/actions/1")


def test_a_reference_an_overlay_leaves_dangling_is_an_error() -> None:
    with pytest.raises(SchemaError, match="points at nothing"):
        overlaid({"target": "$.components.schemas.OrderStatus", "remove": True})


@pytest.mark.parametrize("overlay", [{}, {"overlay": "2.0.0", "actions": []}, {"overlay": "1.0.0", "actions": {}}])
def test_something_else_than_an_overlay_is_refused(overlay: JsonObject) -> None:
    with pytest.raises(SchemaError):
        apply_overlay(SHOP, overlay, file=FILE)
