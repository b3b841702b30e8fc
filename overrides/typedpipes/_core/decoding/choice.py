"""Which class of a union an object is of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

from typedpipes._core.decoding.builders import fields_of
from typedpipes._core.decoding.model import Model


def chooser(models: list[type[Model]]) -> Callable[[dict[str, Any]], type[Model] | None]:
    """Pick the class of an object: by a key that tells the classes apart, else by required and known keys."""
    if len(models) == 1:
        only = models[0]
        return lambda data: only
    shapes = [(model, fields_of(model)) for model in models]
    for key in [name for name, _, _ in shapes[0][1]]:
        table: dict[object, type[Model]] = {}
        for model, fields in shapes:
            for name, hint, _ in fields:
                if name == key and get_origin(hint) is Literal:
                    table.update(dict.fromkeys(get_args(hint), model))
        if len(set(table.values())) == len(models):
            return lambda data: table.get(data.get(key)) if data.get(key).__class__ is not list else None
    required = [(m, {n for n, _, needed in f if needed}, {n for n, _, _ in f}) for m, f in shapes]
    literals = [(m, [(n, get_args(h)) for n, h, _ in f if get_origin(h) is Literal]) for m, f in shapes]
    fixed = dict(literals)

    def choose(data: dict[str, Any]) -> type[Model] | None:
        keys = data.keys()
        best: tuple[int, int] | None = None
        chosen: type[Model] | None = None
        for model, needed, known in required:
            if any(name in data and data[name] not in values for name, values in fixed[model]):
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
