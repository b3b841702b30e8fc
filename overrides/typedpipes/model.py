"""What generated attrs classes and enums derive from.

A decoded object keeps the JSON object it was built from: that is what makes absent and null distinguishable
(`is_set`), unknown properties reachable (`extras`) and a missing required field an error only when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NoReturn, Protocol, Self, TypeAlias, cast, overload

from typedpipes.errors import ResponseMismatch
from typedpipes.model_class import ModelClass

MASK: Final = "**********"

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"


class Kept(Protocol):
    """JSON that was kept as bytes and is parsed when somebody asks."""

    def json(self) -> JSON:
        """The value."""


class Unset(Enum):
    """The type of `UNSET`: a request argument that was not given, as opposed to null."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET


class _Masked:
    def __repr__(self) -> str:
        return MASK


_MASKED: Final = _Masked()


class Model(metaclass=ModelClass):
    """Base of every generated attrs class.

    Subclasses are slotted attrs classes with keyword-only constructors. ``_wire_`` maps the attributes whose wire
    name differs; ``_secret_`` names the attributes that are masked in reprs; ``_absent_`` those a request omits.
    """

    __slots__ = ("_data", "_origin")

    _wire_: ClassVar[Mapping[str, str]] = {}
    _secret_: ClassVar[frozenset[str]] = frozenset()

    _fields_: ClassVar[tuple[str, ...]] = ()
    _hints_: ClassVar[dict[str, str]] = {}
    _defaults_: ClassVar[dict[str, object]] = {}

    _data: dict[str, JSON] | Kept
    _origin: tuple[str, str]
    """Operation and JSON path this object was decoded from; only set on objects with something missing."""

    def _lacking_(self, name: str) -> NoReturn:
        """Only reached when the slot is empty: a required field the answer did not carry, or no such attribute."""
        if name in field_names(type(self)):
            operation, path = getattr(self, "_origin", (None, "$")) if name != "_origin" else (None, "$")
            wire = type(self)._wire_.get(name, name)
            where = f" ({operation})" if operation else ""
            raise ResponseMismatch(
                f"{path}.{wire}: the answer lacks this required field of {type(self).__name__}{where}",
                operation=operation,
                path=f"{path}.{wire}",
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    if not TYPE_CHECKING:  # a type checker that sees it takes every misspelt field for an Any
        __getattr__ = _lacking_

    def _shown_(self) -> Iterator[tuple[str, object]]:
        """What reprs show: the fields that are set, secrets masked."""
        for name in field_names(type(self)):
            if not is_set(self, name):
                continue
            try:
                value = object.__getattribute__(self, name)
            except AttributeError:
                continue
            if value is not UNSET:
                yield name, _MASKED if name in self._secret_ and value is not None else value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._shown_())})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return to_wire(self) == to_wire(other)

    __hash__ = None  # type: ignore[assignment]  # mutable value objects are not hashable

    def __reduce__(self) -> tuple[object, ...]:
        from typedpipes.decode import from_wire

        return from_wire, (type(self), to_wire(self))

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield from self._shown_()

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        for name in (*field_names(type(self)), "_data", "_origin"):
            try:
                setattr(twin, name, object.__getattribute__(self, name))
            except AttributeError:
                continue
        return twin


def field_names(model: type[Model]) -> tuple[str, ...]:
    """The attribute names of a generated class, in schema order."""
    return model._fields_


def is_set(obj: Model, field: str) -> bool:
    """Tell whether the answer (or the constructor call) carried ``field``: true for an explicit null.

    Raises AttributeError if the class has no such field.
    """
    model = type(obj)
    if field not in field_names(model):
        raise AttributeError(f"{model.__name__!r} has no field {field!r}")
    data = _source(obj)
    if data is None:
        return object.__getattribute__(obj, field) is not UNSET
    return model._wire_.get(field, field) in data


def extras(obj: Model) -> dict[str, JSON]:
    """The properties the schema does not know, by wire name, as decoded from JSON.

    Pipedrive v1 delivers custom fields this way (40-character keys; reference notes, "Custom fields").
    """
    data = _source(obj)
    if data is None:
        return {}
    known = _known(type(obj))
    return {key: value for key, value in data.items() if key not in known}


@cache
def _known(model: type[Model]) -> frozenset[str]:
    return frozenset(model._wire_.get(name, name) for name in field_names(model))


@overload
def to_wire(value: Model) -> dict[str, JSON]: ...
@overload
def to_wire(value: object) -> JSON: ...
def to_wire(value: object) -> JSON:
    """The JSON form of a model, enum, container or plain value; unset fields are left out, extras kept."""
    if isinstance(value, Model):
        wire: dict[str, JSON] = extras(value)
        model = type(value)
        for name in field_names(model):
            try:
                item = object.__getattribute__(value, name)
            except AttributeError:
                continue
            if item is UNSET or (item is None and not is_set(value, name)):
                continue
            wire[model._wire_.get(name, name)] = to_wire(item)
        return wire
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_wire(item) for key, item in value.items() if item is not UNSET}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_wire(item) for item in value]
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat):
        return str(isoformat())
    raise TypeError(f"{type(value).__name__} has no JSON form; pass a model, a mapping, a list or a plain value")


def _source(obj: Model) -> dict[str, JSON] | None:
    """The JSON object that ``obj`` was decoded from; None if it was constructed."""
    try:
        data = object.__getattribute__(obj, "_data")
    except AttributeError:
        return None
    if data.__class__ is not dict:
        data = obj._data = cast("dict[str, JSON]", data.json())
    return cast("dict[str, JSON]", data)


def member(value: str) -> Any:
    """Declare a member of an `OpenEnum`; the class turns it into an instance of itself."""
    return value


class OpenEnum(str):
    """A string enum that stays open: a value the schema does not know is kept raw and round-trips.

    Members are class attributes made with `member` (``OPEN: ClassVar[Status] = member("open")``); calling the class
    with a known value returns the member.
    """

    __slots__ = ()

    _members_: ClassVar[dict[str, OpenEnum]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._members_ = {}
        for name, value in list(vars(cls).items()):
            if isinstance(value, str) and not name.startswith("_"):
                made = str.__new__(cls, value)
                cls._members_[str(value)] = made
                setattr(cls, name, made)

    def __new__(cls, value: str) -> Self:
        known = cls._members_.get(value)
        if known is not None:
            return known  # type: ignore[return-value]  # members of cls are instances of cls
        return str.__new__(cls, value)

    @property
    def is_known(self) -> bool:
        """Whether the schema lists this value."""
        return str(self) in self._members_

    @classmethod
    def members(cls) -> tuple[Self, ...]:
        """The values the schema lists, in its order."""
        return tuple(cls._members_.values())  # type: ignore[arg-type]  # members of cls are instances of cls

    def __str__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str.__repr__(self)})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from pydantic_core import core_schema

        def validate(value: str, info: core_schema.ValidationInfo) -> OpenEnum:
            if value not in cls._members_ and info.context is not None:
                info.context.found = True  # a `typedpipes.graphql_model.Departures`
            return cls(value)

        return core_schema.with_info_after_validator_function(validate, core_schema.str_schema())
