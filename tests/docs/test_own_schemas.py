"""docs/own-schemas.md says what is true: its commands are run, its programs are executed against a real shop."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.mypy import mypy
from tests.typedpipes_codegen.own.bookshop_server import EXAMPLES, KEY, bookshop

PAGE = (EXAMPLES.parent / "own-schemas.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples, and the packages that the page's commands make of them."""
    where = tmp_path_factory.mktemp("shop")
    for path in EXAMPLES.glob("bookshop*"):
        shutil.copy(path, where)
    (where / "operations").mkdir()
    (where / "operations" / "me.graphql").write_text("query Me { me { id } }\n", encoding="utf-8")
    for block in blocks("console"):
        for line in block.splitlines():
            if line.startswith("$ typedpipes "):
                run(where, *shlex.split(line)[2:])
    return where


def run(where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "typedpipes.cli", *words], cwd=where, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_commands_of_the_page_say_what_the_page_shows(folder: Path) -> None:
    shown = blocks("console")[0].splitlines()
    command = next(line for line in shown if "--schema" in line)
    said = run(folder, *shlex.split(command)[2:]).stderr.splitlines()
    assert said == shown[shown.index(command) + 1 :]
    assert (folder / "my_operations" / "client.py").is_file()


def test_the_toml_of_the_page_is_that_of_the_example() -> None:
    [shown] = blocks("toml")
    assert tomllib.loads(shown) == tomllib.loads((EXAMPLES / "bookshop.toml").read_text(encoding="utf-8"))


def test_the_committed_names_are_those_of_a_fresh_run(folder: Path) -> None:
    assert (folder / "bookshop.names.lock").read_text() == (EXAMPLES / "bookshop.names.lock").read_text()


EXPECTED = [
    ["Book 1"],
    ["60"],
    ["404 bookshop.books.get"],
    ["Persuasion"],
]


@pytest.mark.parametrize("number", range(4))
def test_programs_of_the_page_run_against_a_real_shop(folder: Path, number: int) -> None:
    program = blocks("python")[number]
    with bookshop(books=60) as shop:
        settings = {"BOOKSHOP_API_KEY": KEY, "BOOKSHOP_BASE_URL": f"{shop.url}/v1"}
        settings |= {"BOOKSHOP_TOKEN": KEY, "BOOKSHOP_GRAPH_BASE_URL": f"{shop.url}/graphql"}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=folder,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    for line in EXPECTED[number]:
        assert line in done.stdout, done.stdout
    if number == 0:
        lines = done.stdout.splitlines()
        assert [line.split()[0] for line in lines[:15]] == [str(count) for count in range(1, 60, 4)]
        assert lines[15:] == ["6.0", "placed parcel", "cancelled", "{'monday': '9-17'}", "3"]
        pages = [one for one in shop.requests if one.method == "GET" and one.path == "/v1/books"]
        assert [one.query["limit"] for one in pages] == [["20"]]
    assert len(blocks("python")) == len(EXPECTED)


def test_every_key_the_page_lists_is_read_and_no_other() -> None:
    from typedpipes_codegen.own import config

    listed = set(re.findall(r"^\| ((?:`[^|]*`(?:, )?)+) \|", PAGE.partition("## The TOML")[2], re.M))
    names = {name.strip("[]").split(".")[0] for row in listed for name in re.findall(r"`([^`]*)`", row)}
    assert set(config._KEYS) <= names


def test_packages_of_the_page_are_strictly_typed(folder: Path) -> None:
    for number, program in enumerate(blocks("python")):
        (folder / f"program_{number}.py").write_text(program, encoding="utf-8")
    wrong = blocks("python")[0] + "\nshop.books.get('x')\nshop.orders.create(book_id=1)\nshop.book.list()\n"
    (folder / "wrong.py").write_text(wrong, encoding="utf-8")
    names = ["wrong", *(f"program_{number}" for number in range(len(blocks("python"))))]
    programs = [word for name in names for word in ("-m", name)]
    done = mypy("-p", "bookshop", "-p", "bookshop_graph", *programs, cwd=folder)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line.partition(":")[0] for line in errors] == ["wrong.py"] * 3, done.stdout
