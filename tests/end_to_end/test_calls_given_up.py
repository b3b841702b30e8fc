"""Calls that were given up, by a timeout or by a cancellation, do not lock the account: it soon goes on."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer, serving
from typedpipes.errors import RateLimited, TransportError
from typedpipes.limits import Policy, Window
from typedpipes.pipefy import AsyncPipefy, Pipefy

CALLS = 20
QUERY = "query me { me { id } }"
POLICY = Policy(
    vendor="pipefy",
    account="organization",
    windows=(Window(name="pipefy.requests", allowance=CALLS, seconds=0.2, scope="user"),),
)
ANSWER = Reply(200, b'{"data": {"me": {"id": "1"}}}')


def env_of(server: WireServer) -> dict[str, str]:
    return {"PIPEFY_TOKEN": "t" * 20, "PIPEFY_BASE_URL": server.url}


def test_after_twenty_timeouts_the_next_call_waits_a_grace_and_a_window(tmp_path: Path) -> None:
    with serving() as server:
        server.script_of(Reply(fault="silent"))
        limits = f"memory://{tmp_path.name}"
        with Pipefy(env=env_of(server), limits=limits, policy=POLICY, retries=0) as client:
            for _ in range(CALLS):
                with pytest.raises(TransportError):
                    client.execute(QUERY, timeout=0.05)
            assert client.limits.snapshot()["pipefy.requests"].in_flight == 0
            server.script_of(ANSWER)
            with pytest.raises(RateLimited) as caught:
                client.execute(QUERY, max_wait=0)
            assert caught.value.retry_after is not None
            assert caught.value.retry_after < 5.3
            assert client.execute(QUERY, max_wait=20)


def test_after_twenty_cancellations_the_next_call_waits_a_grace_and_a_window(tmp_path: Path) -> None:
    async def main(server: WireServer) -> None:
        limits = f"sqlite:///{tmp_path / 'limits.db'}"
        async with AsyncPipefy(env=env_of(server), limits=limits, policy=POLICY, retries=0) as client:
            async with anyio.create_task_group() as group:
                for _ in range(CALLS):
                    group.start_soon(client.execute, QUERY)
                with anyio.fail_after(20):
                    while len(server.arrivals) < CALLS:
                        await anyio.sleep(0.005)
                group.cancel_scope.cancel()
            assert (await client.limits.snapshot())["pipefy.requests"].in_flight == 0
            server.script_of(ANSWER)
            with pytest.raises(RateLimited) as caught:
                await client.execute(QUERY, max_wait=0)
            assert caught.value.retry_after is not None
            assert caught.value.retry_after < 5.3
            assert await client.execute(QUERY, max_wait=20)

    with serving() as server:
        server.script_of(Reply(fault="silent"))
        anyio.run(main, server)
