"""Builders: for each type an answer may hold, a function from JSON to it, compiled on first use.

The builder of a class is straight-line code made from its fields: look the key up, check the class of the value, store
it. Anything else goes to a converter, which reports drift and keeps the value.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from types import NoneType
from typing import Any, Final, ForwardRef, Literal, TypeAlias, Union, cast, get_args, get_origin

from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.decoding.dates import read_date, read_time
from typedpipes._core.decoding.model import JSON, Model, OpenEnum, fresh, wire_names
from typedpipes.errors import ResponseMismatch

Convert: TypeAlias = Callable[[Any, Decoding, Node], Any]

_MISSING: Final = object()
_HASH_KEY: Final = re.compile(r"[0-9a-f]{40}(_[a-z0-9_]+)?\Z")
_SCALARS: Final[dict[type, str]] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    type(None): "null",
}
TIMES: Final[dict[object, Callable[[str], date | None]]] = {datetime: read_time, date: read_date}
"""How the text of a date or time is read, by the class that a field declares."""
_TIME_WORDS: Final[dict[object, str]] = {datetime: "a date and time", date: "a date"}


class Plan:
    """How values of one type are built.

    ``kinds`` are the JSON classes it accepts without conversion; ``entries`` those of a list it accepts as it is.
    """

    __slots__ = ("convert", "entries", "kinds", "model", "words")

    def __init__(
        self,
        convert: Convert,
        words: str,
        *,
        kinds: tuple[type, ...] = (),
        entries: frozenset[type] = frozenset(),
        model: type[Model] | None = None,
    ) -> None:
        self.convert = convert
        self.entries = entries
        self.words = words
        self.kinds = kinds
        self.model = model


_plans: dict[object, Plan] = {}


def plan_for(hint: Any) -> Plan:
    """The plan for a resolved type hint."""
    try:
        return _plans[hint]
    except KeyError:
        plan = _plans[hint] = _make(hint)
        return plan
    except TypeError:  # unhashable hint
        return _make(hint)


def _make(hint: Any) -> Plan:
    if hint is None:
        hint = type(None)
    if isinstance(hint, type) and not get_origin(hint):
        if issubclass(hint, Model):
            return _model_plan(hint)
        if issubclass(hint, OpenEnum):
            return _enum_plan(hint)
        if hint in _SCALARS:
            return _scalar_plan(hint)
        if hint in TIMES:
            return _time_plan(hint)
    origin = get_origin(hint)
    if origin is list:
        return _list_plan(get_args(hint)[0])
    if origin is dict:
        return _dict_plan(get_args(hint)[1])
    if origin is Literal:
        return _literal_plan(get_args(hint))
    if origin in (Union, types.UnionType) and not is_json(hint):
        return _union_plan(get_args(hint))
    return Plan(_keep, "any value", kinds=(object,))


_JSON_LIST: Final = get_args(JSON)[-2]


def is_json(hint: Any) -> bool:
    """Whether a hint is `JSON`, or `JSON` with None or more beside."""
    return hint is JSON or _JSON_LIST in get_args(hint)


def _keep(value: Any, decoding: Decoding, node: Node) -> Any:
    return value


def _scalar_plan(kind: type) -> Plan:
    kinds = (float, int) if kind is float else (kind,)
    words = _SCALARS[kind]

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ not in kinds:
            decoding.mismatch(node, None, words, value)
        return value

    return Plan(convert, words, kinds=kinds)


def _time_plan(kind: type) -> Plan:
    read, words = TIMES[kind], _TIME_WORDS[kind]

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is not str:
            decoding.mismatch(node, None, words, value)
            return value
        made = read(value)
        if made is None:
            decoding.drift(node, None, words, "another text")
            return value
        return made

    return Plan(convert, words)


def _literal_plan(values: tuple[Any, ...]) -> Plan:
    allowed = {(value.__class__, value) for value in values}
    words = "one of " + ", ".join(map(repr, values))

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ in (dict, list) or (value.__class__, value) not in allowed:
            decoding.drift(node, None, words, "another value")
        return value

    return Plan(convert, words)


def _enum_plan(enum: type[OpenEnum]) -> Plan:
    members = enum._members_
    words = f"a known {enum.__name__}"

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is not str:
            decoding.mismatch(node, None, words, value)
            return value
        known = members.get(value)
        if known is not None:
            return known
        decoding.drift(node, None, words, "an unknown value")
        return str.__new__(enum, value)

    return Plan(convert, words)


def _list_plan(item_hint: Any) -> Plan:
    item = plan_for(item_hint)
    kinds = item.kinds

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is not list:
            decoding.mismatch(node, None, "an array", value)
            return [] if value is None and node.parent is None else value  # a null answer lists nothing
        if not value:
            return []
        items = node.below(None)
        items.index = 0
        build = item.convert
        built = [build(value[0], decoding, items)]
        looking, decoding.looking = decoding.looking, decoding.strict
        built += [build(entry, decoding, items) for items.index, entry in enumerate(value[1:], 1)]
        decoding.looking = looking
        return built

    fitting = frozenset(kinds)

    def scalars(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is list and fitting.issuperset(map(type, value)):
            return value
        return convert(value, decoding, node)

    if object in kinds:
        return Plan(_scalar_like(list, "an array"), "an array", kinds=(list,))
    return Plan(scalars if kinds else convert, "an array", entries=fitting)


def _dict_plan(value_hint: Any) -> Plan:
    item = plan_for(value_hint)
    if object in item.kinds:
        return Plan(_scalar_like(dict, "an object"), "an object", kinds=(dict,))

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is not dict:
            decoding.mismatch(node, None, "an object", value)
            return value
        items = node.below(None)
        build = item.convert
        result = {}
        looking = decoding.looking
        for items.index, entry in value.items():
            result[items.index] = build(entry, decoding, items)
            decoding.looking = decoding.strict
        decoding.looking = looking
        return result

    return Plan(convert, "an object")


def _scalar_like(kind: type, words: str) -> Convert:
    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is not kind:
            decoding.mismatch(node, None, words, value)
        return value

    return convert


def _union_plan(options: tuple[Any, ...]) -> Plan:
    plans = [plan_for(option) for option in options]
    words = " or ".join(dict.fromkeys(plan.words for plan in plans))
    kinds = tuple(dict.fromkeys(kind for plan in plans for kind in plan.kinds))
    models = [plan.model for plan in plans if plan.model is not None]
    others = [(hint, plan) for hint, plan in zip(options, plans, strict=True) if plan.model is None and not plan.kinds]
    choose = _choice(models, or_map=any(get_origin(option) is dict for option in options))
    if len(others) == 1 and choose is None and kinds == (type(None),):
        convert_one = others[0][1].convert

        def optional(value: Any, decoding: Decoding, node: Node) -> Any:
            return None if value is None else convert_one(value, decoding, node)

        return Plan(optional, words, entries=others[0][1].entries)

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        kind = value.__class__
        if kind is dict and choose is not None:
            chosen = [plan_for(model) for model in choose(value)]
            if chosen:
                plan = chosen[0] if len(chosen) == 1 else _first_that_fits(chosen, value, decoding, node)
                return plan.convert(value, decoding, node)
        if kind in kinds or object in kinds:
            return value
        accepting = [plan for hint, plan in others if _accepts(hint, kind)]
        if accepting:
            plan = accepting[0] if len(accepting) == 1 else _first_that_fits(accepting, value, decoding, node)
            return plan.convert(value, decoding, node)
        decoding.mismatch(node, None, words, value)
        return value

    only_scalars = choose is None and not others
    return Plan(convert, words, kinds=kinds if only_scalars else ())


def _choice(models: list[type[Model]], *, or_map: bool) -> Callable[[dict[str, Any]], list[type[Model]]] | None:
    if len(models) == 1 and not or_map:
        return lambda data: models
    if not models:
        return None
    choose = chooser(models)
    return fitting(choose) if or_map else choose


def _first_that_fits(plans: list[Plan], value: Any, decoding: Decoding, node: Node) -> Plan:
    """Of several objects, lists or maps, the first that fits as a whole; if none does, the first."""
    for plan in plans:
        try:
            plan.convert(value, Decoding(decoding.operation, strict=True, omitted=decoding.omitted), node)
        except ResponseMismatch:
            continue
        return plan
    return plans[0]


def _accepts(hint: Any, kind: type) -> bool:
    origin = get_origin(hint)
    if origin is Literal:
        return any(value.__class__ is kind for value in get_args(hint))
    if origin in (list, dict):
        return origin is kind
    return kind is str and isinstance(hint, type) and (issubclass(hint, OpenEnum) or hint in TIMES)


def fields_of(model: type[Model]) -> list[tuple[str, Any, bool]]:
    """(wire name, resolved hint, required) of each field. Raises TypeError for a name that its module lacks."""
    result = []
    for name, written in model._hints_.items():
        module = model._modules_.get(name, model.__module__)
        try:
            hint = _resolved(written, vars(sys.modules[module]))
        except NameError as error:
            raise TypeError(f"{model.__name__}.{name}: {error} in {module} at run time; define it there") from None
        result.append((model._wire_.get(name, name), hint, name not in model._defaults_))
    return result


def _resolved(hint: Any, names: dict[str, Any]) -> Any:
    """An annotation with the names in it, which may stand in quotes, replaced by what they mean in its module."""
    if isinstance(hint, ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        return _resolved(eval(hint, names), names)  # annotations of generated or the caller's own code, not data
    origin = get_origin(hint)
    if origin not in (list, dict, Union, types.UnionType) or is_json(hint):
        return hint
    written = get_args(hint)
    inner = tuple(_resolved(one, names) for one in written)
    if inner == written:
        return hint
    return Union[inner] if origin in (Union, types.UnionType) else types.GenericAlias(origin, inner)  # noqa: UP007


def _model_plan(model: type[Model]) -> Plan:
    plan = _plans[model] = Plan(_keep, f"a {model.__name__} object", model=model)

    def first(value: Any, decoding: Decoding, node: Node) -> Any:
        if plan.convert is first:  # a list or a union that met it before may still hold it
            plan.convert = compile_builder(model)
        return plan.convert(value, decoding, node)

    plan.convert = first
    return plan


def compile_builder(model: type[Model], ready: str | None = None) -> Convert:
    """Write and compile the straight-line builder of one class; the property ``ready`` is built already."""
    names = model._fields_
    fields = fields_of(model)
    scope: dict[str, Any] = {
        "M": _MISSING,
        "Node": Node,
        "model": model,
        "new": object.__new__,
        "odd": _not_an_object,
        "absent": _absent,
        "surplus": tell_surplus,
        "known": wire_names(model),
    }
    body = [
        "def build(d, c, n):",
        " if d.__class__ is not dict: return odd(d, c, n, model)",
        " o = new(model)",
        " o._data = d",
        " g = d.get",
    ]
    for index, (name, (wire, hint, required)) in enumerate(zip(names, fields, strict=True)):
        scope[f"k{index}"] = wire
        if wire == ready:
            body.append(f" o.{name} = g(k{index})")
            continue
        plan = plan_for(hint)
        enum = enum_of(hint)
        scope[f"f{index}"] = converter_at(wire, hint) if enum is None else enum_at(wire, plan, enum)
        scope[f"e{index}"] = plan.entries.issuperset
        store = f"o.{name} = v if {_test(plan, index)} else f{index}(v, c, n)"
        if enum is not None:
            scope[f"m{index}"] = enum._members_
            store = f"o.{name} = (m{index}.get(v) if v.__class__ is str else None) or f{index}(v, c, n)"
        if model._defaults_.get(name) is not None:
            scope[f"d{index}"] = partial(fresh, model._defaults_[name])
            body += [f" v = g(k{index}, M)", f" if v is M: o.{name} = d{index}()", f" else: {store}"]
        elif required:
            body += [f" v = g(k{index}, M)", f" if v is M: absent(o, c, n, k{index})", f" else: {store}"]
        else:
            body += [f" v = g(k{index})", f" {_optional(name, index, plan, enum)}"]
    if not model._open_:
        body.append(" if c.looking: surplus(d, c, n, known)")
    body.append(" return o")
    exec("\n".join(body), scope)  # wire names are passed as values, never as code
    return cast("Convert", scope["build"])


def _optional(name: str, index: int, plan: Plan, enum: type[OpenEnum] | None) -> str:
    """The store of a field whose absence and null both read as None."""
    if enum is not None:
        return (
            f"o.{name} = None if v is None else (m{index}.get(v) if v.__class__ is str else None) or f{index}(v, c, n)"
        )
    test = _test(plan, index)
    test = "v is None" if test == "False" else (test if "v is None" in test else f"{test} or v is None")
    return f"o.{name} = v if {test} else f{index}(v, c, n)"


def enum_of(hint: Any) -> type[OpenEnum] | None:
    """The enum of ``Status`` or ``Status | None``."""
    one = _only_option(hint)
    return one if isinstance(one, type) and issubclass(one, OpenEnum) else None


def _only_option(hint: Any) -> Any:
    """The type beside None; None if there are several."""
    options = [option for option in get_args(hint) or (hint,) if option is not type(None)]
    return options[0] if len(options) == 1 and get_origin(hint) in (None, Union, types.UnionType) else None


def _test(plan: Plan, index: int) -> str:
    """An expression that is true when ``v`` needs no conversion."""
    if plan.entries:
        return f"v.__class__ is list and e{index}(map(type, v))"
    if object in plan.kinds:
        return "True"
    tests = [f"v.__class__ is {kind.__name__}" for kind in plan.kinds if kind is not type(None)]
    if type(None) in plan.kinds:
        tests.append("v is None")
    return " or ".join(tests) or "False"


def converter_at(wire: str, hint: Any) -> Convert:
    """What builds the value of the property ``wire``. Dates that are none find their node, those that are need none."""
    plan = plan_for(hint)
    read = TIMES.get(_only_option(hint))
    if read is not None:

        def convert_time(value: Any, decoding: Decoding, node: Node) -> Any:
            made = read(value) if value.__class__ is str else None
            return plan.convert(value, decoding, node.below(wire)) if made is None else made

        return convert_time

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        return plan.convert(value, decoding, node.below(wire))

    return convert


def enum_at(wire: str, plan: Plan, enum: type[OpenEnum]) -> Convert:
    """As `converter_at`, without a node per value; unknown values may come with every item, and are made once."""

    def convert(value: Any, decoding: Decoding, node: Node) -> Any:
        if value.__class__ is not str:
            return plan.convert(value, decoding, node.below(wire))
        made = node.below(wire).made
        if value not in made:
            made[value] = plan.convert(value, decoding, node.below(wire))
        return made[value]

    return convert


def _not_an_object(value: Any, decoding: Decoding, node: Node, model: type[Model]) -> Any:
    decoding.mismatch(node, None, f"a {model.__name__} object", value)
    return value


def _absent(obj: Model, decoding: Decoding, node: Node, wire: str) -> None:
    obj._origin = (decoding.operation, node.exact())
    if not decoding.omitted:
        decoding.drift(node, wire, "a required value", "nothing")


def tell_surplus(data: dict[str, Any], decoding: Decoding, node: Node, known: frozenset[str]) -> None:
    """Report unknown properties; they are kept."""
    for key in data.keys() - known:
        if not _HASH_KEY.match(key):
            decoding.drift(node, key, "no such property", "an unknown property")


# Selects the union member for a JSON object.

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
    """The class of the object's tag; none for an unknown tag. Without a tag, where it may lack, by its shape."""
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
