"""What generated pydantic classes derive from, results of GraphQL operations and their inputs; and how answers become
them.
"""

# No deferred annotations here: before 2.13, pydantic evaluates a written-out `__pydantic_extra__` with the names of the
# module of each subclass, and those modules are generated or the user's.
import types
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.decoding.model import JSON, OpenEnum, to_wire
from typedpipes.errors import ResponseMismatch

if TYPE_CHECKING:
    JsonValue = JSON
else:
    # A JSON scalar is kept as received: there is nothing pydantic could check.
    JsonValue = Any

ABSENT: Final = "typedpipes.absent"
"""Key of `Absent` in an object's private storage, where pydantic keeps what is no field."""


class Absent(NamedTuple):
    """Where an object that lacks required fields was decoded from."""

    operation: str
    path: str


def wire_name(name: str, field: FieldInfo) -> str:
    """The name a field has on the wire."""
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name


class Departures:
    """Passed through pydantic as context; notes that something the schema does not know was accepted."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found = False


def _stop_early(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """The schema, whose lists stop at their first misfit: the errors of all items take a thousand times their bytes.

    What does not fit is looked at again item by item.
    """
    schema = handler(source)
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if part.get("type") == "list":
                part["fail_fast"] = True
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
    return schema


def _note(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    if isinstance(info.context, Departures):
        info.context.found = True
    return value


class ResultModel(BaseModel):
    """Base of generated result classes.

    Properties nobody asked for are kept in ``model_extra``. A required field that the answer lacked raises
    `ResponseMismatch` when it is read; `typedpipes._core.graphql.results` builds such objects.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow", strict=True, populate_by_name=True, protected_namespaces=(), defer_build=True
    )

    __pydantic_extra__: dict[str, Annotated[Any, WrapValidator(_note)]]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """See `_stop_early`."""
        return _stop_early(source, handler)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            field = type(self).model_fields.get(name)
            if field is None or not field.is_required():
                return super().__getattr__(name)
            absent = (object.__getattribute__(self, "__pydantic_private__") or {}).get(ABSENT) or Absent("", "$")
            path = f"{absent.path}.{wire_name(name, field)}"
            where = f" ({absent.operation})" if absent.operation else ""
            raise ResponseMismatch(
                f"{path}: the answer lacks this required field of {type(self).__name__}{where}",
                operation=absent.operation or None,
                path=path,
            )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Declared fields that are there and not secret: unknown properties may hold anything."""
        for name, field in type(self).model_fields.items():
            if name in self.__dict__ and field.repr:
                yield name, self.__dict__[name]


class InputModel(BaseModel):
    """Base of generated input classes. What is not given is not sent; an explicit None is sent as null."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, populate_by_name=True, protected_namespaces=(), defer_build=True
    )

    def to_wire(self) -> dict[str, JSON]:
        """The JSON object to send: wire names, only the fields that were given."""
        fields = type(self).model_fields
        given = self.model_fields_set
        return {wire_name(name, field): to_wire(getattr(self, name)) for name, field in fields.items() if name in given}


R = TypeVar("R", bound=ResultModel)

_WORDS = {str: "a string", int: "an integer", float: "a number", bool: "a boolean", types.NoneType: "null"}


def decode_result(model: type[R], data: object, decoding: Decoding) -> R:
    """Build ``model`` from ``data``; see `typedpipes._core.graphql.GraphQLOperation.decode`."""
    departures = Departures()
    try:
        result = model.model_validate(data, context=departures)
    except ValidationError:
        if not isinstance(data, Mapping):
            decoding.mismatch(Node(None, None), None, "an object", data)
            data = {}
        return cast("R", _object(model, data, decoding, Node(None, None)))
    if departures.found:
        _unknown(result, decoding, Node(None, None))
    return result


def decode_body(model: type[R], body: bytes, decoding: Decoding) -> R | None:
    """Build ``model`` from the bytes of a whole answer in one pass, the fast way.

    None if the answer has to be looked at piece by piece: it is no JSON, carries errors or no data, or has a misfit.
    """
    departures = Departures()
    try:
        answer: _Answer[R] = _envelope(model).model_validate_json(body, context=departures)
    except ValidationError:
        return None
    if departures.found:
        _unknown(answer.data, decoding, Node(None, None))
    return answer.data


class _Answer(BaseModel, Generic[R]):
    """A GraphQL answer without errors."""

    model_config: ClassVar[ConfigDict] = ConfigDict(defer_build=True)

    data: R
    errors: None = None


@lru_cache(maxsize=1024)
def _envelope(model: type[ResultModel]) -> Any:
    return _Answer[model]  # type: ignore[valid-type]  # a class made at run time


def _object(model: type[ResultModel], data: Mapping[str, object], decoding: Decoding, node: Node) -> ResultModel:
    """An instance with every field that fits, misfits as received, and nothing for what is missing."""
    values: dict[str, object] = {}
    absent = False
    rest = dict(data)
    given: set[str] = set()
    for name, field in model.model_fields.items():
        wire = wire_name(name, field)
        if wire in rest:
            values[name] = _value(_annotation(field), rest.pop(wire), decoding, Node(node, wire))
            given.add(name)
        elif field.is_required():
            absent = True
            decoding.drift(node, wire, "a required value", "nothing")
        else:
            values[name] = field.get_default(call_default_factory=True, validated_data={})
    for key in rest:
        decoding.drift(node, key, "no such property", "an unknown property")
    made = model.__new__(model)
    object.__setattr__(made, "__dict__", values)
    object.__setattr__(made, "__pydantic_fields_set__", given | rest.keys())
    object.__setattr__(made, "__pydantic_extra__", rest)
    private = {ABSENT: Absent(decoding.operation, node.exact())} if absent else None
    object.__setattr__(made, "__pydantic_private__", private)
    return made


def _value(annotation: Any, value: object, decoding: Decoding, node: Node) -> object:
    """``value`` as ``annotation`` says, as far as it fits."""
    departures = Departures()
    try:
        made = _adapter(annotation).validate_python(value, strict=True, context=departures)
    except ValidationError:
        pass
    else:
        if departures.found:
            _unknown(made, decoding, node)
        return made
    options = _options(annotation)
    if isinstance(value, list):
        for option in options:
            if get_origin(option) is list:
                (item_type,) = get_args(option)
                items = Node(node, None)
                made_items = []
                for index, item in enumerate(value):
                    items.index = index
                    made_items.append(_value(item_type, item, decoding, _fixed(items)))
                return made_items
    if isinstance(value, Mapping):
        model = _model_for(options, value)
        if model is not None:
            return _object(model, value, decoding, node)
    decoding.mismatch(node, None, " or ".join(_words(option) for option in options), value)
    return value


def _fixed(items: Node) -> Node:
    """The position of one item: objects remember it, so it must not move along with the list."""
    node = Node(items.parent, None)
    node.index = items.index
    return node


def _options(annotation: Any) -> list[Any]:
    """The members of a union, nested ones included; the annotation itself if it is none."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _options(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return [option for part in get_args(annotation) for option in _options(part)]
    return [annotation]


def _model_for(options: Sequence[Any], value: Mapping[str, object]) -> type[ResultModel] | None:
    """The class an object belongs to: by ``__typename`` where there are several."""
    models = [option for option in options if isinstance(option, type) and issubclass(option, ResultModel)]
    if len(models) == 1:
        return models[0]
    for model in models:
        field = model.model_fields.get("typename__")
        if field is not None and value.get("__typename") in get_args(field.annotation):
            return model
    return None


def _words(annotation: Any) -> str:
    if get_origin(annotation) is list:
        return "an array"
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(map(str, get_args(annotation)))
    if isinstance(annotation, type):
        if issubclass(annotation, ResultModel):
            return f"an object ({annotation.__name__})"
        if issubclass(annotation, OpenEnum):
            return "a string"
    return _WORDS.get(annotation, str(annotation))


def _annotation(field: FieldInfo) -> Any:
    """A field's annotation with the discriminator pydantic took out of it."""
    if field.discriminator is None:
        return field.annotation
    discriminated = FieldInfo(annotation=field.annotation, discriminator=field.discriminator)
    return Annotated[field.annotation, discriminated]


class _Key:
    """Makes any annotation a cache key: by what it prints as and the classes in it."""

    __slots__ = ("annotation", "text")

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation
        self.text = (repr(annotation), tuple(map(id, _options(annotation))))

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.text == self.text


@lru_cache(maxsize=1024)
def _adapter_by_key(key: _Key) -> TypeAdapter[Any]:
    annotation: Any = Annotated[key.annotation, GetPydanticSchema(_stop_early)]
    return TypeAdapter(annotation)


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return _adapter_by_key(_Key(annotation))


def _unknown(value: object, decoding: Decoding, node: Node) -> None:
    """Report every unknown enum value and property below ``value``."""
    if isinstance(value, ResultModel):
        for key in value.__pydantic_extra__ or ():
            decoding.drift(node, key, "no such property", "an unknown property")
        for name, field in type(value).model_fields.items():
            if name in value.__dict__:
                _unknown(value.__dict__[name], decoding, Node(node, wire_name(name, field)))
    elif isinstance(value, list):
        items = Node(node, None)
        for index, item in enumerate(value):
            items.index = index
            _unknown(item, decoding, items)
    elif isinstance(value, OpenEnum) and not value.is_known:
        decoding.drift(node, None, f"one of {', '.join(type(value).members())}", "an unknown value")


__all__ = [
    "ABSENT",
    "Absent",
    "Departures",
    "InputModel",
    "JsonValue",
    "ResultModel",
    "decode_body",
    "decode_result",
    "wire_name",
]
