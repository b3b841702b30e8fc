"""Reads a page of a listing: its items and the cursor of the next page.

An answer that is no page raises `Departure`: what the schema requires is not there, or of another type. Where the
schema lets a part be absent or null, that part says nothing, and nothing more follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from types import NoneType
from typing import Any, Final, cast, get_args

from typedpipes._core.decoding.builders import fields_of
from typedpipes._core.decoding.model import Model, extras, is_set, wire_names
from typedpipes._core.rest import Paging

_LACKING: Final = object()
_DIGITS: Final = 18
"""Digits of a number of items at most."""
_NAMED: Final = 5
"""How many properties of an answer that is no page are named."""
_KINDS: Final = {NoneType: "null", bool: "a boolean", str: "a text", list: "an array"}


class Departure(Exception):
    """Why an answer is no page that could be used; ``path`` is the JSON path in question."""

    def __init__(self, path: str, what: str) -> None:
        self.path = path if path.startswith("$") else "$" if path in ("", ".") else f"$.{path}"
        super().__init__(f"{self.path}: {what}")


def items_of(page: object, paging: Paging) -> list[Any]:
    """The items of a page. Null is an empty list where the schema lets it be null."""
    found = _at(page, paging.items)
    if isinstance(found, list):
        return found
    if found is None and isinstance(page, Model | Mapping) and _says_something(page):
        return []
    raise Departure(paging.items, f"a list is needed there, the answer has {_kind(found)}{_names(page)}")


def following_of(page: object, items: list[Any], paging: Paging, cursor: str | None) -> str | None:
    """Where the page after the one that starts at ``cursor`` starts; None if the answer says that it is the last."""
    if paging.style in ("page", "skip"):
        return _counted(page, items, paging, cursor)
    following = _place(page, paging.next)
    if paging.style == "offset" and paging.more:
        more = _flag(page, paging.more)
        if more is False or (more is None and following is None):
            return None
        if following is None:  # some v1 answers say that there is more, but not where
            following = str(int(cursor or 0) + len(items))
    if paging.style == "offset" and following is not None and not is_count(following):
        raise Departure(paging.next, "a number of items to pass over is needed there")
    return None if not following or (paging.style == "after" and not items) else following


def is_count(text: str) -> bool:
    """Whether a text says how many items to pass over. Python refuses to read numbers of thousands of digits."""
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def _counted(page: object, items: list[Any], paging: Paging, cursor: str | None) -> str | None:
    """The next page where the client counts: pages, or items to skip. Only an empty page or the server's word ends
    the listing: a short page may have been filtered."""
    if not items or (paging.more and not _flag(page, paging.more)):
        return None
    if paging.style == "skip":
        here = following = int(cursor or 0) + len(items)
    else:
        first = 1 if paging.first is None else paging.first
        following = int(cursor or first) + 1
        here = following - first
    total = reach(page, paging.total) if paging.total else None
    return None if isinstance(total, int) and here >= total else str(following)


def identity(item: object) -> str | int | None:
    """The ``id`` of a record, None if it has none that names it."""
    found: object = None
    if isinstance(item, Model):
        name = _attribute(type(item), "id")
        with suppress(AttributeError):
            found = None if name is None else cast("object", object.__getattribute__(item, name))
    else:
        held = item if isinstance(item, Mapping) else getattr(item, "__dict__", {})  # of a result of GraphQL
        found = held.get("id")
    return found if isinstance(found, str | int) else None


def reach(page: object, path: str) -> object:
    """Follow a dot path of wire names through models and dicts; a step that is missing or of another type is None."""
    try:
        found = _at(page, path)
    except Departure:
        return None
    return None if found is _LACKING else found


def says_nothing(page: object, path: str) -> bool:
    """Whether the answer lacks what holds the value at ``path``, as its schema lets it."""
    holder = path.rpartition(".")[0]
    return bool(holder) and _at(page, holder) in (None, _LACKING)


def _place(page: object, path: str) -> str | None:
    found = _at(page, path) if path else None
    if found is None or found is _LACKING:
        return None
    if isinstance(found, str | int) and not isinstance(found, bool):
        return str(found)
    raise Departure(path, f"a cursor is needed there, the answer has {_kind(found)}")


def _flag(page: object, path: str) -> bool | None:
    found = _at(page, path)
    if found is None or found is _LACKING:
        return None
    if isinstance(found, bool):
        return found
    raise Departure(path, f"true or false is needed there, the answer has {_kind(found)}")


def _at(page: object, path: str) -> object:
    """What is at a dot path of wire names; ``.`` is the page itself. None and `_LACKING` only where they may be.

    Raises `Departure` for a step that the schema requires and the answer lacks, or that is of another type.
    """
    value, at = page, "$"
    for key in path.split(".") if path not in ("", ".") else ():
        if isinstance(value, Model):
            value = _property(value, key, at)
        elif isinstance(value, Mapping):
            value = value.get(key, _LACKING)
        elif at != "$" and (value is None or value is _LACKING):
            return value
        else:
            raise Departure(at, f"an object is needed there, the answer has {_kind(value)}")
        at = f"{at}.{key}"
    return value


def _property(holder: Model, key: str, at: str) -> object:
    """A property by its wire name. Raises `Departure` if it is absent or null although the schema forbids that."""
    model = type(holder)
    name = _attribute(model, key)
    if name is None:
        return extras(holder).get(key, _LACKING)
    try:
        value = cast("object", object.__getattribute__(holder, name))
    except AttributeError:
        raise Departure(f"{at}.{key}", f"the answer lacks it{_names(holder)}") from None
    if value is None and not _may_be_null(model, key):
        raise Departure(f"{at}.{key}", "the answer has null there")
    return value


@cache
def _attribute(model: type[Model], key: str) -> str | None:
    """The attribute of a property, None if the schema does not know the property."""
    if key not in wire_names(model):
        return None
    return next((name for name, wire in model._wire_.items() if wire == key), key)


def _may_be_null(model: type[Model], key: str) -> bool:
    return any(wire == key and (hint is None or NoneType in get_args(hint)) for wire, hint, _ in fields_of(model))


def _says_something(page: Model | Mapping[str, object]) -> bool:
    """Whether the answer holds anything that the schema knows."""
    return not isinstance(page, Model) or any(is_set(page, name) for name in type(page)._fields_)


def _kind(value: object) -> str:
    if value is _LACKING:
        return "nothing"
    return _KINDS.get(type(value), "an object" if isinstance(value, Model | Mapping) else "a number")


def _names(page: object) -> str:
    """Which properties an answer has instead; their values may be anything and are not shown."""
    if not isinstance(page, Model | Mapping):
        return ""
    if isinstance(page, Model):
        names = [*(n for n in type(page)._fields_ if is_set(page, n)), *extras(page)]
    else:
        names = list(page)
    shown = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    return f" (it holds {shown})" if names else " (it holds nothing)"


__all__ = ["Departure", "following_of", "identity", "is_count", "items_of", "reach", "says_nothing"]
