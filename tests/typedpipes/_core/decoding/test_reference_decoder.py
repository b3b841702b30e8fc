"""The compiled builders against an independent, straightforward decoder, on generated answers."""

from __future__ import annotations

import json
import re
import sys
import types
from datetime import UTC, date, datetime
from typing import Any, Union, get_args, get_origin

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.decoding import decode
from tests.support.examples import counted
from tests.typedpipes._core.decoding import shapes
from tests.typedpipes._core.decoding.shapes import AppProp, Circle, Deal, DealPage, Owner, Square, TextProp
from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.model import JSON, Model, OpenEnum, extras, is_set

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "open", "won", "x"])
TIME_TEXTS = st.sampled_from(
    [
        "2026-11-30T10:00:00Z",
        "2026-11-30 10:00:00",
        "2026-11-30T10:00:00.5+01:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31 23:59:59",
    ]
) | st.datetimes().map(lambda value: value.isoformat(" ") + "Z")
DATE_TEXTS = st.dates().map(date.isoformat)
NO_TIMES = st.sampled_from(["0000-00-00", "0000-00-00 00:00:00", "never", "", "2026-13-01", "2026-11-30T25:00:00Z"])
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "k"]), inner, max_size=3)
    ),
    max_leaves=4,
)
OWNER = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers() | ANY,
        "name": st.text(max_size=3) | ANY,
        "boss": ANY,
        "more": ANY,
        "since": DATE_TEXTS | NO_TIMES,
    },
)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(),
    "title": st.text(max_size=3),
    "value": st.floats(0, 9) | st.integers(),
    "won": st.booleans(),
    "status": st.sampled_from(["open", "won", "lost", ""]),
    "owner": OWNER,
    "labels": st.lists(st.text(max_size=2) | SCALARS, max_size=3),
    "statuses": st.lists(st.sampled_from(["open", "gone", 3, None]), max_size=3),
    "members": st.lists(OWNER | SCALARS, max_size=3),
    "counts": st.dictionaries(st.text(max_size=2), st.integers() | ANY, max_size=2),
    "owners": st.dictionaries(st.text(max_size=2), OWNER | ANY, max_size=2),
    "free": st.dictionaries(st.text(max_size=2), ANY, max_size=2),
    "anything": ANY,
    "prop": st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "app", "new"])}, optional={"app": ANY, "text": ANY}
    ),
    "shape": st.fixed_dictionaries({}, optional={"radius": ANY, "side": ANY, "colour": ANY}),
    "text_or_list": st.text(max_size=2) | st.lists(st.text(max_size=2), max_size=2),
    "codeRaw": st.text(max_size=2),
    "class": st.text(max_size=2),
    "surplus": ANY,
    "at": TIME_TEXTS | NO_TIMES,
    "day": DATE_TEXTS | NO_TIMES,
    "times": st.lists(TIME_TEXTS | NO_TIMES, max_size=2),
    "days": st.lists(DATE_TEXTS | NO_TIMES, max_size=2),
    "when": TIME_TEXTS | DATE_TEXTS | NO_TIMES,
}
DEAL = st.fixed_dictionaries({}, optional={name: fitting | ANY for name, fitting in FITTING.items()})
PAGE = st.fixed_dictionaries({"data": st.lists(DEAL | ANY, max_size=4) | ANY}, optional={"success": ANY, "next": ANY})
_UNIONS: dict[frozenset[type], Any] = {
    frozenset({TextProp, AppProp}): lambda data: {"text": TextProp, "app": AppProp}.get(_text(data.get("type"))),
    frozenset({Circle, Square}): lambda data: _closest(data, {Circle: {"radius"}, Square: {"side", "colour"}}),
}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _closest(data: dict[str, Any], known: dict[Any, set[str]]) -> Any:
    """Fewest required fields missing, then most known ones; the first of equals (both have one required field)."""
    needed: dict[Any, set[str]] = {Circle: {"radius"}, Square: {"side"}}
    return max(known, key=lambda model: (-len(needed[model] - data.keys()), len(known[model] & data.keys())))


def same(built: Any, hint: Any, value: Any) -> bool:
    """Whether ``built`` is what ``hint`` makes of the JSON ``value``, misfits kept as received."""
    if hint == JSON:
        return identical(built, value)
    if get_origin(hint) in (Union, types.UnionType):
        return _same_option(built, get_args(hint), value)
    if get_origin(hint) is list and isinstance(value, list):
        [item] = get_args(hint)
        return len(built) == len(value) and all(same(a, item, b) for a, b in zip(built, value, strict=True))
    if get_origin(hint) is dict and isinstance(value, dict):
        item = get_args(hint)[1]
        return built.keys() == value.keys() and all(same(built[key], item, value[key]) for key in value)
    if isinstance(hint, type) and issubclass(hint, OpenEnum) and isinstance(value, str):
        return type(built) is hint and str(built) == value and (built.is_known is (value in hint._members_))
    if hint in (date, datetime) and isinstance(value, str):
        return _same_time(built, hint, value)
    if isinstance(hint, type) and issubclass(hint, Model) and isinstance(value, dict):
        return _same_object(built, hint, value)
    return identical(built, value)


def _same_option(built: Any, options: tuple[Any, ...], value: Any) -> bool:
    models = frozenset(option for option in options if isinstance(option, type) and issubclass(option, Model))
    if isinstance(value, dict) and models:
        chosen = _UNIONS[models](value) if len(models) > 1 else next(iter(models))
        return identical(built, value) if chosen is None else same(built, chosen, value)
    if isinstance(value, str) and date in options and _same_time(built, date, value):
        return True
    for option in options:
        origin = get_origin(option)
        if origin in (list, dict) and isinstance(value, origin):
            return same(built, option, value)
        if isinstance(option, type) and issubclass(option, OpenEnum) and isinstance(value, str):
            return same(built, option, value)
        if option is datetime and isinstance(value, str):
            return _same_time(built, option, value)
    return identical(built, value)


def _same_time(built: Any, kind: type, text: str) -> bool:
    """Whether ``built`` is the date or aware time of ``text``, by Python's own reading; any other text is kept."""
    form = r"\d{4}-\d\d-\d\d" if kind is date else r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d.*"
    try:
        meant: Any = kind.fromisoformat(text) if re.fullmatch(form, text) else None  # type: ignore[attr-defined]  # a date
    except ValueError:
        meant = None
    if meant is None:
        return identical(built, text)
    if kind is datetime and meant.tzinfo is None:
        meant = meant.replace(tzinfo=UTC)
    return type(built) is kind and built == meant


def _same_object(built: Any, model: type[Model], data: dict[str, Any]) -> bool:
    if type(built) is not model:
        return False
    known = {model._wire_.get(name, name) for name in model._fields_}
    if extras(built) != {key: value for key, value in data.items() if key not in known}:
        return False
    for name, hint in model._hints_.items():
        wire = model._wire_.get(name, name)
        if is_set(built, name) is not (wire in data):
            return False
        if wire not in data:
            if name in model._defaults_ and getattr(built, name) is not None:
                return False
        elif not same(getattr(built, name), eval(hint, vars(sys.modules[model.__module__])), data[wire]):
            return False
    return True


def identical(built: Any, value: Any) -> bool:
    """As received: the same JSON, nothing converted."""
    if type(built) is not type(value):
        return False
    return json.dumps(built, sort_keys=True) == json.dumps(value, sort_keys=True)


@counted(100, 3000)
def test_compiled_builders_make_what_a_straightforward_decoder_makes(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(PAGE)
    def holds(page: dict[str, Any]) -> None:
        body = json.dumps(page).encode()
        built = decode("DealPage", shapes.__name__, body, Decoding("demo.list"))
        assert same(built, DealPage, json.loads(body))

    holds()


def test_the_reference_tells_right_from_wrong() -> None:
    """It would notice a lost property, a converted misfit, a wrong class, and an enum that is none."""
    value = {"id": 1, "title": "t", "status": "open", "surplus": 1, "owner": {"id": 2}}
    page = decode("DealPage", shapes.__name__, json.dumps({"data": [value]}).encode(), Decoding("demo.list"))
    assert isinstance(page, DealPage)
    assert page.data is not None
    [deal] = page.data
    assert same(deal, Deal, value)
    assert not same(deal, Deal, {**value, "more": 1})
    assert not same(deal, Deal, {**value, "id": "1"})
    assert not same(deal.owner, Square, {"id": 2})
    assert not same("open", shapes.Status, "open")
    assert same(deal.owner, Owner, {"id": 2})
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert same(noon, datetime, "2026-11-30 12:00:00")
    assert not same(noon.replace(tzinfo=None), datetime, "2026-11-30 12:00:00")
    assert not same("2026-11-30 12:00:00", datetime, "2026-11-30 12:00:00")
    assert not same(noon, datetime, "0000-00-00 00:00:00")
