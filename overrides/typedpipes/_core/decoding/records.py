"""Builds models with msgspec, in C, and keeps their JSON.

msgspec decodes scalars, lists of scalars and nested models. The converters of `typedpipes._core.decoding.builders`
finish what msgspec has no type for: open enums, unions and others. The JSON of an object is kept as bytes until it is
first needed.

One text that is no date makes msgspec refuse the whole answer. Then the answer is read once more with the dates as
text (`text_twin`), and the converters read each of them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from types import GenericAlias, NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, Union, cast, get_args, get_origin

import msgspec

from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.decoding.builders import TIMES, converter_at, enum_at, enum_of, fields_of, is_json, plan_for
from typedpipes._core.decoding.dates import AWARE, NAIVE
from typedpipes._core.decoding.model import JSON, Model, ModelClass, OpenEnum
from typedpipes._core.json_reader import describe
from typedpipes.errors import ResponseMismatch

Finish: TypeAlias = "Callable[[Any, Decoding, Node, Body | Place, str | int], None]"
"""Completes an object that msgspec built: (object, decoding, node, what it lies in, its key or index there)."""

_SCALARS: Final[dict[object, Any]] = {bool: bool, int: int, float: int | float, str: str, NoneType: NoneType}
_FEW: Final = 4
"""Records that outlive their page get JSON of their own if they are fewer than one in this many."""
raw_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""The members of an object, unparsed."""
_raw_items: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Body:
    """The bytes of one answer, or of one record of it; parsed at most once."""

    __slots__ = ("_content", "_value")

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._value: JSON = None

    def json(self) -> JSON:
        """All of it. Raises `ResponseMismatch` if a property that nobody looked at holds a number beyond all range."""
        content = self._content  # another thread may be at it, too
        if content is not None:
            try:
                self._value = msgspec.json.decode(content)
            except (ValueError, RecursionError) as error:
                raise ResponseMismatch(f"unknown properties cannot be read: {describe(content, error)}") from None
            self._content = None
        return self._value

    def cut(self, key: str | None) -> list[Body] | None:
        """The items of the list at ``key``, or of the list this is, each with bytes of its own; None if parsed."""
        content = self._content
        if content is None:
            return None
        items = _raw_items(content if key is None else raw_members(content)[key])
        return [Body(bytes(item)) for item in items]


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where an object lay in an answer: at a key or index of what holds it."""

    holder: Body | Place
    key: str | int

    def json(self) -> JSON:
        """The object as received."""
        held: Any = self.holder.json()
        return cast("JSON", held[self.key])


class Shape(NamedTuple):
    """What msgspec makes of a field, and what is left to do with it."""

    type: Any
    finish: Literal["", "enum", "time", "object", "objects", "convert"] = ""
    model: type[Model] | None = None


def shape_of(hint: Any) -> Shape:
    """The shape of a resolved type hint."""
    if is_json(hint) or hint is Any or hint is object:
        return Shape(Any)
    if get_origin(hint) in (Union, UnionType):
        return _union_shape(get_args(hint))
    if get_origin(hint) is list:
        kind, finish, model = shape_of(get_args(hint)[0])
        if finish in ("", "object"):
            return Shape(GenericAlias(list, kind), "objects" if finish else "", model)
        return Shape(Any, "convert")
    if get_origin(hint) is dict and shape_of(get_args(hint)[1]) == Shape(Any):
        return Shape(dict[str, Any])
    if not isinstance(hint, type) or get_origin(hint):
        return Shape(Any, "convert")
    if issubclass(hint, Model):
        return Shape(hint, "object", hint)
    if issubclass(hint, OpenEnum):
        return Shape(str, "enum")
    if hint in TIMES:
        return Shape(hint, "time" if hint is datetime else "")
    return Shape(_SCALARS[hint]) if hint in _SCALARS else Shape(Any, "convert")


def _union_shape(options: Sequence[Any]) -> Shape:
    if all(option in _SCALARS for option in options):
        return Shape(Union[tuple(_SCALARS[option] for option in options)])  # noqa: UP007 - made at run time
    values = [option for option in options if option is not NoneType]
    if len(values) != 1 or len(values) == len(options):
        return Shape(Any, "convert")
    one = shape_of(values[0])
    return one if one.type is Any else one._replace(type=one.type | None)


def is_plain(model: type[Model]) -> bool:
    """Whether an absent field of the class reads as None, and msgspec takes its wire names."""
    return model._native_ and all(default is None for default in model._defaults_.values())


def reached(model: type[Model]) -> list[type[Model]]:
    """The class and those that msgspec builds below it."""
    found = [model]
    for each in found:
        for _, hint, _ in fields_of(each):
            below = shape_of(hint).model
            if below is not None and below not in found:
                found.append(below)
    return found


_lock: Final = threading.RLock()

if hasattr(os, "register_at_fork"):  # no fork while annotations are replaced: nobody would put them back in the child
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@contextlib.contextmanager
def native_annotations(model: type[Model]) -> Iterator[None]:
    """While a decoder is made, the annotations of the classes are what msgspec is to make of their fields."""
    models = reached(model)
    with _lock:
        written = [each.__annotations__ for each in models]
        try:
            for each in models:
                each.__annotations__ = {
                    name: shape_of(hint).type if required else _or_none(shape_of(hint).type)
                    for name, (_, hint, required) in zip(each._fields_, fields_of(each), strict=True)
                }
            yield
        finally:
            for each, annotations in zip(models, written, strict=True):
                each.__annotations__ = annotations


def _or_none(kind: Any) -> Any:
    return kind if kind is Any else kind | None


def has_dates(model: type[Model]) -> bool:
    """Whether msgspec reads dates into objects of the class, or below them."""
    return any(_holds_dates(shape_of(hint).type) for each in reached(model) for _, hint, _ in fields_of(each))


def _holds_dates(kind: Any) -> bool:
    return kind in (date, datetime) or any(map(_holds_dates, get_args(kind)))


_twins: dict[type[Model], type[Model]] = {}


def text_twin(model: type[Model]) -> type[Model]:
    """A class with the same fields, whose dates msgspec leaves as text; `finish_of` turns its objects into the model's.

    A class of its own, because msgspec looks at the annotations of a class only once.
    """
    with _lock:
        if model not in _twins:
            namespace = {"__module__": model.__module__, "__qualname__": model.__qualname__}
            twin = _twins[model] = cast("type[Model]", ModelClass(model.__name__, (model,), namespace))
            twin.__annotations__ = {
                name: _as_text(shape_of(hint).type if required else _or_none(shape_of(hint).type))
                for name, (_, hint, required) in zip(model._fields_, fields_of(model), strict=True)
            }
        return _twins[model]


def _as_text(kind: Any) -> Any:
    """The type that msgspec reads, with texts for dates and twins for models."""
    if kind in (date, datetime):
        return str
    if get_origin(kind) is list:
        return GenericAlias(list, _as_text(get_args(kind)[0]))
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(map(_as_text, get_args(kind)))]  # noqa: UP007 - made at run time
    return text_twin(kind) if isinstance(kind, type) and issubclass(kind, Model) else kind


_finishes: dict[tuple[type[Model], bool], Finish] = {}


def finish_of(model: type[Model], *, texts: bool = False) -> Finish:
    """The function that completes objects of the class: compiled on first use, as builders are.

    ``texts``: of its `text_twin`.
    """
    made = _finishes.get((model, texts))
    if made is None:
        _finishes[model, texts] = lambda *arguments: _finishes[model, texts](*arguments)  # for one that holds itself
        made = _finishes[model, texts] = _compile(model, texts=texts)
    return made


def _compile(model: type[Model], *, texts: bool) -> Finish:
    scope: dict[str, Any] = {"Place": Place, "many": finish_many, "model": model, **_FOR_DATES}
    body = ["def finish(o, c, n, h, k):", " p = o._data = Place(h, k)"]
    if texts:
        body.append(" o.__class__ = model")
    for index, (name, (wire, hint, required)) in enumerate(zip(model._fields_, fields_of(model), strict=True)):
        shape = shape_of(hint)
        if texts and _holds_dates(shape.type):
            kind = next((one for one in get_args(shape.type) if one is not NoneType), shape.type)
            named = {date: "text of a date", datetime: "text of a time"}.get(kind)
            shape = Shape(Any, "convert")
        else:
            named = None
        if not shape.finish:
            continue
        scope[f"k{index}"] = wire
        if shape.model is not None:
            scope[f"f{index}"] = finish_of(shape.model, texts=texts)
        elif shape.finish == "enum":
            enum = cast("type[OpenEnum]", enum_of(hint))
            scope[f"m{index}"] = enum._members_
            scope[f"f{index}"] = enum_at(wire, plan_for(hint), enum)
        else:
            scope[f"f{index}"] = converter_at(wire, hint)
        step = named or ("convert required" if required and shape.finish == "convert" else shape.finish)
        body += [f" v = o.{name}", _STEPS[step].format(name=name, index=index)]
    exec("\n".join(body), scope)  # wire names are passed as values, never as code
    return cast("Finish", scope["finish"])


_FOR_DATES: Final[dict[str, Any]] = {
    "msgspec_convert": msgspec.convert,
    "date": date,
    "datetime": datetime,
    "aware": AWARE,
    "naive": NAIVE,
}
_STEPS: Final = {
    "enum": " if v is not None: o.{name} = m{index}.get(v) or f{index}(v, c, n)",
    "time": " if v is not None and v.tzinfo is None: o.{name} = aware + (v - naive)",
    "text of a date": (
        " if v is not None:\n"
        "  try: o.{name} = msgspec_convert(v, date)\n"
        "  except ValueError: o.{name} = f{index}(v, c, n)"
    ),
    "text of a time": (
        " if v is not None:\n"
        "  try:\n"
        "   v = msgspec_convert(v, datetime)\n"
        "   o.{name} = v if v.tzinfo is not None else aware + (v - naive)\n"
        "  except ValueError: o.{name} = f{index}(v, c, n)"
    ),
    "object": " if v is not None: f{index}(v, c, n.below(k{index}), p, k{index})",
    "objects": " if v: many(f{index}, v, c, n.below(k{index}), Place(p, k{index}))",
    "convert": " if v is not None: o.{name} = f{index}(v, c, n)",
    "convert required": " o.{name} = f{index}(v, c, n)",
}


def finish_many(finish: Finish, objects: list[Any], decoding: Decoding, node: Node, holder: Body | Place) -> None:
    """Complete the items of the list at ``node``."""
    items = node.below(None)
    for index, each in enumerate(objects):
        items.index = index
        finish(each, decoding, items, holder, index)


def release(records: Sequence[object]) -> None:
    """Free a page's bytes after the walk has passed it: records that the caller kept get bytes of their own.

    Only the list ``records`` may refer to the records; any other reference counts as the caller's. The last record is
    skipped: the loop that asked for the next page still refers to it. If many were kept, they share the page's bytes,
    which costs less.
    """
    counts = _references(records)
    kept = [record for record, count in zip(records, counts[:-1], strict=False) if count > _UNSHARED]
    if len(kept) * _FEW > len(records):
        return
    cut: dict[int, list[Body] | None] = {}
    for record in kept:
        place = getattr(record, "_data", None)
        if not isinstance(record, Model) or not isinstance(place, Place):
            continue
        holder = place.holder
        if id(holder) not in cut:
            cut[id(holder)] = holder.cut(None) if isinstance(holder, Body) else _cut_below(holder)
        own = cut[id(holder)]
        record._data = place.json() if own is None else own[cast("int", place.key)]  # type: ignore[assignment]  # an object's JSON is a dict


def _cut_below(holder: Place) -> list[Body] | None:
    body = holder.holder
    return body.cut(cast("str", holder.key)) if isinstance(body, Body) else None


def _references(records: Sequence[object]) -> list[int]:
    return [sys.getrefcount(record) for record in records]


_UNSHARED: Final = _references([object()])[0]
