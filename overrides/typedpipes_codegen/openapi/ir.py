"""What the renderer works from: models, enums, aliases and operations, with every type resolved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import attrs

Atom: TypeAlias = Literal["str", "int", "float", "bool", "None", "JSON", "bytes"]
Location: TypeAlias = Literal["path", "query", "header", "cookie"]
Value: TypeAlias = "str | int | bool"


@attrs.frozen
class Scalar:
    name: Atom


@attrs.frozen
class Const:
    value: Value = attrs.field(eq=lambda value: (type(value).__name__, value))
    """``True`` and ``1`` are two constants."""


@attrs.frozen
class Ref:
    """A model, enum or alias by the key of its component."""

    key: str


@attrs.frozen
class ListOf:
    item: Type


@attrs.frozen
class DictOf:
    value: Type


@attrs.frozen
class Union:
    options: tuple[Type, ...]


Type: TypeAlias = "Scalar | Const | Ref | ListOf | DictOf | Union"

JSON = Scalar("JSON")
NONE = Scalar("None")
STR = Scalar("str")


def union(*options: Type) -> Type:
    """A flat union without doubles; anything or nothing besides JSON is JSON."""
    flat: list[Type] = []
    for option in options:
        for part in option.options if isinstance(option, Union) else (option,):
            if part not in flat:
                flat.append(part)
    if JSON in flat:
        return JSON
    nullable = NONE in flat
    kept = [part for part in flat if part != NONE] + ([NONE] if nullable else [])
    return kept[0] if len(kept) == 1 else Union(tuple(kept))


def nullable(type_: Type) -> bool:
    return type_ in (NONE, JSON) or (isinstance(type_, Union) and NONE in type_.options)


def without_none(type_: Type) -> Type:
    if isinstance(type_, Union):
        return union(*(option for option in type_.options if option != NONE))
    return type_


def references(type_: Type) -> Iterator[str]:
    """The components a type names directly."""
    if isinstance(type_, Ref):
        yield type_.key
    elif isinstance(type_, Union):
        for option in type_.options:
            yield from references(option)
    elif isinstance(type_, ListOf):
        yield from references(type_.item)
    elif isinstance(type_, DictOf):
        yield from references(type_.value)


@attrs.frozen
class Field:
    wire: str
    name: str
    type: Type
    required: bool
    secret: bool = False
    client_default: str | None = None
    description: str = ""
    only: Literal["request", "response"] | None = None
    """Where it is, if not in both: ``readOnly`` is in answers, ``writeOnly`` in requests."""

    def is_in(self, mode: str) -> bool:
        return self.only in (None, mode)


MIXINS: Final = frozenset({"ConnectTokenLinks"})
"""Classes of the seam that an overlay may give a model: a schema's words never become code."""


@attrs.frozen
class Model:
    key: str
    class_name: str
    fields: tuple[Field, ...]
    description: str = ""
    mixin: str | None = None
    """A class of the seam with hand-written methods (``x-mixin``)."""
    is_open: bool = False
    """Whether objects have further properties (``additionalProperties``)."""

    def field(self, wire: str) -> Field | None:
        return next((field for field in self.fields if field.wire == wire), None)


@attrs.frozen
class Enum:
    key: str
    class_name: str
    values: tuple[Value, ...]
    description: str = ""

    @property
    def is_text(self) -> bool:
        return isinstance(self.values[0], str)


@attrs.frozen
class Alias:
    """A named type that is no class of its own: a union or a list."""

    key: str
    class_name: str
    type: Type
    description: str = ""


Component: TypeAlias = "Model | Enum | Alias"


@attrs.frozen
class Parameter:
    wire: str
    location: Location
    type: Type
    required: bool
    csv: bool = False
    blank: bool = False
    """Whether it may be sent empty."""
    bounds: tuple[float | None, float | None] = (None, None)
    """Least and greatest value."""
    style: str | None = None
    """Style code, where it is not written the usual way (typedpipes._core.rest.encoding)."""
    client_default: str | None = None
    description: str = ""


@attrs.frozen
class Body:
    media: str
    type: Type
    required: bool
    styles: dict[str, str] = attrs.field(factory=dict)
    """``"part name"`` -> content type, ``"field name"`` -> style code: of a form whose ``encoding`` says so."""


@attrs.frozen
class Page:
    """``x-paging`` with the item's type found."""

    style: Literal["cursor", "offset", "after", "page", "skip"]
    cursor: str
    limit: str | None
    items: str
    next: str
    more: str | None
    size: int | None
    max_size: int | None
    item: Type
    first: int | None = None
    total: str | None = None


@attrs.frozen
class Operation:
    id: str
    method: str
    path: str
    pointer: str
    resource: tuple[str, ...]
    verb: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    returns: Type
    safety: Literal["safe", "idempotent", "unsafe"]
    summary: str = ""
    credentials: tuple[str, ...] = ()
    server: str | None = None
    token_cost: int = 0
    buckets: tuple[str, ...] = ()
    paging: Page | None = None
    normalize: tuple[str, ...] = ()
    selector: bool = False
    omittable: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    """Fields of the body whose entries are sent beside the others."""
    times: dict[str, str] = attrs.field(factory=dict)
    """``Operation.times`` of the runtime."""
    deprecated: str | None = None
    accept: str | None = None
    """The media types of the answers, where they are not JSON alone."""

    @property
    def name(self) -> str:
        return ".".join((*self.resource, self.verb))


@attrs.frozen
class Api:
    """A whole document: components by key, operations in the order of the document."""

    components: dict[str, Component]
    operations: tuple[Operation, ...]
    request: frozenset[str] = frozenset()
    """Keys of components that requests carry."""
    response: frozenset[str] = frozenset()
    """Keys of components that answers carry."""
    notes: tuple[str, ...] = ()
    """Parts that became JSON because they are beyond the bounds, each with its place and the reason."""
