"""Makes selections from the schema: every field of a type, or a drawn choice of them, with arguments that fit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    parse_value,
)
from graphql.utilities import value_from_ast_untyped

from tests.typedpipes_sandbox.schema.documents_by_schema import Documents
from typedpipes._core.graphql.select.fields import FieldFacts, TypeFacts
from typedpipes_api.pipefy import select

Choose = Callable[[int], int]
"""A number from 0 to below the given one."""

SMALL_PAGE = 1


def facts(name: str) -> TypeFacts:
    """The facts of a type by its name in the schema."""
    found: TypeFacts = select.Query._facts_.schema.facts(name)  # type: ignore[attr-defined]  # on generated classes
    return found


class Chooser:
    """Builds selections; values of arguments are about things the example data has."""

    def __init__(self, documents: Documents, choose: Choose) -> None:
        self.documents = documents
        self.choose = choose

    def given(self, field: FieldFacts, *, everything: bool = False) -> dict[str, Any]:
        """Arguments: the required ones, a small page, and all others if ``everything``."""
        if not field.arguments:
            return {}
        definition = field_of(self.documents.schema, field)
        found = {}
        for python, (wire, _) in field.arguments.items():
            wanted = everything or wire == "first" or python in field.required
            if wanted:
                literal = self.documents.value(definition.args[wire].type, wire, field.name)
                found[python] = value_from_ast_untyped(parse_value(literal))
            if python == "first":
                found[python] = SMALL_PAGE
        return found

    def field(self, field: FieldFacts, depth: int, *, everything: bool = False) -> Any | None:
        """A selection of one field and of what is below it; None if nothing can be selected any deeper."""
        token: Any = getattr(field.owner.holder, field.attribute)
        arguments = self.given(field, everything=everything)
        if field.arguments:
            token = token(**arguments)
        if field.named not in field.owner.schema.classes:
            return token
        below = self.below(field.owner.schema.facts(field.named), depth - 1)
        return None if below is None else below(token)

    def below(self, type_: TypeFacts, depth: int) -> Callable[[Any], Any] | None:
        """What to select of objects of a type: a drawn choice."""
        if depth <= 0:
            return None
        chosen = [made for field in self.some(type_) if (made := self.field(field, depth)) is not None]
        fragments = []
        if type_.is_abstract:
            members = sorted(type_.members)
            for name in [members[self.choose(len(members))] for _ in range(3)]:
                member = facts(name)
                fragments.append((member.holder, [m for f in self.some(member) if (m := self.field(f, depth))]))
        elif not chosen:
            leaves = [field for field in type_.fields.values() if is_leaf(field) and not field.arguments]
            if not leaves:
                return None
            chosen = [self.field(leaves[0], 1)]

        def add(token: Any) -> Any:
            made = token.fields(*chosen)
            for holder, selections in fragments:
                made = made.on(holder, *selections)
            return made

        return add

    def some(self, type_: TypeFacts) -> list[FieldFacts]:
        """Up to four fields."""
        fields = list(type_.fields.values())
        chosen = dict.fromkeys(self.choose(len(fields)) for _ in range(4))
        return [fields[index] for index in chosen]


def is_leaf(field: FieldFacts) -> bool:
    return field.named not in field.owner.schema.classes


def field_of(schema: GraphQLSchema, field: FieldFacts) -> Any:
    """The schema's own definition."""
    owner: Any = schema.type_map[field.owner.name]
    return owner.fields[field.name]


def paths(schema: GraphQLSchema) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    """Shortest way to every composite type: the operation, then (type, field) pairs, without field into a member."""
    found: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {}
    waiting: deque[tuple[str, str, tuple[tuple[str, str], ...]]] = deque(
        [("query", "Query", ()), ("mutation", "Mutation", ())]
    )
    while waiting:
        kind, name, way = waiting.popleft()
        if name in found:
            continue
        found[name] = (kind, way)
        for step, following in _steps(schema, schema.type_map[name]):
            waiting.append((kind, following, (*way, (name, step))))
    return found


def _steps(schema: GraphQLSchema, type_: GraphQLNamedType) -> Iterator[tuple[str, str]]:
    fields = getattr(type_, "fields", {})
    for name, field in fields.items():
        named = get_named_type(field.type)
        if hasattr(named, "fields") or hasattr(named, "types"):
            yield name, named.name
    if not isinstance(type_, GraphQLObjectType):
        abstract: Any = type_
        for member in schema.get_possible_types(abstract):
            yield "", member.name


def required(schema: GraphQLSchema, field: FieldFacts) -> set[str]:
    """Names of the arguments the schema wants."""
    return {name for name, one in field_of(schema, field).args.items() if isinstance(one.type, GraphQLNonNull)}
