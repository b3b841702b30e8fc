"""Which class of a union an object is of."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any, Literal, TypeAlias, get_args, get_origin

from typedpipes._core.decoding.builders import fields_of
from typedpipes._core.decoding.model import Model

Choose: TypeAlias = Callable[[dict[str, Any]], list[type[Model]]]
"""The classes an object may be of by its keys, the likeliest first; none if it is of no class."""


def chooser(models: list[type[Model]]) -> Choose:
    """Pick the class of an object: by a key that tells the classes apart, else by required and known keys.

    Of several classes that know as many of the keys, only the values tell which one it is: all of them are picked.
    """
    if len(models) == 1:
        return lambda data: models
    by_shape = _shape_chooser(models)
    fields = {model: {name: (hint, needed) for name, hint, needed in fields_of(model)} for model in models}
    for key in fields[models[0]]:
        found = [(model, *fields[model][key]) for model in models if key in fields[model]]
        table = {value: model for model, hint, _ in found for value in _literals(hint)}
        if len(set(table.values())) == len(models):
            optional = not all(needed for _, _, needed in found)
            return lambda data: _by_tag(data, key, table, by_shape if optional else None)
    return by_shape


def _by_tag(
    data: dict[str, Any], key: str, table: dict[object, type[Model]], otherwise: Choose | None
) -> list[type[Model]]:
    """The class of the object's tag; none for a tag nobody knows. Without a tag, where it may lack, by its shape."""
    tag = data.get(key)
    if tag is None and otherwise is not None:
        return otherwise(data)
    return [table[tag]] if tag.__class__ not in (list, dict) and tag in table else []


def _literals(hint: Any) -> tuple[Any, ...]:
    """The values of ``Literal[...]``, or of ``Literal[...] | None``; none for any other type."""
    options = [hint] if get_origin(hint) is Literal else [one for one in get_args(hint) if one is not NoneType]
    if get_origin(hint) in (list, dict) or not options or any(get_origin(one) is not Literal for one in options):
        return ()
    return tuple(value for one in options for value in get_args(one))


def _shape_chooser(models: list[type[Model]]) -> Choose:
    """The classes whose required and known keys fit best, of those whose fixed values the object does not deny."""
    shapes = [(model, fields_of(model)) for model in models]
    required = [(m, {n for n, _, needed in f if needed}, {n for n, _, _ in f}) for m, f in shapes]
    fixed = {m: [(n, values) for n, h, _ in f if (values := _literals(h))] for m, f in shapes}

    def choose(data: dict[str, Any]) -> list[type[Model]]:
        keys = data.keys()
        scored = [
            (len(needed - keys), -len(known & keys) - len(needed), len(known & keys), model)
            for model, needed, known in required
            if not any(data.get(name) is not None and data[name] not in values for name, values in fixed[model])
        ]
        if not scored:
            return []
        lacks, _, knows, best = min(scored, key=lambda score: score[:2])
        return [best, *(one[3] for one in scored if one[0] == lacks and one[2] >= knows and one[3] is not best)]

    return choose


def fitting(choose: Choose) -> Choose:
    """The same choice, but only of classes whose required keys are all there, and that know one of the keys."""

    def fits(model: type[Model], data: dict[str, Any]) -> bool:
        fields = fields_of(model)
        needed = {name for name, _, required in fields if required}
        return needed <= data.keys() and any(name in data for name, _, _ in fields)

    return lambda data: [model for model in choose(data) if fits(model, data)]
