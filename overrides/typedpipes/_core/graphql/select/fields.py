"""Typed selections: the fields of a schema as objects that select, and that read what was selected.

`Query.card(id="1").fields(Card.title)` selects; `row[Query.card][Card.title]` reads. The classes that hold the fields
(``Card``, ``Query``) are generated: ``typedpipes_api.<package>.select``. Every field knows its owner and its value as
type parameters, so a field in a place where it does not belong is an error of the type checker. Fields are immutable;
each method returns another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeVar, cast

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding.model import UNSET, OpenEnum
from typedpipes._core.redaction import while_whole
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


# The types of a schema as selections know them: read from a compact table, each type when it is first used.
#
# A line of the table is one field: ``python=name(argument:Type!?,…):Type``. ``python=`` stands where the Python name
# differs, ``?`` behind an argument's type where the schema has a default, ``*`` before the name of a secret.

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
        secret, attribute, name, arguments, kind = match.groups()
        self.name: str = name
        self.type: str = kind
        self.owner: TypeFacts = owner
        self.attribute: str = attribute or self.name
        self.named: str = self.type.strip("[]!")
        self.secret: bool = bool(secret)
        self.arguments: dict[str, tuple[str, str]] = {}
        required: list[str] = []
        for text in arguments.split(",") if arguments else ():
            found = _ARGUMENT.match(text)
            assert found is not None, line
            python, wire, kind, default = found.groups()
            self.arguments[python or wire] = (wire, kind)
            if kind.endswith("!") and not default:
                required.append(python or wire)
        self.required: tuple[str, ...] = tuple(required)

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
        self.schema: SelectionSchema = schema
        self.class_name: str = class_name
        name, lines = schema.types[class_name]
        self.name: str = name
        self.members: frozenset[str] = frozenset(schema.abstract.get(self.name, self.name).split())
        facts = [FieldFacts(self, line) for line in lines.split("\n") if line]
        if self.is_abstract:
            facts.append(FieldFacts(self, "typename__=__typename:String!"))
        self.fields: dict[str, FieldFacts] = {fact.attribute: fact for fact in facts}
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
        roots: ``query`` and ``mutation`` -> the class that holds the fields of such requests.
    """

    def __init__(
        self,
        module: str,
        *,
        types: Mapping[str, tuple[str, str]],
        abstract: Mapping[str, str],
        enums: Mapping[str, str],
        text: tuple[str, ...],
        roots: Mapping[str, str],
    ) -> None:
        self.module = module
        self.types = types
        self.abstract = abstract
        self.enums = enums
        self.text: frozenset[str] = frozenset(text)
        self.roots = roots
        self.classes: dict[str, str] = {name: class_name for class_name, (name, _) in types.items()}
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
    roots: Mapping[str, str] = {},  # never changed; packages of earlier versions give none
) -> tuple[Callable[[str], type[Composite[Any, Any]]], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a generated module: its classes, made when they are first used."""
    schema = SelectionSchema(module, types=types, abstract=abstract, enums=enums, text=text, roots=roots)

    def found(name: str) -> type[Composite[Any, Any]]:
        if name not in types:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return schema.facts(types[name][0]).holder

    return found, lambda: sorted(types)


T = TypeVar("T")
C = TypeVar("C")
M = TypeVar("M")
V_co = TypeVar("V_co", covariant=True)
G_contra = TypeVar("G_contra", contravariant=True)

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


class Composite(Generic[T, G_contra]):
    """Base of the classes that hold the fields of one object type, interface or union.

    ``T`` is the class itself, ``G_contra`` the abstract types whose values may be of it: what it may stand for in
    `Nested.on`. These classes have no instances; rows of answers are `typedpipes._core.graphql.select.rows.Row`.
    """


class Field(Generic[T, V_co]):
    """A field of ``T`` whose value reads as ``V_co``. Reads; selects only if it is a `Selection` too."""

    __slots__ = ("_alias", "_arguments", "_facts", "_fragments", "_selections")

    _facts: FieldFacts
    _alias: str | None
    _arguments: Mapping[str, object]
    _selections: tuple[Selection[Any, object], ...]
    _fragments: tuple[tuple[type[Composite[Any, Any]], tuple[Selection[Any, object], ...]], ...]

    def __init__(self, facts: FieldFacts) -> None:
        self._facts = facts
        self._alias = None
        self._arguments = {}
        self._selections = ()
        self._fragments = ()

    def alias(self, name: str) -> Self:
        """The same field under another name in the answer: to select it twice. Read with what this returns.

        Raises `ConfigurationError` for what is no GraphQL name; names that start with ``_`` are the server's and ours.
        """
        if not _NAME.match(name):
            raise ConfigurationError(
                f"{self._facts.coordinate}: {name!r} is no alias; use letters, digits and underscores", setting="alias"
            )
        made = self._twin(type(self))
        made._alias = name
        return made

    @property
    def key(self) -> str:
        """The name of the field in the answer: its alias, or its name in the schema."""
        return self._alias or self._facts.name

    def _twin(self, kind: type[F]) -> F:
        made = kind.__new__(kind)
        for name in Field.__slots__:
            setattr(made, name, getattr(self, name))
        return made

    def _given(self, arguments: Mapping[str, object], kind: type[F]) -> F:
        """The field with arguments; what is UNSET is not sent. Raises TypeError as a function would."""
        known = self._facts.arguments
        check_options(f"{self._facts.python_name}()", arguments, frozenset(known))
        missing = [name for name in self._facts.required if arguments.get(name, UNSET) is UNSET]
        if missing:
            raise TypeError(f"{self._facts.python_name}() lacks the required argument {missing[0]!r}")
        made = self._twin(kind)
        made._arguments = {name: value for name, value in arguments.items() if value is not UNSET}
        return made

    def __reduce__(self) -> tuple[object, ...]:
        state = {name: getattr(self, name) for name in Field.__slots__ if name != "_facts"}
        return _restore, (type(self), self._facts.owner.holder, self._facts.attribute, state)

    @while_whole
    def __repr__(self) -> str:
        arguments = f"({', '.join(f'{name}=…' for name in self._arguments)})" if self._arguments else ""
        return f"<{self._facts.python_name}{arguments}{f' as {self._alias}' if self._alias else ''}>"


F = TypeVar("F", bound=Field[Any, Any])


def _restore(kind: type[F], holder: object, attribute: str, state: Mapping[str, object]) -> F:
    """A pickled field; its facts are those of this process."""
    made: F = getattr(holder, attribute)._twin(kind)
    for name, value in state.items():
        setattr(made, name, value)
    return made


class Selection(Field[T, V_co]):
    """A field that can be given to ``fields()`` of what holds it, to ``on()`` or to a client's ``query``."""

    __slots__ = ()


class Leaf(Selection[T, V_co]):
    """A scalar or an enum."""

    __slots__ = ()


class Nested(Field[T, V_co], Generic[T, C, V_co]):
    """An object, or a list of them: to be selected, it must say which fields of ``C``."""

    __slots__ = ()

    def fields(self, *selections: Selection[C, object]) -> Selected[T, C, V_co]:
        """Select fields of the object; called again, it adds to them.

        Nothing is checked here that the type checker would see; `query` and `mutate` check everything before a
        request is sent.
        """
        made: Selected[T, C, V_co] = self._twin(Selected)
        made._selections = (*self._selections, *selections)
        return made

    def on(self, type_: type[Composite[M, C]], *selections: Selection[M, object]) -> Selected[T, C, V_co]:
        """Select fields only of those objects of an interface or union that are a ``type_``.

        ``__typename`` is asked for along with them; read with ``row.on(type_)``.
        """
        made: Selected[T, C, V_co] = self._twin(Selected)
        made._fragments = (*self._fragments, (type_, selections))
        return made


class Selected(Selection[T, V_co], Nested[T, C, V_co], Generic[T, C, V_co]):
    """An object and what is selected of it."""

    __slots__ = ()


class LeafWithArguments(Leaf[T, V_co]):
    """What fields with arguments are at run time; generated stubs give each its own signature."""

    __slots__ = ()

    def __call__(self, **arguments: object) -> Leaf[T, V_co]:
        """The field with these arguments."""
        return cast("Leaf[T, V_co]", self._given(arguments, Leaf))


class NestedWithArguments(Nested[T, C, V_co]):
    """What fields with arguments are at run time; generated stubs give each its own signature."""

    __slots__ = ()

    def __call__(self, **arguments: object) -> Nested[T, C, V_co]:
        """The field with these arguments."""
        return cast("Nested[T, C, V_co]", self._given(arguments, Nested))


__all__ = [
    "Composite",
    "Field",
    "FieldFacts",
    "Leaf",
    "LeafWithArguments",
    "Nested",
    "NestedWithArguments",
    "Selected",
    "Selection",
    "SelectionSchema",
    "TypeFacts",
    "selection_types",
]
