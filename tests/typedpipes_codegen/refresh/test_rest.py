"""Refreshing an OpenAPI schema from a newer document of its vendor."""

from __future__ import annotations

import copy
import tomllib

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.typedpipes_codegen.refresh import petshop
from tests.typedpipes_codegen.refresh.checkout import TODAY, Checkout, document
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.refresh import prepare, write

WEIGH = {"get": petshop.operation("weighPet", petshop.IDENTIFIER)}


def refresh(checkout: Checkout, package: str, made: object, *, accept_removals: bool = False) -> list[str]:
    """Refresh and write; the paths that changed."""
    data = made if isinstance(made, bytes) else petshop.published(made)  # type: ignore[arg-type]  # a document
    prepared = prepare(checkout.schemas, [document(package, data)], accept_removals=accept_removals)
    write(checkout.schemas, prepared)
    return [change.path for change in prepared.changes]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_other_words_and_another_order_change_no_byte(checkout: Checkout, seed: int) -> None:
    before = checkout.state()
    assert refresh(checkout, "petshop", petshop.with_prose(petshop.DOCUMENT, seed)) == []
    assert refresh(checkout, "museum", petshop.with_prose(petshop.DOCUMENT, seed)) == []
    assert checkout.state() == before


def test_a_new_operation_changes_the_schema_its_names_and_its_source_row_only(checkout: Checkout) -> None:
    rows = (checkout.schemas / "apis.toml").read_text()
    made = petshop.changed(weight=WEIGH)

    assert refresh(checkout, "petshop", made) == ["apis.toml", "names.lock", "petshop/pets.yaml"]

    fresh = (checkout.schemas / "apis.toml").read_text()
    assert "operationId: weighPet" in checkout.schema()
    assert "weighPet" not in checkout.schema("museum")
    assert [line for line in rows.splitlines() if line not in fresh.splitlines()] == []  # only other values, elsewhere
    sources = {row["package"]: row["source"] for row in tomllib.loads(fresh)["api"]}
    first = tomllib.loads(rows)["api"][1]["source"][0]
    assert sources["petshop"] == [
        first,  # what it says may come from nowhere else
        {
            "origin": "a file given by hand",
            "document": "given.yaml",
            "date": TODAY.isoformat(),
            "sha256": document("petshop", petshop.published(made)).sha256,
        },
    ]
    assert sources["pipefy"] == tomllib.loads(rows)["api"][0]["source"]


def test_of_one_document_the_newest_edition_is_named(checkout: Checkout) -> None:
    refresh(checkout, "petshop", petshop.changed(weight=WEIGH))
    refresh(checkout, "petshop", petshop.DOCUMENT)
    rows = tomllib.loads((checkout.schemas / "apis.toml").read_text())["api"][1]["source"]
    newest = document("petshop", petshop.published(petshop.DOCUMENT))
    assert [row["document"] for row in rows] == ["pets.yaml", "given.yaml"]
    assert rows[1]["sha256"] == newest.sha256


def test_the_same_document_again_changes_nothing_not_even_the_date(checkout: Checkout) -> None:
    made = petshop.changed(weight=WEIGH)
    refresh(checkout, "petshop", made)
    assert refresh(checkout, "petshop", petshop.with_prose(made, 7)) == []


def test_names_stay_when_a_shape_of_the_same_kind_comes_before_them(checkout: Checkout) -> None:
    other = copy.deepcopy(petshop.DOCUMENT)
    sold = copy.deepcopy(petshop.PET)
    sold["properties"]["price"] = {"type": "number"}
    answers = {"200": {"description": "", "content": {"application/json": {"schema": sold}}}}
    other["paths"]["/a-first-path"] = {"get": {**petshop.operation("firstPet"), "responses": answers}}
    before = yaml.safe_load(checkout.schema())["components"]["schemas"]

    refresh(checkout, "petshop", other)

    after = yaml.safe_load(checkout.schema())["components"]["schemas"]
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1


def test_an_operation_the_vendor_took_away_goes(checkout: Checkout) -> None:
    prepared = prepare(checkout.schemas, [document("petshop", petshop.published(petshop.changed(shop=None)))])
    assert prepared.packages[0].gone == ("GET /shop",)
    write(checkout.schemas, prepared)
    assert "/shop" not in checkout.schema()


def test_where_withdrawn_operations_are_kept_they_stay_deprecated_with_the_shapes_they_had(checkout: Checkout) -> None:
    newer = petshop.changed(shop=None)
    other = copy.deepcopy(petshop.PET)
    other["properties"]["chip"] = {"type": "string"}
    for path in ("/pets", "/pets/{id}", "/pets/{id}/owner"):
        answers = {"200": {"description": "", "content": {"application/json": {"schema": other}}}}
        newer["paths"][path]["get"]["responses"] = answers
    old = yaml.safe_load(checkout.schema("museum"))["components"]["schemas"]["Pet"]

    refresh(checkout, "museum", newer)

    fresh = yaml.safe_load(checkout.schema("museum"))
    kept = fresh["paths"]["/shop"]["get"]
    assert (kept["deprecated"], kept["x-withdrawn"]) == (True, True)
    shapes = fresh["components"]["schemas"]
    used = {
        path: item["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path, item in fresh["paths"].items()
    }
    assert shapes[used["/shop"]] == old
    assert "chip" in shapes[used["/pets"]]["properties"]
    assert refresh(checkout, "museum", newer) == []  # the next refresh finds it as it is
    sources = [
        row["document"] for row in tomllib.loads((checkout.schemas / "apis.toml").read_text())["api"][2]["source"]
    ]
    assert sources == ["pets.yaml", "given.yaml"]  # the older document is still where /shop comes from


def test_an_operation_that_comes_back_is_withdrawn_no_longer(checkout: Checkout) -> None:
    before = checkout.schema("museum")
    refresh(checkout, "museum", petshop.changed(shop=None))
    assert checkout.schema("museum") != before
    refresh(checkout, "museum", petshop.DOCUMENT)
    assert checkout.schema("museum") == before


def test_an_overlay_action_that_matches_nothing_any_more_ends_the_refresh(checkout: Checkout) -> None:
    before = checkout.state()
    moved = petshop.changed(pet=None, animal=petshop.DOCUMENT["paths"]["/pets/{id}"])
    with pytest.raises(SchemaError, match="matches nothing") as caught:
        prepare(checkout.schemas, [document("petshop", petshop.published(moved))])
    assert caught.value.file == str(checkout.schemas / "petshop" / "overlay-pets.yaml")
    assert caught.value.pointer == "/actions/1"
    assert checkout.state() == before


def test_a_document_that_lacks_half_of_the_api_is_believed_only_when_told_so(checkout: Checkout) -> None:
    half = petshop.changed(shop=None, owner=None)
    for package in ("petshop", "museum"):
        with pytest.raises(SchemaError, match="lacks 2 of the 4 operations") as caught:
            prepare(checkout.schemas, [document(package, petshop.published(half))])
        assert "--accept-removals" in caught.value.remedy
    refresh(checkout, "petshop", half, accept_removals=True)
    assert "getShop" not in checkout.schema()


def test_one_bad_document_among_several_changes_nothing(checkout: Checkout) -> None:
    before = checkout.state()
    good = document("petshop", petshop.published(petshop.changed(weight=WEIGH)))
    with pytest.raises(SchemaError, match="no schema"):
        prepare(checkout.schemas, [good, document("museum", b"<html>")])
    assert checkout.state() == before


def test_a_schema_that_cannot_be_generated_from_is_not_written(checkout: Checkout) -> None:
    before = checkout.state()
    clash = petshop.changed(weight={"get": {**petshop.operation("list_pets"), "tags": ["Pets"]}})
    overlay = checkout.schemas / "petshop" / "overlay-pets.yaml"
    overlay.write_text(
        petshop.OVERLAY + "- target: $.paths['/pets/{id}/weight'].get\n  update: {x-method: pets.list}\n"
    )
    before = checkout.state()
    with pytest.raises(SchemaError):
        prepare(checkout.schemas, [document("petshop", petshop.published(clash))])
    assert checkout.state() == before


def test_errors_name_the_document_and_no_temporary_folder(checkout: Checkout) -> None:
    with pytest.raises(SchemaError) as caught:
        prepare(checkout.schemas, [document("petshop", b"openapi: 3.0.0\npaths: [\n")])
    assert caught.value.file == "given.yaml"
    assert "typedpipes-" not in str(caught.value)
