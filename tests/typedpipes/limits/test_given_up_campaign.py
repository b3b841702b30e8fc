"""Several processes give up half of their calls, one is killed: a server that reads late never counts too many."""

from __future__ import annotations

import json
import time

import attrs
import pytest

from tests.typedpipes.limits.given_up import LATE, Plan, most_in, start

ALLOWANCE = 60
WINDOW = 1.0
SECONDS = 40.0
PROCESSES = 4


@pytest.mark.campaign
def test_given_up_calls_break_no_limit(shared_url: str) -> None:
    server = start("serve")
    workers = []
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        port = int(server.stdout.readline())
        for seed in range(PROCESSES):
            plan = Plan(port=port, store_url=shared_url, allowance=ALLOWANCE, window=WINDOW, seconds=SECONDS, seed=seed)
            workers.append(start("work", json.dumps(attrs.asdict(plan))))
        time.sleep(SECONDS / 3)
        workers[0].kill()
        tallies = [json.loads(worker.communicate(timeout=SECONDS + 60)[0]) for worker in workers[1:]]
        assert [worker.returncode for worker in workers[1:]] == [0] * (PROCESSES - 1)
        output, _ = server.communicate(timeout=LATE + 30)
    finally:
        for process in (server, *workers):
            process.kill()
            process.communicate()
    arrivals = json.loads(output)
    total = {outcome: sum(tally[outcome] for tally in tallies) for outcome in tallies[0]}
    print(f"{len(arrivals)} arrivals, at most {most_in(arrivals, WINDOW)} of {ALLOWANCE} in {WINDOW} s; {total}")
    assert most_in(arrivals, WINDOW) <= ALLOWANCE
    assert total["given up"] > 200
    assert total["answered"] > 200
