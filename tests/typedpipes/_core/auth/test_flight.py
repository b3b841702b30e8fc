"""However many need a token, one asks for it: threads, tasks, processes; first time, expired, and refused with 401."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import anyio
import pytest

from tests.support.examples import counted
from tests.typedpipes._core.auth.calls import client, credential, request
from tests.typedpipes._core.auth.token_server import TokenServer
from tests.typedpipes._core.http.wire_server import Reply
from typedpipes._core.auth import Credentials, StaticCredential
from typedpipes._core.auth.token_stores import FileTokenStore
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes.errors import AuthenticationError, TransportError, TypedPipesError


def _at_once(count: int, call: Callable[[], object]) -> list[BaseException]:
    failures: list[BaseException] = []
    barrier = threading.Barrier(count)

    def caller() -> None:
        barrier.wait()
        try:
            call()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=caller) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@counted(200, 1000)
def test_many_threads(server: TokenServer, examples: int) -> None:
    server.latency = 0.1
    with client(server) as shared:
        assert _at_once(examples, lambda: shared.exchange(request(server.url))) == []
    assert server.token_requests == 1
    assert len(server.calls) == examples


@counted(200, 1000)
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_tasks(server: TokenServer, backend: Literal["asyncio", "trio"], examples: int) -> None:
    server.latency = 0.1

    async def main() -> None:
        async with (
            AsyncPolicyClient(credentials=Credentials(credential(server.url)), connections=20) as shared,
            anyio.create_task_group() as group,
        ):
            for _ in range(examples):
                group.start_soon(shared.exchange, request(server.url))

    anyio.run(main, backend=backend)
    assert server.token_requests == 1
    assert len(server.calls) == examples


@counted(25, 125)
def test_callers_in_eight_processes_over_one_file(server: TokenServer, tmp_path: Path, examples: int) -> None:
    server.latency = 0.2
    crowd = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.typedpipes._core.auth.crowd", server.url, str(tmp_path), str(examples)],
            cwd=Path(__file__).parents[4],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in crowd:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    for process in crowd:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert server.token_requests == 1
    assert len(server.calls) == 8 * examples
    assert not list(tmp_path.glob("*.lease"))


def test_a_hundred_concurrent_401s_are_one_refresh_and_one_replay_each(server: TokenServer) -> None:
    with client(server) as shared:
        shared.exchange(request(server.url))
        server.expire_all()
        server.refusal = Reply(401, hold=threading.Barrier(100))  # no 401 leaves before all hundred are due
        before = len(server.calls)
        assert _at_once(100, lambda: shared.exchange(request(server.url))) == []
    assert server.token_requests == 2
    tokens = [call.headers["authorization"] for call in server.calls[before:]]
    assert tokens.count("Bearer access-1-planted") == 100
    assert tokens.count("Bearer access-2-planted") == 100
    assert len(tokens) == 200


def test_a_call_is_replayed_once_only(server: TokenServer) -> None:
    with client(server) as shared:
        shared.exchange(request(server.url))
        server.good = set()
        issue = server._issue

        def useless(*, rotating: bool) -> Reply:
            reply = issue(rotating=rotating)
            server.good.clear()
            return reply

        server._issue = useless  # type: ignore[method-assign]  # tokens that are never good
        before = len(server.calls)
        with pytest.raises(AuthenticationError) as caught:
            shared.exchange(request(server.url))
        assert caught.value.attempts == 2
        assert len(server.calls) == before + 2
        assert server.token_requests == 2
        with pytest.raises(AuthenticationError):
            shared.exchange(request(server.url))
        assert server.token_requests == 2  # the token is not what is wrong: not replaced again at once
        assert len(server.calls) == before + 3


def test_wrong_credentials_are_one_request_then_a_local_failure(server: TokenServer) -> None:
    wrong = credential(server.url, secret="wrong-secret")
    with client(server, wrong) as shared:
        failures = _at_once(50, lambda: shared.exchange(request(server.url)))
        assert len(failures) == 50
        assert all(isinstance(error, AuthenticationError) for error in failures)
        for _ in range(20):
            with pytest.raises(AuthenticationError, match="not sent again") as caught:
                shared.exchange(request(server.url))
            assert caught.value.code == "invalid_client"
            assert caught.value.attempts == 0
    assert server.token_requests == 1
    assert server.calls == []
    with client(server) as changed:
        changed.exchange(request(server.url))


def test_a_refused_static_token_is_not_sent_again(server: TokenServer) -> None:
    made = StaticCredential("oauth", "no-such-token", origins=[server.url])
    with PolicyClient(credentials=Credentials(made)) as shared:
        for _ in range(5):
            with pytest.raises(AuthenticationError):
                shared.exchange(request(server.url))
        assert len(server.calls) == 1
        server.good.add("no-such-token")
        made.forget()
        shared.exchange(request(server.url))
        server.good.clear()  # it was good before: a 401 does not condemn it
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                shared.exchange(request(server.url))
    assert len(server.calls) == 4


def test_a_failing_token_endpoint_fails_all_who_wait_and_is_tried_again_later(server: TokenServer) -> None:
    server.next_token_reply = Reply(503, b"{}", {"retry-after": "100"})
    with client(server) as shared:
        failures = _at_once(20, lambda: shared.exchange(request(server.url, deadline=20.0)))
        assert len(failures) == 20
        assert all(isinstance(error, TypedPipesError) and "503" in str(error) for error in failures)
        server.next_token_reply = None
        shared.exchange(request(server.url))


def test_one_with_little_patience_does_not_fail_those_with_more(server: TokenServer) -> None:
    server.released.clear()
    outcomes: dict[str, object] = {}
    with client(server) as shared:

        def call(name: str, deadline: float) -> None:
            try:
                outcomes[name] = shared.exchange(request(server.url, deadline=deadline)).status
            except TypedPipesError as error:
                outcomes[name] = error

        hasty = threading.Thread(target=call, args=("hasty", 1.0))
        hasty.start()
        for _ in range(1000):
            if server.token_requests or not hasty.is_alive():
                break
            time.sleep(0.002)
        patient = threading.Thread(target=call, args=("patient", 60.0))
        patient.start()
        hasty.join()
        server.released.set()
        patient.join()
    assert isinstance(outcomes["hasty"], TransportError)
    assert outcomes["patient"] == 200


def test_two_stores_over_one_directory_share_a_token(server: TokenServer, tmp_path: Path) -> None:
    for _ in range(3):
        with client(server, credential(server.url, store=FileTokenStore(tmp_path))) as one:
            one.exchange(request(server.url))
    assert server.token_requests == 1
