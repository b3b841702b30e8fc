"""Selections of one's own, typed: the fields of a schema as objects that select, and that read what was selected.

`Query.card(id="1").fields(Card.title)` selects; `row[Query.card][Card.title]` reads. The classes that hold the fields
(``Card``, ``Query``) are generated: ``typedpipes_api.<package>.select``. Every field knows its owner and its value as
type parameters, so a field in a place where it does not belong is an error of the type checker. Fields are immutable;
each method returns another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding.model import UNSET
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.graphql.select.types import FieldFacts

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


__all__ = ["Composite", "Field", "Leaf", "LeafWithArguments", "Nested", "NestedWithArguments", "Selected", "Selection"]
