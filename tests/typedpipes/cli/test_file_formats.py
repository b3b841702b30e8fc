"""A file that is not what its name says is converted, or kept under its true suffix: no byte is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.end_to_end.pipefy_server import Either, PipefyServer
from tests.typedpipes.cli.conftest import CommandLine
from typedpipes.cli.failures import CommandError
from typedpipes.cli.file_formats import settled, wanted_format
from typedpipes.rows import file_format, open_rows

EXPORT = ("export", "automation-jobs", "--period", "last_month", "--output")


def workbook(path: Path) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    rows: list[list[Any]] = [
        ["Job ID", "At", "Note"],
        [7, datetime(2026, 1, 2, 3), None],
        [8, None, 'a "b", c'],
    ]  # cells have no zone
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [("a.csv", None, "csv"), ("A.XLSX", None, "xlsx"), ("a", None, "as-is"), ("a.csv", "as-is", "as-is")],
)
def test_the_name_says_what_is_wanted_unless_an_option_does(name: str, given: Any, wanted: str) -> None:
    assert wanted_format(given, Path(name)) == wanted


def test_a_workbook_becomes_csv(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    workbook(path)
    settled(path, "csv")
    assert path.read_text() == 'Job ID,At,Note\n7,2026-01-02T03:00:00,\n8,,"a ""b"", c"\n'
    assert list(tmp_path.iterdir()) == [path]


def test_csv_becomes_a_workbook_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "jobs.xlsx"
    path.write_text("Job ID,Note\n007,=1+1\n8,ä\n", encoding="utf-8")
    settled(path, "xlsx")
    assert file_format(path) == "xlsx"
    with open_rows(path) as rows:
        assert list(rows) == [{"Job ID": "007", "Note": "=1+1"}, {"Job ID": "8", "Note": "ä"}]


@pytest.mark.parametrize("wanted", ["as-is", "xlsx"])
def test_what_is_right_is_left_alone(tmp_path: Path, wanted: Any) -> None:
    path = tmp_path / "jobs.csv"
    content = workbook(path)
    settled(path, wanted)
    assert path.read_bytes() == content


def test_what_cannot_be_converted_is_kept_under_its_true_suffix(tmp_path: Path) -> None:
    path, taken = tmp_path / "jobs.csv", tmp_path / "jobs.xlsx"
    content = b"PK\x03\x04 damaged"
    path.write_bytes(content)
    taken.write_bytes(b"mine")
    with pytest.raises(CommandError, match=r"is XLSX and could not become CSV .* it is kept as .*jobs\.1\.xlsx"):
        settled(path, "csv")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["jobs.1.xlsx", "jobs.xlsx"]
    assert (taken.read_bytes(), (tmp_path / "jobs.1.xlsx").read_bytes()) == (b"mine", content)


def test_without_the_extra_the_workbook_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "jobs.csv"
    content = workbook(path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "openpyxl"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(CommandError) as caught:
        settled(path, "csv")
    assert "xlsx" in caught.value.todo
    assert "--format as-is" in caught.value.todo
    assert (tmp_path / "jobs.xlsx").read_bytes() == content


def test_the_command_writes_what_its_output_is_called(command_line: Callable[..., CommandLine], tmp_path: Path) -> None:
    cli = command_line(pace="once", format="xlsx", rows=3)
    ended = cli.run(*EXPORT, "jobs.csv", "--journal", "none")
    assert (ended.code, ended.out) == (0, "jobs.csv\n"), ended
    assert (cli.home / "jobs.csv").read_text().startswith("Job ID,")
    cli.sandbox.exports.serve(b"PK\x03\x04 damaged", "application/octet-stream")
    ended = cli.run(*EXPORT, "lost.csv", "--journal", "none")
    assert ended.code == 1
    assert "kept as" in ended.talk
    assert (cli.home / "lost.xlsx").read_bytes() == b"PK\x03\x04 damaged"


@pytest.mark.parametrize("name", ["sync", "async"])
def test_download_writes_what_was_sent_and_warns_of_a_name_that_says_otherwise(name: str, tmp_path: Path) -> None:
    with PipefyServer() as server, Either(name, server) as either:
        job = either(either.client.exports.automation_jobs(organization_id=1, period="last_month"))
        either(job.wait())
        with pytest.warns(UserWarning, match=r"jobs\.xlsx holds CSV"):
            either(job.download(tmp_path / "jobs.xlsx"))
        either(job.download(tmp_path / "jobs.csv"))
        assert (tmp_path / "jobs.xlsx").read_bytes() == (tmp_path / "jobs.csv").read_bytes()
