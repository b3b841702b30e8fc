"""The checked-in Pipefy schemas and documents: complete, and within the vendor's limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
)
from graphql.language import InlineFragmentNode, IntValueNode, VariableNode

from tests.support.committed_schemas import root_fields
from tests.typedpipes_codegen.graphql.packages import SCHEMAS, write
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.documents import (
    MAX_DEPTH,
    Documents,
    check_complete,
    read_documents,
    selection_depth,
)
from typedpipes_codegen.graphql.names import pascal_case
from typedpipes_codegen.graphql.sdl import read_schema
from typedpipes_codegen.graphql.starter import write_missing

MAX_COMPLEXITY = 50_000
PAGE = 50


@pytest.fixture(scope="module", params=["live", "documented"])
def documents(request: pytest.FixtureRequest) -> Documents:
    folder = SCHEMAS / str(request.param)
    return read_documents(read_schema(folder / "schema.graphql"), folder / "operations")


def root_type(documents: Documents, operation: OperationDefinitionNode) -> GraphQLObjectType:
    root = documents.schema.query_type if operation.operation.value == "query" else documents.schema.mutation_type
    assert root is not None
    return root


def test_the_live_schema_is_read_with_every_root_field() -> None:
    schema = read_schema(SCHEMAS / "live" / "schema.graphql")
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert set(schema.query_type.fields) == root_fields("live", "Query")
    assert set(schema.mutation_type.fields) == root_fields("live", "Mutation")
    export = schema.type_map["AutomationJobsExport"]
    assert isinstance(export, GraphQLObjectType)
    assert set(export.fields) == {"id", "status", "fileUrl"}


def test_every_root_field_has_an_operation_of_its_name(documents: Documents) -> None:
    names = {operation.name.value for operation in documents.operations if operation.name}
    for root in (documents.schema.query_type, documents.schema.mutation_type):
        assert root is not None
        assert {pascal_case(field) for field in root.fields} <= names


@pytest.mark.parametrize("form", ["live", "documented"])
def test_a_document_is_named_after_its_one_operation(form: str) -> None:
    operations = SCHEMAS / form / "operations"
    for path in [*operations.glob("queries/*.graphql"), *operations.glob("mutations/*.graphql")]:
        (definition,) = parse(path.read_text(encoding="utf-8")).definitions
        assert isinstance(definition, OperationDefinitionNode)
        assert definition.name is not None
        assert definition.name.value == path.stem


def test_selections_stay_inside_depth_and_complexity(documents: Documents) -> None:
    for operation in documents.operations:
        assert operation.name is not None
        assert selection_depth(documents, operation.selection_set) <= MAX_DEPTH
        cost = complexity(documents, operation.selection_set, root_type(documents, operation))
        assert cost <= MAX_COMPLEXITY, operation.name.value


def complexity(documents: Documents, selections: SelectionSetNode, parent: object) -> int:
    """One for a field, and what it holds times the page for a connection."""
    total = 0
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            total += complexity(documents, documents.fragments[selection.name.value].selection_set, parent)
        elif isinstance(selection, InlineFragmentNode):
            member = documents.schema.type_map[selection.type_condition.name.value]
            total += complexity(documents, selection.selection_set, member)
        elif isinstance(selection, FieldNode):
            held = getattr(parent, "fields", {}).get(selection.name.value)
            below = selection.selection_set
            inner = complexity(documents, below, get_named_type(held.type)) if below and held else 0
            paged = held is not None and get_named_type(held.type).name.endswith("Connection")
            total += 1 + inner * (page_size(selection) if paged else 1)
    return total


def page_size(field: FieldNode) -> int:
    for argument in field.arguments:
        if argument.name.value == "first" and isinstance(argument.value, IntValueNode):
            return int(argument.value.value)
    return PAGE


def test_pages_hold_50_at_most_and_30_on_a_phase(documents: Documents) -> None:
    for operation in documents.operations:
        for definition in operation.variable_definitions:
            if isinstance(definition.default_value, IntValueNode):
                assert definition.variable.name.value == "first"
                assert int(definition.default_value.value) <= PAGE
    by_name = {operation.name.value: operation for operation in documents.operations if operation.name}
    if "PhaseCards" in by_name:
        (first,) = [node for node in by_name["PhaseCards"].variable_definitions if node.variable.name.value == "first"]
        assert isinstance(first.default_value, IntValueNode)
        assert first.default_value.value == "30"


def test_connections_take_first_and_after_as_variables_at_the_root_and_are_bounded_below(documents: Documents) -> None:
    for operation in documents.operations:
        assert operation.name is not None
        for field, parent, at_root in connections(documents, operation):
            arguments = {argument.name.value: argument.value for argument in field.arguments}
            place = f"{operation.name.value}: {parent}.{field.name.value}"
            assert "first" in arguments, place
            if at_root:
                assert isinstance(arguments["first"], VariableNode), place
                assert isinstance(arguments["after"], VariableNode), place


def connections(documents: Documents, operation: OperationDefinitionNode) -> Iterator[tuple[FieldNode, str, bool]]:
    def walk(selections: SelectionSetNode, parent: object, at_root: bool) -> Iterator[tuple[FieldNode, str, bool]]:
        for selection in selections.selections:
            if isinstance(selection, FragmentSpreadNode):
                yield from walk(documents.fragments[selection.name.value].selection_set, parent, False)
            elif isinstance(selection, InlineFragmentNode):
                member = documents.schema.type_map[selection.type_condition.name.value]
                yield from walk(selection.selection_set, member, False)
            elif isinstance(selection, FieldNode) and selection.name.value in getattr(parent, "fields", {}):
                definition = getattr(parent, "fields")[selection.name.value]  # noqa: B009 - untyped on purpose
                if "first" in definition.args:
                    yield selection, str(parent), at_root
                if selection.selection_set:
                    yield from walk(selection.selection_set, get_named_type(definition.type), False)

    return walk(operation.selection_set, root_type(documents, operation), True)


def test_the_export_asks_only_for_what_the_live_server_has() -> None:
    folder = SCHEMAS / "live" / "operations"
    text = (folder / "fragments" / "exports.graphql").read_text(encoding="utf-8")
    (fragment,) = parse(text).definitions
    selected = [node.name.value for node in fragment.selection_set.selections]  # type: ignore[attr-defined]  # a fragment
    assert selected == ["id", "status", "fileUrl"]
    for name in ("queries/AutomationJobsExport", "mutations/CreateAutomationJobsExport"):
        document = (folder / f"{name}.graphql").read_text(encoding="utf-8")
        assert "...AutomationJobsExport" in document
        assert "downloadUrl" not in document


def test_a_lost_document_fails_and_names_the_root_field(tmp_path: Path) -> None:
    schema_path, operations = write(
        tmp_path, "type Query { one: Int two: Int } type Mutation { three: Int }", one="query One { one }"
    )
    documents = read_documents(read_schema(schema_path), operations)
    with pytest.raises(SchemaError, match=r"2 root field\(s\).*query two, mutation three"):
        check_complete(documents, operations)


def test_the_starter_writes_what_is_missing_and_touches_nothing_else(tmp_path: Path) -> None:
    schema_path, operations = write(
        tmp_path,
        """
        type Query { one(id: ID!, note: String): Thing two(first: Int, after: String): ThingConnection }
        type Thing { id: ID! parent: Thing name: String old: String @deprecated needs(x: Int!): Int }
        type ThingConnection { nodes: [Thing] edges: [Edge] pageInfo: Info! }
        type Edge { node: Thing }
        type Info { endCursor: String }
        """,
        One="query One($id: ID!) { one(id: $id) { id } }",
    )
    before = (operations / "One.graphql").read_bytes()
    written = write_missing(schema_path, operations)
    assert (operations / "One.graphql").read_bytes() == before
    assert operations / "queries" / "Two.graphql" in written
    documents = read_documents(read_schema(schema_path), operations)
    check_complete(documents, operations)
    thing = (operations / "fragments" / "Thing.graphql").read_text(encoding="utf-8")
    assert thing == "fragment Thing on Thing {\n  id\n  parent {\n    ...ThingRef\n  }\n  name\n}\n"
    assert write_missing(schema_path, operations) == []
