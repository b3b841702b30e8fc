"""The types of a schema as selections know them: read from a compact table, each type when it is first used.

A line of the table is one field: ``python=name(argument:Type!?,…):Type``. ``python=`` stands where the Python name
differs, ``?`` behind an argument's type where the schema has a default, ``*`` before the name of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from typedpipes._core.decoding.model import OpenEnum
from typedpipes._core.graphql.select.fields import Composite, Leaf, LeafWithArguments, Nested, NestedWithArguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from typedpipes._core.graphql.select.fields import Field

_LINE: Final = re.compile(r"(\*?)(?:(\w+)=)?(\w+)(?:\((.*)\))?:(\S+)\Z")
_ARGUMENT: Final = re.compile(r"(?:(\w+)=)?(\w+):([^?\s]+)(\??)\Z")
_BUILT_IN: Final[dict[str, type]] = {"ID": str, "String": str, "Int": int, "Float": float, "Boolean": bool}


class FieldFacts:
    """What the schema says about one field.

    Attributes:
        owner: the type it belongs to.
        attribute: its name in Python.
        name: its name in the schema.
        type: its type in the schema's notation, such as ``[Card!]``.
        named: the type without its wrappers.
        arguments: Python name -> name and type in the schema.
        required: Python names of the arguments that must be given.
        secret: whether its value must not be shown.
    """

    __slots__ = ("arguments", "attribute", "name", "named", "owner", "required", "secret", "type")

    def __init__(self, owner: TypeFacts, line: str) -> None:
        match = _LINE.match(line)
        assert match is not None, line
        secret, attribute, self.name, arguments, self.type = match.groups()
        self.owner = owner
        self.attribute = attribute or self.name
        self.named = self.type.strip("[]!")
        self.secret = bool(secret)
        self.arguments: dict[str, tuple[str, str]] = {}
        required: list[str] = []
        for text in arguments.split(",") if arguments else ():
            found = _ARGUMENT.match(text)
            assert found is not None, line
            python, wire, kind, default = found.groups()
            self.arguments[python or wire] = (wire, kind)
            if kind.endswith("!") and not default:
                required.append(python or wire)
        self.required = tuple(required)

    @property
    def coordinate(self) -> str:
        """``Phase.cards``: as the schema names it."""
        return f"{self.owner.name}.{self.name}"

    @property
    def python_name(self) -> str:
        """``Phase.cards``: as the caller wrote it."""
        return f"{self.owner.class_name}.{self.attribute}"

    def token(self) -> Field[Any, Any]:
        """The field as callers use it."""
        if self.named in self.owner.schema.classes:
            return (NestedWithArguments if self.arguments else Nested)(self)
        return (LeafWithArguments if self.arguments else Leaf)(self)


class TypeFacts:
    """What the schema says about one object type, interface or union.

    Attributes:
        schema: all types.
        class_name: the name of its class in Python.
        name: its name in the schema.
        fields: by Python name.
        holder: the class that holds its fields.
        members: names of the object types a value may be of; its own name alone for an object type.
    """

    __slots__ = ("class_name", "fields", "holder", "members", "name", "schema")

    def __init__(self, schema: SelectionSchema, class_name: str) -> None:
        self.schema = schema
        self.class_name = class_name
        self.name, lines = schema.types[class_name]
        self.members = frozenset(schema.abstract.get(self.name, self.name).split())
        facts = [FieldFacts(self, line) for line in lines.split("\n") if line]
        if self.is_abstract:
            facts.append(FieldFacts(self, "typename__=__typename:String!"))
        self.fields = {fact.attribute: fact for fact in facts}
        doc = f"Fields of `{self.name}`: {', '.join(self.fields)}."
        holder: Any = _Holder(class_name, (Composite,), {"_facts_": self, "__module__": schema.module, "__doc__": doc})
        self.holder: type[Composite[Any, Any]] = holder

    @property
    def is_abstract(self) -> bool:
        """Whether it is an interface or a union."""
        return self.name in self.schema.abstract

    @property
    def is_connection(self) -> bool:
        """Whether it is one page of a list, by the convention of Relay."""
        return "page_info" in self.fields


class _Holder(type):
    """Makes the fields of a type as they are asked for."""

    _facts_: TypeFacts

    if not TYPE_CHECKING:  # a type checker knows the fields from the stub

        def __getattr__(cls, name: str) -> object:
            facts = cls.__dict__.get("_facts_")
            if facts is None or name not in facts.fields:
                raise AttributeError(f"{cls.__name__} has no field {name!r}")
            token = facts.fields[name].token()
            setattr(cls, name, token)
            return token

    def __dir__(cls) -> list[str]:
        return [*cls._facts_.fields]

    def __call__(cls, *arguments: object, **named: object) -> NoReturn:
        raise TypeError(f"{cls.__name__} holds fields to select and has no instances; answers are read as rows")


class SelectionSchema:
    """The tables of one generated package.

    Attributes:
        module: the generated module, ``typedpipes_api.<package>.select``.
        types: Python name -> name in the schema and lines of fields.
        abstract: interface or union -> the object types it may be, separated by spaces.
        enums: enum -> its class in the package's ``enums``.
        text: custom scalars that are strings; any other is JSON of unknown shape.
    """

    def __init__(
        self,
        module: str,
        *,
        types: Mapping[str, tuple[str, str]],
        abstract: Mapping[str, str],
        enums: Mapping[str, str],
        text: tuple[str, ...],
    ) -> None:
        self.module = module
        self.types = types
        self.abstract = abstract
        self.enums = enums
        self.text = frozenset(text)
        self.classes = {name: class_name for class_name, (name, _) in types.items()}
        self._made: dict[str, TypeFacts] = {}

    def facts(self, name: str) -> TypeFacts:
        """The type of that name in the schema."""
        made = self._made.get(name)
        if made is None:
            # setdefault: of two threads that make a type at the same time, one wins for both.
            made = self._made.setdefault(name, TypeFacts(self, self.classes[name]))
        return made

    def value_type(self, name: str) -> Any:
        """The Python type of a leaf's value."""
        built_in = _BUILT_IN.get(name) or (str if name in self.text or name == "__typename" else None)
        if built_in is not None:
            return built_in
        if name not in self.enums:
            return object
        from importlib import import_module

        enums = import_module(".enums", self.module.rpartition(".")[0])
        found: type[OpenEnum] = getattr(enums, self.enums[name])
        return found


def selection_types(
    module: str,
    *,
    types: Mapping[str, tuple[str, str]],
    abstract: Mapping[str, str],
    enums: Mapping[str, str],
    text: tuple[str, ...],
) -> tuple[Callable[[str], type[Composite[Any, Any]]], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a generated module: its classes, made when they are first used."""
    schema = SelectionSchema(module, types=types, abstract=abstract, enums=enums, text=text)

    def found(name: str) -> type[Composite[Any, Any]]:
        if name not in types:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return schema.facts(types[name][0]).holder

    return found, lambda: sorted(types)


__all__ = ["FieldFacts", "SelectionSchema", "TypeFacts", "selection_types"]
