"""The checked-in schemas, rendered: complete, small, and importable one resource at a time."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.support.committed_schemas import REST, rest_operations
from tests.typedpipes_codegen.openapi.rendering import render_into
from typedpipes_codegen.documents.apis import load_apis
from typedpipes_codegen.documents.overlay import effective_document
from typedpipes_codegen.openapi import RenderReport, count_operations

SCHEMAS = Path(__file__).parents[3] / "schemas"
APIS = {api.package: api for api in load_apis(SCHEMAS) if api.generator == "openapi"}
OPERATIONS = {package: len(rest_operations(document)) for package, document in REST.items()}


Rendered = Callable[[str], tuple[RenderReport, Path]]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Renders a package, each once, and tells where."""
    folder = tmp_path_factory.mktemp("rendered")

    @cache
    def render(package: str) -> tuple[RenderReport, Path]:
        api = APIS[package]
        document = effective_document(api.schema, api.overlays)
        assert count_operations(document) == OPERATIONS[package]
        return render_into(document, folder / package, package, options_type=api.options), folder / package

    return render


def test_the_apis_are_those_whose_operations_are_counted() -> None:
    assert set(APIS) == set(OPERATIONS)


@pytest.mark.parametrize("package", OPERATIONS)
def test_every_operation_is_generated_in_both_colours(package: str, rendered: Rendered) -> None:
    report, folder = rendered(package)
    assert report.operations == OPERATIONS[package]
    constants: list[str] = []
    uses: dict[str, int] = {}
    for path in folder.glob("[a-z]*.py"):
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


def test_pipedrive_stays_small(rendered: Rendered) -> None:
    folders = [rendered(package)[1] for package in ("pipedrive_v1", "pipedrive_v2")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) <= 250
    assert sum(path.stat().st_size for path in files) <= 5_000_000
