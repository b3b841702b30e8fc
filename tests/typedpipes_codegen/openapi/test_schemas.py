"""The checked-in REST schemas and the committed packages, which are their rendering byte for byte."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.committed_schemas import REST, rest_operations
from tests.typedpipes_codegen.openapi.rendering import render_into
from typedpipes_codegen.documents.apis import load_apis
from typedpipes_codegen.documents.overlay import effective_document
from typedpipes_codegen.openapi import count_operations

ROOT = Path(__file__).parents[3]
APIS = {api.package: api for api in load_apis(ROOT / "schemas") if api.generator == "openapi"}
OPERATIONS = {package: len(rest_operations(document)) for package, document in REST.items()}


def test_the_apis_are_those_whose_operations_are_counted(tmp_path: Path) -> None:
    assert set(APIS) == set(OPERATIONS)
    api = APIS["connect"]
    document = effective_document(api.schema, api.overlays)
    rendered = render_into(document, tmp_path / "connect", "connect", options_type=api.options)
    assert rendered.operations == count_operations(document) == OPERATIONS["connect"]


@pytest.mark.parametrize("package", OPERATIONS)
def test_every_operation_is_generated_in_sync_and_async(package: str) -> None:
    constants: list[str] = []
    uses: dict[str, int] = {}
    for path in (ROOT / "generated" / "typedpipes_api" / package).glob("[a-z]*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and "Operation[" in ast.unparse(node.annotation):
                constants.append(f"{path.stem}.{ast.unparse(node.target)}")
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "call"):
                continue
            if ast.unparse(call.func) == "self._caller.call":
                key = f"{path.stem}.{ast.unparse(call.args[0])}"
                uses[key] = uses.get(key, 0) + 1
    assert len(constants) == len(set(constants)) == OPERATIONS[package]
    assert uses == dict.fromkeys(constants, 2)
