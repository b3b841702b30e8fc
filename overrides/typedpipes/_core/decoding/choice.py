"""Which class of a union an object is of."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any, Literal, TypeAlias, get_args, get_origin

from typedpipes._core.decoding.builders import fields_of
from typedpipes._core.decoding.model import Model


def chooser(models: list[type[Model]]) -> Callable[[dict[str, Any]], type[Model] | None]:
    """Pick the class of an object: by a key that tells the classes apart, else by required and known keys."""
    if len(models) == 1:
        only = models[0]
        return lambda data: only
    by_shape = _shape_chooser(models)
    fields = {model: {name: (hint, needed) for name, hint, needed in fields_of(model)} for model in models}
    for key in fields[models[0]]:
        found = [(model, *fields[model][key]) for model in models if key in fields[model]]
        table = {value: model for model, hint, _ in found for value in _literals(hint)}
        if len(set(table.values())) == len(models):
            optional = not all(needed for _, _, needed in found)
            return lambda data: _by_tag(data, key, table, by_shape if optional else None)
    return by_shape


Choose: TypeAlias = Callable[[dict[str, Any]], type[Model] | None]


def _by_tag(
    data: dict[str, Any], key: str, table: dict[object, type[Model]], otherwise: Choose | None
) -> type[Model] | None:
    """The class of the object's tag; None for a tag nobody knows. Without a tag, where it may lack, by its shape."""
    tag = data.get(key)
    if tag is None and otherwise is not None:
        return otherwise(data)
    return None if tag.__class__ in (list, dict) else table.get(tag)


def _literals(hint: Any) -> tuple[Any, ...]:
    """The values of ``Literal[...]``, or of ``Literal[...] | None``; none for any other type."""
    options = [hint] if get_origin(hint) is Literal else [one for one in get_args(hint) if one is not NoneType]
    if get_origin(hint) in (list, dict) or not options or any(get_origin(one) is not Literal for one in options):
        return ()
    return tuple(value for one in options for value in get_args(one))


def _shape_chooser(models: list[type[Model]]) -> Choose:
    """The class whose required and known keys fit best, of those whose fixed values the object does not contradict."""
    shapes = [(model, fields_of(model)) for model in models]
    required = [(m, {n for n, _, needed in f if needed}, {n for n, _, _ in f}) for m, f in shapes]
    fixed = {m: [(n, values) for n, h, _ in f if (values := _literals(h))] for m, f in shapes}

    def choose(data: dict[str, Any]) -> type[Model] | None:
        keys = data.keys()
        best: tuple[int, int] | None = None
        chosen: type[Model] | None = None
        for model, needed, known in required:
            if any(data.get(name) is not None and data[name] not in values for name, values in fixed[model]):
                continue
            score = (-len(needed - keys), len(known & keys) + len(needed))
            if best is None or score > best:
                best, chosen = score, model
        return chosen

    return choose


def fitting(choose: Callable[[dict[str, Any]], type[Model] | None]) -> Callable[[dict[str, Any]], type[Model] | None]:
    """The same choice, but only of a class whose required keys are all there, and that knows one of the keys."""

    def fitting(data: dict[str, Any]) -> type[Model] | None:
        model = choose(data)
        if model is None:
            return None
        fields = fields_of(model)
        needed = {name for name, _, required in fields if required}
        fits = needed <= data.keys() and any(name in data for name, _, _ in fields)
        return model if fits else None

    return fitting
