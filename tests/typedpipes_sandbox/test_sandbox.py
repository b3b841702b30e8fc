"""The sandbox as a whole: independence, settings."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import typedpipes_sandbox
from typedpipes_sandbox import Sandbox

PACKAGE = Path(typedpipes_sandbox.__file__).parent


def test_it_imports_nothing_of_the_client_and_nothing_undeclared() -> None:
    declared = {"graphql", "httpx", "msgspec", "uvicorn"}
    for path in PACKAGE.rglob("*.py"):
        wanted = {"pytest"} if path.name == "pytest_plugin.py" else set()
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
        assert imported <= {"typedpipes_sandbox", *declared, *wanted, *sys.stdlib_module_names}, path


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(TypeError, match="unknown sandbox setting mode"):
        Sandbox(mode="red")
