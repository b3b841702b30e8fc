"""Reading and checking operation documents against their schema.

Everything wrong with them is found here, before anything is generated: one `SchemaError` that lists every fault
with file and line. What comes out is valid GraphQL in which every selection on an abstract type asks for
``__typename``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_abstract_type,
    print_ast,
    validate,
    visit,
)
from graphql.language import (
    DirectiveNode,
    DocumentNode,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
)

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.sdl import DOCUMENT, fault, parse_graphql, read_text, too_deep

MAX_DEPTH = 15
"""Deepest selection Pipefy accepts."""


@dataclass
class Documents:
    """The operations and fragments of one package, and what is known about their fields."""

    schema: GraphQLSchema
    operations: list[OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    files: dict[str, Path]
    """File of each fragment, relative to the operations directory."""
    secret_fields: set[int] = field(default_factory=set)
    """``id()`` of each selected field that the schema marks ``@secret``."""

    def spread(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> list[str]:
        """The fragments ``node`` needs, directly or not, sorted by name."""
        found: set[str] = set()
        waiting = _spreads(node.selection_set)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += _spreads(self.fragments[name].selection_set)
        return sorted(found)


def read_documents(schema: GraphQLSchema, directory: Path) -> Documents:
    """Read every ``*.graphql`` file under ``directory`` and check it against ``schema``.

    Raises `SchemaError` listing every fault: syntax, fields and types that do not exist, duplicate and missing names,
    selections deeper than `MAX_DEPTH`.
    """
    try:
        return _read_documents(schema, directory)
    except RecursionError:
        raise too_deep(directory) from None


def _read_documents(schema: GraphQLSchema, directory: Path) -> Documents:
    documents = parse_documents(directory)
    merged = DocumentNode(definitions=tuple(node for document in documents.values() for node in document.definitions))
    sources = {str(path): path for path in documents}
    if errors := [error for error in validate(schema, merged) if not error.message.endswith("is never used.")]:
        raise fault(directory, errors, "does not fit the schema", sources)
    operations = [node for node in merged.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in merged.definitions if isinstance(node, FragmentDefinitionNode)}
    files = {
        node.name.value: path.relative_to(directory)
        for path, document in documents.items()
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    result = Documents(schema, sorted(operations, key=_name), dict(sorted(fragments.items())), files)
    _check_operations(result, directory, sources)
    twice: list[GraphQLError] = []
    for definition in (*result.operations, *result.fragments.values()):
        _settle_conditions(result, definition.selection_set, twice)
    if twice:
        raise fault(directory, twice, "holds conditions that cannot be generated", sources)
    _annotate(result, merged)
    return result


def check_complete(documents: Documents, directory: Path) -> None:
    """Raise `SchemaError` unless every root field of the schema is selected by an operation."""
    roots = {OperationType.QUERY: documents.schema.query_type, OperationType.MUTATION: documents.schema.mutation_type}
    selected = {
        (operation.operation, selection.name.value)
        for operation in documents.operations
        for selection in operation.selection_set.selections
        if isinstance(selection, FieldNode)
    }
    missing = [
        f"{kind.value} {name}"
        for kind, root in roots.items()
        for name in (root.fields if root else {})
        if (kind, name) not in selected
    ]
    if missing:
        raise SchemaError(
            f"{len(missing)} root field(s) of the schema have no operation document: {', '.join(missing)}",
            file=directory,
            remedy="write one, or let typedpipes_codegen.graphql.starter.write_missing write a first version",
        )


def _files(directory: Path) -> list[Path]:
    root = directory.resolve()
    paths = sorted(path for path in directory.rglob("*.graphql") if path.is_file())
    for path in paths:
        if not path.resolve().is_relative_to(root):
            raise SchemaError(
                f"{path.relative_to(directory)} leads out of the operations directory",
                file=path,
                remedy="put the document itself there instead of a link",
            )
    if not paths:
        raise SchemaError(
            f"no operation documents (*.graphql) in {directory.name}",
            file=directory,
            remedy="write at least one named query or mutation",
        )
    return paths


def parse_documents(directory: Path) -> dict[Path, DocumentNode]:
    """Every ``*.graphql`` file under ``directory``, parsed and not checked against any schema. Raises `SchemaError`."""
    return {path: _parse(path) for path in _files(directory)}


def _parse(path: Path) -> DocumentNode:
    return parse_graphql(read_text(path, "document"), path, DOCUMENT)


def _check_operations(documents: Documents, directory: Path, sources: Mapping[str, Path]) -> None:
    errors: list[GraphQLError] = []
    for operation in documents.operations:
        if operation.name is None:
            errors.append(GraphQLError("An operation needs a name: its method is named after it.", operation))
        if operation.operation is OperationType.SUBSCRIPTION:
            errors.append(GraphQLError("Subscriptions are not supported.", operation))
        for selection in operation.selection_set.selections:
            if isinstance(selection, FieldNode) and selection.name.value.startswith("__"):
                told = (
                    f"{selection.name.value} is no field of the API: select one of the fields of its root type instead."
                )
                errors.append(GraphQLError(told, selection))
        depth = selection_depth(documents, operation.selection_set)
        if depth > MAX_DEPTH:
            errors.append(
                GraphQLError(f"Selection is {depth} levels deep; at most {MAX_DEPTH} are allowed.", operation)
            )
    if errors:
        raise fault(directory, errors, "holds operations that cannot be generated", sources)


def selection_depth(documents: Documents, selections: SelectionSetNode | None) -> int:
    """How many levels of fields ``selections`` has; fragments count as what they select."""
    if selections is None:
        return 0
    deepest = 0
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            below = selection_depth(documents, documents.fragments[selection.name.value].selection_set)
        elif isinstance(selection, InlineFragmentNode):
            below = selection_depth(documents, selection.selection_set)
        else:
            assert isinstance(selection, FieldNode)
            below = 1 + selection_depth(documents, selection.selection_set)
        deepest = max(deepest, below)
    return deepest


def _settle_conditions(documents: Documents, selections: SelectionSetNode, errors: list[GraphQLError]) -> None:
    """Move ``@include`` and ``@skip`` from fragments to the fields in them, which then may be absent from answers.

    A fragment without a type condition becomes its fields; one that is spread under a condition becomes inline.
    """
    selections.selections = tuple(_settled(documents, selections, (), errors))


def _settled(
    documents: Documents, selections: SelectionSetNode, outer: tuple[DirectiveNode, ...], errors: list[GraphQLError]
) -> Iterator[SelectionNode]:
    always = {_response(node) for node in selections.selections if isinstance(node, FieldNode) and not node.directives}
    for node in selections.selections:
        if isinstance(node, FieldNode):
            if outer:
                node.directives = _both(node.directives, outer, errors)
            if node.selection_set is not None:
                _settle_conditions(documents, node.selection_set, errors)
            yield node
            continue
        given = _both(node.directives, outer, errors)
        if isinstance(node, FragmentSpreadNode):
            if not given:
                yield node
                continue
            fragment = documents.fragments[node.name.value]
            condition: NamedTypeNode | None = fragment.type_condition
            body = deepcopy(fragment.selection_set)
        else:
            assert isinstance(node, InlineFragmentNode)
            condition, body = _condition(node), node.selection_set
        inner = tuple(_settled(documents, body, given, errors))
        if condition is None:
            yield from (
                one
                for one in inner
                if not (isinstance(one, FieldNode) and one.selection_set is None and _response(one) in always)
            )
        else:
            body.selections = inner
            yield InlineFragmentNode(type_condition=condition, directives=(), selection_set=body, loc=node.loc)


def _condition(node: InlineFragmentNode) -> NamedTypeNode | None:
    return node.type_condition


def _both(
    own: Sequence[DirectiveNode], outer: tuple[DirectiveNode, ...], errors: list[GraphQLError]
) -> tuple[DirectiveNode, ...]:
    """The conditions of a node and of what it is in: both must hold."""
    made = {print_ast(one): one for one in (*outer, *own)}
    names = [one.name.value for one in made.values()]
    if len(names) != len(set(names)):
        told = "Two conditions of one kind, one in the other: put both into one variable."
        errors.append(GraphQLError(told, [*own]))
    return tuple(made.values())


def _response(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _annotate(documents: Documents, merged: DocumentNode) -> None:
    """Ask for ``__typename`` wherever the type is abstract, and note the secret fields."""
    info = TypeInfo(documents.schema)

    class Annotator(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            definition = info.get_field_def()
            ast_node = definition.ast_node if definition else None
            if ast_node and any(directive.name.value == "secret" for directive in ast_node.directives):
                documents.secret_fields.add(id(node))
            if definition and node.selection_set and is_abstract_type(get_named_type(definition.type)):
                _add_typename(node.selection_set)

    visit(merged, TypeInfoVisitor(info, Annotator()))


def _add_typename(selections: SelectionSetNode) -> None:
    present = any(
        isinstance(selection, FieldNode) and selection.name.value == "__typename" and selection.alias is None
        for selection in selections.selections
    )
    if not present:
        typename = FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
        selections.selections = (typename, *selections.selections)


def _spreads(selections: SelectionSetNode | None) -> list[str]:
    found: list[str] = []
    for selection in selections.selections if selections else ():
        if isinstance(selection, FragmentSpreadNode):
            found.append(selection.name.value)
        elif isinstance(selection, (FieldNode, InlineFragmentNode)):
            found += _spreads(selection.selection_set)
    return found


def _name(operation: OperationDefinitionNode) -> str:
    return operation.name.value if operation.name else ""
