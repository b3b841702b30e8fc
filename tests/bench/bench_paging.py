"""100,000 deals in pages of 500 over loopback, from canned bytes, against a bare httpx + orjson loop.

Wall seconds: the server, in a process of its own, works while the client waits. Both sides read each record's title.
Memory: how far the peak grows after the first five pages, in a fresh process.
"""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import orjson

from tests.bench.canned import wide
from tests.bench.figures import Figure, interleave, report
from tests.bench.folder import ROOT
from tests.bench.server import PAGES, RECORDS, serving
from tests.support.memory import peak
from typedpipes.pipedrive import Pipedrive

ROUNDS, TOTAL = 5, PAGES * RECORDS
TOKEN = "0123456789abcdef"
GROWTH = 4.0


def ours(url: str, *, after_five: bool = False) -> float:
    """Walk the listing with our client; the growth of peak memory (MB) after the first five pages."""
    before = 0.0
    with Pipedrive(api_token=TOKEN, base_url=url, policy=wide("pipedrive", "company")) as client:
        count = 0
        for deal in client.v2.deals.iter(page_size=RECORDS):
            count += 1
            assert deal.title
            if after_five and count == 5 * RECORDS:
                before = peak()
    assert count == TOTAL, count
    return peak() - before


def bare(url: str) -> None:
    """The same with httpx and orjson alone."""
    count = 0
    with httpx.Client(headers={"x-api-token": TOKEN}) as client:
        cursor = None
        while True:
            query = f"limit={RECORDS}" if cursor is None else f"limit={RECORDS}&cursor={cursor}"
            page = orjson.loads(client.get(f"{url}/api/v2/deals?{query}").content)
            for deal in page["data"]:
                count += 1
                assert deal["title"]
            cursor = page["additional_data"]["next_cursor"]
            if cursor is None:
                break
    assert count == TOTAL, count


def main(arguments: list[str]) -> int:
    """Print the figures; the exit code tells whether a goal was missed."""
    if arguments:
        print(ours(arguments[0], after_five=True))
        return 0
    with serving("pages") as url:
        contestants = {"ours": lambda: ours(url), "bare": lambda: bare(url)}
        samples = interleave(contestants, rounds=ROUNDS, clock=time.perf_counter)
        command = [sys.executable, "-m", "tests.bench.bench_paging", url]
        grown = float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    return report(
        [
            Figure(
                name="paging.records",
                what=f"{TOTAL:,} records paged over loopback",
                unit="k/s",
                ours=TOTAL / samples["ours"] / 1e3,
                limit=TOTAL / samples["bare"] / 1e3,
                limit_name="httpx + orjson.loads",
                ratio=samples.ratio("bare", "ours"),
                goal=0.8,
                at_least=True,
                n=samples.n,
                spread=samples.spread("bare"),
            ),
            Figure(
                name="paging.memory",
                what="growth of peak memory after the first five pages",
                unit="MB",
                ours=grown,
                ratio=grown,
                against="ours",
                goal=GROWTH,
                n=1,
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
