"""Checks the values of arguments by the types in the schema, as a type checker would: before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql import check_input
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.graphql.results import InputModel
    from typedpipes._core.graphql.select.fields import SelectionSchema

_INT: Final = 2**31


def _is_number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_LEAVES: Final[dict[str, tuple[str, Callable[[JSON], bool]]]] = {
    "ID": ("a text or a whole number", lambda value: isinstance(value, (str, int)) and not isinstance(value, bool)),
    "String": ("a text", lambda value: isinstance(value, str)),
    "Int": ("a whole number of 32 bits", lambda value: type(value) is int and -_INT <= value < _INT),
    "Float": ("a number", _is_number),
    "Boolean": ("True or False", lambda value: isinstance(value, bool)),
}


def check_value(schema: SelectionSchema, type_: str, value: JSON, where: str, setting: str) -> None:
    """Raise `ConfigurationError` if the wire form of an argument is none of ``type_``, as the schema notes it.

    A single value where a list is wanted is a list of one; enums may have values that the schema does not know yet.
    """
    if value is None:
        if type_.endswith("!"):
            raise ConfigurationError(f"{where} cannot be None; its type is {type_}", setting=setting)
        return
    present = type_.removesuffix("!")
    if present.startswith("["):
        for index, item in enumerate(value) if isinstance(value, list) else [(0, value)]:
            check_value(schema, present[1:-1], item, f"{where}[{index}]", setting)
        return
    leaf = _LEAVES.get("String" if present in schema.text or present in schema.enums else present)
    if leaf is None:
        model = _input_model(schema, present)
        if model is not None and not isinstance(value, dict):
            raise ConfigurationError(f"{where} is a {present}: a model or a mapping", setting=setting)
        if model is not None and isinstance(value, dict):
            check_input(model, value, where)
    elif not leaf[1](value):
        raise ConfigurationError(f"{where} is {leaf[0]}, not {str(value)[:20]!r}", setting=setting)


def _input_model(schema: SelectionSchema, name: str) -> type[InputModel] | None:
    """The generated class of an input type; None for what is none: a scalar of the schema's own."""
    inputs = import_module(".inputs", schema.module.rpartition(".")[0])
    class_name = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    found: type[InputModel] | None = getattr(inputs, class_name, None)
    return found
