"""Paging: every item once, or an error that says where to go on."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any, Literal, Unpack

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from typedpipes._core.paging import AsyncPages, Pages, Walk
from typedpipes._core.rest import PageOptions, Paging
from typedpipes.errors import ConfigurationError, ResponseMismatch, ServerError

CURSOR = Paging("cursor", limit="limit", cursor="cursor", items="data", next="extra.next_cursor", max_size=500)
OFFSET = Paging("offset", limit="limit", cursor="start", items="data", next="extra.next_start", more="extra.more_items")
AFTER = Paging("after", limit="limit", cursor="after", items="data", next="page_info.end_cursor")
STYLES = {"cursor": CURSOR, "offset": OFFSET, "after": AFTER}
Style = Literal["cursor", "offset", "after"]


class Listing:
    """A server's listing of ``total`` numbers in pages of ``sizes`` (0 is an empty page), answering per style."""

    def __init__(self, style: Style, sizes: list[int], fail_at: int | None = None) -> None:
        self.style = style
        self.sizes = sizes
        self.fail_at = fail_at
        self.requests: list[dict[str, object]] = []

    def fetch(self, query: dict[str, object]) -> dict[str, Any]:
        self.requests.append(query)
        given = query.get(STYLES[self.style].cursor)
        index = int(str(given)) if given is not None else 0
        if self.fail_at is not None and len(self.requests) == self.fail_at:
            raise ServerError("broken", status=503)
        first = sum(self.sizes[:index])
        items = list(range(first, first + self.sizes[index])) if index < len(self.sizes) else []
        more = index + 1 < len(self.sizes)
        if self.style == "cursor":
            return {"data": items, "extra": {"next_cursor": str(index + 1) if more else None}}
        if self.style == "offset":
            return {"data": items, "extra": {"more_items": more, "next_start": index + 1}}
        info = {"end_cursor": str(index + 1) if items else None, "total_count": sum(self.sizes)}
        return {"data": items, "page_info": info}

    async def afetch(self, query: dict[str, object]) -> dict[str, Any]:
        await anyio.lowlevel.checkpoint()
        return self.fetch(query)


def pages(listing: Listing, **options: Unpack[PageOptions]) -> Pages[int]:
    return Pages(Walk("demo.list", STYLES[listing.style], options), listing.fetch)


styles = st.sampled_from(["cursor", "offset", "after"])


@given(styles, st.lists(st.integers(1, 5), min_size=1, max_size=6), st.booleans())
def test_every_item_comes_once_sync_and_async_with_one_request_a_page(
    style: Style, sizes: list[int], empty_inside: bool
) -> None:
    if empty_inside and style == "cursor":  # elsewhere an empty page is the end, or a fault
        sizes = [*sizes, 0, 1]
    listing, twin = Listing(style, sizes), Listing(style, sizes)
    assert list(pages(listing)) == list(range(sum(sizes)))

    async def collect() -> list[int]:
        walk = Walk("demo.list", STYLES[style], PageOptions())
        return [item async for item in AsyncPages[int](walk, twin.afetch)]

    assert anyio.run(collect) == list(range(sum(sizes)))
    assert listing.requests == twin.requests
    assert len(listing.requests) == len(sizes) + (style == "after"), "an after listing is ended by its empty page"


@given(styles, st.lists(st.integers(1, 4), min_size=2, max_size=6), st.data())
def test_a_failure_keeps_what_was_read_and_its_cursor_resumes_without_loss(
    style: Style, sizes: list[int], data: st.DataObject
) -> None:
    listing = Listing(style, sizes, fail_at=data.draw(st.integers(2, len(sizes))))
    walked = pages(listing)
    got: list[int] = []
    with pytest.raises(ServerError) as caught:  # noqa: PT012 - what came before the failure counts
        for item in walked:
            got.append(item)
    resumed = walked.cursor
    assert resumed is not None
    assert f"resume={resumed!r}" in str(caught.value.__notes__)
    listing.fail_at = None
    assert got + list(pages(listing, resume=resumed)) == list(range(sum(sizes)))


@given(styles, st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 25))
def test_max_items_stops_without_asking_for_more_than_needed(style: Style, sizes: list[int], most: int) -> None:
    listing = Listing(style, sizes)
    assert list(pages(listing, max_items=most)) == list(range(min(most, sum(sizes))))
    needed, have = 0, 0
    for size in sizes:
        if have >= most:
            break
        needed, have = needed + 1, have + size
    needed += style == "after" and have < most  # only an empty page tells that there is no more
    assert len(listing.requests) == needed


def fixed_pages(style: str, total: int, size: int) -> tuple[Paging, Callable[[dict[str, object]], dict[str, Any]]]:
    """A listing of numbers whose pages start where its style says: at an item, at a page, or at a cursor."""
    paging = Paging(style, limit="limit", cursor="at", items="data", next="following", more="more")  # type: ignore[arg-type]  # a style

    def fetch(query: dict[str, object]) -> dict[str, Any]:
        at = str(query.get("at", "1" if style == "page" else "c0" if style in ("cursor", "after") else "0"))
        start = (int(at) - 1) * size if style == "page" else int(at.removeprefix("c"))
        items, end = list(range(start, min(start + size, total))), start + size
        following = {"page": None, "skip": None, "offset": end}.get(style, f"c{end}") if end < total else None
        return {"data": items, "following": following, "more": end < total}

    return paging, fetch


@pytest.mark.parametrize("style", ["cursor", "after", "offset", "skip", "page"])
@given(total=st.integers(1, 12), size=st.integers(1, 5), parts=st.lists(st.integers(1, 7), max_size=4))
def test_a_listing_that_is_left_anywhere_continues_right_behind_the_last_item(
    style: str, total: int, size: int, parts: list[int]
) -> None:
    """Left by its bound, or by leaving the loop, sync and async; the next part continues where the last one ended."""
    paging, fetch = fixed_pages(style, total, size)

    def left(most: int, resume: PageOptions) -> tuple[list[int], str | None]:
        walked = Pages[int](Walk("demo.list", paging, resume), fetch)
        return list(itertools.islice(walked, most)), walked.cursor

    def bounded(most: int, resume: PageOptions) -> tuple[list[int], str | None]:
        walked = Pages[int](Walk("demo.list", paging, {**resume, "max_items": most}), fetch)
        return list(walked), walked.cursor

    async def afetch(query: dict[str, object]) -> dict[str, Any]:
        return fetch(query)

    async def walk(most: int, resume: PageOptions) -> tuple[list[int], str | None]:
        found: list[int] = []
        walked = AsyncPages[int](Walk("demo.list", paging, resume), afetch)
        async with contextlib.aclosing(walked.__aiter__()) as items:
            async for item in items:
                found.append(item)
                if len(found) == most:
                    break
            return found, walked.cursor

    def awaited(most: int, resume: PageOptions) -> tuple[list[int], str | None]:
        return anyio.run(walk, most, resume)

    for way in (left, bounded, awaited):
        got: list[int] = []
        resume: PageOptions = {}
        for most in [*parts, total + 1]:
            found, cursor = way(most, resume)
            got += found
            if cursor is None:
                break
            resume = {"resume": cursor}
        assert got == list(range(total)), way.__name__


def test_nothing_is_fetched_before_it_is_asked_for() -> None:
    listing = Listing("cursor", [2, 2])
    walked = iter(pages(listing, page_size=2))
    assert listing.requests == []
    assert [next(walked), next(walked)] == [0, 1]
    assert listing.requests == [{"limit": 2}]


def test_a_repeated_cursor_raises_instead_of_going_round() -> None:
    def fetch(query: dict[str, object]) -> dict[str, Any]:
        return {"data": [1], "extra": {"next_cursor": "same"}}

    walked: Pages[int] = Pages(Walk("demo.list", CURSOR, PageOptions()), fetch)
    with pytest.raises(ResponseMismatch, match="repeated cursor 'same'"):
        list(walked)


def test_an_offset_listing_goes_on_after_the_last_item_where_the_answer_does_not_say_where() -> None:
    asked: list[object] = []

    def fetch(query: dict[str, object]) -> dict[str, Any]:
        start = int(str(query.get("start", 0)))
        asked.append(query.get("start"))
        return {"data": [start, start + 1], "extra": {"more_items": start < 4}}

    walked: Pages[int] = Pages(Walk("demo.list", OFFSET, PageOptions()), fetch)
    assert list(walked) == [0, 1, 2, 3, 4, 5]
    assert asked == [None, "2", "4"]


def test_an_after_listing_ends_on_an_empty_page_even_if_a_cursor_comes_with_it() -> None:
    answers = [
        {"data": [1], "page_info": {"end_cursor": "a"}},
        {"data": [], "page_info": {"end_cursor": "a"}},
    ]
    walked: Pages[int] = Pages(Walk("demo.list", AFTER, PageOptions()), lambda query: answers.pop(0))
    assert list(walked) == [1]


@pytest.mark.parametrize(("options", "setting"), [({"page_size": 0}, "page_size"), ({"page_size": 501}, "page_size")])
def test_an_impossible_page_size_is_refused_before_anything_is_sent(options: Any, setting: str) -> None:
    with pytest.raises(ConfigurationError, match="1 to 500") as caught:
        pages(Listing("cursor", [1]), **options)
    assert caught.value.setting == setting
