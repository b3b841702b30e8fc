"""Rows: the type in which a selection's answer is returned.

Values are decoded when the answer arrives, as tolerantly as everywhere else: an unknown enum value is kept, what does
not fit is kept as received and reported, what is missing raises when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar, cast, overload

from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.decoding.builders import Convert, plan_for
from typedpipes._core.decoding.model import JSON
from typedpipes._core.redaction import MASK, while_whole
from typedpipes.errors import NotSelected, ResponseMismatch

if TYPE_CHECKING:
    from typedpipes._core.graphql.select.fields import Composite, Field, FieldFacts, TypeFacts

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
M = TypeVar("M")
V = TypeVar("V")


class _Missing:
    """Of a class that no field accepts."""


_MISSING: Final = _Missing()
_new: Final = object.__new__


class Entry:
    """One field of a row: its name in the answer, and how its value is built."""

    __slots__ = ("convert", "facts", "kinds", "response")

    def __init__(self, response: str, facts: FieldFacts, shape: Shape | None) -> None:
        self.response = response
        self.facts = facts
        self.kinds: tuple[type, ...] = ()
        self.convert: Convert
        if shape is None:
            plan = plan_for(_hint(facts.type, facts.owner.schema.value_type(facts.named)))
            self.kinds, self.convert = plan.kinds, plan.convert
        else:
            self.convert = _wrapped(facts.type, shape.build)
            if not facts.type.endswith("!"):
                self.kinds = (type(None),)


class Shape:
    """How the objects of one selection are read.

    Attributes:
        type: the type that the schema promises.
        entries: by the name that callers read them by.
        special: what was selected of more special types.
    """

    __slots__ = ("_by_typename", "entries", "special", "type")

    def __init__(
        self, type_: TypeFacts, entries: Mapping[str, Entry], special: Sequence[tuple[TypeFacts, Mapping[str, Entry]]]
    ) -> None:
        self.type = type_
        self.entries = entries
        self.special = special
        self._by_typename: dict[object, dict[str, Entry]] = {}

    def entries_of(self, typename: object) -> Mapping[str, Entry]:
        """The entries of an object of that type."""
        if not self.special or not isinstance(typename, str):
            return self.entries
        found = self._by_typename.get(typename)
        if found is None:
            found = dict(self.entries)
            for type_, entries in self.special:
                if typename in type_.members:
                    found.update(entries)
            self._by_typename[typename] = found
        return found

    def build(self, value: Any, decoding: Decoding, node: Node) -> Any:
        """A row of a JSON object; anything else is reported and kept."""
        if value.__class__ is not dict:
            decoding.mismatch(node, None, f"a {self.type.name} object", value)
            return value
        row: Row[Any] = _new(Row)
        entries = self.entries_of(value.get("__typename")) if self.special else self.entries
        row._shape, row._json, row._entries, row._origin = self, value, entries, None
        values = row._values = {}
        get = value.get
        for key, entry in entries.items():
            item = get(entry.response, _MISSING)
            if item.__class__ in entry.kinds:
                values[key] = item
            elif item is _MISSING:
                row._origin = (decoding.operation, node.exact())
                decoding.drift(node, entry.response, "a required value", "nothing")
            else:
                values[key] = entry.convert(item, decoding, Node(node, entry.response))
        if len(value) != len(entries):
            _surplus(value, entries, decoding, node)
        return row


def _surplus(value: Mapping[str, object], entries: Mapping[str, Entry], decoding: Decoding, node: Node) -> None:
    known = {entry.response for entry in entries.values()}
    for key in value:
        if key not in known and key != "__typename":
            decoding.drift(node, key, "no such property", "an unknown property")


class Row(Generic[T]):
    """An object of an answer, of type ``T``: what was selected of it, read by the fields it was selected with.

    ``row[Card.title]`` has the type that the schema gives the field. `json` is the object as received. A field that
    was not selected raises `NotSelected`, one that the answer lacks raises `ResponseMismatch`. Rows are not hashable
    and equal when their JSON and their type are.
    """

    __slots__ = ("_entries", "_json", "_origin", "_shape", "_values")

    _shape: Shape
    _json: dict[str, JSON]
    _entries: Mapping[str, Entry]
    _values: dict[str, object]
    _origin: tuple[str, str] | None

    def __init__(self) -> None:
        raise TypeError("rows are made from answers; see Pipefy.query")

    def __getitem__(self, field: Field[T, V]) -> V:
        """The value of a selected field; one selected under an alias is read with what ``alias()`` returned."""
        key = field.key
        try:
            value = self._values[key]
        except KeyError:
            raise self._nothing(field, key) from None
        if field._facts is not self._entries[key].facts:
            self._check_field(field)
        return cast("V", value)

    def __contains__(self, field: Field[T, object]) -> bool:
        """Whether the field was selected and the answer has it."""
        key = field.key
        return key in self._values and self._entries[key].facts.name == field._facts.name

    @overload
    def at(self, one: Field[T, Row[A] | None], last: Field[A, V], /) -> V | None: ...
    @overload
    def at(self, one: Field[T, Row[A] | None], two: Field[A, Row[B] | None], last: Field[B, V], /) -> V | None: ...
    @overload
    def at(
        self,
        one: Field[T, Row[A] | None],
        two: Field[A, Row[B] | None],
        three: Field[B, Row[C] | None],
        last: Field[C, V],
        /,
    ) -> V | None: ...
    def at(self, *path: Field[Any, Any]) -> object:
        """The value at the end of a path of fields, None where the path ends early."""
        value: Any = self
        for field in path:
            if value is None:
                return None
            value = value[field]
        return cast("object", value)

    @overload
    def each(self, one: Field[T, Row[A] | Sequence[Row[A] | None] | None], /) -> list[Row[A]]: ...
    @overload
    def each(
        self,
        one: Field[T, Row[A] | Sequence[Row[A] | None] | None],
        two: Field[A, Row[B] | Sequence[Row[B] | None] | None],
        /,
    ) -> list[Row[B]]: ...
    @overload
    def each(
        self,
        one: Field[T, Row[A] | Sequence[Row[A] | None] | None],
        two: Field[A, Row[B] | Sequence[Row[B] | None] | None],
        three: Field[B, Row[C] | Sequence[Row[C] | None] | None],
        /,
    ) -> list[Row[C]]: ...
    @overload
    def each(
        self,
        one: Field[T, Row[A] | Sequence[Row[A] | None] | None],
        two: Field[A, Row[B] | Sequence[Row[B] | None] | None],
        three: Field[B, Row[C] | Sequence[Row[C] | None] | None],
        four: Field[C, Row[M] | Sequence[Row[M] | None] | None],
        /,
    ) -> list[Row[M]]: ...
    def each(self, *path: Field[Any, Any]) -> list[Row[Any]]:
        """Every object at the end of a path of fields: lists are entered, nulls left out.

        ``row.each(Phase.cards, CardConnection.edges, CardEdge.node)`` are the cards of a page.
        """
        found: list[Row[Any]] = [self]
        for field in path:
            found = [item for row in found for item in _rows(row[field])]
        return found

    def on(self, type_: type[Composite[M, T]]) -> Row[M] | None:
        """This object as a ``type_``, with what was selected for it; None if it is of another type."""
        facts: TypeFacts = type_._facts_  # type: ignore[attr-defined]  # on generated classes
        typename = self.typename
        if typename is None:
            raise NotSelected(f"{self._shape.type.class_name}: nothing says which type this is", setting="on")
        return cast("Row[M]", self) if typename in facts.members else None

    @property
    def typename(self) -> str | None:
        """The object's type in the schema; None if an answer for an interface or union does not say."""
        found = self._json.get("__typename")
        if isinstance(found, str):
            return found
        return None if self._shape.type.is_abstract else self._shape.type.name

    @property
    def json(self) -> dict[str, JSON]:
        """The object as received: plain JSON, by the names in the answer."""
        return self._json

    def _get(self, key: str) -> object:
        """A value by its name in the answer, None if there is none; for the walk over pages."""
        return self._values.get(key)

    def _nothing(self, field: Field[Any, Any], key: str) -> Exception:
        entry = self._entries.get(key)
        if entry is None or entry.facts.name != field._facts.name or self._origin is None:
            names = ", ".join(self._entries) or "nothing"
            return NotSelected(f"{field!r} was not selected; this row has {names}", setting=field._facts.python_name)
        operation, where = self._origin
        path = f"{where}.{entry.response}"
        return ResponseMismatch(
            f"{path}: the answer lacks this field of {self._shape.type.class_name} ({operation})",
            operation=operation,
            path=path,
        )

    def _check_field(self, field: Field[Any, Any]) -> None:
        """A field of an interface may be read by its name in the type that implements it, and nothing else."""
        mine, theirs = self._entries[field.key].facts, field._facts
        related = mine.owner.schema is theirs.owner.schema and mine.owner.members & theirs.owner.members
        if mine.name != theirs.name or not related:
            raise NotSelected(
                f"{field!r} was not selected; {field.key!r} of this row is {mine.python_name}",
                setting=theirs.python_name,
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Row):
            return NotImplemented
        return self._shape.type is other._shape.type and self._json == other._json

    __hash__ = None  # type: ignore[assignment]  # rows hold mutable JSON
    __iter__ = None  # what could be meant: fields or values? Without this Python would try row[0], row[1], …

    def __reduce__(self) -> NoReturn:
        raise TypeError("rows cannot be pickled or copied; keep row.json, which is plain data")

    @while_whole
    def __repr__(self) -> str:
        return f"<Row of {self.typename or self._shape.type.name}: {', '.join(self._shown())}>"

    def _shown(self) -> Iterator[str]:
        for key, value in self._values.items():
            hidden = self._entries[key].facts.secret and value is not None
            yield f"{key}={MASK if hidden else repr(value)}"


def _rows(value: object) -> Iterator[Row[Any]]:
    if isinstance(value, Row):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _rows(item)


def _hint(type_: str, leaf: Any) -> Any:
    """The Python type of a leaf with its wrappers: ``[String!]`` -> ``list[str] | None``."""
    if type_.endswith("!"):
        return _present(type_[:-1], leaf)
    return _present(type_, leaf) if leaf is object and not type_.startswith("[") else _present(type_, leaf) | None


def _present(type_: str, leaf: Any) -> Any:
    return list[_hint(type_[1:-1], leaf)] if type_.startswith("[") else leaf  # type: ignore[misc]  # made at run time


def _wrapped(type_: str, build: Convert) -> Convert:
    """``build`` for one object, inside the lists of ``type_``, null where the type allows it."""
    if type_.endswith("!"):
        return _listed(type_[1:-2], build) if type_.startswith("[") else build
    present = _listed(type_[1:-1], build) if type_.startswith("[") else build

    def optional(value: Any, decoding: Decoding, node: Node) -> Any:
        return None if value is None else present(value, decoding, node)

    return optional


def _listed(item_type: str, build: Convert) -> Convert:
    item = _wrapped(item_type, build)

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is not list:
            decoding.mismatch(node, None, "an array", value)
            return value
        items = Node(node, None)
        return [item(entry, decoding, items) for items.index, entry in enumerate(value)]

    return convert


__all__ = ["Entry", "Row", "Shape"]
