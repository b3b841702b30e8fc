"""What graphql-core's change finder says is read back into coordinates, whatever it finds."""

from __future__ import annotations

import pytest
from graphql import build_schema, find_breaking_changes, find_dangerous_changes
from graphql.utilities.find_breaking_changes import BreakingChangeType, DangerousChangeType

from tests.typedpipes_codegen.diff.corpus_support import base_sdl, changed_sdl, rows
from typedpipes_codegen.diff.graphql import graphql_changes

TYPES = {*BreakingChangeType.__members__, *DangerousChangeType.__members__}


def test_every_type_of_change_the_finder_knows_is_placed_and_none_is_lost() -> None:
    base, met = build_schema(base_sdl()), set[str]()
    for row in rows("graphql.yaml"):
        changed = build_schema(changed_sdl(row))
        for old, new in ((base, changed), (changed, base)):
            found = graphql_changes(old, new)
            descriptions = {change.description: change.type.name for change in find_breaking_changes(old, new)}
            descriptions |= {change.description: change.type.name for change in find_dangerous_changes(old, new)}
            met |= {*descriptions.values()}
            assert not [one for one in found if one.kind.startswith("unplaced")]
            for description in descriptions:
                told = any(description.rstrip(".")[2:] in one.message for one in found)
                # A built-in scalar that nothing uses any more is no part of the interface.
                assert told or description.startswith("Standard scalar"), description

    assert met == TYPES


def test_a_finding_that_cannot_be_placed_is_reported_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from typedpipes_codegen.diff import graphql

    monkeypatch.setitem(graphql._PATTERNS, "FIELD_REMOVED", "another wording")
    old, new = build_schema("type Query { a: ID b: ID }"), build_schema("type Query { a: ID }")

    (change,) = graphql_changes(old, new)

    assert (change.kind, change.rating) == ("unplaced-breaking", "breaking")
    assert "Query.b was removed" in change.message
