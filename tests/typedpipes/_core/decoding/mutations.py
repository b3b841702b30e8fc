"""One departure at a time: for any generated model, a fitting instance and every way to spoil one of its fields."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ForwardRef, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from typedpipes._core.decoding.model import JSON, Model, OpenEnum, OpenModel
from typedpipes._core.graphql.results import ResultModel, wire_name

GENERATED = Path(__file__).parents[4] / "generated" / "typedpipes_api"
SAMPLES: tuple[JSON, ...] = ({"planted": 1}, ["planted"], "planted", 5, 1.5, True)


class Field(NamedTuple):
    """A field as the wire and the annotation see it."""

    wire: str
    hint: Any
    required: bool


class Case(NamedTuple):
    """A spoiled instance: what was done, where, and what must be said about it (None: it still fits)."""

    kind: str
    wire: str
    data: dict[str, Any]
    expected_path: str | None


def fields_of(model: type) -> list[Field]:
    """The fields of a REST or GraphQL model."""
    if issubclass(model, Model):
        scope = vars(sys.modules[model.__module__])
        return [
            Field(model._wire_.get(name, name), eval(model._hints_[name], scope), name not in model._defaults_)
            for name in model._fields_
        ]
    assert issubclass(model, BaseModel)
    model.model_rebuild()
    return [
        Field(wire_name(name, field), field.annotation, field.is_required())
        for name, field in model.model_fields.items()
    ]


def accepts(hint: Any) -> set[type]:
    """The JSON classes a hint takes without complaint about the class; ``object`` for any."""
    origin = get_origin(hint)
    if hint is None or hint is type(None):
        return {type(None)}
    if origin in (Union, types.UnionType):
        if any(isinstance(option, ForwardRef) for option in get_args(hint)):  # JSON, which holds itself
            return {object}
        return set().union(*(accepts(option) for option in get_args(hint)))
    if origin is Literal:
        return {type(value) for value in get_args(hint)}
    if origin in (list, dict):
        return {origin}
    if origin is Annotated:
        return accepts(get_args(hint)[0])
    if isinstance(hint, type):
        if issubclass(hint, (Model, ResultModel)):
            return {dict}
        if issubclass(hint, (OpenEnum, date)):
            return {str}
        if hint is float:
            return {float, int}
        if hint in (str, int, bool, dict, list):
            return {hint}
    return {object}


def options(hint: Any) -> list[Any]:
    """The alternatives of a union, or the hint itself."""
    return list(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else [hint]


def instance(hint: Any, depth: int = 0) -> Any:
    """A fitting value, as small as it can be below the top level."""
    if object in accepts(hint):
        return "free"
    origin = get_origin(hint)
    if origin is Annotated:
        return instance(get_args(hint)[0], depth)
    if origin in (Union, types.UnionType):
        choices = [option for option in get_args(hint) if option is not type(None)]
        if type(None) in get_args(hint) and depth > 2:
            return None
        return instance(choices[0], depth)
    if origin is Literal:
        return get_args(hint)[0]
    if origin is list:
        return [] if depth > 2 else [instance(get_args(hint)[0], depth + 1)]
    if origin is dict:
        return {} if depth > 2 else {"key": instance(get_args(hint)[1], depth + 1)}
    if isinstance(hint, type):
        if issubclass(hint, OpenEnum):
            return str(hint.members()[0]) if hint.members() else "x"
        if issubclass(hint, (Model, ResultModel)):
            return object_of(hint, depth + 1)
    return {
        datetime: "2026-11-30T10:00:00Z",
        date: "2026-11-30",
        str: "text",
        int: 3,
        float: 2.5,
        bool: True,
        type(None): None,
    }.get(hint, "free")


def object_of(model: type, depth: int = 0) -> dict[str, Any]:
    """A fitting object: every field at the top, only the required ones below."""
    return {field.wire: instance(field.hint, depth) for field in fields_of(model) if field.required or depth == 0}


def cases(model: type) -> Iterator[Case]:
    """Every single departure of every field."""
    whole = object_of(model)
    for wire, hint, required in fields_of(model):
        taken = accepts(hint)
        if type(None) not in taken and object not in taken:
            yield Case("null", wire, {**whole, wire: None}, f"$.{wire}")
        wrong = next((value for value in SAMPLES if type(value) not in taken), None)
        if wrong is not None and object not in taken:
            yield Case("wrong type", wire, {**whole, wire: wrong}, f"$.{wire}")
        if any(isinstance(option, type) and issubclass(option, OpenEnum) for option in options(hint)):
            yield Case("unknown enum", wire, {**whole, wire: "planted_value"}, f"$.{wire}")
        if any(option in (date, datetime) for option in options(hint)):
            yield Case("no date", wire, {**whole, wire: "0000-00-00"}, f"$.{wire}")
        if required:
            yield Case("absent", wire, {key: value for key, value in whole.items() if key != wire}, f"$.{wire}")
    if not issubclass(model, OpenModel):  # their schema allows further properties
        yield Case("extra", "planted_key", {**whole, "planted_key": [1]}, "$.planted_key")


def rest_models(package: str) -> list[type[Model]]:
    """Every model class of a REST package, once."""
    found: dict[str, type[Model]] = {}
    for path in sorted((GENERATED / package).glob("*.py")):
        module = importlib.import_module(f"typedpipes_api.{package}.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Model) and value not in (Model, OpenModel):
                found[value.__qualname__] = value
    return list(found.values())


def is_response(model: type[Model]) -> bool:
    """Whether answers are built from the class: request models have UNSET defaults."""
    return all(default is None for default in model._defaults_.values())


def graphql_models(package: str) -> list[type[ResultModel]]:
    """Every result class of a GraphQL package, once."""
    found: dict[str, type[ResultModel]] = {}
    for folder in ("models", "operations"):
        for path in sorted((GENERATED / package / folder).glob("*.py")):
            module = importlib.import_module(f"typedpipes_api.{package}.{folder}.{path.stem}")
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, ResultModel) and value is not ResultModel:
                    found[f"{value.__module__}.{value.__qualname__}"] = value
    return list(found.values())
