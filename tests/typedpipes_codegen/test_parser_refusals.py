"""Whatever a parser of another version raises, and in which words, the owner of a schema reads the same message."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from typedpipes_codegen.diff.inputs import Input, load_graphql
from typedpipes_codegen.documents import load_document
from typedpipes_codegen.documents.apis import load_apis
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.documents import parse_documents
from typedpipes_codegen.graphql.sdl import read_schema
from typedpipes_codegen.own.toml_table import read_table
from typedpipes_codegen.refresh.introspection import read_vendor_schema

WORDS = "words of a newer parser"


class NewerError(Exception):
    """What a parser of the future raises."""


def refusing(error: BaseException) -> Callable[..., object]:
    def parse(*_: object, **__: object) -> object:
        raise error

    return parse


def yaml_refusing(error: BaseException) -> Callable[..., Iterator[yaml.Event]]:
    def parse(*_: object, **__: object) -> Iterator[yaml.Event]:
        yield yaml.StreamStartEvent(None, None)
        raise error

    return parse


def said(call: Callable[[], object]) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        call()
    assert WORDS not in str(caught.value)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    "error",
    [yaml.YAMLError(WORDS), yaml.MarkedYAMLError(WORDS), NewerError(WORDS), ValueError(WORDS), RecursionError(WORDS)],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("deep", [True, False])
def test_a_yaml_document_is_refused_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, deep: bool
) -> None:
    file = tmp_path / "vendor.yaml"
    file.write_text("openapi: 3.0.0\npaths: " + ("[" * 300 if deep else "7") + "\n", encoding="utf-8")
    monkeypatch.setattr(yaml, "parse", yaml_refusing(error))
    told = said(lambda: load_document(file))
    assert str(told).startswith(f"{file}:{2 if deep else 1}:")
    expected = "nested more than 200 levels" if deep or isinstance(error, RecursionError) else "not valid YAML"
    assert expected in told.message


def test_brackets_that_are_only_characters_do_not_make_a_yaml_document_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "vendor.yaml"
    file.write_text(f"a: '{'[' * 300}'\nb: \"{'{' * 300}\"\n# {'[' * 300}\n", encoding="utf-8")
    assert load_document(file) == {"a": "[" * 300, "b": "{" * 300}
    monkeypatch.setattr(yaml, "parse", yaml_refusing(NewerError(WORDS)))
    assert "not valid YAML" in str(said(lambda: load_document(file)))


@pytest.mark.parametrize("opener", ["[", "{a: "])
@pytest.mark.parametrize("levels", [201, 5_000, 120_000])
def test_a_yaml_document_is_too_deep_at_the_same_level_whatever_the_parser_bears(
    tmp_path: Path, opener: str, levels: int
) -> None:
    file = tmp_path / "vendor.yaml"
    file.write_text(f"openapi: 3.0.0\npaths: {opener * levels}\n", encoding="utf-8")
    told = said(lambda: load_document(file))
    assert (told.message, told.line) == ("nested more than 200 levels deep", 2)


@pytest.mark.parametrize(
    "error",
    [tomllib.TOMLDecodeError(WORDS), ValueError(WORDS), RecursionError(WORDS)],
    ids=lambda error: type(error).__name__,
)
def test_a_toml_file_is_refused_in_our_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    file = tmp_path / "apis.toml"
    file.write_text("name = 'x'\n", encoding="utf-8")
    monkeypatch.setattr(tomllib, "loads", refusing(error))
    for read in (lambda: read_table(file), lambda: load_apis(tmp_path)):
        told = said(read)
        assert "not valid TOML" in told.message
        assert str(told).startswith(f"{file}:")


def test_a_toml_file_that_nests_without_end_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "apis.toml"
    file.write_text("# [[[\na = '[['\n" + "b = " + "[" * 50_000, encoding="utf-8")
    for read in (lambda: read_table(file), lambda: load_apis(tmp_path)):
        told = said(read)
        assert "more than 200 levels" in told.message
        assert str(told).startswith(f"{file}:3:")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x00"], ids=["no UTF-8", "a null byte"])
def test_an_apis_toml_that_is_no_text_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "apis.toml").write_bytes(content)
    assert str(tmp_path / "apis.toml") in str(said(lambda: load_apis(tmp_path)))


def test_an_apis_toml_whose_rows_are_no_tables_is_refused(tmp_path: Path) -> None:
    (tmp_path / "apis.toml").write_text("api = 7\n", encoding="utf-8")
    assert "list of tables" in str(said(lambda: load_apis(tmp_path)))


@pytest.mark.parametrize(
    "error",
    [json.JSONDecodeError(WORDS, "{", 1), ValueError(WORDS), RecursionError(WORDS)],
    ids=lambda error: type(error).__name__,
)
def test_an_introspection_answer_is_refused_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    file = tmp_path / "answer.json"
    file.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(json, "loads", refusing(error))
    told = said(lambda: read_vendor_schema(file))
    assert "not valid JSON" in told.message
    assert str(told).startswith(str(file))


def test_an_introspection_answer_that_nests_without_end_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text('{"__schema":\n' + "[" * 100_000, encoding="utf-8")
    told = said(lambda: read_vendor_schema(file))
    assert "more than 200 levels" in told.message
    assert str(told).startswith(f"{file}:2:")


@pytest.mark.parametrize("answer", ['{"__schema": null}', '{"__schema": {"types": 7}}', '{"data": {"__schema": {}}}'])
def test_an_incomplete_introspection_answer_is_refused_in_our_words(tmp_path: Path, answer: str) -> None:
    file = tmp_path / "answer.json"
    file.write_text(answer, encoding="utf-8")
    told = said(lambda: load_graphql(Input(file, "graphql")))
    assert told.message == "the introspection result is incomplete"
    assert told.file == str(file)


def test_graphql_that_nests_without_end_is_refused_with_its_line_before_the_parser_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a recursion that ends the process (Python 3.12 and later bound it elsewhere) can happen."""
    from typedpipes_codegen.graphql import sdl

    monkeypatch.setattr(sdl, "parse", refusing(AssertionError("the parser was asked")))
    schema = tmp_path / "schema.graphql"
    schema.write_text('"""{ [ ("""\ntype Query {\n  a: ' + "[" * 300 + "Int" + "]" * 300 + "\n}\n", encoding="utf-8")
    told = said(lambda: read_schema(schema))
    assert "more than 200 levels" in told.message
    assert str(told).startswith(f"{schema}:3:")
    documents = tmp_path / "operations"
    documents.mkdir()
    (documents / "a.graphql").write_text("query A " + "{ a " * 5_000 + "}" * 5_000, encoding="utf-8")
    told = said(lambda: parse_documents(documents))
    assert str(told).startswith(f"{documents / 'a.graphql'}:1:")


@pytest.mark.parametrize("error", [RecursionError(WORDS)], ids=lambda error: type(error).__name__)
def test_a_graphql_parser_that_gives_up_on_depth_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from typedpipes_codegen.graphql import sdl

    monkeypatch.setattr(sdl, "parse", refusing(error))
    (tmp_path / "a.graphql").write_text("query A { a }", encoding="utf-8")
    assert "nested too deeply" in said(lambda: parse_documents(tmp_path)).message
    assert "nested too deeply" in said(lambda: read_schema(tmp_path / "a.graphql")).message
