"""Saved operation documents against the next schema: what no longer fits, in which file and line, and who uses what."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from tests.typedpipes_codegen.diff.corpus_support import base_sdl
from typedpipes_codegen.diff import Change, diff_documents
from typedpipes_codegen.diff.graphql import graphql_changes
from typedpipes_codegen.diff.saved_operations import SavedOperations
from typedpipes_codegen.errors import SchemaError

FIND = """query Find($text: String!) {
  search(text: $text) {
    ... on Book { ...Cover }
    ... on Writer { id }
  }
}
"""
COVER = "fragment Cover on Book {\n  title(width: 40)\n  pages\n}\n"
CREATE = "mutation Create($input: NewBook!) { createBook(input: $input) { book { id state } } }\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # places are told relative to it
    for name, text in (("queries/find", FIND), ("fragments/cover", COVER), ("mutations/create", CREATE)):
        path = tmp_path / "operations" / f"{name}.graphql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "operations"


def changes(folder: Path, old: str, new: str) -> list[Change]:
    assert base_sdl().count(old) == 1
    return graphql_changes(
        build_schema(base_sdl()), build_schema(base_sdl().replace(old, new)), SavedOperations.read(folder)
    )


def by_kind(found: list[Change], kind: str) -> Change:
    (one,) = [change for change in found if change.kind == kind]
    return one


def test_a_document_that_selects_a_field_that_is_gone_is_named_with_its_line(folder: Path) -> None:
    found = changes(folder, "pages: Int added", "added")

    fault = by_kind(found, "saved-operation-invalid")
    assert (fault.rating, fault.file, fault.line) == ("breaking", "operations/fragments/cover.graphql", 3)
    assert fault.used_by == ("Find",)
    assert "operations/fragments/cover.graphql:3: Cannot query field 'pages' on type 'Book'" in fault.message


def test_each_change_says_which_operations_use_it(folder: Path) -> None:
    cases = {
        ("pages: Int added", "added", "field-removed"): ("Find",),
        ("width: Int = 80", "width: Int = 90", "argument-default-changed"): ("Find",),
        ('old: String @deprecated(reason: "Use title.")', "", "field-removed"): (),
        ("kind: Kind secret", "kind: Kind weight: Float! secret", "required-input-field-added"): ("Create",),
        ("labels: [String!] kind", "labels: [String!]! kind", "input-field-type-changed"): ("Create",),
        ("enum State { SOLD", "enum State { ORDERED SOLD", "output-enum-value-added"): ("Create",),
        ("union Found = Book | Writer", "union Found = Book | Writer | Receipt", "union-member-added"): ("Find",),
        ("search(text: String!)", "search(text: String!, kind: Kind!)", "required-argument-added"): ("Find",),
    }
    for (old, new, kind), users in cases.items():
        assert by_kind(changes(folder, old, new), kind).used_by == users, (old, new)


def test_an_argument_that_becomes_required_breaks_the_document_that_leaves_it_out(folder: Path) -> None:
    fault = by_kind(
        changes(folder, "search(text: String!)", "search(text: String!, kind: Kind!)"), "saved-operation-invalid"
    )

    assert (fault.file, fault.line) == ("operations/queries/find.graphql", 2)


def test_what_did_not_fit_before_is_no_change(folder: Path) -> None:
    (folder / "queries/old.graphql").write_text("query Old { gone }", encoding="utf-8")

    assert changes(folder, "pages: Int added", "pages: Int count: Int added") == [
        by_kind(changes(folder, "pages: Int added", "pages: Int count: Int added"), "field-added")
    ]


def test_a_document_that_is_no_graphql_is_an_error(folder: Path, tmp_path: Path) -> None:
    (folder / "queries/bad.graphql").write_text("query {", encoding="utf-8")
    schema = tmp_path / "schema.graphql"
    schema.write_text(base_sdl(), encoding="utf-8")

    with pytest.raises(SchemaError, match=r"bad\.graphql:1"):
        diff_documents(schema, schema, operations=folder)
