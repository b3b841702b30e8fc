"""Walking a listing page by page: one policy (`Walk`), two lazy iterables over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from typedpipes.errors import ConfigurationError, ResponseMismatch, TypedPipesError
from typedpipes.model import Model
from typedpipes.operation import PageOptions, Paging

T = TypeVar("T")


class Walk:
    """Which page to ask for next, and whether there is one. Knows no I/O.

    An empty page ends an ``after`` listing: it has no has-more flag, and its total is not trusted to end it early.
    Elsewhere only the server's word does. A cursor that comes back twice would go round for ever: it raises
    `ResponseMismatch`.
    """

    __slots__ = ("_left", "_paging", "_seen", "_size", "cursor", "finished", "operation")

    def __init__(self, operation: str, paging: Paging, options: PageOptions) -> None:
        size = options.get("page_size")
        if size is not None and (size < 1 or (paging.max_size is not None and size > paging.max_size)):
            bound = f"1 to {paging.max_size}" if paging.max_size else "at least 1"
            raise ConfigurationError(f"{operation}: page_size is {bound}, not {size}", setting="page_size")
        left = options.get("max_items")
        if left is not None and left < 0:
            raise ConfigurationError(f"{operation}: max_items is at least 0, not {left}", setting="max_items")
        self.operation = operation
        self.cursor = options.get("resume")
        """Where the page after the last accepted one starts; None before the first and after the last page."""
        self.finished = left == 0
        self._paging = paging
        self._size = size
        self._left = left
        self._seen: set[str] = {self.cursor} if self.cursor is not None else set()

    def query(self) -> dict[str, object]:
        """The paging parameters of the next request."""
        query: dict[str, object] = {}
        if self._paging.limit is not None and self._size is not None:
            query[self._paging.limit] = self._size
        if self.cursor is not None:
            query[self._paging.cursor] = self.cursor
        return query

    def accept(self, page: object) -> list[Any]:
        """Take an answer in: its items, and the next cursor."""
        found = _reach(page, self._paging.items)
        items = found if isinstance(found, list) else []
        following = self._following(page, items)
        if following is not None:
            if following in self._seen:
                raise ResponseMismatch(
                    f"{self.operation}: the server repeated cursor {following!r}; stopped to avoid going round",
                    operation=self.operation,
                    path=f"$.{self._paging.next}",
                )
            self._seen.add(following)
        self.cursor = following
        self.finished = following is None
        if self._left is not None:
            items = items[: self._left]
            self._left -= len(items)
            self.finished = self.finished or self._left == 0
        return items

    def _following(self, page: object, items: list[Any]) -> str | None:
        following = _reach(page, self._paging.next)
        if self._paging.style == "offset" and self._paging.more:
            if _reach(page, self._paging.more) is not True:
                return None
            if following is None and items:  # some v1 answers say that there is more, but not where
                following = int(self.cursor or 0) + len(items)
        if following is None or following == "":
            return None
        if self._paging.style == "after" and not items:
            return None
        return str(following)


def _reach(page: object, path: str) -> object:
    """Follow a dot path of wire names through models, dicts; a missing step is None, ``.`` is the page itself."""
    value = page
    for key in path.split(".") if path not in ("", ".") else ():
        if isinstance(value, Model):
            value = _attribute(value, key)
        elif isinstance(value, Mapping):
            value = value.get(key)
        else:
            return None
    return value


def _attribute(value: Model, key: str) -> object:
    model = type(value)
    for name, wire in model._wire_.items():
        if wire == key:
            key = name
            break
    try:
        return cast("object", object.__getattribute__(value, key))
    except AttributeError:
        return None


def _note(error: TypedPipesError, walk: Walk) -> None:
    if walk.cursor is not None:
        error.add_note(f"resume this listing with resume={walk.cursor!r}")


class Pages(Generic[T]):
    """All items of a listing, fetched lazily, one request per page.

    Iterate over it, or over ``.pages()``. ``cursor`` is where the page after the last fetched one starts: pass it as
    ``resume=`` to go on elsewhere or after an error.
    """

    def __init__(self, walk: Walk, fetch: Callable[[dict[str, object]], object]) -> None:
        self._walk = walk
        self._fetch = fetch

    @property
    def cursor(self) -> str | None:
        """Start of the next page; None before the first and after the last one."""
        return self._walk.cursor

    def pages(self) -> Iterator[list[T]]:
        """Page by page; empty ones are passed over."""
        while not self._walk.finished:
            try:
                page = self._walk.accept(self._fetch(self._walk.query()))
            except TypedPipesError as error:
                _note(error, self._walk)
                raise
            if page:
                yield page

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page


class AsyncPages(Generic[T]):
    """The asynchronous twin of `Pages`."""

    def __init__(self, walk: Walk, fetch: Callable[[dict[str, object]], Awaitable[object]]) -> None:
        self._walk = walk
        self._fetch = fetch

    @property
    def cursor(self) -> str | None:
        """Start of the next page; None before the first and after the last one."""
        return self._walk.cursor

    async def pages(self) -> AsyncIterator[list[T]]:
        """Page by page; empty ones are passed over."""
        while not self._walk.finished:
            try:
                page = self._walk.accept(await self._fetch(self._walk.query()))
            except TypedPipesError as error:
                _note(error, self._walk)
                raise
            if page:
                yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page:
                yield item
