"""``names.lock``: a name once given stays where it was given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.typedpipes_codegen.canonical.support import DOCUMENTS, answering, document, run_codegen, schemas_of
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.documents.tree import Json, JsonObject
from typedpipes_codegen.errors import SchemaError

SHOP = DOCUMENTS / "shop.yaml"


def props(*names: str) -> JsonObject:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def things(**schemas: Json) -> JsonObject:
    """One collection per argument, all of one tag, each answering with its schema."""
    return document({f"/{name}": {"get": answering(schema, tags=["Things"])} for name, schema in schemas.items()})


def at(name: str) -> str:
    return f"/paths/~1{name}/get/responses/200/content/application~1json/schema"


def test_a_shape_that_changes_its_content_keeps_its_name() -> None:
    before = canonicalize(things(a=props("x"), b=props("y"))).names

    after = canonicalize(things(a=props("x", "new"), b=props("y")), before).names

    assert after == before


def test_a_split_keeps_the_old_name_on_the_first_locked_pointer() -> None:
    before = canonicalize(things(a=props("x"), b=props("x"), c=props("x"))).names
    (old,) = set(before.values())

    after = canonicalize(things(a=props("x", "new"), b=props("x"), c=props("x")), before).names

    assert after[at("a")] == old
    assert after[at("b")] == after[at("c")] != old


def test_when_the_first_pointer_is_gone_the_next_one_keeps_the_name() -> None:
    before = canonicalize(things(a=props("x"), b=props("x"))).names

    after = canonicalize(things(b=props("x", "new")), before).names

    assert after == {at("b"): before[at("b")]}


def test_two_shapes_that_become_equal_keep_their_two_names() -> None:
    before = canonicalize(things(a=props("x"), b=props("y"))).names

    canonical = canonicalize(things(a=props("y"), b=props("y")), before)

    assert canonical.names == before
    assert len(schemas_of(canonical.document)) == 2


def test_a_parent_keeps_its_name_when_its_child_splits() -> None:
    def nest(inner: JsonObject) -> JsonObject:
        return {"type": "object", "properties": {"child": inner}}

    before = canonicalize(things(a=nest(props("x")), b=nest(props("x")))).names

    after = canonicalize(things(a=nest(props("x")), b=nest(props("z"))), before).names

    assert after[at("a")] == before[at("a")]
    assert after[f"{at('a')}/properties/child"] == before[f"{at('a')}/properties/child"]


def test_a_new_shape_joins_the_locked_one_it_equals() -> None:
    before = canonicalize(things(b=props("x"))).names

    after = canonicalize(things(a=props("x"), b=props("x")), before).names

    assert after[at("a")] == after[at("b")] == before[at("b")]


def test_a_new_shape_never_gets_a_name_that_was_given_before() -> None:
    names = {at("gone"): "A"}

    after = canonicalize(things(a=props("x")), names).names

    assert after[at("a")] not in ("A", "a")


def test_a_parameter_keeps_its_name_when_another_one_is_added() -> None:
    def listing(*extra: Json) -> JsonObject:
        sort: JsonObject = {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}}
        return document({"/deals": {"get": answering({"type": "string"}, tags=["Deals"], parameters=[*extra, sort])}})

    before = canonicalize(listing()).names
    after = canonicalize(listing({"name": "alpha", "in": "query", "schema": {"type": "string"}}), before).names

    assert after == before == {"/paths/~1deals/get/parameters/query.sort/schema": "DealSort"}


def test_shapes_of_two_tags_are_shared_only_when_the_lock_says_so() -> None:
    source = document(
        {
            "/deals": {"get": answering(props("x"), tags=["Deals"])},
            "/users": {"get": answering(props("x"), tags=["Users"])},
        }
    )

    apart = canonicalize(source)
    told = canonicalize(source, {at("deals"): "Shared", at("users"): "Shared"})

    assert set(schemas_of(apart.document)) == {"Deal", "User"}
    assert set(schemas_of(told.document)) == {"Shared"}


def test_the_lock_renames_what_the_vendor_named() -> None:
    reference: JsonObject = {"$ref": "#/components/schemas/deal_v2"}
    source = document({"/deals": {"get": answering(reference)}}, {"schemas": {"deal_v2": props("x")}})

    canonical = canonicalize(source, {"/components/schemas/deal_v2": "Deal"})

    assert set(schemas_of(canonical.document)) == {"Deal"}
    assert "deal_v2" not in json.dumps(canonical.document)
    assert canonicalize(canonical.document).document == canonical.document


def test_a_vendor_component_that_takes_a_locked_name_is_reported() -> None:
    source = things(a=props("x"))
    source["components"] = {"schemas": {"Deal": props("other")}}

    with pytest.raises(SchemaError, match="the document has a component 'Deal'") as caught:
        canonicalize(source, {at("a"): "Deal"})

    assert caught.value.pointer == at("a")


def test_the_command_writes_the_lock_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    lock, first, second = tmp_path / "names.lock", tmp_path / "shop" / "v1.yaml", tmp_path / "again.yaml"

    assert run_codegen("canonicalize", SHOP, first, "--names", lock).returncode == 0
    written = lock.read_bytes()
    assert list(json.loads(written)) == ["shop/v1"]
    done = run_codegen("canonicalize", first, second, "--names", lock, "--api", "shop/v1")

    assert done.returncode == 0, done.stderr
    assert lock.read_bytes() == written
    assert first.read_bytes() == second.read_bytes()


def test_names_people_edit_in_are_used_everywhere(tmp_path: Path) -> None:
    names = dict(canonicalize(things(a=props("x"))).names)
    names[at("a")] = "Chosen"

    canonical = canonicalize(things(a=props("x")), names)

    assert set(schemas_of(canonical.document)) == {"Chosen"}
    assert canonical.names == names


@pytest.mark.parametrize("name", ["class", "../../x", "", "a b", "1st", "None"])
def test_a_lock_with_an_unusable_name_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "names.lock"
    path.write_text(json.dumps({"shop": {"/a/b": name}}), encoding="utf-8")

    with pytest.raises(SchemaError, match="cannot be a component name") as caught:
        NamesLock.load(path)

    assert caught.value.pointer == "/a/b"
