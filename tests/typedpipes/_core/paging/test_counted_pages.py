"""Listings whose pages the client counts: numbers and items to pass over."""

from __future__ import annotations

import pytest

from typedpipes._core.paging import Pages, Walk
from typedpipes._core.rest import Paging
from typedpipes.errors import ConfigurationError

ITEMS = list(range(23))


def server(style: str, first: int, size: int, *, more: bool, total: bool) -> tuple[list[dict[str, object]], object]:
    asked: list[dict[str, object]] = []

    def fetch(query: dict[str, object]) -> object:
        asked.append(query)
        cursor = int(str(query.get("c", first if style == "page" else 0)))
        start = (cursor - first) * size if style == "page" else cursor
        answer: dict[str, object] = {"rows": ITEMS[start : start + size]}
        if more:
            answer["more"] = start + size < len(ITEMS)
        if total:
            answer["total"] = len(ITEMS) if style == "skip" else -(-len(ITEMS) // size)
        return answer

    return asked, fetch


@pytest.mark.parametrize("style", ["page", "skip"])
@pytest.mark.parametrize(("more", "total", "requests"), [(False, False, 4), (True, False, 3), (False, True, 3)])
@pytest.mark.parametrize("first", [0, 1])
def test_every_item_comes_once_and_the_server_ends_the_listing(
    style: str, more: bool, total: bool, requests: int, first: int
) -> None:
    asked, fetch = server(style, first, 10, more=more, total=total)
    paging = Paging(
        style,  # type: ignore[arg-type]  # one of two
        limit="n",
        cursor="c",
        items="rows",
        next="",
        more="more" if more else None,
        first=first,
        total="total" if total else None,
    )
    pages: Pages[int] = Pages(Walk("a.b", paging, {}), fetch)  # type: ignore[arg-type]  # a fake
    assert list(pages) == ITEMS
    assert len(asked) == requests
    resumed: Pages[int] = Pages(Walk("a.b", paging, {"resume": str(asked[1]["c"])}), fetch)  # type: ignore[arg-type]
    assert list(resumed) == ITEMS[10:]


def test_a_cursor_that_is_no_number_is_refused() -> None:
    paging = Paging("page", limit=None, cursor="c", items="rows", next="")
    with pytest.raises(ConfigurationError, match="resume is a number"):
        Walk("a.b", paging, {"resume": "x"})
