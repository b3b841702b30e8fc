"""Dates and times among the arguments of a call, in the form that the operation's schema names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from typedpipes._core.decoding.model import Model, evolve, no_zone
from typedpipes._core.rest import Arguments, Operation
from typedpipes.errors import ConfigurationError


def with_times(operation: Operation[object], arguments: Arguments) -> Arguments:
    """The arguments with every `datetime.datetime` and `datetime.date` of ``operation.times`` as text.

    Raises `ConfigurationError` for a date where a time is meant, the other way round, and for a time without a zone.
    """
    query, headers, cookies, body = arguments.query, arguments.headers, arguments.cookies, arguments.body
    for key, form in operation.times.items():
        place, _, path = key.partition(" ")
        if place == "query":
            query = _replaced(query, path, form)
        elif place == "body":
            body = body if body is None else timed(body, path, form)
        elif place == "header":
            headers = _replaced(headers, path, form)
        elif place == "cookie":
            cookies = _replaced(cookies, path, form)
    if (
        query is arguments.query
        and headers is arguments.headers
        and cookies is arguments.cookies
        and body is arguments.body
    ):
        return arguments
    return Arguments(
        path=arguments.path, query=query, headers=headers, cookies=cookies, body=body, fields=arguments.fields
    )


def _replaced(values: dict[str, object] | None, name: str, form: str) -> dict[str, object] | None:
    value = None if values is None else values.get(name)
    if values is None or not isinstance(value, date) or value != value:
        return values
    return {**values, name: _text(value, form, name)}


def timed(value: object, path: str, form: str) -> object:
    """``value`` with the date or time at ``path`` below it (``input.due_date``, ``data[].day``) as text in ``form``."""
    steps = path.replace("[]", ".[]").lstrip(".").split(".") if "[]" in path else path.split(".")
    return _changed(value, steps, form, path)


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
