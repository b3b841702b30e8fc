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
"""What a nested member of a union is told by when its fields have to be written out."""


def write_missing(schema_path: Path, operations_dir: Path) -> list[Path]:
    """Write an operation document for every root field without one; return the files written.

    Raises `SchemaError` when the schema or an existing document cannot be read.
    """
    schema = read_schema(schema_path)
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
        self._classes = _class_names(schema)
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
    """Writes selections; an entity that has a ``...Ref`` fragment is selected by it when it is nested."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, str]) -> None:
        self.schema = schema
        self.known = dict(fragments)
        self.written: dict[str, str] = {}
        self._classes = _class_names(schema)
        self._open: list[str] = []

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
        """The braces after a field of ``type_``; empty for a leaf, and ``{ __typename }`` where a cycle is cut."""
        if is_leaf_type(type_):
            return ""
        if isinstance(type_, GraphQLUnionType):
            return "{ __typename " + " ".join(self.members(type_, level)) + " }"
        if isinstance(type_, GraphQLInterfaceType):
            return "{ __typename " + self.fields(type_, "ref") + " }"
        if isinstance(type_, GraphQLObjectType):
            name = self.fragment(type_, level)
            return f"{{ ...{name} }}" if name else "{ __typename }"
        raise TypeError(f"no selection on {type_.name}")

    def members(self, union: GraphQLUnionType, level: Level) -> list[str]:
        """One inline fragment per member; fields whose types differ between members are aliased apart."""
        types = self.schema.get_possible_types(union)
        kinds: dict[str, set[str]] = {}
        for member in types:
            for name, field in member.fields.items():
                kinds.setdefault(name, set()).add(str(field.type))
        if all(len(found) == 1 for found in kinds.values()):
            return [f"... on {member.name} {self.selection(member, level)}" for member in types]
        parts = []
        for member in types:
            prefix = member.name[:1].lower() + member.name[1:]
            leaves = [
                name if len(kinds[name]) == 1 else f"{prefix}{pascal_case(name)}: {name}"
                for name, field in member.fields.items()
                if is_leaf_type(get_named_type(field.type)) and not field.deprecation_reason and not field.args
                if level != "ref" or name in REFERENCE_FIELDS
            ]
            parts.append(f"... on {member.name} {{ {' '.join(leaves) or '__typename'} }}")
        return parts

    def fragment(self, type_: GraphQLObjectType, level: Level) -> str | None:
        """The best known fragment on ``type_``, else a new one; None inside its own definition."""
        connection = type_.name.endswith("Connection")
        base = pascal_case(type_.name.removesuffix("Connection")) + ("Page" if connection else "")
        for name in {"ref": (f"{base}Ref", base), "plain": (base,), "full": (f"{base}Details", base)}[level]:
            if self.known.get(name) == type_.name:
                return name
        if connection and (pages := [name for name, on in self.known.items() if on == type_.name]):
            return pages[0]
        base = self._free(base, type_.name)
        if base in self._open:
            return None
        if self.known.get(base) == type_.name:
            return base
        self._open.append(base)
        body = self.fields(type_, "plain" if connection and level != "ref" else "ref")
        self._open.pop()
        self.written[base] = f"fragment {base} on {type_.name} {{ {body} }}"
        self.known[base] = type_.name
        return base

    def _free(self, base: str, on: str) -> str:
        """``base``, or what comes nearest to it that is not another type's class or a name generated code needs."""

        def is_free(name: str) -> bool:
            return self.known.get(name, on) == on and not is_reserved(name) and name not in self._classes

        if is_free(base):
            return base
        forms = (f"{base}Fields{number or ''}" for number in range(1000))
        return next(name for name in forms if is_free(name))

    def fields(self, type_: GraphQLObjectType | GraphQLInterfaceType, level: Level) -> str:
        """The selection of every field worth asking for: not deprecated, callable without arguments."""
        parts: list[str] = []
        for name, field in type_.fields.items():
            if field.deprecation_reason or (name == "clientMutationId" and len(type_.fields) > 1):
                continue
            if any(is_required_argument(argument) for argument in field.args.values()):
                continue
            if name == "edges" and "nodes" in type_.fields:
                continue
            page = f"(first: {NESTED_PAGE})" if "first" in field.args else ""
            selection = self.selection(get_named_type(field.type), level)
            if selection != "{ __typename }":
                parts.append(f"{name}{page} {selection}")
        return " ".join(parts) or "__typename"
