"""Depth and complexity of a document, counted before it runs (vendor-facts/pipefy.md#limits)."""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)
from graphql.language import IntValueNode, OperationDefinitionNode, VariableNode

MAX_DEPTH = 15
MAX_COMPLEXITY = 50_000
DEFAULT_PAGE = 50


def measure(document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]) -> tuple[int, int]:
    """The depth and the complexity of one operation; introspection is free."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return _measure(operation.selection_set, fragments, variables, frozenset())


def _measure(
    selections: SelectionSetNode,
    fragments: dict[str, FragmentDefinitionNode],
    variables: dict[str, Any],
    open_fragments: frozenset[str],
) -> tuple[int, int]:
    depth = cost = 0
    for node in selections.selections:
        if isinstance(node, FieldNode):
            if node.name.value.startswith("__"):
                continue
            inner, price = (0, 0)
            if node.selection_set is not None:
                inner, price = _measure(node.selection_set, fragments, variables, open_fragments)
            depth = max(depth, inner + 1)
            cost += 1 + price * (_page(node, variables) if _is_connection(node) else 1)
        elif isinstance(node, InlineFragmentNode):
            inner, price = _measure(node.selection_set, fragments, variables, open_fragments)
            depth, cost = max(depth, inner), cost + price
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in open_fragments:
            name = node.name.value
            inner, price = _measure(fragments[name].selection_set, fragments, variables, open_fragments | {name})
            depth, cost = max(depth, inner), cost + price
    return depth, cost


def _is_connection(node: FieldNode) -> bool:
    if node.selection_set is None:
        return False
    names = {each.name.value for each in node.selection_set.selections if isinstance(each, FieldNode)}
    return bool(names & {"edges", "nodes"})


def _page(node: FieldNode, variables: dict[str, Any]) -> int:
    for argument in node.arguments:
        if argument.name.value in {"first", "last"}:
            value: Any = None
            if isinstance(argument.value, IntValueNode):
                value = int(argument.value.value)
            elif isinstance(argument.value, VariableNode):
                value = variables.get(argument.value.name.value)
            if isinstance(value, int) and value >= 0:
                return min(value, DEFAULT_PAGE)
    return DEFAULT_PAGE
