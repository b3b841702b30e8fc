"""A user's own documents: one command, errors that point into the user's file, and no half-written package."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import forked
from tests.typedpipes_codegen.graphql.packages import SCHEMAS
from typedpipes_codegen.__main__ import main

SCHEMA = SCHEMAS / "live" / "schema.graphql"
TITLES = "query Titles($pipe_id: ID!) {\n  cards(pipe_id: $pipe_id) {\n    nodes { id title }\n  }\n}\n"


def generate(folder: Path, **documents: str) -> int:
    operations = folder / "operations"
    operations.mkdir(exist_ok=True)
    for name, text in documents.items():
        (operations / f"{name}.graphql").write_text(text, encoding="utf-8")
    output = folder / "mine"
    return main(["operations", "--schema", str(SCHEMA), "--operations", str(operations), "--output", str(output)])


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_is_made_and_made_again(tmp_path: Path) -> None:
    assert generate(tmp_path, Titles=TITLES) == 0
    first = tree(tmp_path / "mine")
    assert "client.py" in first
    assert all(b"/" not in text.splitlines()[0] for name, text in first.items() if name.endswith(".py"))
    assert generate(tmp_path, Titles=TITLES) == 0
    assert tree(tmp_path / "mine") == first
    assert generate(tmp_path, Other=TITLES.replace("Titles", "Other")) == 0
    assert sorted(set(tree(tmp_path / "mine")) - set(first)) == ["operations/other.py"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "operations"]


def test_a_fault_names_the_users_file_and_line_and_keeps_the_old_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(tmp_path, Titles=TITLES)
    before = tree(tmp_path / "mine")
    assert generate(tmp_path, Titles=TITLES.replace("title", "titel")) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / 'operations' / 'Titles.graphql'}:3:" in said
    assert "Cannot query field 'titel' on type 'Card'" in said
    assert tree(tmp_path / "mine") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "operations"]


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.py").write_text("years = 4\n")
    assert generate(tmp_path, Titles=TITLES) == 1
    assert "thesis.py: this file was not generated" in capsys.readouterr().err
    assert (tmp_path / "mine" / "thesis.py").read_text() == "years = 4\n"


def test_what_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = str(tmp_path / "nothing")
    assert main(["operations", "--schema", str(SCHEMA), "--operations", nothing, "--output", str(tmp_path / "o")]) == 1
    assert f"{nothing}: there is no such folder" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_the_command_is_on_the_command_line() -> None:
    run = forked.run("typedpipes_codegen", "operations", "--help", env={**os.environ, "COLUMNS": "200"})
    assert run.returncode == 0
    assert "--operations DIR" in run.stdout
