"""Python types of GraphQL input types: arguments, input models and their dictionary form."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    type_from_ast,
)
from graphql.language import OperationDefinitionNode, TypeNode

from typedpipes_codegen.graphql.names import pascal_case

Form: TypeAlias = Literal["argument", "model", "dict"]

BUILT_IN = {"ID": "str | int", "String": "str", "Int": "int", "Float": "float", "Boolean": "bool"}

TEXT_SCALARS = frozenset(
    {"AuditLogTypeEnum", "Date", "DateTime", "ISO8601Date", "ISO8601DateTime", "Time", "UUID", "URL", "URI", "Decimal"}
)
"""Custom scalars that travel as strings and are kept as received. Any other is JSON of unknown shape."""


def result_scalar(name: str) -> str:
    """The type of a custom scalar in an answer."""
    return "str" if name in TEXT_SCALARS else "JsonValue"


def input_type(type_: GraphQLInputType, form: Form) -> str:
    """The annotation for a value sent to the server.

    ``argument`` takes models and dictionaries, ``model`` is what a pydantic input model holds, ``dict`` what its
    dictionary form holds. Enums take their literal strings everywhere.
    """
    if isinstance(type_, GraphQLNonNull):
        return _present(type_.of_type, form)
    return f"{_present(type_, form)} | None"


def _present(type_: GraphQLInputType, form: Form) -> str:
    if isinstance(type_, GraphQLList):
        return f"Sequence[{input_type(type_.of_type, form)}]"
    if isinstance(type_, GraphQLEnumType):
        return f"{pascal_case(type_.name)} | {pascal_case(type_.name)}Literal"
    if isinstance(type_, GraphQLInputObjectType):
        name = pascal_case(type_.name)
        return {"argument": f"{name} | {name}Dict", "model": name, "dict": f"{name}Dict"}[form]
    name = type_.name  # type: ignore[union-attr]  # only scalars are left
    return BUILT_IN.get(name) or ("str" if name in TEXT_SCALARS else "JsonInput")


def variable_type(schema: GraphQLSchema, node: TypeNode) -> str:
    """The annotation of the argument that fills a variable."""
    return input_type(type_from_ast(schema, node), "argument")  # type: ignore[arg-type]  # a validated document


_TIMES = {"Date": "date", "ISO8601Date": "date", "DateTime": "date-time", "ISO8601DateTime": "date-time"}


def times_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, str]:
    """Path -> form of each date and time among an operation's variables, such as ``input.due_date``."""
    found: dict[str, str] = {}
    for variable in operation.variable_definitions or ():
        type_ = type_from_ast(schema, variable.type)
        found |= _times_below(type_, variable.variable.name.value, ())  # type: ignore[arg-type]  # a validated document
    return found


def _times_below(type_: GraphQLInputType, path: str, seen: tuple[str, ...]) -> dict[str, str]:
    if isinstance(type_, GraphQLNonNull):
        return _times_below(type_.of_type, path, seen)
    if isinstance(type_, GraphQLList):
        return _times_below(type_.of_type, f"{path}[]", seen)
    if isinstance(type_, GraphQLScalarType):
        return {path: _TIMES[type_.name]} if type_.name in _TIMES else {}
    if not isinstance(type_, GraphQLInputObjectType):
        return {}
    found: dict[str, str] = {}
    if type_.name not in seen:
        for name, field in type_.fields.items():
            found |= _times_below(field.type, f"{path}.{name}", (*seen, type_.name))
    return found
