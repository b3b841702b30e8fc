"""The fidelity check must see every single loss: each fact is taken out of a good result, and must be named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.typedpipes_codegen.canonical.support import DOCUMENTS, dig, dig_object, run_codegen
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.documents import load_openapi
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, clone

SOURCE = load_openapi(DOCUMENTS / "shop.yaml")
CANONICAL = load_openapi(DOCUMENTS / "shop.canonical.yaml")
ANSWER = "#/paths/~1orders~1{id}/get/responses/200/content/application~1json/schema/properties/data"
QUIET = {"description", "title", "version", "scopes", "authorizationUrl", "tokenUrl", "openapi", "info", "flows"}
"""Not facts the walk looks for: prose, and addresses the client takes from its own settings."""


def test_nothing_is_lost_in_the_good_result() -> None:
    assert fidelity(SOURCE, CANONICAL).losses == []


def without(*keys: str | int) -> JsonObject:
    """The good result less one entry."""
    mutant = as_object(clone(CANONICAL), "")
    holder = dig(mutant, *keys[:-1])
    if isinstance(holder, dict):
        del holder[str(keys[-1])]
    else:
        assert isinstance(holder, list)
        del holder[int(keys[-1])]
    return mutant


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("paths", "/orders/{id}", "get"), "#/paths/~1orders~1{id}/get: operation"),
        (("paths", "/orders", "get", "parameters", 1), "#/paths/~1orders/get/parameters/1: parameter 'cursor'"),
        (("paths", "/orders/{id}", "put", "requestBody"), "#/paths/~1orders~1{id}/put/requestBody: request body"),
        (
            ("paths", "/orders/{id}", "get", "responses", "404"),
            "#/paths/~1orders~1{id}/get/responses/404: response",
        ),
        (("paths", "/orders/{id}", "get", "x-token-cost"), "#/paths/~1orders~1{id}/get/x-token-cost: "),
        (("paths", "/orders/{id}", "put", "deprecated"), "#/paths/~1orders~1{id}/put/deprecated: "),
        (("paths", "/orders/{id}", "put", "servers"), "#/paths/~1orders~1{id}/put/servers: "),
        (("paths", "/orders/{id}", "get", "security"), "#/paths/~1orders~1{id}/get/security: "),
        (("components", "schemas", "Order", "required"), f"{ANSWER}/required: required mark of 'id'"),
        (("components", "schemas", "Order", "properties", "note"), f"{ANSWER}/properties/note: property"),
        (("components", "schemas", "OrderStatus", "enum", 1), f"{ANSWER}/properties/status/enum: enum value 'open'"),
        (
            ("components", "schemas", "Order", "properties", "buyer_id", "oneOf", 1),
            f"{ANSWER}/properties/buyer_id: nullable",
        ),
        (
            ("components", "schemas", "Order", "properties", "note", "type", 1),
            f"{ANSWER}/properties/note: nullable",
        ),
        (("components", "schemas", "Order", "properties", "note", "default"), f"{ANSWER}/properties/note/default: "),
        (("components", "schemas", "OrderItem", "properties", "id", "exclusiveMinimum"), "/id/minimum: minimum 1"),
        (("components", "securitySchemes", "oauth2"), "#/components/securitySchemes/oauth2: security scheme"),
    ],
)
def test_a_fact_taken_out_is_named(place: tuple[str | int, ...], expected: str) -> None:
    losses = fidelity(SOURCE, without(*place)).losses

    assert any(expected in loss for loss in losses), losses


def entries(node: Json, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Every entry of the good result that states a fact."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in QUIET:
                yield (*path, key)
                yield from entries(value, *path, key)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield (*path, index)
            yield from entries(value, *path, index)


def test_no_entry_can_be_taken_out_unseen() -> None:
    tags = [("tags",), ("tags", 0), ("tags", 0, "name"), ("tags", 1), ("tags", 1, "name")]
    places = [place for place in entries(CANONICAL) if place not in tags and place[-1] != "content"]
    silent = [place for place in places if not _refused(place)]

    assert len(places) > 200
    assert silent == []


def _refused(place: tuple[str | int, ...]) -> bool:
    return bool(fidelity(SOURCE, without(*place)).losses)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("paths", "/orders", "post"), {"responses": {"204": {"description": ""}}}),
        (("components", "schemas", "Order", "properties", "invented"), {"type": "string"}),
        (("components", "schemas", "Order", "required"), ["id", "note"]),
        (("components", "schemas", "Order", "properties", "id", "type"), "string"),
        (("paths", "/orders", "get", "security"), [{"api_key": []}]),
        (("paths", "/customers", "get", "parameters"), [{"name": "x", "in": "query", "schema": {}}]),
    ],
)
def test_a_fact_that_was_invented_is_named(place: tuple[str, ...], value: Json) -> None:
    mutant = as_object(clone(CANONICAL), "")
    dig_object(mutant, *place[:-1])[place[-1]] = value

    assert fidelity(SOURCE, mutant).losses != []


def test_a_withdrawn_operation_must_be_there_and_marked() -> None:
    newer = as_object(clone(SOURCE), "")
    del dig_object(newer, "paths")["/customers"]

    losses = fidelity(newer, CANONICAL, SOURCE).losses

    assert any("withdrawn mark" in loss for loss in losses)
    assert any("~1customers/get/deprecated" in loss for loss in losses)


def test_the_command_fails_on_a_loss_and_names_it(tmp_path: Path) -> None:
    text = (DOCUMENTS / "shop.canonical.yaml").read_text(encoding="utf-8")
    mutant = tmp_path / "mutant.yaml"
    mutant.write_text(text.replace("enum: [lost, open, won]", "enum: [lost, won]"), encoding="utf-8")

    good = run_codegen("fidelity", DOCUMENTS / "shop.yaml", DOCUMENTS / "shop.canonical.yaml")
    bad = run_codegen("fidelity", DOCUMENTS / "shop.yaml", mutant)

    assert good.returncode == 0
    assert good.stdout == "0 lost\n"
    assert bad.returncode == 1
    assert "enum value 'open'" in bad.stderr
