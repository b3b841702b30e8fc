"""GraphQL coordinates: which operation, type and direction a changed place belongs to, and who uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from typedpipes_codegen.diff.breaking import rating_of, sentence
from typedpipes_codegen.diff.change import Change, Direction


@attrs.frozen
class Usage:
    """Which types of a schema are sent and which are read."""

    sent: frozenset[str]
    read: frozenset[str]

    @classmethod
    def of(cls, *schemas: GraphQLSchema) -> Usage:
        """What any of the schemas says."""
        sent: set[str] = set()
        read: set[str] = set()
        for schema in schemas:
            for type_ in schema.type_map.values():
                if type_.name.startswith("__"):
                    continue
                if isinstance(type_, GraphQLInputObjectType):
                    sent |= {type_.name, *(get_named_type(field.type).name for field in type_.fields.values())}
                elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
                    read |= {type_.name, *(get_named_type(field.type).name for field in type_.fields.values())}
                    arguments = [argument for field in type_.fields.values() for argument in field.args.values()]
                    sent |= {get_named_type(argument.type).name for argument in arguments}
            for directive in schema.directives:
                sent |= {get_named_type(argument.type).name for argument in directive.args.values()}
        return cls(frozenset(sent), frozenset(read))

    def direction(self, name: str) -> Direction:
        """Which way values of a type travel."""
        if name in self.sent:
            return "both" if name in self.read else "request"
        return "response" if name in self.read else "none"


@attrs.define
class GraphqlFindings:
    """Collects changes between two schemas. ``users``: saved operations by coordinate or type name."""

    old: GraphQLSchema
    new: GraphQLSchema
    users: Mapping[str, Iterable[str]]
    changes: list[Change] = attrs.field(factory=list)
    usage: Usage = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.usage = Usage.of(self.old, self.new)

    def add(
        self,
        kind: str,
        what: str,
        owner: str | None,
        *,
        field: str | None = None,
        argument: str | None = None,
        value: str | None = None,
        place: str | None = None,
        direction: Direction | None = None,
    ) -> None:
        """Record a change of a type, or of a field, argument or value of it."""
        root = owner in _roots(self.old) | _roots(self.new) and field is not None
        coordinate = place or _coordinate(owner, field, argument, value)
        self.changes.append(
            Change(
                rating=rating_of(kind),
                kind=kind,
                operation=f"{owner}.{field}" if root else None,
                place=coordinate,
                path=coordinate,
                direction=direction or self._direction(owner, argument),
                message=sentence(kind, what),
                method=field if root else None,
                component=owner,
                model=owner,
                field=field,
                argument=argument,
                value=value,
                used_by=self._users(owner, field, argument),
            )
        )

    def _direction(self, owner: str | None, argument: str | None) -> Direction:
        if owner is None:
            return "none"
        return "request" if argument is not None else self.usage.direction(owner)

    def _users(self, owner: str | None, field: str | None, argument: str | None) -> tuple[str, ...]:
        """Who uses it; a new argument concerns everyone who selects the field."""
        if owner is None:
            return ()
        keys = [f"{owner}.{field}({argument}:)"] if argument else [f"{owner}.{field}"] if field else [owner]
        known = self.old.type_map.get(owner)
        if argument and argument not in getattr(getattr(known, "fields", {}).get(field), "args", {}):
            keys = [f"{owner}.{field}"]
        elif field and field not in getattr(known, "fields", {}):
            keys = [owner] if isinstance(known, GraphQLInputObjectType) else []
        return tuple(sorted({name for key in keys for name in self.users.get(key, ())}))


def _coordinate(owner: str | None, field: str | None, argument: str | None, value: str | None) -> str:
    """As in the specification's proposal: ``Type``, ``Type.field``, ``Type.field(argument:)``, ``Enum.VALUE``."""
    parts = [part for part in (owner, field or value) if part]
    return ".".join(parts) + (f"({argument}:)" if argument else "")


def _roots(schema: GraphQLSchema) -> set[str]:
    return {root.name for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root}
