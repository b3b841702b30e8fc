"""Every row of the corpus, forwards and backwards: exactly the changes it names, each with its rating."""

from __future__ import annotations

import pytest
from graphql import build_schema

from tests.typedpipes_codegen.diff.corpus_support import (
    Row,
    base_document,
    base_sdl,
    changed_document,
    changed_sdl,
    rows,
)
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.diff import RULES, Change
from typedpipes_codegen.diff.graphql import graphql_changes
from typedpipes_codegen.diff.openapi import openapi_changes
from typedpipes_codegen.documents import check_references

OPENAPI = rows("openapi.yaml")
GRAPHQL = rows("graphql.yaml")


def told(changes: list[Change]) -> set[str]:
    return {f"{one.rating} {one.kind} {one.direction} {one.operation or '-'}" for one in changes}


def told_of_graphql(changes: list[Change]) -> set[str]:
    return {f"{one.rating} {one.kind} {one.direction} {one.place}" for one in changes}


@pytest.mark.parametrize("row", OPENAPI, ids=str)
def test_a_change_of_a_document_is_rated_as_the_corpus_says(row: Row) -> None:
    base, changed = base_document(), changed_document(row)
    check_references(changed)

    assert told(openapi_changes(base, changed)) == row.says
    assert told(openapi_changes(changed, base)) == row.back


@pytest.mark.parametrize("row", OPENAPI[::2], ids=str)
def test_canonical_form_changes_no_verdict(row: Row) -> None:
    canonical = canonicalize(changed_document(row)).document

    assert told(openapi_changes(base_document(), canonical)) == row.says


@pytest.mark.parametrize("row", GRAPHQL, ids=str)
def test_a_change_of_a_graphql_schema_is_rated_as_the_corpus_says(row: Row) -> None:
    base, changed = build_schema(base_sdl()), build_schema(changed_sdl(row))

    assert told_of_graphql(graphql_changes(base, changed)) == row.says
    assert told_of_graphql(graphql_changes(changed, base)) == row.back


def test_the_corpus_is_large_and_covers_most_kinds() -> None:
    lines = [line for row in [*OPENAPI, *GRAPHQL] for line in (*row.says, *row.back)]
    covered = {line.split()[1] for line in lines}

    assert len(OPENAPI) >= 120
    assert len(GRAPHQL) >= 40
    assert covered <= RULES.keys()
    assert sorted(RULES.keys() - covered) == UNCOVERED
    wrong = [line for line in lines if RULES[line.split()[1]].rating != line.split()[0]]
    assert {line.split()[1] for line in wrong} == {"response-property-removed", "response-type-changed"}


UNCOVERED = ["overlay-action-unmatched", "saved-operation-invalid"]
"""Kinds that need files besides the schema: test_inputs.py and test_saved_operations.py have them."""
