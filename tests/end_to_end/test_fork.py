"""A client that was used before a fork works in the child and goes on working in the parent."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, serving
from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes.limits.policy import Policy, Window
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import Pipefy

CHILDREN = 4
CALLS = 30
LONGEST = 60
"""Seconds after which a child that hangs is ended."""


def echo(arrival: Arrival) -> Reply:
    """Answers with the number that was asked for."""
    number = int(arrival.path.partition("?")[0].rpartition("/")[2])
    return Reply(200, json.dumps({"success": True, "data": {"id": number}}).encode())


def forked(work: Callable[[], object]) -> int:
    """Run ``work`` in a child of this process; its number. The child's status is 0 if ``work`` raises nothing."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        signal.alarm(LONGEST)
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def statuses(children: list[int]) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def ask(pipedrive: Pipedrive, start: int) -> None:
    for number in range(start, start + CALLS):
        assert pipedrive.v2.deals.get(id=number).data.id == number


@pytest.fixture(params=("off", "memory", "sqlite", "redis"))
def limits(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "redis":
        server = RedisServer(tmp_path)
        server.start()
        yield server.url
        server.kill()
    else:
        yield {"off": "off", "memory": "memory://", "sqlite": f"sqlite:///{tmp_path / 'limits.db'}"}[request.param]


def test_each_process_gets_its_own_answers(limits: str) -> None:
    with serving(echo) as server, Pipedrive(api_token="0123456789", base_url=server.url, limits=limits) as pipedrive:
        ask(pipedrive, 1)
        children = [forked(lambda start=1000 * n: ask(pipedrive, start)) for n in range(1, CHILDREN + 1)]  # type: ignore[misc]  # a default argument binds n
        ask(pipedrive, 100)
        assert statuses(children) == [0] * CHILDREN
        ask(pipedrive, 200)
        # Each process has connections of its own; more than one, if it once waited longer than a connection is kept.
        assert server.connections >= 1 + CHILDREN


def test_so_it_is_with_an_http_client_of_the_callers() -> None:
    with (
        serving(echo) as server,
        httpx.Client() as wire,
        Pipedrive(api_token="0123456789", base_url=server.url, limits="off", http_client=wire) as pipedrive,
    ):
        ask(pipedrive, 1)
        children = [forked(lambda start=1000 * n: ask(pipedrive, start)) for n in range(1, CHILDREN + 1)]  # type: ignore[misc]  # a default argument binds n
        ask(pipedrive, 100)
        assert statuses(children) == [0] * CHILDREN


def test_so_it_is_for_asynchronous_clients() -> None:
    async def ask_async(pipedrive: AsyncPipedrive, start: int) -> None:
        async def one(number: int) -> None:
            assert (await pipedrive.v2.deals.get(id=number)).data.id == number

        for number in range(start, start + CALLS, 5):
            await asyncio.gather(*(one(each) for each in range(number, number + 5)))

    with serving(echo) as server, asyncio.Runner() as runner:
        pipedrive = AsyncPipedrive(api_token="0123456789", base_url=server.url, limits="memory://")
        try:
            runner.run(ask_async(pipedrive, 1))
            before = server.connections
            children = [
                forked(lambda start=1000 * n: asyncio.run(ask_async(pipedrive, start)))  # type: ignore[misc]  # a default argument binds n
                for n in range(1, CHILDREN + 1)
            ]
            runner.run(ask_async(pipedrive, 100))
            assert statuses(children) == [0] * CHILDREN
            runner.run(ask_async(pipedrive, 200))
            assert server.connections >= before + CHILDREN
        finally:
            runner.run(pipedrive.aclose())


@contextmanager
def under_way(work: Callable[[], object], begun: threading.Event, go_on: threading.Event) -> Iterator[None]:
    """``work`` runs in a thread and has reached the server while the block runs."""
    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        go_on.set()
        thread.join(30)
    assert not thread.is_alive()


def test_a_child_does_not_wait_for_a_token_that_a_thread_of_its_parent_asked_for() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def answer(arrival: Arrival) -> Reply:
        return Reply(200, b'{"access_token": "t1", "expires_in": 3600, "token_type": "Bearer"}')

    held = threading.Semaphore(1)

    with serving(answer) as tokens, serving(lambda arrival: Reply(200, b'{"data": {"me": {"id": "1"}}}')) as api:
        serve = tokens._answer

        def hold_the_first(connection: object, reply: Reply) -> bool:
            if held.acquire(blocking=False):
                begun.set()
                go_on.wait(30)
            return serve(connection, reply)  # type: ignore[arg-type]  # a socket

        tokens._answer = hold_the_first  # type: ignore[method-assign]  # the first answer comes late
        with Pipefy(
            client_id="id", client_secret="secret-of-app", base_url=api.url, token_url=tokens.url, limits="memory://"
        ) as pipefy:

            def call() -> None:
                pipefy.execute("query Q { me { id } }")

            with under_way(call, begun, go_on):
                children = [forked(call) for _ in range(2)]
                assert statuses(children) == [0, 0]
            call()
        assert len(tokens.arrivals) == 3  # each process asked once
        assert len(api.arrivals) == 4


def test_slots_that_a_thread_of_the_parent_holds_are_free_in_the_child() -> None:
    begun, go_on = threading.Event(), threading.Event()
    window = Window(name="own.calls", allowance=1, seconds=0.1, scope="user")
    policy = Policy(vendor="own", account="user", windows=(window,))

    held = threading.Semaphore(1)
    with serving(echo) as server:
        serve = server._answer

        def hold_the_first(connection: object, reply: Reply) -> bool:
            if held.acquire(blocking=False):
                begun.set()
                go_on.wait(30)
            return serve(connection, reply)  # type: ignore[arg-type]  # a socket

        server._answer = hold_the_first  # type: ignore[method-assign]  # the first answer comes late
        with Pipedrive(api_token="0123456789", base_url=server.url, policy=policy, max_wait=5) as pipedrive:

            def call() -> None:
                assert pipedrive.v2.deals.get(id=7).data.id == 7

            with under_way(call, begun, go_on):
                assert statuses([forked(call)]) == [0]
            call()


_shared: Pipedrive | None = None


def _task(number: int) -> int:
    assert _shared is not None
    return int(_shared.v2.deals.get(id=number).data.id)


def test_prefork_workers_of_multiprocessing_share_a_module_global_client() -> None:
    """As Celery's prefork pool and gunicorn's preload do: the client is made and used before the workers are."""
    global _shared
    with serving(echo) as server, Pipedrive(api_token="0123456789", base_url=server.url) as _shared:
        assert _task(1) == 1
        with multiprocessing.get_context("fork").Pool(CHILDREN) as pool:
            answers = pool.map_async(_task, range(100, 300), chunksize=5)
            assert [_task(number) for number in range(2, 30)] == list(range(2, 30))
            assert answers.get(LONGEST) == list(range(100, 300))
    _shared = None


def test_a_fork_while_threads_call_leaves_no_lock_behind() -> None:
    done = threading.Event()
    failures: list[BaseException] = []
    with serving(echo) as server, Pipedrive(api_token="0123456789", base_url=server.url, limits="off") as pipedrive:

        def work(start: int) -> None:
            while not done.is_set():
                try:
                    ask(pipedrive, start)
                except BaseException as error:
                    failures.append(error)
                    return

        threads = [threading.Thread(target=work, args=(1000 * n,)) for n in range(1, 5)]
        for thread in threads:
            thread.start()
        children = [forked(lambda: ask(pipedrive, 50_000)) for _ in range(12)]
        assert statuses(children) == [0] * 12
        done.set()
        for thread in threads:
            thread.join(30)
        assert failures == []
