"""The module ``select`` of a package: every field of the schema, to select and to read.

Two files. ``select.py`` is a table of text, from which the runtime makes the classes that are used; ``select.pyi`` is
what type checkers see: a class per type, a typed signature for each field that takes arguments. So the exact types cost
nothing when a program runs.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_required_argument,
)

from typedpipes_codegen.graphql.annotations import TEXT_SCALARS, input_type
from typedpipes_codegen.graphql.emit import imports, text_literal
from typedpipes_codegen.graphql.names import argument_name, pascal_case, safe_name, snake_case

MODULE = "select"

Composite: TypeAlias = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

_RESULTS = {"ID": "str", "String": "str", "Int": "int", "Float": "float", "Boolean": "bool"}
_STUB_IMPORTS = """\
from collections.abc import Sequence
from typing import Never
from typedpipes.graphql_runtime import JSON as _JSON
from typedpipes.graphql_runtime import Composite as _Composite
from typedpipes.graphql_runtime import Field as _Field
from typedpipes.graphql_runtime import JsonInput, Unset
from typedpipes.graphql_runtime import Leaf as _Leaf
from typedpipes.graphql_runtime import Nested as _Nested
from typedpipes.graphql_runtime import Row as _Row
from typing_extensions import deprecated
"""
_TAKEN = frozenset({"JsonInput", "Never", "Sequence", "Unset"})
"""Names the stub imports as they are."""


@dataclass(frozen=True)
class Roots:
    """The classes of the root types; None where the schema has none."""

    query: str | None
    mutation: str | None


class Selections:
    """The two files for one schema; ``own`` maps the package's enum and input classes to their modules."""

    def __init__(self, schema: GraphQLSchema, own: Mapping[str, str]) -> None:
        self._schema = schema
        self._own = own
        types = [type_ for name, type_ in sorted(schema.type_map.items()) if not name.startswith("__")]
        self._types = [
            type_ for type_ in types if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType))
        ]
        taken = {*_TAKEN, *own}
        self._classes = numbered((type_.name for type_ in self._types), _class_name, taken)

    def roots(self) -> Roots:
        """The classes that hold the fields of requests."""
        query, mutation = self._schema.query_type, self._schema.mutation_type
        return Roots(
            None if query is None else self._classes[query.name],
            None if mutation is None else self._classes[mutation.name],
        )

    def table(self) -> str:
        """Source of ``select.py``."""
        types = "".join(
            f"    {self._classes[type_.name]!r}: ({type_.name!r}, {text_literal(self._lines(type_))}),\n"
            for type_ in self._types
        )
        abstract = {
            type_.name: " ".join(sorted(member.name for member in self._schema.get_possible_types(type_)))
            for type_ in self._types
            if not isinstance(type_, GraphQLObjectType)
        }
        leaves = [type_ for name, type_ in sorted(self._schema.type_map.items()) if not name.startswith("__")]
        enums = {type_.name: pascal_case(type_.name) for type_ in leaves if isinstance(type_, GraphQLEnumType)}
        text = tuple(
            type_.name for type_ in leaves if type_.name in TEXT_SCALARS and isinstance(type_, GraphQLScalarType)
        )
        classes = self.roots()
        roots = {"query": classes.query, "mutation": classes.mutation}
        roots = {kind: name for kind, name in roots.items() if name is not None}
        return (
            '"""Every field of the schema, to select and to read; the types are in the stub beside this file."""\n\n'
            "from __future__ import annotations\n\nfrom typedpipes.graphql_runtime import selection_types\n\n"
            f"_TYPES = {{\n{types}}}\n\n"
            f"__all__ = sorted(_TYPES)\n"
            f"__getattr__, __dir__ = selection_types(\n    __name__,\n    types=_TYPES,\n    abstract={abstract!r},\n"
            f"    enums={enums!r},\n    text={text!r},\n    roots={roots!r},\n)\n"
        )

    def _lines(self, type_: Composite) -> str:
        lines: list[str] = []
        for python, name, field in self._fields(type_):
            arguments = ",".join(
                f"{_renamed(argument, wire)}:{given.type}{'' if given.default_value is Undefined else '?'}"
                for argument, wire, given in _arguments(field)
            )
            secret = "*" if _is_secret(field) else ""
            lines.append(f"{secret}{_renamed(python, name)}{f'({arguments})' if arguments else ''}:{field.type}")
        return "\n".join(lines)

    def _fields(self, type_: Composite) -> list[tuple[str, str, GraphQLField]]:
        """(name in Python, name in the schema, field)."""
        if isinstance(type_, GraphQLUnionType):
            return []
        names = numbered(type_.fields, field_name, {"typename__"})
        return [(names[name], name, field) for name, field in type_.fields.items()]

    def stub(self) -> str:
        """Source of ``select.pyi``."""
        parts: list[str] = []
        for type_ in self._types:
            parts += self._classes_of(type_)
        body = "\n".join(parts)
        words = set(re.findall(r"\w+", body))
        lines = imports((name for name in self._own if name in words), self._own, MODULE)
        return f'"""Every field of the schema, to select and to read."""\n\n{_STUB_IMPORTS}{lines}\n{body}'

    def _classes_of(self, type_: Composite) -> list[str]:
        """The class of a type, and before it the class of each of its fields that takes arguments."""
        class_name = self._classes[type_.name]
        before: list[str] = []
        lines: list[str] = []
        if not isinstance(type_, GraphQLObjectType):
            lines.append(f"    typename__: _Leaf[{class_name}, str]\n")
        for python, _, field in self._fields(type_):
            if field.args:
                signed = f"_{class_name}__{python}"
                before.append(self._signed(signed, class_name, field))
                lines.append(f"    {python}: {signed}\n")
            else:
                lines.append(f"    {python}: {self._token(class_name, field)}\n")
        groups = " | ".join(self._groups(type_)) or "Never"
        return [*before, f"class {class_name}(_Composite[{class_name}, {groups}]):\n{''.join(lines) or '    pass'}"]

    def _signed(self, name: str, owner: str, field: GraphQLField) -> str:
        """A field with arguments: what it is without them, and its signature."""
        token = self._token(owner, field)
        needs = any(is_required_argument(argument) for argument in field.args.values())
        base = f"_Field[{owner}, {self._value(field.type)}]" if needs else token
        parameters = []
        for argument, _, given in sorted(_arguments(field), key=lambda item: not is_required_argument(item[2])):
            annotation = input_type(given.type, "argument")
            optional = "" if is_required_argument(given) else " | Unset = ..."
            parameters.append(f"{argument}: {annotation}{optional}")
        reason = field.deprecation_reason
        mark = "" if reason is None else f"    @deprecated({reason!r})\n"
        return f"class {name}({base}):\n{mark}    def __call__(self, *, {', '.join(parameters)}) -> {token}: ...\n"

    def _token(self, owner: str, field: GraphQLField) -> str:
        named = get_named_type(field.type)
        value = self._value(field.type)
        if named.name in self._classes:
            return f"_Nested[{owner}, {self._classes[named.name]}, {value}]"
        return f"_Leaf[{owner}, {value}]"

    def _value(self, type_: GraphQLOutputType) -> str:
        """What a field of that type reads as."""
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type)
        present = self._present(type_)
        return present if present == "_JSON" else f"{present} | None"

    def _present(self, type_: GraphQLOutputType) -> str:
        if isinstance(type_, GraphQLList):
            return f"list[{self._value(type_.of_type)}]"
        name = get_named_type(type_).name
        if name in self._classes:
            return f"_Row[{self._classes[name]}]"
        if isinstance(type_, GraphQLEnumType):
            return pascal_case(name)
        return _RESULTS.get(name) or ("str" if name in TEXT_SCALARS else "_JSON")

    def _groups(self, type_: Composite) -> list[str]:
        """The interfaces and unions an object of this type may stand in."""
        mine = self._possible(type_)
        return [
            self._classes[other.name]
            for other in self._types
            if other is not type_ and not isinstance(other, GraphQLObjectType) and mine & self._possible(other)
        ]

    def _possible(self, type_: Composite) -> set[str]:
        if isinstance(type_, GraphQLObjectType):
            return {type_.name}
        return {member.name for member in self._schema.get_possible_types(type_)}


def field_name(name: str) -> str:
    """The attribute for a field: as models name it."""
    words = snake_case(name)
    if not words.isidentifier():
        words = f"field_{words}"
    return safe_name(words)


def _argument_name(name: str) -> str:
    words = argument_name(name)
    if not words.isidentifier():
        words = f"argument_{words}"
    return f"{words}_" if words == "self" else words


def _arguments(field: GraphQLField) -> list[tuple[str, str, GraphQLArgument]]:
    """(name in Python, name in the schema, argument)."""
    names = numbered(field.args, _argument_name, set())
    return [(names[name], name, argument) for name, argument in field.args.items()]


def _class_name(name: str) -> str:
    made = pascal_case(name)
    if not made.isidentifier():
        made = f"Type{made}"
    return f"{made}_" if keyword.iskeyword(made) or hasattr(builtins, made) else made


def numbered(names: Iterable[str], rule: Callable[[str], str], taken: set[str]) -> dict[str, str]:
    """A Python name for each, by ``rule``; the second of two that would be equal is ``name_2``.

    The one whose own name it is keeps the plain name.
    """
    wanted = {name: rule(name) for name in names}
    used = set(taken)
    found: dict[str, str] = {}
    for name in sorted(wanted, key=lambda name: (wanted[name] != name, name)):
        plain = candidate = wanted[name]
        number = 2
        while candidate in used:
            candidate, number = f"{plain}_{number}", number + 1
        used.add(candidate)
        found[name] = candidate
    return found


def _renamed(python: str, name: str) -> str:
    return name if python == name else f"{python}={name}"


def _is_secret(field: GraphQLField) -> bool:
    return field.ast_node is not None and any(node.name.value == "secret" for node in field.ast_node.directives)
