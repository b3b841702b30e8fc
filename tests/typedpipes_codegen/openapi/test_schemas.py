"""The checked-in schemas, rendered: complete, small, and importable one resource at a time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.committed_schemas import REST, rest_operations
from tests.typedpipes_codegen.openapi.rendering import render_into
from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.documents.overlay import effective_document
from typedpipes_codegen.openapi import RenderReport, count_operations

SCHEMAS = Path(__file__).parents[3] / "schemas"
APIS = {api.package: api for api in load_apis(SCHEMAS) if api.generator == "openapi"}
OPERATIONS = {package: len(rest_operations(document)) for package, document in REST.items()}


def render_api(api: Api, folder: Path) -> RenderReport:
    document = effective_document(api.schema, api.overlays)
    assert count_operations(document) == OPERATIONS[api.package]
    return render_into(document, folder / api.package, api.package, options_type=api.options)


def test_the_apis_are_those_whose_operations_are_counted() -> None:
    assert set(APIS) == set(OPERATIONS)


@pytest.mark.parametrize("package", OPERATIONS)
def test_every_operation_is_generated_in_both_colours(package: str, tmp_path: Path) -> None:
    assert render_api(APIS[package], tmp_path).operations == OPERATIONS[package]
    constants: list[str] = []
    uses: dict[str, int] = {}
    for path in (tmp_path / package).glob("[a-z]*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and "Operation[" in ast.unparse(node.annotation):
                constants.append(f"{path.stem}.{ast.unparse(node.target)}")
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "self._caller.call":
                key = f"{path.stem}.{ast.unparse(call.args[0])}"
                uses[key] = uses.get(key, 0) + 1
    assert len(constants) == len(set(constants)) == OPERATIONS[package]
    assert uses == dict.fromkeys(constants, 2)


def test_pipedrive_stays_small(tmp_path: Path) -> None:
    for package in ("pipedrive_v1", "pipedrive_v2"):
        render_api(APIS[package], tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) <= 250
    assert sum(path.stat().st_size for path in files) <= 5_000_000
