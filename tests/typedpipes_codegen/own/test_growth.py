"""Four times the document is about four times the work, whatever its shape: calls of functions are counted, no time."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.typedpipes_codegen.canonical.test_schemas import document
from tests.typedpipes_codegen.openapi.test_compositions import reference, single
from typedpipes_codegen.own import OwnPackage, write_own
from typedpipes_codegen.own.package import Made

MOST = 4.6
Shape = Callable[[int], dict[str, Any]]


def chained(step: Callable[[dict[str, Any]], dict[str, Any]]) -> Shape:
    """Components each of which is made of the next."""

    def made(length: int) -> dict[str, Any]:
        chain = {f"A{number}": step(reference(f"A{number + 1}")) for number in range(length)}
        return document(reference("A0"), **chain, **{f"A{length}": single("x")})

    return made


def variants(count: int) -> dict[str, Any]:
    return document({**single("base"), "oneOf": [single(f"p{number}") for number in range(count)]})


def enum_behind_consts(count: int) -> dict[str, Any]:
    values = [f"v{number}" for number in range(count)]
    return document({"type": "string", "enum": values, "oneOf": [{"const": value} for value in values]})


def heirs(count: int) -> dict[str, Any]:
    base = {**single("kind"), "required": ["kind"], "discriminator": {"propertyName": "kind"}}
    made = {f"H{number}": {"allOf": [reference("Base"), single(f"p{number}")]} for number in range(count)}
    return document(reference("Base"), Base=base, **made)


def operations(count: int) -> dict[str, Any]:
    made = document({"type": "string"})
    for number in range(count):
        answer = {"type": "object", "properties": {"a": {"type": "string"}, f"b{number}": {"type": "integer"}}}
        path = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        made["paths"][f"/m{number}/{{id}}"] = {
            "get": {
                "tags": [f"t{number % 10}"],
                "parameters": [path],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": answer}}}},
            }
        }
    return made


SHAPES: dict[str, tuple[int, Shape]] = {
    "references": (40, chained(lambda next_: next_)),
    "allOf of one": (40, chained(lambda next_: {"allOf": [next_]})),
    "allOf that doubles": (30, chained(lambda next_: {"allOf": [next_, {"allOf": [next_]}]})),
    "anyOf that doubles": (30, chained(lambda next_: {"anyOf": [next_, {"allOf": [next_]}]})),
    "lists": (40, chained(lambda next_: {"type": "array", "items": next_})),
    "objects": (40, chained(lambda next_: {"type": "object", "properties": {"next": next_, "s": {"type": "string"}}})),
    "oneOf beside a property": (30, variants),
    "enum": (500, lambda count: document({"type": "string", "enum": [f"value-{one}" for one in range(count)]})),
    "enum behind consts": (50, enum_behind_consts),
    "properties of one object": (
        200,
        lambda count: document(
            {"type": "object", "properties": {f"p{one}": {"type": "string"} for one in range(count)}}
        ),
    ),
    "heirs of a base": (30, heirs),
    "operations": (30, operations),
}


def generated(folder: Path, made: dict[str, Any]) -> Made:
    folder.mkdir()
    (folder / "grown.json").write_text(json.dumps({**made, "servers": [{"url": "https://api.example"}]}))
    return write_own(OwnPackage(schema=folder / "grown.json", output=folder / "grown"))


def work(folder: Path, made: dict[str, Any]) -> int:
    """Calls of functions, in every thread, until the package is written."""
    calls = [0]

    def count(frame: FrameType, event: str, _: object) -> None:
        calls[0] += event in ("call", "c_call")

    before = sys.getprofile()
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        done = generated(folder, made)
    finally:
        sys.setprofile(before)
        threading.setprofile(before)
    assert done.notes == ()
    return calls[0]


@pytest.mark.parametrize("name", SHAPES)
def test_four_times_the_document_is_four_times_the_work(name: str, tmp_path: Path) -> None:
    size, shape = SHAPES[name]
    generated(tmp_path / "imports", shape(1))
    fixed = work(tmp_path / "fixed", document({"type": "string"}))
    small, large = (work(tmp_path / str(times), shape(times * size)) - fixed for times in (1, 4))
    assert large / small <= MOST


def test_objects_joined_out_of_all_proportion_are_json_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typedpipes_codegen.openapi.compositions.MOST_JOINED", 50)
    monkeypatch.setattr("typedpipes_codegen.canonical.schemas.MOST_REPEATED", 10)
    chain = {f"A{one}": {"allOf": [reference(f"A{one + 1}"), single(f"p{one}")]} for one in range(60)}
    done = generated(tmp_path / "chain", document(reference("A50"), **chain, A60=single("x")))
    assert done.notes[0].endswith("more joined properties in this document than its text explains; it is JSON")
    assert done.notes[0].startswith("#/components/schemas/A")
    assert "class A50(Model" in (tmp_path / "chain" / "grown" / "things.py").read_text()
