"""What generated pydantic classes derive from: results of GraphQL operations, and their inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.fields import FieldInfo

from typedpipes.errors import ResponseMismatch
from typedpipes.graphql import encode
from typedpipes.model import JSON

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


def _note(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    if isinstance(info.context, Departures):
        info.context.found = True
    return value


class ResultModel(BaseModel):
    """Base of generated result classes.

    Properties nobody asked for are kept in ``model_extra``. A required field that the answer lacked raises
    `ResponseMismatch` when it is read; `typedpipes.graphql_decode` builds such objects.
    """

    model_config = ConfigDict(
        extra="allow", strict=True, populate_by_name=True, protected_namespaces=(), defer_build=True
    )

    __pydantic_extra__: dict[str, Annotated[Any, WrapValidator(_note)]]

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

    model_config = ConfigDict(
        extra="forbid", strict=True, populate_by_name=True, protected_namespaces=(), defer_build=True
    )

    def to_wire(self) -> dict[str, JSON]:
        """The JSON object to send: wire names, only the fields that were given."""
        fields = type(self).model_fields
        given = self.model_fields_set
        return {wire_name(name, field): encode(getattr(self, name)) for name, field in fields.items() if name in given}


__all__ = ["ABSENT", "Absent", "Departures", "InputModel", "JsonValue", "ResultModel", "wire_name"]
