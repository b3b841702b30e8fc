"""Every change that graphql-core's own change finder reports is among ours: a check that is not our own."""

from __future__ import annotations

from graphql import (
    GraphQLSchema,
    build_client_schema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    introspection_from_schema,
)
from graphql.utilities.find_breaking_changes import (
    BreakingChange,
    BreakingChangeType,
    DangerousChange,
    DangerousChangeType,
)

from tests.typedpipes_codegen.diff.corpus_support import base_sdl, changed_sdl, rows
from typedpipes_codegen.diff.graphql import graphql_changes

TYPES = {*BreakingChangeType.__members__, *DangerousChangeType.__members__}


def lost(old: GraphQLSchema, new: GraphQLSchema, met: set[str]) -> list[str]:
    """What graphql-core says and none of our messages does."""
    ours = [change.message for change in graphql_changes(old, new)]
    theirs: list[BreakingChange | DangerousChange] = [
        *find_breaking_changes(old, new),
        *find_dangerous_changes(old, new),
    ]
    met |= {change.type.name for change in theirs}
    return [
        change.description
        for change in theirs
        # A built-in scalar that nothing uses any more is no part of the interface.
        if not change.description.startswith("Standard scalar")
        and not any(change.description.rstrip(".")[2:] in message for message in ours)
    ]


def test_every_change_that_graphql_core_finds_in_the_corpus_is_found() -> None:
    base, met = build_schema(base_sdl()), set[str]()
    for row in rows("graphql.yaml"):
        changed = build_schema(changed_sdl(row))
        assert lost(base, changed, met) == lost(changed, base, met) == [], row.change

    assert met == TYPES


def test_every_change_that_graphql_core_finds_between_two_answers_of_a_server_is_found() -> None:
    """A server lists its own directives: those it has by specification may go, too."""

    def answered(text: str) -> GraphQLSchema:
        return build_client_schema(introspection_from_schema(build_schema(text)))

    base, met = answered(base_sdl()), set[str]()
    for row in rows("graphql.yaml"):
        changed = answered(changed_sdl(row))
        assert lost(base, changed, met) == lost(changed, base, met) == [], row.change


WRAPPED = ("T", "T!", "[T]", "[T]!", "[T!]", "[T!]!", "[[T]]", "[[T!]]!", "U", "[U]", "[U!]!")


def test_types_narrow_and_widen_as_graphql_core_says_whatever_their_wrapping() -> None:
    """Every pair, as something read, as an argument and as an input field: the same verdict of safe or breaking."""

    def schema(wrapped: str) -> GraphQLSchema:
        fields = f"r: {wrapped} s(x: {wrapped}, i: I): T"
        return build_schema(f"scalar T scalar U input I {{ a: {wrapped} b: T c: U }} type Query {{ {fields} }}")

    schemas = {wrapped: schema(wrapped) for wrapped in WRAPPED}
    for one, old in schemas.items():
        for other, new in schemas.items():
            theirs = find_breaking_changes(old, new)
            ours = [change for change in graphql_changes(old, new) if change.rating == "breaking"]
            assert len(ours) == len(theirs), (one, other)
            assert lost(old, new, set()) == [], (one, other)
