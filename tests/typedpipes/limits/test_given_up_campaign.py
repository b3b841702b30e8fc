"""Several processes give up half of their calls, one is killed: a server that reads late never counts too many."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from pathlib import Path

import attrs
import pytest

from tests.typedpipes.limits.given_up import LATE, Plan, most_in, start
from typedpipes.limits.ask import GRACE

ALLOWANCE = 20
WINDOW = 1.0
SECONDS = 30.0
PROCESSES = 4


@attrs.frozen
class Outcome:
    """The most arrivals in any window, and how the calls of the workers that lived ended."""

    most: int
    calls: dict[str, int]


def run(store_url: str, seconds: float, grace: float) -> Outcome:
    """Let the workers call; one is killed on the way."""
    with contextlib.ExitStack() as stack:

        def running(*arguments: str) -> subprocess.Popen[str]:
            process = stack.enter_context(start(*arguments))
            stack.callback(process.kill)
            return process

        server = running("serve")
        assert server.stdout is not None
        plan = Plan(
            port=int(server.stdout.readline()),
            store_url=store_url,
            allowance=ALLOWANCE,
            window=WINDOW,
            seconds=seconds,
            seed=0,
            grace=grace,
        )
        workers = [
            running("work", json.dumps(attrs.asdict(attrs.evolve(plan, seed=seed)))) for seed in range(PROCESSES)
        ]
        time.sleep(seconds / 3)
        workers[0].kill()
        tallies = [json.loads(worker.communicate(timeout=seconds + 60)[0]) for worker in workers[1:]]
        assert [worker.returncode for worker in workers[1:]] == [0] * (PROCESSES - 1)
        output, _ = server.communicate(timeout=LATE + 30)
    arrivals = json.loads(output)
    outcome = Outcome(most_in(arrivals, WINDOW), {name: sum(tally[name] for tally in tallies) for name in tallies[0]})
    print(f"{len(arrivals)} arrivals, at most {outcome.most} of {ALLOWANCE} in {WINDOW} s; {outcome.calls}")
    return outcome


@pytest.mark.campaign
def test_given_up_calls_break_no_limit(shared_url: str) -> None:
    outcome = run(shared_url, SECONDS, GRACE)
    assert outcome.most <= ALLOWANCE
    assert outcome.calls["given up"] > 20
    assert outcome.calls["answered"] > 100


@pytest.mark.campaign
def test_the_judge_sees_a_grace_that_is_too_short(tmp_path: Path) -> None:
    """With none, what is read late comes on top of what was granted meanwhile."""
    assert run(f"sqlite:///{tmp_path / 'limits.db'}", SECONDS / 2, 0.0).most > ALLOWANCE
