"""Dates and times in answers: read, kept as they came for the way back, and told of where they are none."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from tests.support.decoding import decode
from tests.typedpipes._core.decoding import shapes
from tests.typedpipes._core.decoding.shapes import Deal, DealPage, Owner
from typedpipes import evolve, from_wire, to_wire
from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.answers import listing_of
from typedpipes._core.decoding.dates import read_date, read_time
from typedpipes.errors import ResponseMismatch
from typedpipes.events import SchemaDrift

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "id": 1,
    "title": "t",
    "at": "2026-11-30 12:00:00",
    "day": "2026-11-30",
    "times": ["2026-11-30T12:00:00Z", "2026-11-30t13:00:00.500000+01:00"],
    "days": ["2026-11-30"],
    "owner": {"id": 2, "since": "2020-02-29"},
}


def page(*records: dict[str, Any], strict: bool = False, heard: list[SchemaDrift] | None = None) -> list[Deal]:
    """The records as a listing gives them."""
    body = json.dumps({"success": True, "data": records}).encode()
    report = None if heard is None else heard.append
    built = decode("DealPage", shapes.__name__, body, Decoding("demo.list", strict=strict, report=report))
    assert isinstance(built, DealPage)
    assert built.data is not None
    return built.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-30T12:00:00Z", NOON),
        ("2026-11-30t12:00:00z", NOON),
        ("2026-11-30 12:00:00", NOON),
        ("2026-11-30T12:00:00", NOON),
        ("2026-11-30T13:00:00+01:00", NOON),
        ("2026-11-30T12:00:00.250Z", NOON + timedelta(milliseconds=250)),
        ("2026-11-30", None),
        ("0000-00-00 00:00:00", None),
        ("20261130T120000Z", None),
        ("2026-W49-1T12:00:00Z", None),
        ("never", None),
        ("", None),
    ],
)
def test_times_are_aware_and_other_texts_are_none(text: str, value: datetime | None) -> None:
    assert read_time(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("2026-11-30", date(2026, 11, 30)), ("0000-00-00", None), ("2026-11-30T12:00:00Z", None)]
)
def test_dates_are_dates_and_other_texts_are_none(text: str, value: date | None) -> None:
    assert read_date(text) == value


@pytest.mark.parametrize("spoiled", [{}, {"day": "0000-00-00"}])
def test_a_record_has_its_dates_whether_or_not_another_lacks_one(spoiled: dict[str, Any]) -> None:
    first, second = page(RECORD, {**RECORD, **spoiled})
    assert (first.at, first.day) == (NOON, date(2026, 11, 30))
    assert first.times == [NOON, NOON + timedelta(milliseconds=500)]
    assert first.days == [date(2026, 11, 30)]
    assert first.owner is not None
    assert type(first.owner) is Owner
    assert first.owner.since == date(2020, 2, 29)
    assert type(second) is Deal
    assert second.at is not None
    assert second.at.utcoffset() == timedelta(0)
    assert second.day == spoiled.get("day", date(2026, 11, 30))
    assert to_wire(second) == {**RECORD, **spoiled}


def test_what_is_no_date_stays_as_it_came_and_is_told_once() -> None:
    heard: list[SchemaDrift] = []
    spoiled = {**RECORD, "day": "0000-00-00", "at": "never"}
    records = page(RECORD, spoiled, spoiled, heard=heard)
    kept: list[object] = [(one.at, one.day) for one in records[1:]]
    assert kept == [("never", "0000-00-00")] * 2
    assert sorted((one.path, one.expected, one.got) for one in heard) == [
        ("$.data[*].at", "a date and time", "another text"),
        ("$.data[*].day", "a date", "another text"),
    ]
    with pytest.raises(ResponseMismatch, match=r"data\[1\]\.at: expected a date and time, got another text"):
        page(RECORD, spoiled, strict=True)


def test_answers_with_a_text_that_is_no_date_still_go_to_msgspec() -> None:
    listing = listing_of("DealPage", shapes.__name__)
    assert listing is not None
    body = json.dumps({"success": True, "data": [RECORD, {**RECORD, "day": "0000-00-00"}]}).encode()
    assert listing.decode(body, Decoding("demo.list")) is not None


def test_the_text_goes_back_as_it_came_until_the_value_changes() -> None:
    [deal] = page(RECORD)
    assert to_wire(deal) == RECORD
    changed = evolve(deal, at=NOON + timedelta(hours=1))
    assert to_wire(changed) == {**RECORD, "at": "2026-11-30T13:00:00+00:00"}
    deal.day = date(2027, 1, 1)
    assert to_wire(deal) == {**RECORD, "day": "2027-01-01"}
    with pytest.raises(TypeError, match="has no time zone"):
        evolve(deal, at=datetime(2026, 11, 30))


def test_objects_are_equal_if_their_times_are_however_written() -> None:
    [deal] = page({"id": 1, "title": "t", "at": "2026-11-30 12:00:00"})
    assert deal == evolve(from_wire(Deal, {"id": 1, "title": "t"}), at=NOON)
    assert deal == from_wire(Deal, {"id": 1, "title": "t", "at": "2026-11-30T13:00:00+01:00"})
    assert deal == evolve(deal, at=NOON.astimezone(timezone(timedelta(hours=5))))
    assert deal != evolve(deal, at=NOON + timedelta(seconds=1))
    assert deal != evolve(deal, at=None)


def test_copies_pickles_and_attrs_have_the_dates() -> None:
    [deal] = page(RECORD)
    for twin in (copy.copy(deal), copy.deepcopy(deal), pickle.loads(pickle.dumps(deal))):
        assert twin == deal
        assert (twin.at, twin.day) == (NOON, date(2026, 11, 30))
        assert to_wire(twin) == RECORD
    assert attrs.asdict(deal)["at"] == NOON
    assert "at=datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.timezone.utc)" in repr(deal)
