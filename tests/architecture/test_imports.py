"""Imports point one way: who may know whom, read from the source."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imported(path: Path) -> Iterator[str]:
    """Absolute modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert len(found) > 10, folder
    return found


@pytest.mark.parametrize(
    ("folder", "forbidden", "allowed_in"),
    [
        ("overrides/typedpipes", r"typedpipes_(sandbox|codegen)\b", "cli"),
        ("overrides/typedpipes_codegen", r"typedpipes(_sandbox|_api)?(\.|$)", None),
        ("overrides/typedpipes_sandbox", r"typedpipes(_codegen|_api)?(\.|$)", None),
        ("generated/typedpipes_api", r"typedpipes(_(sandbox|codegen)(\.|$)|\.(?!(graphql_)?runtime$)|$)", None),
    ],
)
def test_a_package_imports_nothing_it_should_not_know(folder: str, forbidden: str, allowed_in: str | None) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in files(folder)
        if allowed_in is None or allowed_in not in path.relative_to(ROOT / folder).parts
        for module in imported(path)
        if re.match(forbidden, module)
    ]
    assert wrong == []


def test_only_the_wire_modules_know_the_http_library_at_import_time() -> None:
    """A successor of httpx has few places to change (design, "one place where httpx types live")."""
    knowing = {
        str(path.relative_to(ROOT / "overrides" / "typedpipes"))
        for path in files("overrides/typedpipes")
        if any(module.split(".")[0] in ("httpx", "httpcore") for module in imported(path))
    }
    seam = re.compile(r"(_flow|_httpx|http\w*|wire|client_options)\.py|auth/|download/")
    outside = {name for name in knowing if not seam.match(name)}
    assert outside == {"pipedream/addresses.py", "pipefy/core.py", "pipefy/uploads.py"}


def test_no_registry_host_and_no_path_of_a_machine_is_committed() -> None:
    done = subprocess.run(
        ["git", "grep", "-nIE", r"pypi\.org|files\.pythonhosted|registry\.npmjs|/root/|/work/", "--", "."],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith("tests/architecture/test_imports.py")]
    assert lines == []


def checked(module: str) -> set[str]:
    """Modules of ours that a type checker reads for ``module``: function bodies of installed packages are not read."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        path = source(name)
        if path is None:
            continue
        for node in outside_functions(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def source(name: str) -> Path | None:
    for folder in ("overrides", "generated"):
        path = ROOT / folder / name.replace(".", "/")
        for file in (path.with_suffix(".pyi"), path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


def outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from outside_functions(node)


def test_a_type_checker_reads_nothing_of_graphql_for_a_rest_client() -> None:
    """Reading pydantic and what stands on it costs a user's `mypy` as much as half an API (issue 8)."""
    read = checked("typedpipes.pipedrive")
    assert "typedpipes_api.pipedrive_v2.deals" in read
    assert sorted(name for name in read if re.match(r"pydantic|typedpipes\.graphql", name)) == []
    assert {"pydantic", "typedpipes.graphql_runtime"} <= checked("typedpipes.pipefy")
