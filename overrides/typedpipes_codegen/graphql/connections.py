"""Which operations walk a connection page by page, and what their pages look like."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
)
from graphql.language import NamedTypeNode, VariableNode

from typedpipes_codegen.errors import SchemaError

if TYPE_CHECKING:
    from typedpipes_codegen.graphql.documents import Documents
    from typedpipes_codegen.graphql.models import ModelIndex

WINDOW = ("first", "after", "last", "before")
"""Arguments of a connection that say which page is wanted."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class Connection:
    """A connection whose ``after`` argument is a variable; every path is in response names."""

    path: Path
    """From ``data`` to the connection."""
    field: str
    """Schema coordinate, such as ``Phase.cards``."""
    after: str
    first: str | None
    """Variables for the cursor and the page size."""
    window: frozenset[str]
    """Every variable that says which page is wanted: none of them is an argument of an ``iter_`` method."""
    items: Path
    """From the connection: ``nodes``, or ``edges`` and ``node``."""
    more: Path
    next: Path

    def source(self) -> str:
        """The call that makes the same at run time."""
        return (
            f"Connection(path={self.path!r}, field={self.field!r}, after={self.after!r}, first={self.first!r}, "
            f"items={self.items!r}, more={self.more!r}, next={self.next!r})"
        )


def find_connection(documents: Documents, operation: OperationDefinitionNode) -> Connection | None:
    """The connection of a query whose ``after`` is a variable, if a page of it tells how to go on.

    It must select ``pageInfo { hasNextPage endCursor }`` and ``nodes`` or ``edges { node }``; fragments count. Raises
    `SchemaError` if there are several: an iterator follows one.
    """
    root = documents.schema.query_type
    if operation.operation is not OperationType.QUERY or root is None:
        return None
    found = {one.path: one for one in _Search(documents).find(root, operation.selection_set, ())}
    if len(found) > 1:
        name = operation.name.value if operation.name else "a query"
        raise SchemaError(
            f"{name} asks for pages of {' and '.join('.'.join(path) for path in found)}; iter_… follows one of them",
            remedy="make a query of each; or give all but one a cursor that is no variable, or no pageInfo",
        )
    return next(iter(found.values()), None)


class _Search:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def find(self, type_: GraphQLNamedType, selections: SelectionSetNode | None, path: Path) -> Iterator[Connection]:
        for owner, field in self._fields(type_, selections):
            known = owner.fields.get(field.name.value) if _has_fields(owner) else None
            if known is None or field.selection_set is None:
                continue
            here, target = (*path, response_name(field)), get_named_type(known.type)
            found = self._connection(owner, field, target, here)
            if found is not None:
                yield found
            yield from self.find(target, field.selection_set, here)

    def _connection(
        self, owner: GraphQLNamedType, field: FieldNode, target: GraphQLNamedType, path: Path
    ) -> Connection | None:
        variables = {
            argument.name.value: argument.value.name.value
            for argument in field.arguments
            if argument.name.value in WINDOW and isinstance(argument.value, VariableNode)
        }
        if "after" not in variables:
            return None
        items = self._path(target, field, "nodes") or self._path(target, field, "edges", "node")
        more = self._path(target, field, "pageInfo", "hasNextPage")
        following = self._path(target, field, "pageInfo", "endCursor")
        if not items or not more or not following:
            return None
        return Connection(
            path=path,
            field=f"{owner.name}.{field.name.value}",
            after=variables["after"],
            first=variables.get("first"),
            window=frozenset(variables.values()),
            items=items,
            more=more,
            next=following,
        )

    def _path(self, type_: GraphQLNamedType, below: FieldNode, *names: str) -> Path:
        """Response names of the selection ``names`` under ``below``; empty if it is not selected."""
        for owner, field in self._fields(type_, below.selection_set):
            if field.name.value == names[0] and _has_fields(owner):
                if len(names) == 1:
                    return (response_name(field),)
                target = get_named_type(owner.fields[names[0]].type)
                if rest := self._path(target, field, *names[1:]):
                    return (response_name(field), *rest)
        return ()

    def _fields(
        self, type_: GraphQLNamedType, selections: SelectionSetNode | None
    ) -> Iterator[tuple[GraphQLNamedType, FieldNode]]:
        """Every selected field and the type it is selected on, those of fragments included."""
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                yield type_, node
                continue
            body: SelectionSetNode
            if isinstance(node, FragmentSpreadNode):
                fragment = self._documents.fragments[node.name.value]
                condition, body = fragment.type_condition.name.value, fragment.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                named: NamedTypeNode | None = node.type_condition
                condition = type_.name if named is None else named.name.value
                body = node.selection_set
            yield from self._fields(self._documents.schema.type_map[condition], body)


def _has_fields(type_: GraphQLNamedType) -> TypeGuard[GraphQLObjectType | GraphQLInterfaceType]:
    return isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType))


def response_name(field: FieldNode) -> str:
    return field.alias.value if field.alias else field.name.value


def item_type(index: ModelIndex, result: str, connection: Connection) -> str:
    """The class (or union of classes) of one item, read off the generated classes below ``result``."""
    annotation = result
    for step in (*connection.path, *connection.items):
        annotation = _bare(index.annotation(annotation, index.attribute(annotation, step)))
    return annotation


def _bare(annotation: str) -> str:
    """``Optional[List[Optional[X]]]`` -> ``X``."""
    node = ast.parse(annotation, mode="eval").body
    while isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        if node.value.id not in ("Optional", "List", "list"):
            break
        node = node.slice
    return ast.unparse(node)
