"""Pages fetched ahead: at the same time, in order, no more than asked for, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest

from tests.end_to_end.listings import Style, Vendor, async_client, client, listing
from tests.typedpipes._core.http.limiter import BookLimiter
from typedpipes._core.paging import AsyncPages, Pages, Walk
from typedpipes._core.rest import PageOptions, Paging
from typedpipes.errors import ConfigurationError, ServerError
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_sandbox import Sandbox

PAGE = 10
KEYS = list(range(1, 101))


class Gate(httpx.BaseTransport):
    """Holds every page but the first until it is opened; counts how many wait at once."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.open = threading.Event()
        self.waiting = 0
        self.most = 0
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "start" in request.url.params:
            with self._lock:
                self.waiting += 1
                self.most = max(self.most, self.waiting)
            assert self.open.wait(60)
            with self._lock:
                self.waiting -= 1
        return self.vendor.answer(request)


class AsyncGate(httpx.AsyncBaseTransport):
    """The asynchronous twin."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.open = anyio.Event()
        self.waiting = 0
        self.most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "start" in request.url.params:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            try:
                await self.open.wait()
            finally:
                self.waiting -= 1
        return self.vendor.answer(request)


def until(reached: Callable[[], bool]) -> None:
    for _ in range(12_000):
        if reached():
            return
        time.sleep(0.005)
    raise AssertionError("never reached")


async def auntil(reached: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not reached():
            await anyio.sleep(0.002)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("typedpipes-prefetch")]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    assert threads() == []


def free(made: Any) -> int:
    """Connection permits nobody holds."""
    semaphore = made._http.policies.permits._semaphore
    return int(getattr(semaphore, "value", None) or semaphore._value)


def test_threads_fetch_the_next_pages_while_the_first_is_in_use() -> None:
    vendor = Vendor("offset", KEYS)
    gate = Gate(vendor)
    with client(vendor, gate) as made:
        items = iter(listing("offset", made, page_size=PAGE, prefetch=3))
        assert next(items).id == 1
        until(lambda: gate.waiting == 3)
        assert len(threads()) == 3
        gate.open.set()
        assert [item.id for item in items] == KEYS[1:]
    assert gate.most == 3
    assert len(vendor.asked) == len(set(vendor.asked))
    assert 10 <= len(vendor.asked) <= 13, "where the end is turns out only on the last page"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_fetch_the_next_pages_while_the_first_is_in_use(backend: str) -> None:
    vendor = Vendor("offset", KEYS)

    async def main() -> None:
        gate = AsyncGate(vendor)
        async with (
            async_client(vendor, gate) as made,
            contextlib.aclosing(aiter(listing("offset", made, page_size=PAGE, prefetch=3))) as items,
        ):
            assert (await anext(items)).id == 1
            await auntil(lambda: gate.waiting == 3)
            gate.open.set()
            assert [item.id async for item in items] == KEYS[1:]
            assert gate.most == 3

    anyio.run(main, backend=backend)
    assert len(vendor.asked) == len(set(vendor.asked))
    assert 10 <= len(vendor.asked) <= 13


@pytest.mark.parametrize(("most", "pages"), [(1, 1), (10, 1), (11, 2), (35, 4), (100, 10), (None, 10)])
def test_no_page_is_asked_for_that_max_items_or_a_last_page_makes_needless(most: int | None, pages: int) -> None:
    vendor = Vendor("offset", KEYS)
    with client(vendor) as made:
        options = {} if most is None else {"max_items": most}
        got = [item.id for item in listing("offset", made, page_size=PAGE, prefetch=2, **options)]
    assert got == KEYS[:most]
    assert pages <= len(vendor.asked) <= pages + (0 if most is not None else 2)


def test_a_listing_of_one_page_starts_no_thread() -> None:
    vendor = Vendor("offset", KEYS[:3])
    with client(vendor) as made:
        for _ in listing("offset", made, page_size=PAGE, prefetch=8):
            assert threads() == []
    assert len(vendor.asked) == 1


def test_leaving_the_loop_ends_threads_leases_and_permits(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor, book = Vendor("offset", KEYS), BookLimiter()
    gate = Gate(vendor)
    shutdown = ThreadPoolExecutor.shutdown

    def answering(self: ThreadPoolExecutor, wait: bool = True, **options: bool) -> None:
        gate.open.set()  # what is on the wire is answered only now that the listing is being closed
        shutdown(self, wait, **options)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", answering)
    with client(vendor, gate) as made:
        made._http.policies.limiter = book
        before = free(made)
        items = iter(listing("offset", made, page_size=PAGE, prefetch=4))
        next(items)
        until(lambda: gate.waiting == 4)
        items.close()
        assert threads() == []
        assert free(made) == before
        assert len(book.leases) == 5
        assert book.all_released()


def test_a_thread_that_waits_for_a_retry_is_woken_when_nobody_wants_its_page() -> None:
    vendor = Vendor("offset", KEYS)

    refused: list[str] = []

    def busy(request: httpx.Request) -> httpx.Response:
        if "start" in request.url.params:
            refused.append(str(request.url))
            return httpx.Response(429, headers={"retry-after": "30"}, json={})
        return vendor.answer(request)

    with client(vendor, httpx.MockTransport(busy), retries=3) as made:
        before = free(made)
        items = iter(listing("offset", made, page_size=PAGE, prefetch=2))
        next(items)
        until(lambda: len(refused) == 2)
        closing = threading.Thread(target=items.close)
        closing.start()
        closing.join(20)
        assert not closing.is_alive(), "it sits the thirty seconds out"
        assert len(refused) == 2
        assert free(made) == before


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("ending", ["close", "cancel", "error"])
def test_closing_cancelling_or_failing_ends_tasks_leases_and_permits(backend: str, ending: str) -> None:
    vendor, book = Vendor("offset", KEYS), BookLimiter()

    async def use(made: Any, gate: AsyncGate, scope: anyio.CancelScope) -> None:
        async with contextlib.aclosing(aiter(listing("offset", made, page_size=PAGE, prefetch=4))) as items:
            await anext(items)
            await auntil(lambda: gate.waiting == 4)
            if ending == "error":
                raise KeyError
            if ending == "cancel":
                scope.cancel()
                for _ in range(PAGE):
                    await anext(items)

    async def main() -> None:
        gate = AsyncGate(vendor)
        async with async_client(vendor, gate) as made:
            made._http.policies.limiter = book
            before = free(made)
            with contextlib.suppress(KeyError), anyio.CancelScope() as scope:
                await use(made, gate, scope)
            assert scope.cancelled_caught == (ending == "cancel")
            assert gate.waiting == 0
            assert free(made) == before
            assert book.all_released()
            if backend == "asyncio":
                assert len(asyncio.all_tasks()) == 1

    anyio.run(main, backend=backend)
    assert len(vendor.asked) == 1


def test_an_asyncio_loop_left_by_break_leaves_no_task() -> None:
    vendor = Vendor("offset", KEYS)

    async def main() -> None:
        gate = AsyncGate(vendor)
        async with async_client(vendor, gate) as made:
            async for _ in listing("offset", made, page_size=PAGE, prefetch=4):
                await auntil(lambda: gate.waiting == 4)
                break
            await auntil(lambda: len(asyncio.all_tasks()) == 1)
            assert gate.waiting == 0

    anyio.run(main)


def test_a_task_cancelled_by_asyncio_itself_cleans_up() -> None:
    vendor = Vendor("offset", KEYS)

    async def main() -> None:
        gate = AsyncGate(vendor)
        async with async_client(vendor, gate) as made:

            async def use() -> None:
                async for _ in listing("offset", made, page_size=PAGE, prefetch=4):
                    pass

            task = asyncio.create_task(use())
            await auntil(lambda: gate.waiting == 4)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await auntil(lambda: len(asyncio.all_tasks()) == 1)
            assert gate.waiting == 0

    anyio.run(main)


class Broken:
    """Answers the page from 30 on with an error until it is mended."""

    def __init__(self) -> None:
        self.vendor = Vendor("offset", KEYS)
        self.mended = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.params.get("start") == "30" and not self.mended:
            return httpx.Response(500, json={"error": "x"})
        return self.vendor.answer(request)


def test_a_failure_ahead_comes_at_its_turn_and_says_where_to_go_on() -> None:
    broken = Broken()
    got: list[int] = []
    with client(broken.vendor, httpx.MockTransport(broken)) as made:
        pages = listing("offset", made, page_size=PAGE, prefetch=5)
        with pytest.raises(ServerError) as caught:  # noqa: PT012 - what came before the failure counts
            for item in pages:
                got.append(item.id)
        assert caught.value.__notes__ == [f"do: {caught.value.remedy}", "resume this listing with resume='30'"]
        assert (got, pages.cursor) == (KEYS[:30], "30")
        broken.mended = True
        assert [item.id for item in listing("offset", made, page_size=PAGE, resume="30", prefetch=2)] == KEYS[30:]
        assert [item.id for item in pages] == KEYS[30:], "the same object goes on too"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_failure_in_a_task_ahead_comes_at_its_turn(backend: str) -> None:
    broken = Broken()
    got: list[int] = []

    async def main() -> None:
        async with async_client(broken.vendor, httpx.MockTransport(broken)) as made:
            pages = listing("offset", made, page_size=PAGE, prefetch=5)
            with pytest.raises(ServerError, match="500") as caught:  # noqa: PT012 - as above
                async for item in pages:
                    got.append(item.id)
            assert caught.value.__notes__ == [f"do: {caught.value.remedy}", "resume this listing with resume='30'"]
            broken.mended = True
            got.extend([item.id async for item in pages])

    anyio.run(main, backend=backend)
    assert got == KEYS


def test_a_page_that_does_not_start_where_the_server_goes_on_is_not_used() -> None:
    """The vendor changes its page length under way: what was fetched at the old distance is dropped."""
    keys = list(range(1, 41))

    def fetch(query: dict[str, object]) -> dict[str, Any]:
        start = int(str(query.get("start", 0)))
        length = 10 if start < 10 else 4
        more = start + length < len(keys)
        return {
            "data": [{"id": key} for key in keys[start : start + length]],
            "extra": {"more": more, "next": start + length},
        }

    paging = Paging("offset", limit="limit", cursor="start", items="data", next="extra.next", more="extra.more")
    options: Any = {"prefetch": 3}
    assert [item["id"] for item in Pages[Any](Walk("demo.list", paging, options), fetch)] == keys


@pytest.mark.parametrize("style", ["cursor", "after"])
def test_prefetch_is_refused_where_each_cursor_comes_with_the_page_before(style: Any) -> None:
    paging = Paging(style, limit="limit", cursor="cursor", items="data", next="next")
    options: Any = {"prefetch": 2}
    with pytest.raises(ConfigurationError, match="prefetch is not possible") as caught:
        Walk("demo.list", paging, options)
    assert caught.value.setting == "prefetch"


def test_the_clients_refuse_it_before_anything_is_sent_and_mypy_reports_it() -> None:
    styles: tuple[Style, ...] = ("cursor", "pipefy", "pipedream")
    for style in styles:
        vendor = Vendor(style, KEYS)
        with client(vendor) as made, pytest.raises(ConfigurationError, match="leave prefetch out"):
            listing(style, made, prefetch=2)
        assert vendor.asked == []
    with Pipedrive(api_token="t" * 40) as crm, pytest.raises(ConfigurationError, match="leave prefetch out"):
        crm.v2.deals.iter(prefetch=2)  # type: ignore[call-arg]  # that is the test


@pytest.mark.parametrize("value", [-1, 33, True, "2"])
def test_an_impossible_prefetch_is_refused(value: Any) -> None:
    paging = Paging("offset", limit="limit", cursor="start", items="data", next="next")
    options: Any = {"prefetch": value}
    with pytest.raises(ConfigurationError, match="0 to 32"):
        Walk("demo.list", paging, options)


@pytest.mark.parametrize("resume", ["", "abc", "-3", "1.5", "²"])
def test_a_place_to_resume_from_that_cannot_be_is_refused(resume: str) -> None:
    paging = Paging("offset", limit="limit", cursor="start", items="data", next="next")
    with pytest.raises(ConfigurationError, match="resume is a number of items"):
        Walk("demo.list", paging, PageOptions(resume=resume))


def test_over_real_http_no_connection_stays_in_use() -> None:
    with Sandbox() as sandbox:
        env = sandbox.environment()
        with httpx.Client() as http, Pipedrive(env=env, http_client=http) as crm:
            wanted = [note.id for note in crm.v1.notes.iter(page_size=2)]
            assert len(wanted) > 6
            assert [note.id for note in crm.v1.notes.iter(page_size=2, prefetch=3)] == wanted
            items = iter(crm.v1.notes.iter(page_size=2, prefetch=3))
            next(items)
            items.close()
            pool: Any = http._transport
            assert all(connection.is_idle() or connection.is_closed() for connection in pool._pool.connections)

        async def main() -> list[int]:
            async with AsyncPipedrive(env=env) as crm:
                return [note.id async for note in crm.v1.notes.iter(page_size=2, prefetch=3)]

        assert anyio.run(main) == anyio.run(main, backend="trio") == wanted
        assert sandbox.errors == []


def test_a_function_of_ones_own_can_be_read_ahead_too() -> None:
    paging = Paging("offset", limit="limit", cursor="start", items="data", next="n", more="m")
    options: Any = {"prefetch": 2}

    async def fetch(query: dict[str, object]) -> dict[str, Any]:
        start = int(str(query.get("start", 0)))
        return {"data": [start, start + 1], "m": start < 8, "n": start + 2}

    async def main() -> list[int]:
        return [item async for item in AsyncPages[int](Walk("demo.list", paging, options), fetch)]

    assert anyio.run(main) == list(range(10))
