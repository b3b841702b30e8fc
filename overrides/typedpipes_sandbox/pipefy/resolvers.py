"""What resolvers are made of: how they are registered and fail, pages of lists, seeded values that fit a type."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
)

from typedpipes_sandbox.clock import iso_seconds
from typedpipes_sandbox.data import words
from typedpipes_sandbox.data.processes import EPOCH, Node
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace
from typedpipes_sandbox.schema.synthesis import hinted

MAX_PAGE = 50
PHASE_PAGE = 30
MISSING: Any = object()
Resolver = Callable[[PipefyWorkspace, Node, dict[str, Any]], Any]
#: (type, field) -> what answers it
RESOLVERS: dict[tuple[str, str], Resolver] = {}
#: real nodes that stand in where a synthesised node needs one of these types
_POOLS = {"User", "Card", "Pipe", "Phase", "Organization", "Table", "TableRecord", "Label", "PhaseField", "TableField",
          "Automation", "Webhook"}  # fmt: skip


def resolves(type_name: str, *fields: str) -> Callable[[Resolver], Resolver]:
    """Register a resolver for fields of a type."""

    def register(function: Resolver) -> Resolver:
        for name in fields:
            RESOLVERS[(type_name, name)] = function
        return function

    return register


def failure(message: str, code: str) -> GraphQLError:
    """An execution error with the vendor's code."""
    return GraphQLError(message, extensions={"code": code})


def not_found(what: str) -> GraphQLError:
    """The vendor's error for an id that leads nowhere."""
    return failure(f"{what} not found", "RESOURCE_NOT_FOUND")


def is_connection(output: GraphQLOutputType) -> bool:
    """Whether a type is a relay connection."""
    return get_named_type(output).name.endswith("Connection")


def encode_cursor(position: int) -> str:
    """A relay cursor, as the vendor's server library makes them."""
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int:
    """The position of a cursor; an unknown one is an error of the caller."""
    try:
        return int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise failure(f"cursor {cursor!r} is not valid", "INVALID_ARGUMENTS") from None


def connection(nodes: list[Any], arguments: Mapping[str, Any], page: int) -> Node:
    """One page of a list as a relay connection."""
    total = len(nodes)
    start, end = 0, total
    if arguments.get("after"):
        start = decode_cursor(arguments["after"])
    if arguments.get("before"):
        end = min(end, decode_cursor(arguments["before"]) - 1)
    last = arguments.get("last")
    for name in ("first", "last"):
        if isinstance(arguments.get(name), int) and arguments[name] < 0:
            raise failure(f"{name} must not be negative", "INVALID_ARGUMENTS")
    if last is not None and arguments.get("first") is None:
        start = max(start, end - min(last, page))
    else:
        first = arguments.get("first")
        end = min(end, start + (page if first is None else min(first, page)))
    end = max(start, end)
    shown = nodes[start:end]
    edges = [{"cursor": encode_cursor(start + index + 1), "node": node} for index, node in enumerate(shown)]
    return {
        "edges": edges,
        "nodes": shown,
        "totalCount": total,
        "matchCount": total,
        "pageInfo": {
            "hasNextPage": end < total,
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def synthesise(pipefy: PipefyWorkspace, output: GraphQLOutputType, key: str, name: str) -> Any:
    """A value that fits an output type; the same for the same key."""
    if isinstance(output, GraphQLNonNull):
        return synthesise(pipefy, output.of_type, key, name)
    if isinstance(output, GraphQLList):
        count = 2 if key.count("/") < 4 else 1
        return [synthesise(pipefy, output.of_type, f"{key}/{index}", name) for index in range(count)]
    if isinstance(output, GraphQLEnumType):
        return words.pick(sorted(output.values), f"{pipefy.seed}:{key}")
    if isinstance(output, GraphQLScalarType):
        return scalar(output.name, f"{pipefy.seed}:{key}", name)
    if isinstance(output, GraphQLUnionType | GraphQLInterfaceType):
        options = sorted(each.name for each in pipefy.schema.get_possible_types(output))
        return _object(pipefy, words.pick(options, f"{pipefy.seed}:{key}"), key)
    assert isinstance(output, GraphQLObjectType)
    if is_connection(output):
        return _node_list(pipefy, output, key)
    return _object(pipefy, output.name, key)


def _object(pipefy: PipefyWorkspace, kind: str, key: str) -> Node:
    if kind in _POOLS and (pool := pipefy.nodes.all(kind)):
        found: Node = words.pick(pool, f"{pipefy.seed}:{key}")
        return found
    return {"__typename": kind, "__key": key}


def _node_list(pipefy: PipefyWorkspace, output: GraphQLObjectType, key: str) -> list[Any]:
    edges = get_named_type(output.fields["edges"].type)
    assert isinstance(edges, GraphQLObjectType)
    node_type = edges.fields["node"].type
    return [synthesise(pipefy, node_type, f"{key}/{index}", "node") for index in range(3)]


def scalar(kind: str, key: str, name: str) -> Any:
    """A scalar a field of that name would plausibly hold."""
    when = words.moment(key, EPOCH)
    if kind in {"DateTime", "ISO8601DateTime", "DatetimeOrNumeric"}:
        return iso_seconds(when)
    if kind in {"Date", "ISO8601Date"}:
        return iso_seconds(when)[:10]
    if kind == "Int":
        return words.number(key) % 100
    if kind == "Float":
        return words.number(key) % 10_000 / 100
    if kind == "Boolean":
        return bool(words.number(key) & 1)
    if kind in {"JSON", "Json"}:
        return {"source": "sandbox", "name": name}
    if kind == "ID":
        return words.uuid_of(key) if "uuid" in name.lower() else str(words.number(key) % 900_000 + 100_000)
    return hinted(name, key, when)
