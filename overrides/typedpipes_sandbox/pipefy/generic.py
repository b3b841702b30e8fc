"""Root fields without a resolver of their own: what is created can be read, changed and deleted all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLResolveInfo, get_named_type, is_leaf_type

from typedpipes_sandbox.data import words
from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.execution import MISSING, is_connection, not_found, synthesise

if TYPE_CHECKING:
    from typedpipes_sandbox.pipefy.service import Pipefy

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


class GenericFields:
    """Answers derived from types and arguments, with a memory of what mutations made."""

    def __init__(self, pipefy: Pipefy) -> None:
        self._pipefy = pipefy
        self._made = 0
        self._gone: set[tuple[str, str]] = set()

    def query(self, info: GraphQLResolveInfo, arguments: dict[str, Any]) -> Any:
        """A root query field."""
        named = get_named_type(info.return_type)
        identifier = next((arguments[key] for key in ("id", "uuid") if key in arguments), None)
        if identifier is not None:
            if (named.name, str(identifier)) in self._gone:
                raise not_found(named.name)
            found = self._pipefy.world.get(named.name, identifier)
            if found is not None:
                return found
            node: Node = {"__typename": named.name, "__key": f"{named.name}:{identifier}"}
            if isinstance(named, GraphQLObjectType):
                node |= {key: str(identifier) for key in ("id", "uuid") if key in arguments and key in named.fields}
            return node if isinstance(named, GraphQLObjectType) else MISSING
        made = self._listed(info)
        return MISSING if made is None else made

    def _listed(self, info: GraphQLResolveInfo) -> list[Node] | None:
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
        return self._pipefy.world.all(kind) or None

    def mutate(self, info: GraphQLResolveInfo, arguments: dict[str, Any]) -> Any:
        """A root mutation field."""
        payload_type = get_named_type(info.return_type)
        if not isinstance(payload_type, GraphQLObjectType):
            return MISSING
        sent: dict[str, Any] = arguments.get("input", arguments)
        self._made += 1
        verb = _VERB.match(info.field_name)
        payload: Node = {"__typename": payload_type.name, "__key": f"{info.field_name}:{self._made}"}
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
                payload[name] = self._entity(verb[1] if verb else "", named, sent, payload["__key"])
        if verb and verb[1] in {"delete", "remove"}:
            self._delete(info.field_name, sent)
        return payload

    def _entity(self, verb: str, kind: GraphQLObjectType, sent: dict[str, Any], key: str) -> Node:
        world = self._pipefy.world
        if verb != "create":
            for name in _ID_KEYS:
                found = world.get(kind.name, sent[name]) if sent.get(name) is not None else None
                if found is not None:
                    found.update(_fitting(kind, sent))
                    return found
        node = {"__typename": kind.name, **_fitting(kind, sent)}
        nested = [value for value in sent.values() if isinstance(value, dict)]
        for each in nested:
            node.update(_fitting(kind, each))
        if verb == "create" and {"id", "uuid"} & kind.fields.keys():
            node.pop("id", None)
            node.setdefault("uuid", words.uuid_of(f"{self._pipefy.seed}:{key}"))
            return world.add(kind.name, node)
        node["__key"] = f"{key}/{kind.name}"
        for name in ("id", "uuid"):
            if name in kind.fields and sent.get(name) is not None:
                node[name] = sent[name]
        return node

    def _delete(self, field_name: str, sent: dict[str, Any]) -> None:
        noun = re.sub(_VERB, "", field_name)
        world = self._pipefy.world
        for kind in list(world.nodes):
            if kind.lower() not in {noun.lower(), f"llm{noun}".lower()}:
                continue
            for name in _ID_KEYS:
                found = world.get(kind, sent[name]) if sent.get(name) is not None else None
                if found is not None:
                    world.remove(kind, found)
                    self._gone |= {(kind, str(found.get("id"))), (kind, str(found.get("uuid")))}

    def synthesised(self, info: GraphQLResolveInfo, key: str) -> Any:
        """A value for a field from its type alone."""
        return synthesise(self._pipefy, info.return_type, key, info.field_name)


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
