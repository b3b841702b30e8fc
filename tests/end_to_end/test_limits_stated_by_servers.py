"""What a server states of its limits may slow a client down; it never lets it go beyond the search limit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from tests.typedpipes._core.http.wire_server import Arrival, Reply, serving
from typedpipes.errors import RateLimited
from typedpipes.limits import Policy
from typedpipes.limits.pipedrive import SEARCH, policy
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive

TOKEN = "t" * 40
BURST = {"x-ratelimit-limit": "40", "x-ratelimit-remaining": "39", "x-ratelimit-reset": "2"}
"""What Pipedrive's Growth plan says of its burst."""
STORES = ("memory", "sqlite")


def slow_table() -> Policy:
    """Pipedrive's table with windows that do not end within a test."""
    table = policy("growth")
    return replace(table, windows=tuple(replace(row, seconds=3600.0) for row in table.windows))


def answers(headers: dict[str, str]) -> Callable[[Arrival], Reply]:
    return lambda arrival: Reply(body=b'{"success": true, "data": {"items": []}}', headers=headers)


def url_of(store: str, folder: Path) -> str:
    return f"memory://{folder.name}" if store == "memory" else f"sqlite:///{folder / 'limits.db'}"


def searches(address: str, limits: str, times: int) -> int:
    """How many of ``times`` searches were sent; the others would have had to wait."""
    sent = 0
    with Pipedrive(
        api_token=TOKEN, base_url=address, env={}, limits=limits, policy=slow_table(), max_wait=0.0, retries=0
    ) as crm:
        for _ in range(times):
            with contextlib.suppress(RateLimited):
                crm.v2.deals.search(term="a term")
                sent += 1
        assert crm.limits.snapshot()["pipedrive.search"].allowance == SEARCH
    return sent


async def searches_async(address: str, limits: str, times: int) -> int:
    """The asynchronous twin of `searches`."""
    sent = 0
    async with AsyncPipedrive(
        api_token=TOKEN, base_url=address, env={}, limits=limits, policy=slow_table(), max_wait=0.0, retries=0
    ) as crm:
        for _ in range(times):
            with contextlib.suppress(RateLimited):
                await crm.v2.deals.search(term="a term")
                sent += 1
        assert (await crm.limits.snapshot())["pipedrive.search"].allowance == SEARCH
    return sent


@pytest.mark.parametrize("store", STORES)
def test_a_header_of_the_burst_does_not_raise_the_search_limit(store: str, tmp_path: Path) -> None:
    with serving(answers(BURST)) as server:
        limits = url_of(store, tmp_path)
        assert searches(server.url, limits, 15) == SEARCH
        assert searches(server.url, limits, 3) == 0, "nor does it stay in the store"
        assert len(server.arrivals) == SEARCH


@pytest.mark.parametrize("store", STORES)
def test_the_same_for_asynchronous_callers(store: str, tmp_path: Path) -> None:
    with serving(answers(BURST)) as server:
        assert anyio.run(searches_async, server.url, url_of(store, tmp_path), 15) == SEARCH
        assert len(server.arrivals) == SEARCH


def test_the_burst_is_told_by_the_answer_to_a_search(tmp_path: Path) -> None:
    """What the header says is not lost: it counts where it belongs."""
    with serving(answers({**BURST, "x-ratelimit-limit": "60", "x-ratelimit-remaining": "2"})) as server:
        limits = url_of("sqlite", tmp_path)
        with Pipedrive(api_token=TOKEN, base_url=server.url, env={}, limits=limits, policy=slow_table()) as crm:
            crm.v2.deals.search(term="a term")
            snapshot = crm.limits.snapshot()
    assert (snapshot["pipedrive.burst"].allowance, snapshot["pipedrive.burst"].remaining) == (60, 2)
    assert (snapshot["pipedrive.search"].allowance, snapshot["pipedrive.search"].used) == (SEARCH, 1)


def test_a_server_may_lower_the_search_limit(tmp_path: Path) -> None:
    with serving(answers({"x-ratelimit-limit": "4", "x-ratelimit-remaining": "3", "x-ratelimit-reset": "2"})) as server:
        with Pipedrive(
            api_token=TOKEN,
            base_url=server.url,
            env={},
            limits=url_of("memory", tmp_path),
            policy=slow_table(),
            max_wait=0.0,
        ) as crm:
            for _ in range(4):
                crm.v2.deals.search(term="a term")
            with pytest.raises(RateLimited, match=r"pipedrive\.search"):
                crm.v2.deals.search(term="a term")
        assert len(server.arrivals) == 4
