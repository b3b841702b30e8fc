"""Base classes of generated models and enums.

A decoded object keeps the JSON object it was built from: that is what makes absent and null distinguishable
(`is_set`), unknown properties reachable (`extras`) and a missing required field an error only when it is read.

Models are `msgspec.Struct` classes, which msgspec fills from JSON in C. Type checkers know them by PEP 681
(`typing.dataclass_transform`): each annotated name of a class body is a field and a keyword of the constructor, its
value the default. attrs knows them too: `attrs.has`, `fields`, `asdict` and, at run time, `evolve` work.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Literal,
    NoReturn,
    Protocol,
    Self,
    TypeVar,
    cast,
    dataclass_transform,
    get_origin,
    overload,
)

from msgspec import NODEFAULT, Struct, StructMeta
from msgspec import field as msgspec_field

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding.dates import as_received
from typedpipes._core.json_reader import JSON as JSON
from typedpipes._core.redaction import MASK
from typedpipes.errors import NotSelected, ResponseMismatch


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


_Field: Final[type[Any]] = type(msgspec_field())
"""What `msgspec.field` returns at run time."""


def factory_of(default: object) -> Callable[[], object] | None:
    """What makes a field's default anew for each object; None if all objects share it."""
    if isinstance(default, _Field):
        return cast("Callable[[], object]", default.default_factory)
    made = default.__class__
    return made if made in (list, dict, set, bytearray) else None  # msgspec takes empty ones only


def fresh(default: object) -> object:
    """The value of a field that was not given."""
    factory = factory_of(default)
    return default if factory is None else factory()


class _Attributes:
    """``__attrs_attrs__``, made by attrs itself on first use."""

    def __get__(self, instance: object, owner: ModelClass) -> tuple[Any, ...]:
        import attrs

        field: Any = attrs.field  # typed for classes only
        fields = {}
        for name, hint in owner._hints_.items():
            default = owner._defaults_.get(name, attrs.NOTHING)
            factory = factory_of(default)
            given = {"default": default} if factory is None else {"factory": factory}
            fields[name] = field(type=hint, alias=name, **given)
        made = attrs.make_class(owner.__name__, fields, kw_only=True, eq=False, repr=False)
        attributes: tuple[Any, ...] = attrs.fields(made)
        owner.__attrs_attrs__ = attributes
        return attributes


_ATTRIBUTES: Final = _Attributes()


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(msgspec_field,))
class ModelClass(StructMeta):
    """Makes each annotated name of a class body a field, and its value a default."""

    _fields_: tuple[str, ...]
    """Attribute names in the order of the schema."""
    _defaults_: dict[str, object]
    """Defaults of the attributes that need not be given."""
    _hints_: dict[str, Any]
    """Annotations as written."""
    _modules_: dict[str, str]
    """Inherited attributes: the modules that the names in their annotations are of."""
    _native_: bool
    """Whether msgspec takes the wire names: it refuses quotes, backslashes and control characters."""
    _wire_: Mapping[str, str]
    _secret_: frozenset[str]
    __attrs_attrs__: tuple[Any, ...]

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: object) -> ModelClass:
        parents = [base for base in bases if isinstance(base, ModelClass)]
        if options:
            raise TypeError(f"{name}: a model takes no class options, got {', '.join(sorted(options))}")
        if not parents:
            return _make(cls, name, bases, namespace)
        if namespace.get("__attrs_attrs__", _ATTRIBUTES) is not _ATTRIBUTES:
            raise TypeError(f"{name}: a model needs no decorator; remove attrs.define")
        annotations = _annotations(namespace)
        hints = {key: hint for key, hint in annotations.items() if not _is_class_variable(hint, namespace)}
        with_class_variables = len(hints) != len(annotations)
        if with_class_variables:
            namespace["__annotations__"] = hints  # msgspec knows a ClassVar by fewer spellings
        defaults = {key: namespace[key] for key in hints if key in namespace}
        wire = namespace.get("_wire_") or {}
        for key, default in defaults.copy().items():
            if isinstance(default, _Field):
                wire = _read_field(key, default, defaults, wire)
        if parents != [Model]:
            hints, defaults, wire = _inherit(parents, namespace, hints, defaults, wire)
        namespace["_fields_"] = tuple(hints)
        namespace["_hints_"] = hints
        namespace["_defaults_"] = defaults
        namespace["_wire_"] = wire
        namespace["__attrs_attrs__"] = _ATTRIBUTES
        namespace["_native_"] = plain = all(map(_plain, wire.values()))
        made = _make(cls, name, bases, namespace, wire if plain else None)
        if with_class_variables:
            made.__annotations__ = annotations
        return made

    if not TYPE_CHECKING:  # a type checker would lose the constructor's parameters

        def __call__(cls, /, *misplaced, **values):
            try:
                return StructMeta.__call__(cls, *misplaced, **values)
            except TypeError:
                raise TypeError(_complaint(cls, misplaced, values)) from None


def _make(
    cls: type[ModelClass],
    name: str,
    bases: tuple[type, ...],
    namespace: dict[str, Any],
    rename: Mapping[str, str] | None = None,
) -> ModelClass:
    return StructMeta.__new__(cls, name, bases, namespace, kw_only=True, eq=False, rename=rename or None)


def _annotations(namespace: dict[str, Any]) -> dict[str, Any]:
    """The annotations of a class body; as text where Python 3.14 would evaluate them later."""
    if "__annotations__" in namespace:
        return cast("dict[str, Any]", namespace["__annotations__"])
    if sys.version_info >= (3, 14):
        import annotationlib

        lazy = annotationlib.get_annotate_from_class_namespace(namespace)
        if lazy is not None:
            return annotationlib.call_annotate_function(lazy, annotationlib.Format.STRING)
    return {}


def _is_class_variable(hint: object, namespace: Mapping[str, Any]) -> bool:
    """Whether an annotation, as text or evaluated, says ``ClassVar``, under whatever name it was imported."""
    if not isinstance(hint, str):
        named = getattr(hint, "__forward_arg__", None)
        return (
            hint is ClassVar or get_origin(hint) is ClassVar if named is None else _is_class_variable(named, namespace)
        )
    head = hint.partition("[")[0].strip("'\" ")
    if head.endswith("ClassVar"):
        return head == "ClassVar" or head.endswith(".ClassVar")
    return head.isidentifier() and getattr(sys.modules.get(namespace.get("__module__", "")), head, None) is ClassVar


def _read_field(key: str, field: Any, defaults: dict[str, object], wire: Mapping[str, str]) -> Mapping[str, str]:
    """Enter the default of a `msgspec.field`; the wire names, with the one it may give."""
    if field.default is not NODEFAULT:
        defaults[key] = field.default
    elif field.default_factory is NODEFAULT:
        del defaults[key]
    return wire if field.name is None else {**wire, key: field.name}


def _inherit(
    parents: list[ModelClass],
    namespace: dict[str, Any],
    hints: dict[str, Any],
    defaults: dict[str, object],
    wire: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, object], Mapping[str, str]]:
    """The hints, defaults and wire names of a class, with those of its parents; the first parent comes first."""
    modules: dict[str, str] = {}
    secrets: frozenset[str] = namespace.get("_secret_", frozenset())
    own = frozenset(hints)
    for base in parents:
        hints = {**base._hints_, **hints}
        defaults = {**{key: value for key, value in base._defaults_.items() if key not in own}, **defaults}
        wire = {**base._wire_, **wire}
        modules = {**{key: base._modules_.get(key, base.__module__) for key in base._hints_}, **modules}
        secrets |= base._secret_
    namespace["_modules_"] = {key: module for key, module in modules.items() if key not in own}
    namespace["_secret_"] = secrets
    return hints, defaults, wire


def _plain(name: str) -> bool:
    return '"' not in name and "\\" not in name and not any(char < " " for char in name)


def _complaint(cls: Any, misplaced: tuple[object, ...], values: Mapping[str, object]) -> str:
    """What is wrong with the arguments, in the words a function would use."""
    if misplaced:
        return f"{cls.__name__}() takes keyword arguments only"
    if unknown := ", ".join(repr(key) for key in values if key not in cls._fields_):
        return f"{cls.__name__}() has no argument {unknown}"
    lacking = [name for name in cls._fields_ if name not in values and name not in cls._defaults_]
    return f"{cls.__name__}() lacks the required argument {lacking[0]!r}"


class _Source:
    """What a decoded object remembers beside its fields."""

    __slots__ = ("_data", "_origin")

    _data: dict[str, JSON] | Kept
    _origin: tuple[str, str]
    """Operation and JSON path this object was decoded from; only set on objects with something missing."""


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(msgspec_field,))  # mypy asks here
class Model(_Source, Struct, metaclass=ModelClass):
    """Base of every generated model: a `msgspec.Struct` class with a keyword-only constructor.

    A subclass, also of a generated model, declares its fields as annotated names; ``ClassVar`` is no field.
    ``_wire_`` maps the attributes whose wire name differs; ``_secret_`` names the attributes that are masked in
    reprs. A subclass has those of its parents, too.
    """

    _wire_: ClassVar[Mapping[str, str]] = {}
    _secret_: ClassVar[frozenset[str]] = frozenset()
    _open_: ClassVar[bool] = False
    """Whether the schema says that there are further properties: they are no drift."""

    _fields_: ClassVar[tuple[str, ...]] = ()
    _hints_: ClassVar[dict[str, Any]] = {}
    _modules_: ClassVar[dict[str, str]] = {}
    _defaults_: ClassVar[dict[str, object]] = {}
    __attrs_attrs__: ClassVar[tuple[Any, ...]] = ()
    _left_out_: ClassVar[frozenset[str]] = frozenset()
    """Fields that the caller asked the server to leave out, of classes that `narrow` makes."""

    @classmethod
    def _model_(cls) -> type[Model]:
        """The class as it was written."""
        return cls.__base__ if cls._left_out_ else cls  # type: ignore[return-value]  # made with one base

    def _lacking_(self, name: str) -> NoReturn:
        """Only reached when the slot is empty: a required field the answer did not carry, or no such attribute."""
        if name in type(self)._left_out_:
            raise NotSelected(
                f"{type(self).__name__}.{name} was left out of the answer by this call's include, exclude or fields",
                setting=name,
            )
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
        if not isinstance(other, Model) or other._model_() is not self._model_():
            return NotImplemented
        return _wired(self, _itself) == _wired(other, _itself)  # one time may be written in several ways

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # mutable value objects are not hashable

    def __reduce__(self) -> tuple[object, ...]:
        from typedpipes._core.decoding.answers import restored

        return restored, (self._model_(), to_wire(self), self._left_out_)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return list(self._shown_())

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        for name in (*field_names(type(self)), "_data", "_origin"):
            try:
                setattr(twin, name, object.__getattribute__(self, name))
            except AttributeError:
                continue
        return twin

    def __replace__(self, /, **changes: object) -> Self:
        """What `copy.replace` of Python 3.13 calls: `evolve`."""
        return evolve(self, **changes)


M = TypeVar("M", bound=Model)


def evolve(obj: M, /, **changes: object) -> M:
    """A copy of a model with some fields changed; ``obj`` stays as it is. Fields are given by attribute name.

    What was absent stays absent, and extras are kept, so that `to_wire` of the copy differs in the changed fields
    only. `UNSET` makes a field absent. Values that are not changed are shared with ``obj``. Raises TypeError for a
    name that is no field, with what was probably meant.
    """
    model = type(obj)
    check_options(f"evolve({model.__name__})", changes, frozenset(field_names(model)))
    twin = obj.__copy__()
    data = _source(obj)
    if data is not None:
        data = twin._data = dict(data)
    for name, value in changes.items():
        wire = model._wire_.get(name, name)
        if data is None or value is not UNSET:
            setattr(twin, name, value)
        elif name in model._defaults_:
            setattr(twin, name, fresh(model._defaults_[name]))
        else:
            delattr(twin, name)
        if data is not None:
            data.pop(wire, None)
            if value is not UNSET:
                data[wire] = to_wire(value)
    return twin if not model._left_out_ else narrow(twin, model._left_out_.difference(changes))


class _FewerAttributes:
    """``__attrs_attrs__`` of a class whose objects lack fields: attrs passes them over."""

    def __get__(self, instance: object, owner: ModelClass) -> tuple[Any, ...]:
        model = cast("type[Model]", owner)
        return tuple(each for each in model._model_().__attrs_attrs__ if each.name not in model._left_out_)


@lru_cache(maxsize=256)
def _narrowed(model: type[Model], missing: frozenset[str]) -> type[Model]:
    """The class of a model's objects that lack fields. It says that it is the model's, and behaves so."""
    namespace = {"__module__": model.__module__, "__qualname__": model.__qualname__, "_left_out_": missing}
    made = ModelClass(model.__name__, (model,), namespace)
    made.__attrs_attrs__ = cast("Any", _FewerAttributes())
    return cast("type[Model]", made)


def narrow(record: M, missing: frozenset[str]) -> M:
    """Make ``record`` one that lacks the fields ``missing``, which the caller asked the server to leave out."""
    model = record._model_()
    for name in missing & model._defaults_.keys():
        try:
            delattr(record, name)
        except AttributeError:
            continue
    if missing or type(record) is not model:
        record.__class__ = cast("type[M]", _narrowed(model, missing) if missing else model)
    return record


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


class Further(dict[str, JSON]):
    """Properties of an object that has secrets: shown by name."""

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, _MASKED))


class OpenModel(Model):
    """Base of models whose schema allows further properties: ``obj["name"]`` and `additional_properties` read them."""

    _open_: ClassVar[bool] = True

    @property
    def additional_properties(self) -> dict[str, JSON]:
        """The properties the schema does not name, by wire name; masked in reprs where the object has secrets."""
        found = extras(self)
        return Further(found) if self._secret_ else found

    def __getitem__(self, name: str) -> JSON:
        """A property the schema does not name. Raises KeyError if the object has none of that name."""
        return extras(self)[name]

    def __contains__(self, name: object) -> bool:
        return name in extras(self)


def extras(obj: Model) -> dict[str, JSON]:
    """The properties the schema does not know, by wire name, as decoded from JSON.

    Pipedrive v1 delivers custom fields this way (keys of 40 hexadecimal characters).
    """
    data = _source(obj)
    if data is None:
        return {}
    known = wire_names(type(obj))
    return {key: value for key, value in data.items() if key not in known}


@cache
def wire_names(model: type[Model]) -> frozenset[str]:
    """The properties the schema knows."""
    return frozenset(model._wire_.get(name, name) for name in field_names(model))


@overload
def to_wire(value: Model) -> dict[str, JSON]: ...
@overload
def to_wire(value: object) -> JSON: ...
def to_wire(value: object) -> JSON:
    """The JSON form of a model, enum, container or plain value; unset fields are left out, extras kept.

    An enum member, as a key of a mapping too, becomes its value. Raises TypeError for what has no JSON form.
    """
    return cast("JSON", _wired(value, _written))


def _wired(value: object, time: Callable[[date, object], object], received: object = None) -> object:
    """The JSON form of ``value``; ``time`` gives that of a date or time, from it and what was received in its place."""
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, Model):
        data = _source(value) or {}
        wire: dict[str, object] = {**extras(value)}
        model = type(value)
        for name in field_names(model):
            try:
                item = object.__getattribute__(value, name)
            except AttributeError:
                continue
            default = model._defaults_.get(name)
            if item is UNSET or (
                (item is None or (default is not None and item == fresh(default))) and not is_set(value, name)
            ):
                continue
            key = model._wire_.get(name, name)
            wire[key] = _wired(item, time, data.get(key))
        return wire
    if isinstance(value, Mapping):
        held = received if isinstance(received, dict) else {}
        return {
            key if key.__class__ is str else _name(key): _wired(item, time, held.get(key))
            for key, item in value.items()
            if item is not UNSET
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        if isinstance(received, list) and len(received) == len(value):
            return [_wired(item, time, text) for item, text in zip(value, received, strict=True)]
        return [_wired(item, time) for item in value]
    if isinstance(value, Enum) and value is not UNSET:
        plain: object = value.value
        return _wired(plain, time)
    if isinstance(value, (str, int, float)):
        return _bare(value)
    own = getattr(value, "to_wire", None)
    if callable(own):
        return cast("object", own())  # an input of GraphQL
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat) and value == value:  # the gap in a column of dates equals nothing, itself included
        return time(value, received) if isinstance(value, date) else str(isoformat())
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [_wired(item, time) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form; pass a model, a mapping, a list or a plain value")


def _written(value: date, received: object) -> object:
    """As text: the text it was read from, where there is one."""
    if as_received(value, received):
        return received
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise TypeError(no_zone(value))
    return value.isoformat()


def _itself(value: date, received: object) -> object:
    return value


_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def no_zone(value: datetime) -> str:
    """Why a time without a zone is not sent, and what to do."""
    return (
        f"{value!s} has no time zone, so the server would guess one; give value.replace(tzinfo=UTC) if it is UTC, "
        "or value.astimezone() if it is local time"
    )


def _name(key: object) -> str:
    """The name of a property that is not given as a text."""
    plain = _bare(key)
    if isinstance(plain, (bytes, bytearray, tuple, frozenset)) or type(plain).__str__ is object.__str__:
        raise TypeError(f"{type(key).__name__} cannot be the name of a property; give a text")
    return str(plain)


def _bare(value: object) -> object:
    """The plain value of a subclass of text or number, enum members included, whatever it prints as."""
    if isinstance(value, Enum):
        return _bare(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else value


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
                info.context.found = True  # a `typedpipes._core.graphql.results.Departures`
            return cls(value)

        return core_schema.with_info_after_validator_function(validate, core_schema.str_schema())
