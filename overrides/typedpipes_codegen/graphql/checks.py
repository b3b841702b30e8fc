"""Checks names: two that are equal in Python, one that shadows another, one that Python cannot have."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLEnumType, GraphQLInputObjectType, OperationDefinitionNode
from graphql.language import FragmentDefinitionNode, Node

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.connections import find_connection
from typedpipes_codegen.graphql.documents import Documents
from typedpipes_codegen.graphql.names import (
    CLIENT_NAMES,
    argument_name,
    is_reserved,
    iter_name,
    pascal_case,
    safe_name,
    snake_case,
)

_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")


def check_names(documents: Documents, directory: Path, package: str) -> None:
    """Raise `SchemaError`, listing every name that cannot be used."""
    if not _PACKAGE.match(package) or any(keyword.iskeyword(part) for part in package.split(".")):
        raise SchemaError(f"{package!r} is not a package name", remedy="use lower-case identifiers joined by dots")
    problems = [
        *_operation_names(documents),
        *_fragment_names(documents),
        *_type_names(documents),
    ]
    if not problems:
        return
    lines = [f"{_place(node)}{message}" for node, message in problems]
    node = problems[0][0]
    file = Path(node.loc.source.name) if node is not None and node.loc else directory
    raise SchemaError(
        lines[0] if len(lines) == 1 else f"{len(lines)} names cannot be used:\n  " + "\n  ".join(lines),
        file=file,
        line=node.loc.start_token.line if node is not None and node.loc else None,
        remedy="rename them",
    )


Problem = tuple[Node | None, str]


def _operation_names(documents: Documents) -> Iterator[Problem]:
    methods: dict[str, str] = {}
    walks: dict[str, OperationDefinitionNode] = {}
    for operation in documents.operations:
        name = operation.name.value if operation.name else ""
        method = safe_name(snake_case(name))
        if keyword.iskeyword(name):
            yield operation, f"operation {name} is a Python keyword"
        elif not method.isidentifier():
            yield operation, f"operation {name} makes no method name"
        elif method in CLIENT_NAMES:
            yield operation, f"operation {name} would make the method {method!r}, which the client has already"
        elif method in methods:
            yield operation, f"operations {methods[method]} and {name} would both make the method {method}"
        methods.setdefault(method, name)
        connection = find_connection(documents, operation)
        if connection is not None:
            walks[iter_name(method)] = operation
        yield from _variable_names(operation, name)
    for method in walks.keys() & methods.keys():
        yield (
            walks[method],
            f"operation {methods[method]} would make the method {method!r}, which walks another's pages",
        )


def _variable_names(operation: OperationDefinitionNode, name: str) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for definition in operation.variable_definitions:
        variable = definition.variable.name.value
        argument = argument_name(variable)
        if not argument.isidentifier():
            yield definition, f"variable ${variable} of {name} makes no argument name"
        elif argument in seen:
            yield definition, f"variables ${seen[argument]} and ${variable} of {name} would both be {argument}"
        seen.setdefault(argument, variable)


def _fragment_names(documents: Documents) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, fragment in documents.fragments.items():
        class_name = pascal_case(name)
        if is_reserved(class_name) or keyword.iskeyword(name):
            yield fragment, f"fragment {name} would be a class called {class_name}, a name generated code needs"
        elif class_name in seen:
            yield fragment, f"fragments {seen[class_name]} and {name} would both be a class called {class_name}"
        seen.setdefault(class_name, name)


def _type_names(documents: Documents) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, type_ in documents.schema.type_map.items():
        if name.startswith("__") or not isinstance(type_, (GraphQLEnumType, GraphQLInputObjectType)):
            continue
        class_name = pascal_case(name)
        if is_reserved(class_name) or keyword.iskeyword(name):
            yield type_.ast_node, f"type {name} would be a class called {class_name}, a name generated code needs"
        elif class_name in seen:
            yield type_.ast_node, f"types {seen[class_name]} and {name} would both be a class called {class_name}"
        seen.setdefault(class_name, name)


def _place(node: Node | FragmentDefinitionNode | None) -> str:
    if node is None or node.loc is None:
        return ""
    return f"{Path(node.loc.source.name).name}:{node.loc.start_token.line}: "
