"""Iterates 100,000 items of one style of listing in a process of its own and tells, as JSON, what that took."""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio

from tests.end_to_end.listings import STYLES, Style, Vendor, async_client, client, listing
from tests.support.memory import peak

TOTAL = 100_000
WARM = 5_000
"""Items after which the interpreter has grown what it needs anyhow: modules, plans, free lists, buffers."""
SIZES: dict[Style, int] = {"pipefy": 50, "pipedream": 100, "offset": 500, "cursor": 500}


class Pages(Vendor):
    """Whole pages by arithmetic, so that the vendor's own memory does not grow."""

    def __init__(self, style: Style) -> None:
        super().__init__(style, [])

    def page(self, start: str | None, limit: int, size: int) -> dict[str, Any]:
        first = int(start or 0)
        keys = range(first + 1, min(first + limit, TOTAL) + 1)
        items = [{"id": key, "name": f"item {key}", "title": "x" * 80, "content": "y" * 80} for key in keys]
        following = first + limit
        more = following < TOTAL
        if self.style == "offset":
            pagination = {"start": first, "limit": limit, "more_items_in_collection": more, "next_start": following}
            return {"success": True, "data": items, "additional_data": {"pagination": pagination}}
        if self.style == "cursor":
            cursor = str(following) if more else None
            return {"success": True, "data": items, "additional_data": {"next_cursor": cursor}}
        texts = [{**item, "id": str(item["id"])} for item in items]
        info: dict[str, Any] = {"total_count": TOTAL, "end_cursor": str(following) if items else None}
        if self.style == "pipedream":
            return {"data": texts, "page_info": info}
        info |= {"hasNextPage": more, "endCursor": str(following)}
        return {"data": {"cards": {"nodes": texts, "pageInfo": info, "totalCount": TOTAL}}}


class Count:
    """Counts the items and notes the peak of memory after the first of them."""

    def __init__(self) -> None:
        self.items = 0
        self.sum = 0
        self.before = 0.0

    def add(self, item: Any) -> None:
        self.items += 1
        self.sum += int(item.id)
        if self.items == WARM:
            self.before = peak()


def sync(vendor: Vendor, count: Count, **options: Any) -> None:
    with client(vendor) as made:
        for item in listing(vendor.style, made, page_size=SIZES[vendor.style], **options):
            count.add(item)


async def asynchronous(vendor: Vendor, count: Count, **options: Any) -> None:
    async with async_client(vendor) as made:
        async for item in listing(vendor.style, made, page_size=SIZES[vendor.style], **options):
            count.add(item)


def main(style: Style, mode: str, prefetch: int) -> None:
    vendor, count = Pages(style), Count()
    options = {"prefetch": prefetch} if prefetch else {}
    if mode == "sync":
        sync(vendor, count, **options)
    else:
        anyio.run(lambda: asynchronous(vendor, count, **options))
    facts = {
        "items": count.items,
        "sum": count.sum,
        "grown": peak() - count.before,
        "requests": len(vendor.asked),
        "distinct": len(set(vendor.asked)),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(next(one for one in STYLES if one == sys.argv[1]), sys.argv[2], int(sys.argv[3]))
