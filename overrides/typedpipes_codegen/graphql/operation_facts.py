"""What a generated module states about its operation."""

from __future__ import annotations

import ast

from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode, OperationType

from typedpipes_codegen.graphql.names import RESULT_SUFFIX, pascal_case


def result_class(operation: OperationDefinitionNode) -> str:
    """Name of the class that holds an operation's whole ``data``."""
    return f"{pascal_case(operation_name(operation))}{RESULT_SUFFIX}"


def plain_names(operation: OperationDefinitionNode, classes: list[ast.ClassDef]) -> dict[str, str]:
    """``<Op>Payload`` or ``<Op>Data`` for what the one root field holds, ``<Op><Path>`` for what lies below."""
    roots = root_fields(operation)
    if len(roots) != 1:
        return {}
    first = classes[0].body[0]
    if not isinstance(first, ast.AnnAssign) or not isinstance(first.target, ast.Name):
        return {}
    stem = pascal_case(operation_name(operation))
    prefix = classes[0].name + pascal_case(first.target.id)
    top = "Payload" if operation.operation is OperationType.MUTATION else "Data"
    plain = {
        node.name: f"{stem}{node.name.removeprefix(prefix) or top}"
        for node in classes[1:]
        if node.name.startswith(prefix)
    }
    # A member of a union may be called Result, as the operation's own class is.
    return {name: short for name, short in plain.items() if short != classes[0].name}


def root_fields(operation: OperationDefinitionNode) -> list[FieldNode]:
    return [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]


def operation_name(operation: OperationDefinitionNode) -> str:
    assert operation.name is not None
    return operation.name.value


def summary(schema: GraphQLSchema, operation: OperationDefinitionNode) -> str:
    """The method's docstring: kind, root fields, and the schema's own descriptions of those."""
    fields = root_fields(operation)
    lines = [f"{operation.operation.value.capitalize()} {', '.join(f'`{field.name.value}`' for field in fields)}."]
    for field in fields:
        if description := _root_type(schema, operation).fields[field.name.value].description:
            lines.append(description.strip())
    return lines[0] if len(lines) == 1 else "\n\n".join(lines) + "\n"


def deprecation(schema: GraphQLSchema, operation: OperationDefinitionNode) -> str | None:
    """Why not to use the operation, if the schema deprecates one of its root fields."""
    root = _root_type(schema, operation)
    reasons = (root.fields[field.name.value].deprecation_reason for field in root_fields(operation))
    return next((reason for reason in reasons if reason is not None), None)


def _root_type(schema: GraphQLSchema, operation: OperationDefinitionNode) -> GraphQLObjectType:
    root = schema.query_type if operation.operation is OperationType.QUERY else schema.mutation_type
    assert root is not None
    return root
