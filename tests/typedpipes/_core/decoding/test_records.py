"""Listings that msgspec decodes give what the builders give: objects, JSON, drift; and their bytes go with the page."""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.decoding import decode
from tests.support.examples import counted
from tests.typedpipes._core.decoding import shapes
from tests.typedpipes._core.decoding.mutations import GENERATED, cases, object_of
from tests.typedpipes._core.decoding.test_reference_decoder import DATE_TEXTS, FITTING, NO_TIMES, PAGE
from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.answers import Listing, _first_record, listing_of, read_answer, read_listing
from typedpipes._core.decoding.model import Model, extras, is_set, to_wire
from typedpipes._core.paging import Walk
from typedpipes._core.rest import Operation, Paging
from typedpipes.errors import ResponseMismatch
from typedpipes.events import SchemaDrift

MODULE = shapes.__name__
RECORD = st.fixed_dictionaries(
    {"id": FITTING["id"], "title": FITTING["title"]},
    optional={name: FITTING[name] for name in ("value", "won", "status", "statuses", "counts", "prop", "class")}
    | {name: FITTING[name] for name in ("at", "day", "times", "days", "when")}
    | {
        "owner": st.fixed_dictionaries(
            {"id": st.integers()}, optional={"name": st.none() | st.text(max_size=2), "since": DATE_TEXTS | NO_TIMES}
        ),
        "members": st.lists(st.fixed_dictionaries({"id": st.integers()}, optional={"more": st.integers()}), max_size=2),
        "labels": st.none() | st.lists(st.text(max_size=2), max_size=2),
        "shape": FITTING["shape"],
        "surplus": st.integers(),
    },
)
FITS = st.fixed_dictionaries(
    {"data": st.lists(RECORD, max_size=4), "success": st.booleans()}, optional={"more": RECORD}
)


def listings() -> Iterator[tuple[str, str, Listing]]:
    """Annotation, module and decoder of every paged operation of the REST packages that msgspec decodes."""
    for package in ("pipedream", "connect", "pipedrive_v1", "pipedrive_v2"):
        for path in sorted((GENERATED / package).glob("[a-z]*.py")):
            module = importlib.import_module(f"typedpipes_api.{package}.{path.stem}")
            for operation in vars(module).values():
                if isinstance(operation, Operation) and operation.paging is not None:
                    listing = listing_of(operation.returns, operation.module)
                    if listing is not None:
                        yield operation.returns, operation.module, listing


def facts(built: Any) -> Any:
    """All that a caller can see of a decoded value."""
    if isinstance(built, Model):
        seen: dict[str, Any] = {"": type(built), "extras": extras(built), "repr": repr(built)}
        for name in type(built)._fields_:
            value = facts(getattr(built, name)) if _filled(built, name) else "(lacking)"
            seen[name] = (is_set(built, name), value)
        return seen
    if isinstance(built, dict):
        return {key: facts(value) for key, value in built.items()}
    if isinstance(built, list):
        return [facts(value) for value in built]
    return type(built), repr(built)


def _filled(built: Model, name: str) -> bool:
    try:
        object.__getattribute__(built, name)
    except AttributeError:
        return False
    return True


def both(annotation: str, module: str, body: bytes) -> tuple[Any, Any]:
    """What the listing's decoder and the builders make of the same bytes, drift included."""
    seen = []
    for read in (read_listing, read_answer):
        heard: list[SchemaDrift] = []
        _, built = read(annotation, module, body, Decoding("demo.list", report=heard.append))
        seen.append((facts(built), to_wire(built), sorted(map(str, heard))))
    return seen[0], seen[1]


def envelope_of(annotation: str, module: str, listing: Listing, records: list[Any]) -> Any:
    """A fitting answer that carries the records."""
    if listing.wire is None:
        return records
    return {**object_of(vars(sys.modules[module])[annotation]), listing.wire: records}


@counted(100, 3000)
def test_any_answer_is_the_same_to_both(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(PAGE, st.sampled_from([None, 2]))
    def holds(page: dict[str, Any], indent: int | None) -> None:
        fast, slow = both("DealPage", MODULE, json.dumps(page, indent=indent).encode())
        assert fast == slow

    holds()


@counted(100, 3000)
def test_answers_that_fit_go_to_msgspec_and_are_the_same_to_both(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(FITS, st.booleans())
    def holds(page: dict[str, Any], escaped: bool) -> None:
        body = json.dumps(page, ensure_ascii=escaped).encode(errors="replace")
        listing = listing_of("DealPage", MODULE)
        assert listing is not None
        assert listing.decode(body, Decoding("demo.list")) is not None
        fast, slow = both("DealPage", MODULE, body)
        assert fast == slow

    holds()


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.campaign)])
def test_listings_read_every_single_departure_alike(step: int) -> None:
    """A record that fits, one that departs, one that fits again: the departure is not the first."""
    count = departures = 0
    for annotation, module, listing in itertools.islice(listings(), 0, None, step):
        count += 1
        good = object_of(listing.record)
        for data in [good, *(case.data for case in cases(listing.record))]:
            departures += 1
            body = json.dumps(envelope_of(annotation, module, listing, [good, data, good])).encode()
            fast, slow = both(annotation, module, body)
            assert fast == slow, f"{annotation} of {module}: {data}"
        body = json.dumps(envelope_of(annotation, module, listing, [good, good])).encode()
        assert listing.decode(body, Decoding("demo.list")) is not None, f"{annotation} of {module}"
    assert count >= 40 / step
    assert departures >= 1000 / step


def test_most_listings_are_msgspecs_to_decode() -> None:
    paged = {
        (operation.returns, operation.module)
        for package in ("pipedream", "connect", "pipedrive_v1", "pipedrive_v2")
        for path in sorted((GENERATED / package).glob("[a-z]*.py"))
        for operation in vars(importlib.import_module(f"typedpipes_api.{package}.{path.stem}")).values()
        if isinstance(operation, Operation) and operation.paging is not None
    }
    native = {(annotation, module) for annotation, module, _ in listings()}
    left = sorted(paged - native)
    assert len(native) >= 0.8 * len(paged), left


@pytest.mark.parametrize("data", [b"[]", b"[ ]", b'[{"id": 1, "title": "a"}]', b"null"])
def test_an_envelope_may_hold_more_than_the_schema_says_before_and_after_its_records(data: bytes) -> None:
    body = b'{"new": {"data": [1]}, "data": ' + data + b', "newer": 1, "success": true}'
    for _ in range(2):  # the second time it is known
        fast, slow = both("DealPage", MODULE, body)
        assert fast == slow
        assert [text.partition(":")[2] for text in fast[2] if "unknown property" in text] == [
            " $.new: expected no such property, got an unknown property",
            " $.newer: expected no such property, got an unknown property",
        ]


@given(
    st.dictionaries(st.text(max_size=3).filter(lambda key: key != "data"), FITTING["anything"], max_size=3),
    st.lists(
        st.dictionaries(
            st.text(max_size=3), FITTING["anything"] | st.sampled_from(["é" * 9000, "x" * 20000]), max_size=3
        ),
        min_size=1,
    ),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_the_first_record_is_found_without_reading_the_others(
    before: dict[str, Any], records: list[Any], indent: int | None, escaped: bool
) -> None:
    def written(value: object) -> bytes:
        return json.dumps(value, indent=indent, ensure_ascii=escaped).encode(errors="replace")

    answer = {**before, "data": records, "after": 1}
    assert _first_record(written(answer), "data") == json.loads(written(records))[0]
    assert _first_record(written(records), None) == json.loads(written(records))[0]


def test_bytes_that_are_no_text_raise_even_where_msgspec_does_not_look() -> None:
    body = b'{"success": true, "data": [{"id": 1, "title": "t", "surplus": "\xff"}]}'
    with pytest.raises(ResponseMismatch, match="not valid JSON"):
        decode("DealPage", MODULE, body, Decoding("demo.list"))


def test_a_number_beyond_all_range_costs_only_who_reads_it() -> None:
    """The one departure from the builders, which refuse the answer: nobody needs the number."""
    body = b'{"success": true, "data": [{"id": 1, "title": "t", "surplus": 1e400}]}'
    page: Any = decode("DealPage", MODULE, body, Decoding("demo.list"))
    assert page.data[0].title == "t"
    with pytest.raises(ResponseMismatch, match="cannot be read"):
        extras(page.data[0])


def test_strict_decoding_and_fields_left_out_are_the_builders_business() -> None:
    listing = listing_of("DealPage", MODULE)
    assert listing is not None
    body = b'{"success": true, "data": [{"id": 1, "title": "t"}]}'
    assert listing.decode(body, Decoding("demo.list", strict=True)) is None
    assert listing.decode(body, Decoding("demo.list", omitted=True)) is None
    assert listing.decode(body, Decoding("demo.list")) is not None


def test_threads_that_meet_a_listing_first_together_get_the_same() -> None:
    body = json.dumps({"success": True, "data": [{"id": 1, "title": "t", "owner": {"id": 2}}]}).encode()
    import typedpipes._core.decoding.answers as module

    for _ in range(20):
        module._listings.clear()
        with ThreadPoolExecutor(4) as pool:
            pages: list[Any] = list(
                pool.map(lambda name: decode("DealPage", MODULE, body, Decoding(name)), ["a", "b", "c", "d"])
            )
        assert [page.data[0].owner.id for page in pages] == [2] * 4


def walked(pages: int, records: int, keep: int | None) -> tuple[list[Any], int]:
    """Bytes still held after a walk that keeps one record of each page, and those records."""
    surplus = "x" * 1000
    kept = []
    walk = Walk("demo.list", Paging(style="cursor", limit=None, cursor="c", next="next", items="data"), {})
    tracemalloc.start()
    for page in range(pages):
        data = [{"id": page * records + index, "title": "t", "surplus": surplus} for index in range(records)]
        body = json.dumps({"success": True, "data": data, "next": str(page + 1)}).encode()
        del data
        items = walk.accept(decode("DealPage", MODULE, body, Decoding("demo.list")))
        del body
        if keep is not None:
            kept.append(items[keep])
    del items
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept, held


def test_a_record_that_outlives_its_page_does_not_hold_the_page() -> None:
    pages, records = 20, 200
    kept, held = walked(pages, records, keep=7)
    assert held < 4 * 200 * 1200, "about two pages, not twenty"
    assert [extras(record) for record in kept] == [{"surplus": "x" * 1000}] * pages
    assert [record.id for record in kept] == [page * records + 7 for page in range(pages)]
    assert all(is_set(record, "title") and not is_set(record, "won") for record in kept)


def test_only_rules_that_leave_a_fitting_listing_alone_are_passed_over() -> None:
    listing = listing_of("DealPage", MODULE)
    assert listing is not None
    assert listing.needs_no("lift data.accounts data")
    needed = ["lift data.accounts accounts", "lift x.data data", "wrap data", "first data"]
    assert not any(map(listing.needs_no, needed))
    body = b'{"data": {"deals": [{"id": 1, "title": "t"}]}, "success": true}'
    page: Any = decode("DealPage", MODULE, body, Decoding("demo.list"), ("lift data.deals data",))
    assert page.data[0].title == "t"
