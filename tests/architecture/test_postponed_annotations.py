"""Python 3.14 evaluates annotations when somebody asks: what reads them as text needs them as text on every Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EAGER = {"overrides/typedpipes/_core/graphql/results.py"}
"""Models of pydantic: before 2.13 it cannot read ``__pydantic_extra__`` where annotations are postponed."""


def annotates(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None for node in ast.walk(tree)
    ) or any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns for node in ast.walk(tree))


def postpones(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)


@pytest.mark.parametrize("folder", ["overrides", "generated"])
def test_every_module_that_annotates_postpones_it(folder: str) -> None:
    """Models of GraphQL are pydantic's, which reads annotations either way; they are generated without."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        if annotates(tree) and not postpones(tree) and "typedpipes.graphql_runtime" not in text:
            found.append(str(path.relative_to(ROOT)))
    assert found == [name for name in sorted(EAGER) if name.startswith(folder)]
