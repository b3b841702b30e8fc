"""Whatever a parser of another version raises, and in which words, a user reads the same message of ours."""

from __future__ import annotations

import csv
import gzip
import json
import sys
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from openpyxl.reader.excel import ExcelReader

from typedpipes._core.auth.token_request import answer
from typedpipes._core.auth.token_stores import FileTokenStore, KeyringTokenStore
from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.json_body import parse_json
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes.cli.arguments import convert
from typedpipes.configuration import configuration
from typedpipes.errors import ConfigurationError, ProfileError, ResponseMismatch, RowsError, TypedPipesError
from typedpipes.pipedream.webhooks import connection_event
from typedpipes.pipefy.bulk.checkpoint import Checkpoint
from typedpipes.pipefy.bulk.report import BulkReport
from typedpipes.pipefy.exports.forms import FileFormStore
from typedpipes.pipefy.exports.jobs import parse_token
from typedpipes.pipefy.exports.journal import Journal
from typedpipes.pipefy.exports.kinds import AUTOMATION_JOBS
from typedpipes.rows import open_rows

WORDS = "words of a newer parser"
DEEP = '{"v": 1, "version": 1, "key": ' + "[" * 100_000
REFUSALS = [json.JSONDecodeError(WORDS, "{", 1), ValueError(WORDS), RecursionError(WORDS)]


class NewerError(Exception):
    """What a parser of the future raises."""


class OneEntry:
    """A keyring that holds one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_password(self, service: str, username: str) -> str:
        return self.text

    def set_password(self, service: str, username: str, password: str) -> None:
        self.text = password

    def delete_password(self, service: str, username: str) -> None:
        self.text = ""


def refusing(error: BaseException) -> Callable[..., object]:
    def parse(*_: object, **__: object) -> object:
        raise error

    return parse


def told(kind: type[TypedPipesError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert WORDS not in str(caught.value)
    assert "recursion" not in str(caught.value)
    return str(caught.value)


def read_everything(folder: Path, text: str) -> None:
    """Give ``text`` to every place that reads JSON, and see that each says or does what it promises."""
    content = text.encode()
    for name in ("key.json", "key.lease", "forms.json", "journal", "checkpoint"):
        (folder / name).write_bytes(content + b"\n")
    tokens = FileTokenStore(folder)
    assert tokens.load("key") is None
    assert tokens.lease("key", "me", 5) is True
    assert KeyringTokenStore(keyring=OneEntry(text), directory=folder).load("key") is None
    assert FileFormStore(folder / "forms.json").get("key") is None
    assert Journal(folder / "journal").find("key") is None  # a line that begins like one of ours counts as torn
    checkpoint = Checkpoint(folder / "checkpoint", "job")
    assert "no checkpoint" in told(ConfigurationError, lambda: checkpoint.open(lambda item: None))
    assert "no bulk report" in told(ConfigurationError, lambda: BulkReport.from_json(text))
    declared = {AUTOMATION_JOBS.kind: AUTOMATION_JOBS}
    assert "not a job token" in told(ConfigurationError, lambda: parse_token(text, declared, AUTOMATION_JOBS.kind))
    assert "no JSON object" in told(ResponseMismatch, lambda: answer(content, "login"))


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_what_a_json_parser_refuses_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(json, "loads", refusing(error))
    read_everything(tmp_path, '{"v": 1}')


def test_json_that_nests_without_end_is_refused_everywhere_before_a_parser_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_everything(tmp_path, DEEP)
    monkeypatch.setattr(json, "loads", refusing(AssertionError("the parser was asked")))
    with pytest.raises(NotJSON, match=r"more than 200 levels deep, at byte 229"):
        read_json(DEEP)


def test_json_of_many_brackets_that_is_not_deep_is_read() -> None:
    assert read_json("[" + ",".join(["[]"] * 1_000) + "]") == [[]] * 1_000
    assert read_json(json.dumps(["[" * 1_000, '"\\' * 1_000])) == ["[" * 1_000, '"\\' * 1_000]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"a": 1', "cut off: it ends at byte 7"),
        (b'{"a": nope}', "byte 6"),
        ('{"ä": nope}'.encode(), "byte 7"),
        (b'{"a": "\xff"}', "byte 7"),
        (b"  ", "empty"),
        (b"[" * 100_000, "more than 200 levels deep"),
    ],
    ids=["cut", "no value", "after an umlaut", "no UTF-8", "empty", "deep"],
)
def test_an_answer_that_is_no_json_says_where_in_our_words(body: bytes, where: str) -> None:
    for read in (lambda: parse_json(body, Decoding("demo.get")), lambda: connection_event(body)):
        message = told(ResponseMismatch, read)
        assert "the body is not valid JSON" in message
        assert where in message
        assert "malformed" not in message


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' * 100_000], ids=["lists", "objects"])
def test_an_argument_of_the_command_line_that_nests_without_end_is_no_json(text: str) -> None:
    from typedpipes._core.decoding.model import UNSET

    assert convert(text, frozenset({"object", "array"})) is UNSET


@pytest.mark.parametrize(
    "error",
    [tomllib.TOMLDecodeError(f"{WORDS} (at line 2, column 3)"), ValueError(WORDS), RecursionError(WORDS)],
    ids=lambda error: type(error).__name__,
)
def test_what_a_toml_parser_refuses_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    file = tmp_path / "typedpipes.toml"
    file.write_text("[pipefy]\nplan = 'business'\n", encoding="utf-8")
    monkeypatch.setattr(tomllib, "loads", refusing(error))
    message = told(ProfileError, lambda: configuration(config=file, environ={}))
    assert message.startswith(f"{file}, line ")
    if "line 2" in str(error):
        assert message.startswith(f"{file}, line 2 is not TOML")


def test_a_profile_that_nests_without_end_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "typedpipes.toml"
    file.write_text("[pipefy]\nplan = " + "[" * 50_000, encoding="utf-8")
    message = told(ProfileError, lambda: configuration(config=file, environ={}))
    assert message.startswith(f"{file}, line 2 nests brackets too deeply")


def test_an_env_file_that_a_parser_refuses_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shlex

    file = tmp_path / ".env"
    file.write_text("A=1\n", encoding="utf-8")
    monkeypatch.setattr(shlex, "split", refusing(ValueError(WORDS)))
    message = told(ConfigurationError, lambda: configuration(env_file=file, environ={}))
    assert message.startswith(f"{file}, line 1 is no setting of the form NAME=value")


def a_workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.save(path)
    return path


@pytest.mark.parametrize("error", [NewerError(WORDS), KeyError(WORDS), RecursionError(WORDS)], ids=repr)
@pytest.mark.parametrize("where", ["ZipFile", "read"])
def test_what_an_xlsx_reader_refuses_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    file = a_workbook(tmp_path / "a.xlsx")
    monkeypatch.setattr(zipfile if where == "ZipFile" else ExcelReader, where, refusing(error))
    message = told(RowsError, lambda: open_rows(file))
    assert message.startswith(f"{file} is a damaged")
    assert "download it again" in message


def test_what_an_xlsx_reader_refuses_in_the_middle_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    def one_row(*_: object, **__: object) -> Iterator[tuple[str, ...]]:
        yield ("a", "b")
        raise NewerError(WORDS)

    file = a_workbook(tmp_path / "a.xlsx")
    monkeypatch.setattr(ReadOnlyWorksheet, "iter_rows", one_row)
    with open_rows(file) as rows:
        message = told(RowsError, lambda: list(rows))
    assert message.startswith(f"{file}: damaged after row 1")


@pytest.mark.parametrize(
    "error",
    [csv.Error(WORDS), zlib.error(WORDS), EOFError(WORDS), OSError(WORDS)],
    ids=lambda error: type(error).__name__,
)
def test_what_a_csv_reader_refuses_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def two_rows(*_: object, **__: object) -> Iterator[list[str]]:
        yield ["a", "b"]
        yield ["1", "2"]
        raise error

    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    monkeypatch.setattr(csv, "reader", two_rows)
    with open_rows(file) as rows:
        message = told(RowsError, lambda: list(rows))
    assert message.startswith(f"{file}: damaged")
    assert "after row 2" in message


@pytest.mark.parametrize("at", [12, 60_000], ids=["its beginning", "its middle"])
def test_gzip_whose_bytes_were_changed_is_damaged_and_no_error_of_the_library(tmp_path: Path, at: int) -> None:
    lines = b"".join(f"{number},{hash((number, 7)) & 0xFFFFFFFF:x}\n".encode() for number in range(60_000))
    content = bytearray(gzip.compress(b"a,b\n" + lines, mtime=0))
    content[at : at + 4_000] = bytes(4_000)
    file = tmp_path / "a.csv.gz"
    file.write_bytes(content)

    def read() -> None:
        with open_rows(file) as rows:
            list(rows)

    assert "damaged" in told(RowsError, read)


@pytest.mark.parametrize("depth", [sys.getrecursionlimit() - 100, sys.getrecursionlimit() * 20])
def test_an_answer_whose_unknown_part_nests_deeply_is_read_or_refused_but_never_a_recursion_error(depth: int) -> None:
    body = b'{"event": "CONNECTION_SUCCESS", "unknown": ' + b"[" * depth + b"]" * depth + b"}"
    with suppress(ResponseMismatch):  # how deep an answer may be is the parser's; what it raises is not
        assert connection_event(body).event == "CONNECTION_SUCCESS"
