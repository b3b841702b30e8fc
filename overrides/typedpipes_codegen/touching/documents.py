"""What a program's own GraphQL documents use of the schema."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs
from graphql import (
    ArgumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLSchema,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.sdl import DOCUMENT, parse_graphql
from typedpipes_codegen.touching.uses import Text


@attrs.frozen
class Mention:
    """One place in a document that names something of the schema."""

    coordinate: str
    """``Card.title``, ``Query.card(id:)``, ``CardState.DONE``, ``CreateCardInput.title``."""
    file: str
    line: int
    source: str


def mentions(texts: Iterable[Text], schema: GraphQLSchema) -> list[Mention]:
    """Every field, argument, input field and enum value in documents that parse; others are no documents."""
    found: list[Mention] = []
    for text in texts:
        try:
            document = parse_graphql(text.document, Path(text.file), DOCUMENT)
        except SchemaError:
            continue
        info = TypeInfo(schema)
        visit(document, TypeInfoVisitor(info, _Reader(text, info, found)))
    return found


class _Reader(Visitor):
    def __init__(self, text: Text, info: TypeInfo, found: list[Mention]) -> None:
        super().__init__()
        self._text = text
        self._lines = text.document.splitlines()
        self._info = info
        self._found = found

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._info.get_parent_type()
        if parent is not None:
            self._add(node, f"{parent.name}.{node.name.value}")

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is not None and field is not None:
            name = next((name for name, item in parent.fields.items() if item is field), "")  # type: ignore[union-attr]  # a parent of a field has fields
            self._add(node, f"{parent.name}.{name}({node.name.value}:)")

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        parent = self._info.get_parent_input_type()
        if parent is not None:
            self._add(node, f"{get_named_type(parent).name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
        kind = self._info.get_input_type()
        if kind is not None:
            self._add(node, f"{get_named_type(kind).name}.{node.value}")

    def _add(self, node: FieldNode | ArgumentNode | ObjectFieldNode | EnumValueNode, coordinate: str) -> None:
        line = node.loc.start_token.line if node.loc else 1
        source = self._lines[line - 1].strip() if line <= len(self._lines) else ""
        self._found.append(Mention(coordinate, self._text.file, self._text.line + line - 1, source))
