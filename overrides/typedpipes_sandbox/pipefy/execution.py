"""Runs documents: resolvers first, then what a node knows, then seeded values that fit the type.

Root fields without a resolver of their own are answered from their types and arguments, and what they create can be
read, changed and deleted all the same.
"""

from __future__ import annotations

import re
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLResolveInfo, get_named_type, is_leaf_type

from typedpipes_sandbox.data import words
from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.resolvers import (
    MAX_PAGE,
    MISSING,
    PHASE_PAGE,
    RESOLVERS,
    connection,
    is_connection,
    not_found,
    synthesise,
)
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace

_VERB = re.compile(r"^(create|update|delete|remove|set|send|clone|invite|reset|configure|export|cards|records)")
_ID_KEYS = (
    "id",
    "uuid",
    "agentUuid",
    "providerId",
    "serviceAccountUuid",
    "reportId",
    "organizationReportId",
    "pipeReportId",
)


def resolve_field(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """The one field resolver of the schema."""
    pipefy: PipefyWorkspace = info.context
    type_name, name = info.parent_type.name, info.field_name
    node: Node = source if isinstance(source, dict) else {}
    resolver = RESOLVERS.get((type_name, name))
    if resolver is not None:
        value = resolver(pipefy, node, arguments)
    elif type_name == "Query":
        value = _query(pipefy, info, arguments)
    elif type_name == "Mutation":
        value = _mutate(pipefy, info, arguments)
    else:
        value = node.get(name, MISSING)
    if value is MISSING:
        value = synthesise(pipefy, info.return_type, f"{node.get('__key', type_name)}/{name}", name)
    if isinstance(value, list) and is_connection(info.return_type):
        return connection(value, arguments, PHASE_PAGE if (type_name, name) == ("Phase", "cards") else MAX_PAGE)
    return value


def resolve_type(value: Any, info: GraphQLResolveInfo, abstract: Any) -> str | None:
    """The concrete type of a node in a union or interface."""
    name: str | None = value.get("__typename") if isinstance(value, dict) else None
    if name is not None and info.schema.is_sub_type(abstract, info.schema.type_map[name]):
        return name
    possible = [each.name for each in info.schema.get_possible_types(abstract)]
    near = [each for each in possible if name is not None and each.endswith(name)]
    return near[0] if near else possible[0]


def _query(pipefy: PipefyWorkspace, info: GraphQLResolveInfo, arguments: dict[str, Any]) -> Any:
    """A root query field."""
    named = get_named_type(info.return_type)
    identifier = next((arguments[key] for key in ("id", "uuid") if key in arguments), None)
    if identifier is not None:
        if (named.name, str(identifier)) in pipefy.gone:
            raise not_found(named.name)
        found = pipefy.nodes.get(named.name, identifier)
        if found is not None:
            return found
        node: Node = {"__typename": named.name, "__key": f"{named.name}:{identifier}"}
        if isinstance(named, GraphQLObjectType):
            node |= {key: str(identifier) for key in ("id", "uuid") if key in arguments and key in named.fields}
        return node if isinstance(named, GraphQLObjectType) else MISSING
    made = _listed(pipefy, info)
    return MISSING if made is None else made


def _listed(pipefy: PipefyWorkspace, info: GraphQLResolveInfo) -> list[Node] | None:
    output = info.return_type
    named = get_named_type(output)
    if isinstance(named, GraphQLObjectType) and is_connection(output):
        edge = get_named_type(named.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        kind = get_named_type(edge.fields["node"].type).name
    elif isinstance(output.of_type if isinstance(output, GraphQLNonNull) else output, GraphQLList):
        kind = named.name
    else:
        return None
    return pipefy.nodes.all(kind) or None


def _mutate(pipefy: PipefyWorkspace, info: GraphQLResolveInfo, arguments: dict[str, Any]) -> Any:
    """A root mutation field."""
    payload_type = get_named_type(info.return_type)
    if not isinstance(payload_type, GraphQLObjectType):
        return MISSING
    sent: dict[str, Any] = arguments.get("input", arguments)
    pipefy.made += 1
    verb = _VERB.match(info.field_name)
    payload: Node = {"__typename": payload_type.name, "__key": f"{info.field_name}:{pipefy.made}"}
    for name, field in payload_type.fields.items():
        named = get_named_type(field.type)
        lowered = name.lower()
        if name == "clientMutationId":
            payload[name] = sent.get(name)
        elif name == "success":
            payload[name] = True
        elif "error" in lowered:
            payload[name] = [] if isinstance(field.type, GraphQLList) else None
        elif isinstance(named, GraphQLObjectType) and not isinstance(field.type, GraphQLList):
            payload[name] = _entity(pipefy, verb[1] if verb else "", named, sent, payload["__key"])
    if verb and verb[1] in {"delete", "remove"}:
        _delete(pipefy, info.field_name, sent)
    return payload


def _entity(pipefy: PipefyWorkspace, verb: str, kind: GraphQLObjectType, sent: dict[str, Any], key: str) -> Node:
    nodes = pipefy.nodes
    if verb != "create":
        for name in _ID_KEYS:
            found = nodes.get(kind.name, sent[name]) if sent.get(name) is not None else None
            if found is not None:
                found.update(_fitting(kind, sent))
                return found
    node = {"__typename": kind.name, **_fitting(kind, sent)}
    nested = [value for value in sent.values() if isinstance(value, dict)]
    for each in nested:
        node.update(_fitting(kind, each))
    if verb == "create" and {"id", "uuid"} & kind.fields.keys():
        node.pop("id", None)
        node.setdefault("uuid", words.uuid_of(f"{pipefy.seed}:{key}"))
        return nodes.add(kind.name, node)
    node["__key"] = f"{key}/{kind.name}"
    for name in ("id", "uuid"):
        if name in kind.fields and sent.get(name) is not None:
            node[name] = sent[name]
    return node


def _delete(pipefy: PipefyWorkspace, field_name: str, sent: dict[str, Any]) -> None:
    noun = re.sub(_VERB, "", field_name)
    nodes = pipefy.nodes
    for kind in list(nodes.by_type):
        if kind.lower() not in {noun.lower(), f"llm{noun}".lower()}:
            continue
        for name in _ID_KEYS:
            found = nodes.get(kind, sent[name]) if sent.get(name) is not None else None
            if found is not None:
                nodes.remove(kind, found)
                pipefy.gone |= {(kind, str(found.get("id"))), (kind, str(found.get("uuid")))}


def _fitting(kind: GraphQLObjectType, sent: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in sent.items():
        field = kind.fields.get(name)
        if field is None or name == "id" or not is_leaf_type(get_named_type(field.type)):
            continue
        is_list = isinstance(field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type, GraphQLList)
        if isinstance(value, dict) and get_named_type(field.type).name not in {"JSON", "Json"}:
            continue
        if is_list == isinstance(value, list):
            values[name] = value
    return values
