"""Every item once, or an error whose cursor goes on: all four styles, sync and async, through the real clients."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.end_to_end.listings import STYLES, InjectedFailure, Style, Vendor, async_client, client, listing
from typedpipes.errors import ServerError

GAP = 1000
"""Between two keys that stand from the start, so that there is room for what comes later."""

modes = pytest.mark.parametrize("mode", ["sync", "async"])
styles = pytest.mark.parametrize("style", STYLES)


def walked(mode: str, vendor: Vendor, page_size: int, failures: int, **options: Any) -> list[int]:
    """Everything the listing gives, resumed with a new iterator after each of up to ``failures`` errors."""
    if mode == "async":
        return anyio.run(_awalked, vendor, page_size, failures, options)
    return _walked(vendor, page_size, failures, options)


def _walked(vendor: Vendor, page_size: int, failures: int, options: dict[str, Any]) -> list[int]:
    got: list[int] = []
    resume: dict[str, str] = {}
    with client(vendor) as made:
        for _ in range(failures + 1):
            pages = listing(vendor.style, made, page_size=page_size, **resume, **options)
            try:
                for item in pages:
                    got.append(int(item.id))
            except ServerError as error:
                resume = resumed(pages.cursor, error, resume)
            else:
                return got
    raise AssertionError("more failures than were injected")


async def _awalked(vendor: Vendor, page_size: int, failures: int, options: dict[str, Any]) -> list[int]:
    got: list[int] = []
    resume: dict[str, str] = {}
    async with async_client(vendor) as made:
        for _ in range(failures + 1):
            pages = listing(vendor.style, made, page_size=page_size, **resume, **options)
            try:
                async for item in pages:
                    got.append(int(item.id))
            except ServerError as error:
                resume = resumed(pages.cursor, error, resume)
            else:
                return got
    raise AssertionError("more failures than were injected")


def resumed(cursor: str | None, error: ServerError, before: dict[str, str]) -> dict[str, str]:
    if cursor is None:  # not even the first page came
        assert before == {}
        return {}
    assert f"resume={cursor!r}" in str(error.__notes__)
    return {"resume": cursor}


@modes
@styles
@settings(max_examples=25)
@given(
    st.integers(0, 15),
    st.integers(1, 6),
    st.lists(st.integers(1, 4), max_size=12),
    st.sets(st.integers(1, 15)),
    st.sets(st.integers(0, 8), max_size=3),
)
def test_any_page_sizes_empty_pages_and_failures_lose_and_repeat_nothing(
    style: Style, mode: str, total: int, page_size: int, sizes: list[int], hidden: set[int], broken: set[int]
) -> None:
    keys = [GAP * number for number in range(1, total + 1)]

    def fail(number: int) -> None:
        if number in broken:
            raise InjectedFailure

    vendor = Vendor(style, keys, fail)
    vendor.sizes = sizes
    if style in ("pipefy", "cursor"):  # in Pipedream an empty page is the end, at an offset with more to come a fault
        vendor.hidden = {GAP * number for number in hidden}
    assert walked(mode, vendor, page_size, len(broken)) == [key for key in keys if key not in vendor.hidden]


@modes
@styles
@settings(max_examples=20)
@given(st.integers(1, 12), st.integers(1, 5), st.dictionaries(st.integers(1, 6), st.integers(0, 12_500), max_size=4))
def test_what_stood_all_the_time_comes_once_while_others_are_added(
    style: Style, mode: str, total: int, page_size: int, additions: dict[int, int]
) -> None:
    keys = [GAP * number for number in range(1, total + 1)]
    vendor = Vendor(style, list(keys))
    if style == "offset":  # what comes in front may fill a page of one: that page brings nothing new, and is refused
        page_size += 1

    def add(number: int) -> None:
        if number in additions and additions[number] not in vendor.keys:
            vendor.keys = sorted([*vendor.keys, additions[number]])

    vendor.before = add
    got = walked(mode, vendor, page_size, 0)
    assert len(got) == len(set(got)), "nothing comes twice"
    assert [key for key in got if key in keys] == keys, "in order, and nothing is lost"


@modes
@styles
@settings(max_examples=20)
@given(st.integers(1, 12), st.integers(1, 5), st.dictionaries(st.integers(1, 6), st.integers(0, 11), max_size=4))
def test_what_stood_all_the_time_comes_once_while_others_are_deleted(
    style: Style, mode: str, total: int, page_size: int, deletions: dict[int, int]
) -> None:
    keys = [GAP * number for number in range(1, total + 1)]
    vendor = Vendor(style, list(keys))
    gone: set[int] = set()

    def delete(number: int) -> None:
        if number not in deletions or deletions[number] >= len(vendor.keys):
            return
        if style == "offset" and deletions[number] < number * page_size:
            return  # in front of an offset nobody can notice it: documented at `Walk`
        gone.add(vendor.keys.pop(deletions[number]))

    vendor.before = delete
    got = walked(mode, vendor, page_size, 0)
    assert len(got) == len(set(got))
    assert [key for key in got if key not in gone] == [key for key in keys if key not in gone]


@modes
@settings(max_examples=30)
@given(
    st.integers(0, 20),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sets(st.integers(0, 8), max_size=3),
    st.sampled_from([None, 0, 1, 7, 30]),
)
def test_prefetch_changes_nothing_but_the_order_of_requests(
    mode: str, total: int, page_size: int, prefetch: int, broken: set[int], most: int | None
) -> None:
    keys = [GAP * number for number in range(1, total + 1)]

    def fail(number: int) -> None:
        if number in broken:
            raise InjectedFailure

    vendor = Vendor("offset", keys, fail)
    options = {} if most is None or broken else {"max_items": most}
    got = walked(mode, vendor, page_size, len(broken), prefetch=prefetch, **options)
    assert got == (keys[:most] if options else keys)
    if not broken:
        wanted = got if options else keys
        pages = 0 if most == 0 and options else max(1, -(-len(wanted) // page_size))
        assert len(vendor.asked) == len(set(vendor.asked)), "no page is fetched twice"
        beyond = 0 if options and most is not None and most <= total else prefetch
        assert pages <= len(vendor.asked) <= pages + beyond
