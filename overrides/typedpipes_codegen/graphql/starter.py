"""Operation documents for root fields that have none yet.

`write_missing` reads a schema and the documents beside it and adds what is not there: an operation per root field, and
a fragment per object type the new operations need. What exists is never touched, so the result is meant to be edited.
"""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import Literal, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    print_ast,
)
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode

from typedpipes_codegen.graphql.names import CLIENT_NAMES, is_reserved, iter_name, method_name, pascal_case
from typedpipes_codegen.graphql.sdl import DOCUMENT, parse_graphql, read_schema, read_text

Level: TypeAlias = Literal["ref", "plain", "full"]

NESTED_PAGE = 10
"""``first`` of a connection inside another selection: keeps the cost of a query bounded."""

REFERENCE_FIELDS = frozenset({"id", "uuid", "internal_id", "suid", "name", "title", "url"})
"""What a nested object is told by."""

MOST_REFERENCE_FIELDS = 10
"""Fields of a nested object that has none of those, and of a plain value."""

VALUE_HEIGHT = 2
"""Levels of objects without an id, such as an amount with its currency, that are selected whole wherever they stand."""

MOST_MEMBERS = 10
"""Members of a union that are told apart; of the others a selection asks only for the type."""

MOST_NESTED_MEMBERS = 5
"""The same inside another selection."""

MOST_POSSIBLE = 50
"""Types that a union or interface inside another selection may stand for. One of more types is left out there, because
each use repeats the names of them all."""

NOTHING = "{ __typename }"


def write_missing(schema: Path | GraphQLSchema, operations_dir: Path) -> list[Path]:
    """Write an operation document for every root field without one, subscriptions aside; return the files written.

    ``schema`` is a file or what was read from one. Raises `SchemaError` when it or an existing document cannot be read.
    """
    if isinstance(schema, Path):
        schema = read_schema(schema)
    covered, fragments = _existing(operations_dir)
    starter = _Starter(schema, fragments)
    files: dict[Path, str] = {}
    names = _OperationNames(schema, covered)
    for folder, root in (("queries", schema.query_type), ("mutations", schema.mutation_type)):
        for name, field in (root.fields if root else {}).items():
            if (folder, pascal_case(name)) not in covered:
                kind = "query" if folder == "queries" else "mutation"
                chosen = names.give(name, kind)
                files[operations_dir / folder / f"{chosen}.graphql"] = starter.operation(kind, name, field, chosen)
    for name, text in starter.written.items():
        files[operations_dir / "fragments" / f"{name}.graphql"] = text
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(print_ast(parse(text)) + "\n", encoding="utf-8")
    return sorted(files)


def _existing(operations_dir: Path) -> tuple[set[tuple[str, str]], dict[str, str]]:
    covered: set[tuple[str, str]] = set()
    fragments: dict[str, str] = {}
    for path in sorted(operations_dir.rglob("*.graphql")):
        for definition in parse_graphql(read_text(path, "document"), path, DOCUMENT).definitions:
            if isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = definition.type_condition.name.value
            elif isinstance(definition, OperationDefinitionNode):
                folder = "queries" if definition.operation.value == "query" else "mutations"
                covered.add((folder, definition.name.value if definition.name else ""))
    return covered, fragments


class _OperationNames:
    """Names for new operations: after the root field, told apart where methods or files would meet."""

    def __init__(self, schema: GraphQLSchema, covered: set[tuple[str, str]]) -> None:
        self._methods = {method_name(name) for _, name in covered if name} | CLIENT_NAMES
        self._classes = _class_names(schema) | {pascal_case(name) for name in schema.type_map}
        self._files = {name.casefold() for _, name in covered}

    def give(self, field: str, kind: str) -> str:
        """A name for the operation on a root field."""
        stem = pascal_case(field) or "Root"
        stem = stem if stem[0].isalpha() else f"Root{stem}"
        wanted = [stem, f"{stem}{kind.capitalize()}"]
        wanted += [f"{wanted[1]}{number}" for number in range(2, 1000)]
        chosen = next(name for name in wanted if self._is_free(name))
        self._methods |= {method_name(chosen), iter_name(method_name(chosen))}
        self._files.add(chosen.casefold())
        return chosen

    def _is_free(self, name: str) -> bool:
        method = method_name(name)
        clash = {method, iter_name(method)} & self._methods or name.casefold() in self._files
        usable = method.isidentifier() and not keyword.iskeyword(name)
        return usable and not clash and f"{name}Result" not in self._classes


def _class_names(schema: GraphQLSchema) -> set[str]:
    """The classes that enums and inputs become."""
    types = [
        pascal_case(name)
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLEnumType | GraphQLInputObjectType)
    ]
    return {form for name in types for form in (name, f"{name}Literal", f"{name}Dict")}


class _Starter:
    """Writes selections: an object in full at the root of an operation, by what refers to it anywhere below.

    So the depth of a selection is bounded whatever the schema, and all fragments together are as long as the schema.
    Fragments that were there before are used, and may select whatever they do.
    """

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, str]) -> None:
        self.schema = schema
        self.known = dict(fragments)
        self.written: dict[str, str] = {}
        self._given = frozenset(fragments)
        self._classes = _class_names(schema)
        self._made: dict[tuple[str, Level], str] = {}
        self._values: dict[str, int] = {}

    def operation(self, kind: str, name: str, field: GraphQLField, chosen: str) -> str:
        variables = ", ".join(f"${argument}: {given.type}" for argument, given in field.args.items())
        arguments = ", ".join(f"{argument}: ${argument}" for argument in field.args)
        target = get_named_type(field.type)
        if kind == "mutation" and isinstance(target, GraphQLObjectType):
            selection = f"{{ {self.fields(target, 'plain')} }}"
        else:
            selection = self.selection(target, "full")
        head = f"{kind} {chosen}" + (f"({variables})" if variables else "")
        return f"{head} {{ {name}{f'({arguments})' if arguments else ''} {selection} }}"

    def selection(self, type_: GraphQLNamedType, level: Level) -> str:
        """The braces after a field of ``type_``; empty for a leaf, `NOTHING` where there is nothing to ask for."""
        if is_leaf_type(type_):
            return ""
        if isinstance(type_, GraphQLUnionType):
            return "{ __typename " + " ".join(self.members(type_, level)) + " }"
        if isinstance(type_, GraphQLInterfaceType):
            return "{ __typename " + self.fields(type_, "ref") + " }"
        if isinstance(type_, GraphQLObjectType):
            name = self.fragment(type_, level)
            return f"{{ ...{name} }}" if name else NOTHING
        raise TypeError(f"no selection on {type_.name}")

    def members(self, union: GraphQLUnionType, level: Level) -> list[str]:
        """One inline fragment per member, of the first `MOST_MEMBERS`; fields whose types differ are aliased apart."""
        types = self.schema.get_possible_types(union)[: MOST_MEMBERS if level == "full" else MOST_NESTED_MEMBERS]
        kinds: dict[str, set[str]] = {}
        for member in types:
            for name, field in member.fields.items():
                kinds.setdefault(name, set()).add(f"{field.type}{_page(field)}")
        if all(len(found) == 1 for found in kinds.values()):
            parts = [(member, self.selection(member, level)) for member in types]
            return [f"... on {member.name} {selection}" for member, selection in parts if selection != NOTHING]
        told = []
        for member in types:
            prefix = member.name[:1].lower() + member.name[1:]
            leaves = [
                name if len(kinds[name]) == 1 else f"{prefix}{pascal_case(name)}: {name}"
                for name, field in _selectable(member)
                if is_leaf_type(get_named_type(field.type)) and not field.args
                if level != "ref" or name in REFERENCE_FIELDS
            ]
            told.append(f"... on {member.name} {{ {' '.join(leaves) or '__typename'} }}")
        return told

    def fragment(self, type_: GraphQLObjectType, level: Level) -> str | None:
        """The best known fragment on ``type_``, else a new one; None if it has nothing to ask for."""
        connection = type_.name.endswith("Connection")
        base = pascal_case(type_.name.removesuffix("Connection")) + ("Page" if connection else "")
        for name in {"ref": (f"{base}Ref", base), "plain": (base,), "full": (f"{base}Details", base)}[level]:
            if name in self._given and self.known[name] == type_.name:
                return name
        pages = [name for name in self._given if self.known[name] == type_.name] if connection else []
        if pages:
            return min(pages)
        level = "full" if self._height(type_) <= VALUE_HEIGHT else level
        if (type_.name, level) not in self._made:
            name = self._free(f"{base}Ref" if level == "ref" else base, type_.name)
            body = self.fields(type_, level)
            self.known[name] = type_.name
            self._made[type_.name, level] = name if body != "__typename" else ""
            if body != "__typename":
                self.written[name] = f"fragment {name} on {type_.name} {{ {body} }}"
        return self._made[type_.name, level] or None

    def _free(self, base: str, on: str) -> str:
        """``base``, or what comes nearest to it that is not another class or a name generated code needs."""

        def is_free(name: str) -> bool:
            return name not in self.known and not is_reserved(name) and name not in self._classes

        if is_free(base):
            return base
        forms = (f"{base}Fields{number or ''}" for number in range(len(self.known) + 1_000))
        return next(name for name in forms if is_free(name))

    def fields(self, type_: GraphQLObjectType | GraphQLInterfaceType, level: Level) -> str:
        """The selection of every field worth asking for: not deprecated, callable without arguments."""
        parts: list[str] = []
        around = level == "plain" or (level == "full" and _is_wrapper(type_))
        for name, field in _selectable(type_):
            target = get_named_type(field.type)
            if is_leaf_type(target):
                parts.append(name)
            elif self._is_too_wide(target):
                continue
            elif level != "ref" or _is_wrapper(type_) or self._height(target) <= VALUE_HEIGHT:
                selection = self.selection(target, "full" if around else "ref")
                if selection != NOTHING:
                    parts.append(f"{name}{_page(field)} {selection}")
        if level == "ref" and not _is_wrapper(type_):
            told = [part for part in parts if part in REFERENCE_FIELDS]
            parts = told or parts[:MOST_REFERENCE_FIELDS]
        return " ".join(parts) or "__typename"

    def _is_too_wide(self, type_: GraphQLNamedType) -> bool:
        if not isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return False
        return len(self.schema.get_possible_types(type_)) > MOST_POSSIBLE

    def _height(self, type_: GraphQLNamedType) -> int:
        """Levels below a plain value (an amount with its currency); `VALUE_HEIGHT` + 1 for what is more than that."""
        more = VALUE_HEIGHT + 1
        if not isinstance(type_, GraphQLObjectType):
            return 0 if is_leaf_type(type_) else more
        if type_.name not in self._values:
            self._values[type_.name] = more  # for what leads back here
            fields = _selectable(type_)
            plain = 0 < len(fields) <= MOST_REFERENCE_FIELDS and not {"id", "nodes", "edges"} & {*type_.fields}
            if plain:
                heights = [self._height(get_named_type(field.type)) for _, field in fields]
                self._values[type_.name] = min(more, 1 + max(heights))
        return self._values[type_.name]


def _selectable(type_: GraphQLObjectType | GraphQLInterfaceType) -> list[tuple[str, GraphQLField]]:
    """The fields worth asking for."""
    return [
        (name, field)
        for name, field in type_.fields.items()
        if not (field.deprecation_reason or (name == "clientMutationId" and len(type_.fields) > 1))
        if not any(is_required_argument(argument) for argument in field.args.values())
        if not (name == "edges" and "nodes" in type_.fields)
    ]


def _is_wrapper(type_: GraphQLNamedType) -> bool:
    """Whether a type only stands between a field and what it is about: a connection, or an edge of one."""
    fields = type_.fields if isinstance(type_, GraphQLObjectType) else {}
    return "pageInfo" in fields or (type_.name.endswith("Edge") and "node" in fields)


def _page(field: GraphQLField) -> str:
    """The arguments of a connection inside another selection."""
    first = field.args.get("first")
    return f"(first: {NESTED_PAGE})" if first is not None and get_named_type(first.type).name == "Int" else ""
