"""1,000 concurrent asynchronous calls to a server that answers after 50 ms, against bare httpx.

Wall seconds of the whole batch, both as constructed (100 connections; httpx keeps 20 of them, ours all), after a first
batch that is not counted. Both are bound by the CPU: httpcore scans its whole pool and queue at each change.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Coroutine
from typing import Any

import httpx

from tests.bench.canned import wide
from tests.bench.figures import Figure, Samples, report
from tests.bench.server import serving
from typedpipes.pipedrive import AsyncPipedrive

CALLS, CONNECTIONS, ROUNDS = 1000, 100, 2
TOKEN = "0123456789abcdef"


async def _measure(url: str) -> Samples:
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    policy = wide("pipedrive", "company")
    async with (
        AsyncPipedrive(api_token=TOKEN, base_url=url, policy=policy) as client,
        httpx.AsyncClient(timeout=60, headers={"x-api-token": TOKEN}) as bare,
    ):

        async def ours() -> int:
            return (await client.v2.deals.get(1)).data.id

        async def plain() -> int:
            number: int = (await bare.get(f"{url}/api/v2/deals/1")).json()["data"]["id"]
            return number

        for number in range(ROUNDS + 1):
            turns: list[tuple[str, Any]] = [("ours", ours), ("bare", plain)]
            for name, call in turns if number % 2 else reversed(turns):
                seconds = await _batch([call() for _ in range(CALLS)])
                if number:
                    taken[name].append(seconds)
    return Samples(taken)


async def _batch(calls: list[Coroutine[Any, Any, int]]) -> float:
    began = time.perf_counter()
    answers = await asyncio.gather(*calls)
    assert answers == [1] * CALLS
    return time.perf_counter() - began


def main() -> int:
    """Print the figure; the exit code tells whether the goal was missed."""
    with serving("slow") as url:
        samples = asyncio.run(_measure(url))
    return report(
        [
            Figure(
                name="concurrency.calls",
                what=f"{CALLS:,} concurrent async calls, 50 ms server latency, {CONNECTIONS} connections",
                unit="calls/s",
                ours=CALLS / samples["ours"],
                limit=CALLS / samples["bare"],
                limit_name="httpx.AsyncClient",
                ratio=samples.ratio("bare", "ours"),
                goal=0.9,
                at_least=True,
                n=samples.n,
                spread=samples.spread("bare"),
            )
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
