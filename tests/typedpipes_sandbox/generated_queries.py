"""A hypothesis strategy for GraphQL queries over a whole schema: fields, arguments, fragments, variables, aliases."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

from tests.typedpipes_sandbox.schema.documents_by_schema import KNOWN, Documents

MAX_FIELDS = 4
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


@dataclass
class Query:
    """One generated query with its variables and what it touches, as ``Type.field``."""

    text: str
    variables: dict[str, Any]
    touched: frozenset[str]


@dataclass
class Writer:
    """Writes one query, drawing every choice from hypothesis."""

    draw: st.DrawFn
    documents: Documents
    root: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    aliases: int = 0

    @property
    def schema(self) -> GraphQLSchema:
        """The schema the query is for."""
        return self.documents.schema

    def query(self, depth: int) -> Query:
        """A whole query with one or two root fields."""
        query_type = self.schema.query_type
        assert query_type is not None
        chosen = self.draw(st.lists(st.sampled_from(sorted(query_type.fields)), min_size=1, max_size=2, unique=True))
        body = " ".join(self.field(query_type, name, depth, at_root=True) for name in chosen)
        head = f"query Generated({', '.join(self.declared)})" if self.declared else "query Generated"
        return Query(f"{head} {{ {body} }}", self.variables, frozenset(self.touched))

    def field(self, owner: Any, name: str, depth: int, *, at_root: bool = False, aliased: bool = False) -> str:
        """One field with arguments and, where its type has fields, a selection."""
        definition: GraphQLField = owner.fields[name]
        self.touched.add(f"{owner.name}.{name}")
        if at_root:
            self.root = name
        arguments = self.arguments(definition)
        self.aliases += 1
        alias = f"a{self.aliases}: " if aliased or self.draw(st.booleans()) else ""
        return f"{alias}{name}{arguments}{self.selection(definition.type, depth - 1)}"

    def selection(self, output: Any, depth: int) -> str:
        """A non-empty selection below a field; nothing for a scalar."""
        named = get_named_type(output)
        if is_leaf_type(named):
            return ""
        if not isinstance(named, GraphQLObjectType):
            return f" {{ __typename {self.fragments(named, depth)} }}"
        return f" {{ {self.fields(named, depth)} }}"

    def fields(self, owner: GraphQLObjectType | GraphQLInterfaceType, depth: int, *, aliased: bool = False) -> str:
        """Some fields of a type; at the last level only scalars."""
        usable = sorted(
            name for name, each in owner.fields.items() if depth > 1 or is_leaf_type(get_named_type(each.type))
        )
        if not usable:
            return "__typename"
        chosen = self.draw(st.lists(st.sampled_from(usable), min_size=1, max_size=MAX_FIELDS, unique=True))
        return " ".join(self.field(owner, name, depth, aliased=aliased) for name in chosen)

    def fragments(self, abstract: Any, depth: int) -> str:
        """Inline fragments on possible types; aliases keep fields of one name and different types apart."""
        possible = sorted(self.schema.get_possible_types(abstract), key=lambda each: each.name)
        chosen = self.draw(st.lists(st.sampled_from(possible), max_size=2, unique_by=lambda each: each.name))
        shared = self.fields(abstract, depth, aliased=True) if isinstance(abstract, GraphQLInterfaceType) else ""
        spreads = (f"... on {each.name} {{ {self.fields(each, depth, aliased=True)} }}" for each in chosen)
        return " ".join([shared, *spreads])

    def arguments(self, definition: GraphQLField) -> str:
        """Every required argument and some optional ones, as literals or variables."""
        parts: list[str] = []
        for name, argument in definition.args.items():
            required = is_required_argument(argument)
            if required or self.draw(st.booleans()):
                parts.append(f"{name}: {self.argument(argument, name)}")
        return f"({', '.join(parts)})" if parts else ""

    def argument(self, argument: GraphQLArgument, name: str) -> str:
        """A literal, or a variable declared with the argument's own type."""
        value = self.draw(self.value(argument.type, name))
        if self.draw(st.booleans()):
            return literal(value, argument.type)
        variable = f"v{len(self.declared)}"
        self.declared.append(f"${variable}: {argument.type}")
        self.variables[variable] = value
        return f"${variable}"

    def value(self, kind: Any, name: str, depth: int = 0) -> st.SearchStrategy[Any]:
        """JSON values an input type takes. Ids and cursors are such as exist: an invented one is rightly refused."""
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, name, depth)
        if isinstance(kind, GraphQLList):
            return st.lists(self.value(kind.of_type, name, depth), max_size=2 if depth < 3 else 0)
        if isinstance(kind, GraphQLEnumType):
            return st.sampled_from(sorted(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return self.input_object(kind, depth)
        return self.scalar(kind.name, name)

    def input_object(self, kind: GraphQLInputObjectType, depth: int) -> st.SearchStrategy[Any]:
        """An input object with its required fields and any of the others."""
        required: dict[str, st.SearchStrategy[Any]] = {}
        optional: dict[str, st.SearchStrategy[Any]] = {}
        for name, each in kind.fields.items():
            if isinstance(each.type, GraphQLNonNull):
                required[name] = self.value(each.type, name, depth + 1)
            elif depth < 3:
                optional[name] = self.value(each.type, name, depth + 1)
        return st.fixed_dictionaries(required, optional=optional)

    def scalar(self, kind: str, name: str) -> st.SearchStrategy[Any]:
        """A scalar; pages are small so that a query stays below the complexity limit."""
        if name in {"first", "last"}:
            return st.integers(0, 5)
        if name in {"after", "before"}:
            return st.integers(1, 9).map(lambda place: base64.urlsafe_b64encode(b"%d" % place).decode().rstrip("="))
        if kind == "ID" or name in KNOWN:
            return st.just(self.documents.text(name, self.root))
        if kind == "Int":
            return st.integers(-(2**31), 2**31 - 1)
        if kind == "Float":
            return st.floats(allow_nan=False, allow_infinity=False)
        if kind == "Boolean":
            return st.booleans()
        if "Date" in kind:
            return st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z")
        return TEXT


def literal(value: Any, kind: Any) -> str:
    """A value in the query language."""
    if isinstance(kind, GraphQLNonNull):
        return literal(value, kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{', '.join(literal(each, kind.of_type) for each in value)}]"
    if isinstance(kind, GraphQLInputObjectType):
        return f"{{{', '.join(f'{name}: {literal(each, kind.fields[name].type)}' for name, each in value.items())}}}"
    if isinstance(kind, GraphQLEnumType):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


@st.composite
def queries(draw: st.DrawFn, documents: Documents, depth: int = 4) -> Query:
    """Valid queries over the whole schema, at most ``depth`` fields deep."""
    return Writer(draw, documents).query(depth)
