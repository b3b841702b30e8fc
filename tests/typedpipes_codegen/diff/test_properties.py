"""What holds for any two schemas: no change of itself, order and prose unseen, every fact seen, no crash, symmetry."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from graphql import GraphQLSchema, build_schema, parse, print_ast, validate_schema
from graphql.language import DocumentNode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.typedpipes_codegen.canonical.test_properties import documents
from tests.typedpipes_codegen.diff.corpus_support import base_document, base_sdl
from typedpipes_codegen.canonical import canonicalize, plain_document
from typedpipes_codegen.diff import RULES, Change
from typedpipes_codegen.diff.graphql import graphql_changes
from typedpipes_codegen.diff.openapi import openapi_changes
from typedpipes_codegen.documents import check_references
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, clone, pointer
from typedpipes_codegen.errors import SchemaError

SETTINGS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MIRRORED = {
    "operation-removed": {"operation-added"},
    "response-property-removed": {"response-property-added"},
    "request-property-removed": {"request-required-property-added", "request-optional-property-added"},
    "request-parameter-removed": {"request-required-parameter-added", "request-optional-parameter-added"},
}


@SETTINGS
@given(documents())
def test_a_document_is_no_change_of_itself_in_whatever_form(document: JsonObject) -> None:
    canonical = canonicalize(document).document

    assert openapi_changes(document, document) == []
    assert openapi_changes(document, canonical) == []
    assert openapi_changes(canonical, document) == []


@SETTINGS
@given(documents(), st.integers(0, 2**32))
def test_order_of_keys_and_prose_are_no_change(document: JsonObject, seed: int) -> None:
    assert openapi_changes(document, reworded(document, random.Random(seed))) == []


@SETTINGS
@given(documents(), documents())
def test_any_two_documents_are_compared_and_both_ways_agree(old: JsonObject, new: JsonObject) -> None:
    there, back = openapi_changes(old, new), openapi_changes(new, old)

    assert bool(there) == bool(back)
    for change in there:
        assert RULES[change.kind].rating == change.rating
    for lost, gained in MIRRORED.items():
        assert places(there, {lost}) == places(back, gained)
        assert places(back, {lost}) == places(there, gained)


def places(changes: list[Change], kinds: set[str]) -> set[tuple[str | None, str, str | None]]:
    """Where changes of some kinds are. Inside a union the pairs of forms may differ, so it is left out."""
    return {(one.operation, one.path, one.argument) for one in changes if one.kind in kinds and "Of(" not in one.place}


def reworded(node: Json, rng: random.Random, *, named: bool = False) -> JsonObject:
    """The same interface: keys in another order, other prose."""

    def walk(node: Json, *, named: bool) -> Json:
        if isinstance(node, list):
            return [walk(item, named=False) for item in node]
        if not isinstance(node, dict):
            return node
        items = [(key, walk(value, named=key in ("properties", "paths") and not named)) for key, value in node.items()]
        rng.shuffle(items)
        changed = dict(items)
        if not named and "type" in changed:
            changed["description"] = f"Prose {rng.random()}"
            changed["example"] = rng.random()
        return changed

    return as_object(walk(node, named=named), "")


# Every fact is seen: whatever can be taken out of a document is a change, but for these.
UNSEEN = re.compile(
    r"/openapi|/info(/.*)?|/tags(/.*)?|.*/responses/[^/]+/description"
    # What has properties is an object, what lists words is text, what is in the path is required.
    r"|.*/(schemas/\w+|schema|writer|state)/type|.*/parameters/0/required"
    # The name the generator gives is the one that was given.
    r"|.*/x-method"
    # Scopes matter where operations need them.
    r"|/components/securitySchemes/oauth/flows/clientCredentials/scopes(/.*)?"
)


def removals(stride: int) -> Iterator[tuple[str, JsonObject]]:
    """The plain shop less one node each, as far as it is still a document."""
    whole = plain_document(base_document())
    for number, path in enumerate(list(nodes(whole))):
        if number % stride:
            continue
        copy = as_object(clone(whole), "")
        take_out(copy, path)
        try:
            check_references(copy)
            plain_document(copy)
        except SchemaError:
            continue
        yield pointer(*path), copy


def take_out(node: Json, path: tuple[str | int, ...]) -> None:
    for number, name in enumerate(path, 1):
        last = number == len(path)
        if isinstance(node, list):
            node = node.pop(int(name)) if last else node[int(name)]
        elif isinstance(node, dict):
            node = node.pop(str(name)) if last else node[str(name)]


def nodes(node: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from nodes(value, (*path, key))


def unseen(stride: int) -> list[str]:
    whole = base_document()
    found = []
    for at, less in removals(stride):
        seen = openapi_changes(whole, less) and openapi_changes(less, whole)
        if not seen and not UNSEEN.fullmatch(at):
            found.append(at)
    return found


def test_a_fact_that_is_taken_out_is_seen() -> None:
    assert unseen(stride=7) == []


@pytest.mark.campaign
def test_every_fact_that_is_taken_out_is_seen() -> None:
    assert unseen(stride=1) == []


# GraphQL.

NAMES = st.sampled_from(("a", "b", "c", "d"))
OUTPUTS = st.sampled_from(("String", "Int!", "[ID!]!", "Thing", "[Thing!]", "Kind", "Any"))
INPUTS = st.sampled_from(("String", "Int", "[ID!]", "Ask", "Kind!", "Kind"))


@st.composite
def sdls(draw: st.DrawFn) -> str:
    def arguments() -> str:
        given = draw(st.dictionaries(NAMES, INPUTS, max_size=2))
        return f"({', '.join(f'{name}: {type_}' for name, type_ in given.items())})" if given else ""

    def fields() -> str:
        given = draw(st.dictionaries(NAMES, OUTPUTS, min_size=1, max_size=3))
        mark = draw(st.sampled_from(("", "", " @deprecated")))
        return " ".join(f"{name}{arguments()}: {type_}{mark}" for name, type_ in given.items())

    asked = draw(st.dictionaries(NAMES, st.sampled_from(("String", "Kind", "Ask", "[Int!]")), min_size=1, max_size=3))
    values = draw(st.lists(st.sampled_from(("RED", "BLUE", "GREEN")), min_size=1, unique=True))
    union = draw(st.sampled_from(("Thing", "Other", "Thing | Other")))
    return (
        f"type Query {{ {fields()} }}\ntype Thing {{ id: ID {fields()} }}\ntype Other {{ {fields()} }}\n"
        f"union Any = {union}\nenum Kind {{ {' '.join(values)} }}\n"
        f"input Ask {{ {' '.join(f'{name}: {type_}' for name, type_ in asked.items())} }}\n"
    )


def schema(sdl: str) -> GraphQLSchema:
    built = build_schema(sdl)
    assert validate_schema(built) == []
    return built


@SETTINGS
@given(sdls(), st.integers(0, 2**32))
def test_order_and_prose_of_a_graphql_schema_are_no_change(sdl: str, seed: int) -> None:
    definitions = list(parse(sdl).definitions)
    random.Random(seed).shuffle(definitions)
    shuffled = "\n".join(
        f'"""Prose {number}."""\n{print_ast(node)}'
        for number, node in enumerate(DocumentNode(definitions=definitions).definitions)
    )

    assert graphql_changes(schema(sdl), schema(sdl)) == []
    assert graphql_changes(schema(sdl), schema(shuffled)) == []


@SETTINGS
@given(sdls(), sdls())
def test_any_two_graphql_schemas_are_compared_and_both_ways_agree(old: str, new: str) -> None:
    there, back = graphql_changes(schema(old), schema(new)), graphql_changes(schema(new), schema(old))

    assert bool(there) == bool(back)
    for lost, gained in (("field-removed", "field-added"), ("type-removed", "type-added")):
        assert {one.place for one in there if one.kind == lost} == {one.place for one in back if one.kind == gained}


def test_the_base_schemas_are_no_change_of_themselves() -> None:
    assert openapi_changes(base_document(), base_document()) == []
    assert graphql_changes(schema(base_sdl()), schema(base_sdl())) == []
