"""The comparison as a process: what it prints, and above all how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import forked
from tests.typedpipes_codegen.diff.corpus_support import base_document, base_sdl, changed_document, rows
from typedpipes_codegen.documents.yaml_writer import write_yaml

PROGRAM = (sys.executable, "-m", "typedpipes.cli", "schema", "diff")
ROWS = {row.change: row for row in rows("openapi.yaml")}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    texts = {
        "base.yaml": write_yaml(base_document()),
        "breaking.yaml": write_yaml(changed_document(ROWS["an operation goes"])),
        "dangerous.yaml": write_yaml(changed_document(ROWS["a call costs more"])),
        "safe.yaml": write_yaml(changed_document(ROWS["the operation id is another, the method's name is ours"])),
        "base.graphql": base_sdl(),
        "broken.graphql": base_sdl().replace("deleteBook(id: ID!)", "deleteBook(id: ID!, why: String!)"),
        "cut.yaml": write_yaml(base_document())[:700],
        "page.html": "<!doctype html><html><body>Not found</body></html>",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return {name: tmp_path / name for name in (*texts, "absent.yaml")}


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return forked.run("typedpipes.cli", "schema", "diff", *words)


def run_program(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], check=False, capture_output=True, text=True, encoding="utf-8"
    )


def test_a_known_break_makes_the_process_exit_with_1(files: dict[str, Path]) -> None:
    done = run(files["base.yaml"], files["breaking.yaml"])

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "base: 1 breaking, 0 dangerous, 0 safe\n\n"
        "DELETE /books/{id} (books.delete)\n"
        "  breaking   the operation is gone: stop calling it.\n\n"
        "Version advice: major\n"
    )


def test_a_break_of_a_graphql_schema_makes_the_process_exit_with_1(files: dict[str, Path]) -> None:
    done = run(files["base.graphql"], files["broken.graphql"])

    assert done.returncode == 1
    assert "breaking   a required arg why on Mutation.deleteBook was added: give the argument" in done.stdout


@pytest.mark.parametrize("new", ["base.yaml", "safe.yaml", "dangerous.yaml"])
def test_what_does_not_break_exits_with_0(new: str, files: dict[str, Path]) -> None:
    done = run(files["base.yaml"], files[new])

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("new", ["absent.yaml", "cut.yaml", "page.html", "base.graphql"])
def test_an_error_exits_with_2_and_says_what_and_what_to_do(new: str, files: dict[str, Path]) -> None:
    done = run(files["base.yaml"], files[new])

    what, todo = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert what.startswith("error: ")
    assert new in what
    assert todo.startswith("  do: ")


@pytest.mark.parametrize("selection", ["__typename", "books { title } __typename", "__schema { queryType { name } }"])
def test_an_operation_that_asks_the_root_about_itself_is_a_fault_with_its_line(
    selection: str, files: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "Books.graphql").write_text(f"query Books {{ {selection} }}", encoding="utf-8")

    done = run(files["base.graphql"], files["base.graphql"], "--surface", "--operations", tmp_path / "operations")

    assert done.returncode == 2
    assert "Books.graphql:1:" in done.stderr
    assert "is no field of the API" in done.stderr


def test_a_fault_of_our_own_is_never_taken_for_a_break(files: dict[str, Path]) -> None:
    broken = "import typedpipes_codegen.diff.openapi as o; o.openapi_changes = None"
    start = "import sys; from typedpipes.cli import main; sys.exit(main(['schema', 'diff', *sys.argv[1:]]))"

    done = run_program(f"{broken}; {start}", files["base.yaml"], files["breaking.yaml"])

    assert done.returncode == 2
    assert "unexpected TypeError" in done.stderr


READS = """
import collections, os, sys
opened = collections.Counter()
sys.addaudithook(lambda event, given: opened.update([os.path.basename(str(given[0]))]) if event == "open" else None)
from typedpipes.cli import main
main(["schema", "diff", *sys.argv[1:]])
print("opened:", opened[os.path.basename(sys.argv[1])], opened[os.path.basename(sys.argv[2])])
"""


@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        ("base.yaml", "breaking.yaml", ["--surface"]),
        ("base.yaml", "breaking.yaml", ["--touching"]),
        ("base.graphql", "broken.graphql", ["--touching"]),
        ("base.graphql", "broken.graphql", ["--surface", "--operations"]),
    ],
)
def test_each_document_is_read_once_whatever_is_asked(
    old: str, new: str, asked: list[str], files: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text("", encoding="utf-8")
    (tmp_path / "operations").mkdir()
    query = "query Books { books { __typename } }"
    (tmp_path / "operations" / "Books.graphql").write_text(query, encoding="utf-8")
    given: dict[str, list[str | Path]] = {
        "--touching": [tmp_path / "program.py", "--package", "typedpipes"],
        "--operations": [tmp_path / "operations"],
    }

    done = run_program(READS, files[old], files[new], *asked, *given.get(asked[-1], []))

    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "opened: 1 1", done.stdout


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_a_report_is_written_to_a_file_and_the_verdict_stands(
    form: str, files: dict[str, Path], tmp_path: Path
) -> None:
    report = tmp_path / "report"

    done = run(
        files["base.yaml"],
        files["breaking.yaml"],
        "--format",
        form,
        "--output",
        report,
    )

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    text = report.read_text(encoding="utf-8")
    if form == "json":
        assert json.loads(text)["worst"] == "breaking"
    else:
        assert text.startswith("## Schema changes: base\n\n**1 breaking, 0 dangerous, 0 safe**\n")


def test_a_report_that_cannot_be_written_exits_with_2_and_leaves_nothing(
    files: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file, no folder", encoding="utf-8")

    done = run(
        files["base.yaml"],
        files["safe.yaml"],
        "--output",
        tmp_path / "taken/report",
    )

    assert done.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({*files} - {"absent.yaml"} | {"taken"})


def test_a_reader_that_has_gone_does_not_change_the_verdict(files: dict[str, Path]) -> None:
    words = [*PROGRAM, str(files["base.yaml"]), str(files["safe.yaml"])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0


def test_python_names_the_advice_and_the_changelog_come_with_the_verdict(
    files: dict[str, Path], tmp_path: Path
) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## 1.0.0\n\nFirst.\n", encoding="utf-8")

    done = run(
        *(files["base.yaml"], files["breaking.yaml"], "--surface", "--changelog", changelog, "--format", "json"),
    )

    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert told["advice"]["level"] == "major"
    assert "base.books.Books.delete" in {change["path"] for change in told["surface"] if change["breaking"]}
    assert told["touches"] is None
    text = changelog.read_text(encoding="utf-8")
    assert text.index("## Unreleased") < text.index("`DELETE /books/{id}`") < text.index("## 1.0.0")
