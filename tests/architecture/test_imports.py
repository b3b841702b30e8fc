"""Imports point one way: who may know whom, read from the source."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
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
        ("overrides/typedpipes_codegen", r"typedpipes(_sandbox|_api)?(\.(?!_core\.disk$)|$)", None),
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


HTTP_LIBRARIES = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "h11", "h2", "hpack", "socksio"})


def test_only_the_seam_knows_the_http_library() -> None:
    """Lazy and type-only imports count. A successor of httpx has one place to change."""
    knowing = {
        str(path.relative_to(ROOT))
        for folder in ("overrides/typedpipes", "generated/typedpipes_api")
        for path in files(folder)
        if any(module.split(".")[0] in HTTP_LIBRARIES for module in imported(path))
    }
    assert knowing == {"overrides/typedpipes/_core/http/library.py"}


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


def read_by_mypy(program: str, folder: Path) -> set[str]:
    """Modules that mypy reads for a program of a user's, to whom our packages are installed ones."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--verbose", "--strict", "--config-file=", "--follow-imports=silent"]
    path = os.pathsep.join(str(ROOT / part) for part in ("overrides", "generated"))
    done = subprocess.run(
        [*command, f"--cache-dir={folder / 'cache'}", "program.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    return set(re.findall(r"Parsing \S+ \(([^)]+)\)", done.stdout + done.stderr))


@pytest.mark.mypy
@pytest.mark.parametrize(
    ("program", "unread"),
    [
        (
            "from typedpipes.pipedrive import Pipedrive\nPipedrive().v2.deals.list()\n",
            {"httpx", "httpcore", "pydantic"},
        ),
        (
            "from typedpipes.pipedream import Pipedream\nPipedream().connect.apps.list()\n",
            {"httpx", "httpcore", "pydantic"},
        ),
        ("from typedpipes.pipefy import Pipefy\nPipefy().me()\n", {"httpx", "httpcore"}),
    ],
    ids=["pipedrive", "pipedream", "pipefy"],
)
def test_a_type_checker_reads_neither_the_http_library_nor_pydantic_without_need(
    program: str, unread: set[str], tmp_path: Path
) -> None:
    """Reading httpx and what it imports takes mypy as long as all of ours, pydantic as long as half an API."""
    read = read_by_mypy(program, tmp_path)
    assert "typedpipes._core.http.library" in read
    assert {name.split(".")[0] for name in read} & unread == set()
