"""Documents the canonicaliser was not tuned to: random ones, each without loss and a fixed point."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.examples import counted
from tests.typedpipes_codegen.canonical.support import answering, document, schemas_of
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.documents import check_references
from typedpipes_codegen.documents.tree import JsonObject
from typedpipes_codegen.documents.yaml_reader import read_yaml
from typedpipes_codegen.documents.yaml_writer import write_yaml

COMPONENTS = ("Node", "Leaf", "Kind")
PROPERTY = st.one_of(
    st.sampled_from(
        (
            "id",
            "type",
            "class",
            "items",
            "data",
            "owner_id",
            "USER_ID",
            "$ref",
            "camelCase",
            "a-b",
            "x/y~z",
            "|A",
            "[]",
            "{}",
        )
    ),
    st.text(min_size=1, max_size=6),
)
SCALAR: st.SearchStrategy[JsonObject] = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer", "minimum": 1},
        {"type": "number", "nullable": True},
        {"type": ["string", "null"], "format": "date"},
        {"type": "string", "enum": ["b", "a"], "default": "a"},
        {"type": "string", "enum": ["a", "b"], "nullable": True},
        {"type": "string", "enum": ["no", "on", "012"], "readOnly": True},
        {"type": "number", "enum": [1, 0]},
        {"type": "string", "const": "x"},
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        {},
    ]
)
REFERENCE: st.SearchStrategy[JsonObject] = st.sampled_from(
    [{"$ref": f"#/components/schemas/{name}"} for name in COMPONENTS]
)


def objects(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    @st.composite
    def build(draw: st.DrawFn) -> JsonObject:
        properties = draw(st.dictionaries(PROPERTY, inner, min_size=1, max_size=3))
        schema: JsonObject = {"type": "object", "properties": {**properties}, "title": "Prose"}
        required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True, max_size=2))
        if required:
            schema["required"] = [*required]
        if draw(st.booleans()):
            schema["nullable"] = True
        if draw(st.booleans()):
            schema["description"] = "Prose"
        return schema

    return build()


def several(key: str, inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    return st.lists(inner, min_size=1, max_size=3).map(lambda parts: {key: [*parts]})


def compositions(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    return st.one_of(
        objects(inner),
        objects(inner),
        inner.map(lambda item: {"type": "array", "items": item}),
        inner.map(lambda item: {"type": "object", "additionalProperties": item}),
        several("allOf", objects(inner)),
        several("allOf", st.one_of(REFERENCE, objects(inner))),
        several("oneOf", inner),
        several("anyOf", inner),
        st.tuples(REFERENCE, SCALAR).map(lambda pair: {"allOf": [pair[0]], "nullable": True}),
    )


SCHEMA = st.recursive(st.one_of(SCALAR, REFERENCE), compositions, max_leaves=12)
TAGS = st.sampled_from((["Deals"], ["Deals"], ["people"], ["Beta", "Deals"], []))
PATHS = ("/deals", "/deals/{id}", "/deals/{id}/notes", "/people", "/mailbox/threads", "/deals/search")


@st.composite
def documents(draw: st.DrawFn) -> JsonObject:
    paths: JsonObject = {}
    for path in draw(st.lists(st.sampled_from(PATHS), unique=True, min_size=1, max_size=3)):
        item: JsonObject = {}
        for method in draw(
            st.lists(st.sampled_from(("get", "post", "put", "delete")), unique=True, min_size=1, max_size=2)
        ):
            operation = answering(draw(SCHEMA), tags=[*draw(TAGS)])
            if "{" in path:
                operation["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": draw(SCALAR)}]
            if method == "post":
                operation["requestBody"] = {"content": {"application/json": {"schema": draw(SCHEMA)}}}
            item[method] = operation
        paths[path] = item
    leaf: JsonObject = {
        "type": "object",
        "properties": {"up": {"$ref": "#/components/schemas/Node"}, "x": draw(SCHEMA)},
    }
    node: JsonObject = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}}},
    }
    return document(paths, {"schemas": {"Node": node, "Leaf": leaf, "Kind": {"type": "string", "enum": ["a", "c"]}}})


SETTINGS = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@counted(30, 1000)
def test_nothing_is_lost_and_a_second_run_changes_nothing(examples: int) -> None:
    @settings(SETTINGS, max_examples=examples)
    @given(documents())
    def holds(source: JsonObject) -> None:
        canonical = canonicalize(source)

        assert fidelity(source, canonical.document).losses == []
        text = write_yaml(canonical.document)
        assert read_yaml(text) == canonical.document
        check_references(canonical.document)
        assert write_yaml(canonicalize(canonical.document).document) == text
        assert write_yaml(canonicalize(canonical.document, canonical.names).document) == text

    holds()


@counted(30, 1000)
def test_names_given_once_are_given_again(examples: int) -> None:
    @settings(SETTINGS, max_examples=examples)
    @given(documents())
    def holds(source: JsonObject) -> None:
        first = canonicalize(source)

        again = canonicalize(source, first.names)

        assert again.names == first.names
        assert write_yaml(again.document) == write_yaml(first.document)
        folded = [name.casefold() for name in schemas_of(again.document)]
        assert len(set(folded)) == len(folded)
        assert all(name.isidentifier() and name.isascii() for name in again.names.values())

    holds()


@counted(30, 1000)
def test_no_name_moves_when_a_document_changes(examples: int) -> None:
    @settings(SETTINGS, max_examples=examples)
    @given(documents(), documents())
    def holds(before: JsonObject, after: JsonObject) -> None:
        old = canonicalize(before).names
        new = canonicalize(after, old).names
        first: dict[str, str] = {}
        for at in sorted(new):
            if at in old:
                first.setdefault(old[at], at)

        assert all(new[at] == name for name, at in first.items())
        fresh = {new[at] for at in new if at not in old}
        gone = {name for name in old.values() if name not in first}
        assert not fresh & gone

    holds()
