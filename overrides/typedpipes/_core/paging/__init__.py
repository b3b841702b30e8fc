"""Walking a listing page by page: one policy (`Walk`), two lazy iterables over it."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from typedpipes._core.arguments import check_count
from typedpipes._core.decoding.model import Model, to_wire
from typedpipes._core.paging.answers import Departure, following_of, identity, is_count, items_of, reach, says_nothing
from typedpipes._core.rest import PageOptions, Paging
from typedpipes.errors import ConfigurationError, ResponseMismatch, TypedPipesError

T = TypeVar("T")

_ANY: Final = -(2**63)
_PLACE: Final = re.compile(r"\+([0-9]{1,9}):(.*)", re.ASCII | re.DOTALL)
_EMPTY: Final = 100
"""Pages without items in a row with which a listing is given up."""
MOST_AHEAD: Final = 32
"""Pages a listing may fetch ahead: beyond that, connections and limits are the bound."""


class Walk:
    """Which page to ask for next, and whether there is one. Knows no I/O.

    An empty page ends an ``after`` listing, which has no has-more flag; so does a page that is shorter than asked for
    once as many items were seen as its total tells (the total alone is not trusted: it may be too low). Elsewhere only
    the server's word does. An answer that is no page of the listing never counts as its end, and what would go round
    for ever is not followed: a cursor that comes back, a place to go on from that is not further on, a page that says
    there is more but brings nothing, or nothing new (behind a new cursor an empty page is let pass: what the caller
    may not see was left out; but not a hundred of them in a row). All of that raises `ResponseMismatch`; ``cursor``
    then is where the refused page starts. Where pages start at a number, something added in front meanwhile moves the
    end of one page into the next: what comes twice that way is passed over. Something deleted in front cannot be
    noticed there.
    """

    __slots__ = (
        *("_behind", "_chosen", "_count", "_empty", "_last", "_left", "_page", "_paging", "_passed", "_seen", "_size"),
        *("_skip", "_start", "_step", "cursor", "finished", "operation", "prefetch"),
    )

    def __init__(self, operation: str, paging: Paging, options: PageOptions, *, chosen: bool = False) -> None:
        """``chosen``: the caller chose the fields of the records, so that different ones may look alike."""
        size = check_count("page_size", options.get("page_size"), _ANY)
        if size is not None and (size < 1 or (paging.max_size is not None and size > paging.max_size)):
            bound = f"1 to {paging.max_size}" if paging.max_size else "at least 1"
            raise ConfigurationError(f"{operation}: page_size is {bound}, not {size}", setting="page_size")
        left = check_count("max_items", options.get("max_items"), _ANY)
        if left is not None and left < 0:
            raise ConfigurationError(f"{operation}: max_items is at least 0, not {left}", setting="max_items")
        self.operation = operation
        self.prefetch: int = _prefetch(operation, paging, options)
        """How many pages may be asked for before their turn."""
        self.cursor, self._skip = _resume(operation, paging, options)
        """Where the page after the last accepted one starts; None before the first and after the last page."""
        self.finished: bool = left == 0
        self._chosen = chosen
        self._paging = paging
        self._size = size
        self._left = left
        self._page: list[Any] = []  # items of the last page
        self._start: str | None = None  # where the last page started,
        self._passed = 0  # items of it that were passed over,
        self._behind = 0  # and items of it that max_items left behind
        self._last: dict[str | int, object] = {}  # items of the last page by id, where pages start at a number
        self._step: int | None = None  # from one page's start to the next one's, as the server last said
        self._count = None if self.cursor is not None else 0  # items so far, if all pages before are known
        self._empty = 0  # pages without items in a row
        self._seen: set[str] = {self.cursor} if self.cursor is not None else set()

    def query(self, cursor: str | None = None) -> dict[str, object]:
        """The paging parameters of the next request, or of the one that starts at ``cursor``."""
        query: dict[str, object] = {}
        if self._paging.limit is not None and self._size is not None:
            query[self._paging.limit] = self._size
        if (cursor or self.cursor) is not None:
            query[self._paging.cursor] = cursor or self.cursor
        return query

    def ahead(self) -> list[str]:
        """Cursors of the pages worth asking for before their turn, the next one first; no more than are needed.

        Empty until the server has said how far its pages are apart.
        """
        if self.finished or self.cursor is None or self._step is None:
            return []
        count = self.prefetch
        if self._left is not None:
            count = min(count, -(-self._left // self._step))
        return [str(int(self.cursor) + index * self._step) for index in range(count)]

    def is_last(self, page: object) -> bool:
        """Whether no page follows this answer: it says so, or is no page at all."""
        try:
            return self._following(page, items_of(page, self._paging)) is None
        except Departure:
            return True

    def accept(self, page: object) -> list[Any]:
        """Take an answer in: its items, and the next cursor. Raises `ResponseMismatch`, and then has taken nothing."""
        try:
            found = items_of(page, self._paging)
            following = self._following(page, found)
            if following is not None:
                self._check_progress(page, found, following)
        except Departure as departure:
            raise ResponseMismatch(
                f"{self.operation}: {departure}; the listing was stopped there",
                operation=self.operation,
                path=departure.path,
            ) from None
        self._empty = 0 if found else self._empty + 1
        if self._count is not None:
            self._count += len(found)
        items = self._fresh(found) if self._paging.style == "offset" else found[self._skip :]
        self._start, self._passed, self._skip = self.cursor, len(found) - len(items), 0
        if self.prefetch:
            self._step = _distance(self.cursor, following)
        if following is not None:
            self._seen.add(following)
        self.cursor = following
        self.finished = following is None
        self._behind = 0
        if self._left is not None:
            self._behind = max(0, len(items) - self._left)
            items = items[: self._left]
            self._left -= len(items)
            self.finished = self.finished or self._left == 0
        if self._page and isinstance(self._page[0], Model):
            _release(self._page)
        self._page = items
        return items

    def place(self, given: int | None) -> str | None:
        """``resume=`` for what follows the first ``given`` items of the last page; None: all that it brought.

        A server's cursor leads to the beginning of a page: in the middle of one, the place says how many to pass over.
        """
        behind = self._behind if given is None else self._behind + len(self._page) - given
        if behind == 0:
            return self.cursor
        passed = self._passed + len(self._page) + self._behind - behind
        if self._paging.style in ("offset", "skip"):
            return str(int(self._start or 0) + passed)
        return f"+{passed}:{self._start or ''}"

    def _check_progress(self, page: object, items: list[Any], following: str) -> None:
        """Raise `Departure` if the next page would not be further on than this one."""
        paging = self._paging
        if following in self._seen:
            raise Departure(paging.next, f"the server repeated cursor {following!r}, which would go round for ever")
        if paging.style == "offset":
            if not items:
                raise Departure(paging.items, "the page is empty, but says that there is more")
            if int(following) <= int(self.cursor or 0):
                raise Departure(paging.next, f"the page from {self.cursor or 0} on is said to go on at {following}")
        if not items and self._empty + 1 >= _EMPTY:
            raise Departure(
                paging.items,
                f"{_EMPTY} pages in a row are empty, but say that there is more; resume= goes on from there",
            )
        if items and self._repeats(page, items):
            raise Departure(
                paging.items,
                f"the page from {paging.cursor}={self.cursor} on brings nothing but what the page before it brought, "
                f"but says that there is more; does the server read {paging.cursor}?",
            )

    def _repeats(self, page: object, items: list[Any]) -> bool:
        """Whether a page holds nothing but what the page before it held."""
        style = self._paging.style
        if style == "offset" and all(self._came_before(item) for item in items):
            return True
        if style in ("cursor", "after") and any(identity(item) is None for item in items):
            return False  # the cursor is a new one, and records without an id may look alike
        if not self._same(items):
            return False
        # Records of few chosen fields may look alike, page after page: there the server's own word on the start counts.
        return not self._chosen or self._starts_elsewhere(page)

    def _came_before(self, item: object) -> bool:
        """Whether the page before held this record, though a part of it (a time, a signed link) may have changed."""
        key = identity(item)
        return key is not None and type(self._last.get(key)) is type(item)

    def _same(self, items: list[Any]) -> bool:
        if len(items) != len(self._page):
            return False
        return all(_alike(before, item) for before, item in zip(self._page, items, strict=True))

    def _starts_elsewhere(self, page: object) -> bool:
        start = reach(page, f"{self._paging.next.rpartition('.')[0]}.{self._paging.cursor}")
        return isinstance(start, int) and start != int(self.cursor or 0)

    def _new_from(self, items: list[Any]) -> int:
        """How many of the first items are those that the page before ended with."""
        for count, item in enumerate(items):
            key = identity(item)
            twin = None if key is None else self._last.get(key)
            if twin is None or to_wire(twin) != to_wire(item):
                return count
        return len(items)

    def _fresh(self, items: list[Any]) -> list[Any]:
        """The items less those the page before ended with."""
        count = self._new_from(items) if self._last else 0
        self._last = {key: item for item in items if (key := identity(item)) is not None}
        return items[count:]

    def _following(self, page: object, items: list[Any]) -> str | None:
        following = following_of(page, items, self._paging, self.cursor)
        if self._paging.style != "after":
            return following
        asked = self._size or self._paging.size
        if following is None:
            if items and asked is not None and len(items) >= asked and says_nothing(page, self._paging.next):
                raise Departure(
                    self._paging.next, "the page is full, and the answer does not say whether there is more"
                )
            return None
        total = reach(page, self._paging.total) if self._paging.total else None
        if asked is None or self._count is None or not isinstance(total, int) or isinstance(total, bool):
            return following
        return None if len(items) < asked and self._count + len(items) >= total else following


def _alike(before: object, item: object) -> bool:
    """Whether two records hold the same."""
    if isinstance(item, Model | Mapping):
        return to_wire(before) == to_wire(item)
    return identity(item) is not None and before == item


def _prefetch(operation: str, paging: Paging, options: PageOptions) -> int:
    pages = cast("Mapping[str, object]", options).get("prefetch", 0)
    if not isinstance(pages, int) or isinstance(pages, bool) or not 0 <= pages <= MOST_AHEAD:
        raise ConfigurationError(
            f"{operation}: prefetch is a number of pages from 0 to {MOST_AHEAD}, not {pages!r}", setting="prefetch"
        )
    if pages and paging.style != "offset":
        raise ConfigurationError(
            f"{operation}: prefetch is not possible: each page's cursor comes with the page before; leave prefetch out",
            setting="prefetch",
        )
    return pages


def _resume(operation: str, paging: Paging, options: PageOptions) -> tuple[str | None, int]:
    """The cursor to start with, and how many items of its page to pass over (see `Walk.place`)."""
    given: object = options.get("resume")
    if given is None:
        return None, 0
    match = _PLACE.fullmatch(given) if isinstance(given, str) and paging.style not in ("offset", "skip") else None
    cursor, skip = (given, 0) if match is None else (match[2] or None, int(match[1]))
    counts = {"offset": "a number of items to pass over", "skip": "a number of items to pass over", "page": "a number"}
    if cursor is None:
        return None, skip
    if not isinstance(cursor, str) or not (is_count(cursor) if paging.style in counts else cursor):
        kind = counts.get(paging.style, "a text that is not empty")
        raise ConfigurationError(f"{operation}: resume is {kind}, not {given!r}", setting="resume")
    return cursor, skip


def _distance(start: str | None, following: str | None) -> int | None:
    if following is None or not following.isdigit():
        return None
    distance = int(following) - int(start or 0)
    return distance if distance > 0 else None


def _note(error: TypedPipesError, walk: Walk) -> None:
    if walk.cursor is not None:
        error.add_note(f"resume this listing with resume={walk.cursor!r}")


# What few listings need is imported by them, and in functions: a user's type checker does not follow it there.


def _release(records: list[Any]) -> None:
    from typedpipes._core.decoding.records import release

    release(records)


class Fetches(Protocol):
    """Pages that were asked for before their turn, see `typedpipes._core.paging.prefetch`."""

    def page(self) -> object:
        """The page whose turn it is."""
        ...

    def fill(self) -> None:
        """Ask for the next ones."""
        ...

    def close(self) -> None:
        """End those under way."""
        ...


class AsyncFetches(Protocol):
    """The asynchronous twin of `Fetches`."""

    def page(self) -> Awaitable[object]:
        """The page whose turn it is."""
        ...

    def fill(self) -> None:
        """Ask for the next ones."""
        ...

    def aclose(self) -> Awaitable[object]:
        """End those under way."""
        ...


def _in_threads(walk: Walk, fetch: Callable[[dict[str, object], threading.Event], object]) -> Fetches:
    from typedpipes._core.paging.prefetch import ThreadFetches

    return ThreadFetches(walk, fetch)


def _in_tasks(walk: Walk, fetch: Callable[[dict[str, object]], Awaitable[object]]) -> AsyncFetches:
    from typedpipes._core.paging.prefetch import TaskFetches

    return TaskFetches(walk, fetch)


class Pages(Generic[T]):
    """All items of a listing, fetched lazily, one request per page.

    Iterate over it, or over ``.pages()``. ``cursor`` is what follows the last item or page handed out: pass it as
    ``resume=`` to continue elsewhere or after an error. With ``prefetch=N`` up to N pages are fetched ahead in threads
    while you use the one before them; leaving the loop ends them, after requests already on the wire.
    """

    def __init__(
        self,
        walk: Walk,
        fetch: Callable[[dict[str, object]], object],
        ahead: Callable[[dict[str, object], threading.Event], object] | None = None,
    ) -> None:
        self._walk = walk
        self._given: int | None = None
        self._fetch = fetch
        self._ahead = ahead or (lambda query, stop: fetch(query))

    @property
    def cursor(self) -> str | None:
        """What ``resume=`` takes to continue behind the last item given; None before the first and at the end.

        Within a page it is ``+N:`` and the server's cursor: the page is asked for again, N items of it passed over.
        """
        return self._walk.place(self._given)

    def pages(self) -> Generator[list[T], None, None]:
        """Page by page; empty ones are passed over."""
        walk = self._walk
        with contextlib.ExitStack() as stack:
            ahead = None
            if walk.prefetch and not walk.finished:
                ahead = stack.enter_context(contextlib.closing(_in_threads(walk, self._ahead)))
            while not walk.finished:
                try:
                    page = walk.accept(self._fetch(walk.query()) if ahead is None else ahead.page())
                except TypedPipesError as error:
                    _note(error, walk)
                    raise
                if ahead is not None:
                    ahead.fill()
                if page:
                    yield page

    def __iter__(self) -> Generator[T, None, None]:
        with contextlib.closing(self.pages()) as pages:
            for page in pages:
                for self._given, item in enumerate(page, 1):
                    yield item
                self._given = None


class AsyncPages(Generic[T]):
    """The asynchronous twin of `Pages`: ``prefetch=N`` fetches in tasks, which end when the iterator is closed.

    A loop left early closes it when it is collected; ``async with contextlib.aclosing(pages.pages())`` does so at once.
    """

    def __init__(self, walk: Walk, fetch: Callable[[dict[str, object]], Awaitable[object]]) -> None:
        self._walk = walk
        self._given: int | None = None
        self._fetch = fetch

    @property
    def cursor(self) -> str | None:
        """What ``resume=`` takes to continue behind the last item given; None before the first and at the end.

        Within a page it is ``+N:`` and the server's cursor: the page is asked for again, N items of it passed over.
        """
        return self._walk.place(self._given)

    async def pages(self) -> AsyncGenerator[list[T], None]:
        """Page by page; empty ones are passed over."""
        walk = self._walk
        async with contextlib.AsyncExitStack() as stack:
            ahead = None
            if walk.prefetch and not walk.finished:
                ahead = await stack.enter_async_context(contextlib.aclosing(_in_tasks(walk, self._fetch)))
            while not walk.finished:
                try:
                    page = walk.accept(await (self._fetch(walk.query()) if ahead is None else ahead.page()))
                except TypedPipesError as error:
                    _note(error, walk)
                    raise
                if ahead is not None:
                    ahead.fill()
                if page:
                    yield page

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        async with contextlib.aclosing(self.pages()) as pages:
            async for page in pages:
                for self._given, item in enumerate(page, 1):
                    yield item
                self._given = None
