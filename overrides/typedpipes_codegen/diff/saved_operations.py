"""Saved operation documents: what they use of a schema, and whether they still fit the next one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    get_named_type,
    type_from_ast,
    validate,
    visit,
)

from typedpipes_codegen.diff.breaking import rating_of, sentence
from typedpipes_codegen.diff.change import Change
from typedpipes_codegen.graphql.documents import parse_documents

_KIND = "saved-operation-invalid"


@attrs.define
class SavedOperations:
    """The documents of one folder."""

    folder: Path
    documents: dict[Path, DocumentNode]

    @classmethod
    def read(cls, folder: Path) -> SavedOperations:
        """Every ``*.graphql`` file under ``folder``. Raises SchemaError for one that is no GraphQL, or none at all."""
        return cls(folder, parse_documents(folder))

    def users(self, schema: GraphQLSchema) -> dict[str, set[str]]:
        """Names of the operations by what they use: ``Type.field``, ``Type.field(argument:)``, ``Type``."""
        found: dict[str, set[str]] = {}
        uses = {id(node): _uses(schema, node) for node in self._definitions()}
        for node in self._definitions():
            if isinstance(node, OperationDefinitionNode):
                for part in (node, *self._reached(node)):
                    for key in uses[id(part)]:
                        found.setdefault(key, set()).add(_name(node))
        return found

    def faults(self, old: GraphQLSchema, new: GraphQLSchema) -> list[Change]:
        """What no longer fits. What did not fit the old schema either is no change and is left out."""
        merged = DocumentNode(definitions=tuple(self._definitions()))
        known = {self._key(error) for error in validate(old, merged)}
        return [self._fault(error) for error in validate(new, merged) if self._key(error) not in known]

    def _definitions(self) -> list[OperationDefinitionNode | FragmentDefinitionNode]:
        return [
            node
            for document in self.documents.values()
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
        ]

    def _reached(self, node: OperationDefinitionNode) -> Iterable[FragmentDefinitionNode]:
        """The fragments an operation needs, directly or not."""
        known = {one.name.value: one for one in self._definitions() if isinstance(one, FragmentDefinitionNode)}
        found: dict[str, FragmentDefinitionNode] = {}
        waiting: list[Node] = [node]
        while waiting:
            for name in _spreads(waiting.pop()):
                if name in known and name not in found:
                    found[name] = known[name]
                    waiting.append(known[name])
        return found.values()

    def _fault(self, error: GraphQLError) -> Change:
        path, line, _ = self._key(error)
        owner = next((one for one in self._definitions() if _holds(one, error)), None)
        if isinstance(owner, FragmentDefinitionNode):
            operations = [one for one in self._definitions() if isinstance(one, OperationDefinitionNode)]
            users = sorted(_name(one) for one in operations if owner in self._reached(one))
        else:
            users = [] if owner is None else [_name(owner)]
        where = path if line is None else f"{path}:{line}"
        return Change(
            rating=rating_of(_KIND),
            kind=_KIND,
            operation=None,
            place=where,
            path=where,
            direction="request",
            message=sentence(_KIND, f"{where}: {error.message.rstrip('.')}"),
            used_by=tuple(users),
            file=path,
            line=line,
        )

    def _key(self, error: GraphQLError) -> tuple[str, int | None, str]:
        """File, line and text; what the validator suggests instead depends on the rest of the schema."""
        node = error.nodes[0] if error.nodes else None
        location = node.loc if node is not None else None
        path = self._shown(self.folder if location is None else Path(location.source.name))
        line = location.start_token.line if location is not None else None
        return path, line, error.message.partition(" Did you mean")[0]

    def _shown(self, path: Path) -> str:
        """From the working folder when it lies there, else from the folder that holds the operations."""
        real = path.resolve()
        for start in (Path.cwd(), self.folder.resolve().parent):
            if real.is_relative_to(start):
                return real.relative_to(start).as_posix()
        return path.as_posix()


def _uses(schema: GraphQLSchema, node: Node) -> set[str]:
    """What one definition uses itself."""
    info = TypeInfo(schema)
    found: set[str] = set()

    class Collector(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent, definition = info.get_parent_type(), info.get_field_def()
            if parent is not None and definition is not None:
                found.update((parent.name, f"{parent.name}.{node.name.value}", get_named_type(definition.type).name))

        def enter_argument(self, node: ArgumentNode, *_: object) -> None:
            parent, field = info.get_parent_type(), info.get_field_def()
            directive = info.get_directive()
            name = field.ast_node.name.value if field is not None and field.ast_node is not None else None
            if directive is None and parent is not None and name is not None:
                found.add(f"{parent.name}.{name}({node.name.value}:)")

        def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
            type_ = type_from_ast(schema, node.type)
            if type_ is not None:
                _inputs(get_named_type(type_), found)

    visit(node, TypeInfoVisitor(info, Collector()))
    return found


def _inputs(type_: GraphQLNamedType, found: set[str]) -> None:
    """An input type and all it can hold: generated code offers every field of it."""
    waiting = [type_]
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        if one.name in seen:
            continue
        seen.add(one.name)
        found.add(one.name)
        if isinstance(one, GraphQLInputObjectType):
            found.update(f"{one.name}.{name}" for name in one.fields)
            waiting += [get_named_type(field.type) for field in one.fields.values()]


def _spreads(node: Node) -> list[str]:
    found: list[str] = []

    class Collector(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            found.append(node.name.value)

    visit(node, Collector())
    return found


def _holds(definition: OperationDefinitionNode | FragmentDefinitionNode, error: GraphQLError) -> bool:
    node = error.nodes[0] if error.nodes else None
    if node is None or node.loc is None or definition.loc is None:
        return False
    inside = definition.loc.start <= node.loc.start <= definition.loc.end
    return inside and node.loc.source is definition.loc.source


def _name(node: OperationDefinitionNode) -> str:
    return node.name.value if node.name is not None else node.operation.value
