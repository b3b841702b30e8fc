"""Dates and times among the arguments of a call, in the form that the operation's schema names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import cast

from typedpipes._core.decoding.model import Model, evolve, no_zone
from typedpipes._core.rest import Arguments, Operation
from typedpipes.errors import ConfigurationError


def with_times(operation: Operation[object], arguments: Arguments) -> Arguments:
    """The arguments with every `datetime.datetime` and `datetime.date` of ``operation.times`` as text.

    Raises `ConfigurationError` for a date where a time is meant, the other way round, and for a time without a zone.
    """
    places = {
        "query": arguments.query,
        "header": arguments.headers,
        "cookie": arguments.cookies,
        "body": arguments.body,
    }
    changed = dict(places)
    for key, form in operation.times.items():
        place, _, path = key.partition(" ")
        if place in changed:
            given = changed[place]
            changed[place] = timed(given, path, form) if place == "body" else _changed(given, [path], form, path)
    if all(changed[place] is places[place] for place in places):
        return arguments
    return Arguments(
        path=arguments.path,
        query=cast("dict[str, object] | None", changed["query"]),
        headers=cast("dict[str, object] | None", changed["header"]),
        cookies=cast("dict[str, object] | None", changed["cookie"]),
        body=changed["body"],
        fields=arguments.fields,
    )


def timed(value: object, path: str, form: str) -> object:
    """``value`` with the date or time at ``path`` below it (``input.due_date``, ``data[].day``) as text in ``form``."""
    return _changed(value, path.replace("[]", ".[]").lstrip(".").split("."), form, path)


def _changed(value: object, steps: list[str], form: str, path: str) -> object:
    """``value`` with what is at ``steps`` below it as text; the same object if nothing is to be changed."""
    if not steps:
        return _text(value, form, path) if isinstance(value, date) and value == value else value
    key, below = steps[0], steps[1:]
    if key == "[]":
        if not isinstance(value, (list, tuple)):
            return value
        made = [_changed(item, below, form, path) for item in value]
        return value if all(new is old for new, old in zip(made, value, strict=True)) else made
    if isinstance(value, Mapping):
        if key not in value:
            return value
        new = _changed(value[key], below, form, path)
        return value if new is value[key] else {**value, key: new}
    if isinstance(value, Model):
        name = next((name for name, wire in value._wire_.items() if wire == key), key)
        held = getattr(value, name, None) if name in value._fields_ else None
        new = _changed(held, below, form, path)
        return value if new is held else evolve(value, **{name: new})
    return value


def _text(value: date, form: str, path: str) -> str:
    if isinstance(value, datetime):
        if form == "date":
            raise ConfigurationError(
                f"{path} is a date, and {value!s} has a time of day; give value.date() of the zone that is meant",
                setting=path,
            )
        if value.utcoffset() is None:
            raise ConfigurationError(f"{path}: {no_zone(value)}", setting=path)
        return value.isoformat() if form == "date-time" else value.astimezone(UTC).strftime(form)
    if form == "date":
        return value.isoformat()
    raise ConfigurationError(
        f"{path} is a time, and {value!s} is a date only; give a datetime with a zone, such as "
        f"datetime({value.year}, {value.month}, {value.day}, tzinfo=UTC)",
        setting=path,
    )


__all__ = ["timed", "with_times"]
