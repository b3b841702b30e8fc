"""The Python surface of a package before and after: what was renamed is seen, what is private or equal is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from typedpipes_codegen.diff.surface import SurfaceChange, compare_surfaces
from typedpipes_codegen.documents.tree import JsonObject
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import render

OLD = """
from typing import overload

_HIDDEN = 1

class Deal:
    title: str | None = None
    value: float | None = None
    status: str

class Deals:
    def list(self, *, status: str | None = None, owner: int | None = None) -> Deal: ...
    @overload
    def create(self, *, title: str, value: float) -> Deal: ...
    @overload
    def create(self, *, body: Deal) -> Deal: ...
    def create(self, *args: object, **arguments: object) -> Deal: ...
    def delete(self, id: int) -> None: ...
"""
CASES = [
    ("class Deal:", "class Offer:", "deals.Deal", "public object was removed"),
    ("    title: str | None = None", "    name: str | None = None", "deals.Deal.title", "public object was removed"),
    ("value: float | None = None", "value: str | None = None", "deals.Deal.value", "attribute type was"),
    ("status: str\n", "status: str | None\n", "deals.Deal.status", "attribute type was"),
    ("def delete(", "def remove(", "deals.Deals.delete", "public object was removed"),
    ("owner: int | None = None", "person: int | None = None", "deals.Deals.list(owner)", "parameter was removed"),
    ("status: str | None = None,", "status: str | None,", "deals.Deals.list(status)", "parameter is now required"),
    ("id: int) -> None", "id: int, why: str) -> None", "deals.Deals.delete(why)", "parameter was added as required"),
    ("create(self, *, title: str,", "create(self, *, name: str,", "deals.Deals.create(title)", "parameter was removed"),
]


def trees(folder: Path, old: str, new: str) -> tuple[Path, Path]:
    for name, text in (("old", old), ("new", new)):
        package = folder / name / "shop"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "deals.py").write_text(text)
    return folder / "old", folder / "new"


@pytest.mark.parametrize(("before", "after", "path", "what"), CASES, ids=[case[2] for case in CASES])
def test_a_python_name_that_changed_is_named(before: str, after: str, path: str, what: str, tmp_path: Path) -> None:
    assert before in OLD
    changes = compare_surfaces(*trees(tmp_path, OLD, OLD.replace(before, after)), "shop")
    assert [change for change in changes if change.breaking and change.path == f"shop.{path}" and what in change.what]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("_HIDDEN = 1", "_OTHER = 2"),
        ("def delete(self", "def extra(self) -> None: ...\n    def delete(self"),
        ("id: int) -> None", "id: int, why: str | None = None) -> None"),
        ("value: float | None = None", "value: float = 0"),
    ],
)
def test_what_is_private_new_or_narrower_does_not_break(before: str, after: str, tmp_path: Path) -> None:
    assert before in OLD
    changes = compare_surfaces(*trees(tmp_path, OLD, OLD.replace(before, after)), "shop")
    assert [change for change in changes if change.breaking] == []


def test_the_same_package_has_no_changes(tmp_path: Path) -> None:
    assert compare_surfaces(*trees(tmp_path, OLD, OLD), "shop") == ()


def test_a_missing_package_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no package 'shop'"):
        compare_surfaces(tmp_path, tmp_path, "shop")


def shop(component: str) -> JsonObject:
    answer: JsonObject = {
        "description": "",
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{component}"}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "https://shop.example"}],
        "paths": {"/orders": {"get": {"operationId": "getOrder", "tags": ["Orders"], "responses": {"200": answer}}}},
        "components": {"schemas": {component: {"type": "object", "properties": {"id": {"type": "integer"}}}}},
    }


def test_a_schema_change_that_is_nothing_on_the_wire_but_renames_a_class_is_seen(tmp_path: Path) -> None:
    for name, component in (("old", "Order"), ("new", "Purchase")):
        folder = tmp_path / name / "shop"
        folder.mkdir(parents=True)
        render({**shop(component)}, folder, package="shop", api="shop", header="h", options_type="CallOptions")
    changes = compare_surfaces(tmp_path / "old", tmp_path / "new", "shop")
    assert SurfaceChange("shop.orders.Order", "public object was removed", breaking=True) in changes
    assert SurfaceChange("shop.orders.Purchase", "new", breaking=False) in changes
