"""Canned listings of all four styles of paging behind an httpx transport, and the real clients on top of them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

import anyio
import httpx

from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

Style = Literal["pipefy", "pipedream", "offset", "cursor"]
STYLES: tuple[Style, ...] = ("pipefy", "pipedream", "offset", "cursor")


class Vendor:
    """A listing that may change between two requests. A cursor names the item before the page, an offset counts.

    ``before`` is called with the number of each request before it is answered; what it raises is the answer.
    """

    def __init__(self, style: Style, keys: list[int], before: Callable[[int], None] | None = None) -> None:
        self.style = style
        self.keys = keys
        self.sizes: list[int] = []
        """What the server makes of the page size asked for, request by request."""
        self.hidden: set[int] = set()
        """What the caller may not see: left out after the server has cut the page, so that one may be empty."""
        self.before = before or (lambda number: None)
        self.asked: list[str | None] = []
        """Start of each page that was asked for, in order of arrival."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        variables = json.loads(request.content)["variables"] if self.style == "pipefy" else dict(request.url.params)
        start = variables.get(
            {"pipefy": "after", "pipedream": "after", "offset": "start", "cursor": "cursor"}[self.style]
        )
        limit = int(variables.get("first" if self.style == "pipefy" else "limit", 50))
        number = len(self.asked)
        self.asked.append(start)
        try:
            self.before(number)
        except InjectedFailure as failure:
            return httpx.Response(failure.status, json={"error": "injected"})
        size = min(limit, self.sizes[number]) if number < len(self.sizes) else limit
        return httpx.Response(200, json=self.page(start, limit, size))

    def page(self, start: str | None, limit: int, size: int) -> dict[str, Any]:
        if self.style == "offset":
            return self._offset_page(int(start or 0), limit, size)
        rest = [key for key in self.keys if start is None or key > int(start)]
        found = rest[:size]
        more = len(rest) > len(found)
        after = str(found[-1]) if found else (start or "0")
        seen = [key for key in found if key not in self.hidden]
        items = [{"id": key if self.style == "cursor" else str(key)} for key in seen]
        info: dict[str, Any]
        if self.style == "pipefy":
            info = {"hasNextPage": more, "endCursor": after if more or found else None, "hasPreviousPage": False}
            return {"data": {"cards": {"nodes": items, "pageInfo": info, "totalCount": len(self.keys)}}}
        if self.style == "pipedream":
            info = {"total_count": len(self.keys), "count": len(items), "end_cursor": after if found else None}
            return {"data": items, "page_info": info}
        return {"success": True, "data": items, "additional_data": {"next_cursor": after if more else None}}

    def _offset_page(self, start: int, limit: int, size: int) -> dict[str, Any]:
        found = self.keys[start : start + size]
        more = start + size < len(self.keys)
        pagination: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": more}
        if more:
            pagination["next_start"] = start + size
        seen: list[dict[str, Any]] = [{"id": key} for key in found if key not in self.hidden]
        return {"success": True, "data": seen, "additional_data": {"pagination": pagination}}

    async def aanswer(self, request: httpx.Request) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        return self.answer(request)


class InjectedFailure(Exception):
    """Makes the vendor answer with an error."""

    def __init__(self, status: int = 500) -> None:
        self.status = status


@contextmanager
def client(vendor: Vendor, transport: httpx.BaseTransport | None = None, **options: Any) -> Generator[Any, None, None]:
    """The real client of the style's vendor."""
    settings: dict[str, Any] = {"limits": "off", "retries": 0, **options}
    with httpx.Client(transport=transport or httpx.MockTransport(vendor.answer)) as http:
        made: Any
        if vendor.style == "pipefy":
            made = Pipefy(token="t" * 20, http_client=http, **settings)
        elif vendor.style == "pipedream":
            made = Pipedream(api_key="k" * 20, http_client=http, **settings)
        else:
            made = Pipedrive(api_token="t" * 40, http_client=http, **settings)
        with made:
            yield made


@asynccontextmanager
async def async_client(
    vendor: Vendor, transport: httpx.AsyncBaseTransport | None = None, **options: Any
) -> AsyncGenerator[Any, None]:
    """Its asynchronous twin."""
    settings: dict[str, Any] = {"limits": "off", "retries": 0, **options}
    async with httpx.AsyncClient(transport=transport or httpx.MockTransport(vendor.aanswer)) as http:
        made: Any
        if vendor.style == "pipefy":
            made = AsyncPipefy(token="t" * 20, http_client=http, **settings)
        elif vendor.style == "pipedream":
            made = AsyncPipedream(api_key="k" * 20, http_client=http, **settings)
        else:
            made = AsyncPipedrive(api_token="t" * 40, http_client=http, **settings)
        async with made:
            yield made


def listing(style: Style, made: Any, **options: Any) -> Any:
    """All items of the listing that stands for the style."""
    if style == "pipefy":
        return made.iter_cards(pipe_id="301", **options)
    if style == "pipedream":
        return made.rest.sources.iter(**options)
    return made.v1.notes.iter(**options) if style == "offset" else made.v2.deals.iter(**options)
