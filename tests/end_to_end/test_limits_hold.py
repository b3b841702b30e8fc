"""The limits hold against a server that enforces them on arrival: the sandbox logs no violation, whoever sends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

from typedpipes.errors import RateLimited
from typedpipes.limits import Policy, Window
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_sandbox import Limits, Sandbox

SMALL = Policy(
    vendor="pipefy",
    account="user",
    windows=(Window(name="pipefy.requests", allowance=20, seconds=0.5, scope="user", source="scaled for the test"),),
)
LONG = Policy(
    vendor="pipefy",
    account="user",
    windows=(Window(name="pipefy.requests", allowance=20, seconds=600, scope="user", source="none passes in a test"),),
)
SANDBOX = Limits(pipefy_requests=20, pipefy_window=0.5)


def test_threads_and_tasks_together_never_trip_the_window() -> None:
    with Sandbox(limits=SANDBOX, latency=0.002, jitter=0.02) as sandbox:
        environment = sandbox.environment()

        async def tasks() -> None:
            async with (
                AsyncPipefy(env=environment, policy=SMALL) as client,
                anyio.create_task_group() as group,
            ):
                for _ in range(50):
                    group.start_soon(client.me)

        with Pipefy(env=environment, policy=SMALL) as client, ThreadPoolExecutor(8) as pool:
            other = threading.Thread(target=anyio.run, args=(tasks,))
            other.start()
            assert len([answer for answer in pool.map(lambda _: client.me(), range(50)) if answer]) == 50
            other.join()
        queries = [entry for entry in sandbox.log if entry.path == "/graphql"]
        assert len(queries) == 100
        assert sandbox.violations == []


def test_401_replays_and_retries_count_as_the_requests_they_are() -> None:
    with Sandbox(limits=SANDBOX) as sandbox, Pipefy(env=sandbox.environment(), policy=SMALL) as client:
        client.me()
        for _ in range(15):
            sandbox.expire_tokens("pipefy")
            client.me()
        for _ in range(10):
            sandbox.faults.add(operation="query.me", status=503, headers={"retry-after": "0"}, count=1)
            client.me()
        arrivals = [entry for entry in sandbox.log if entry.path == "/graphql"]
        assert len(arrivals) == 1 + 15 * 2 + 20, "each replay and each retry is one more wire request"
        assert sandbox.violations == []


def test_a_caller_that_will_not_wait_is_told_when_to_come_back(tmp_path: Path) -> None:
    limits = Limits(pipefy_requests=20, pipefy_window=600)
    with (
        Sandbox(limits=limits) as sandbox,
        Pipefy(env=sandbox.environment(), policy=LONG, limits=f"sqlite:///{tmp_path / 'limits.db'}") as client,
    ):
        for _ in range(20):
            client.me()
        with pytest.raises(RateLimited) as caught:
            client.me(max_wait=0)
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= 601
        assert len([entry for entry in sandbox.log if entry.path == "/graphql"]) == 20
        assert sandbox.violations == []


def test_pipedrives_burst_is_kept_and_each_operation_pays_its_own_token_cost(tmp_path: Path) -> None:
    limits = Limits(pipedrive_plan="lite", pipedrive_seats=1)
    with Sandbox(limits=limits) as sandbox:
        store = f"sqlite:///{tmp_path / 'limits.db'}"  # the memory of this process counts other tests too
        with (
            Pipedrive(env=sandbox.environment(), plan="lite", limits=store) as crm,
            ThreadPoolExecutor(8) as pool,
        ):
            list(pool.map(crm.v2.deals.get, [1] * 60))
            crm.v2.deals.list(limit=1)
            tokens = crm.limits.snapshot()["pipedrive.tokens_per_day"]
        assert sandbox.violations == []
        assert tokens.used == 60 * 1 + 10, "v2 deals: get 1, list 10 (x-token-cost)"
