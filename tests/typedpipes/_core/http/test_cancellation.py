"""A call cancelled at any point leaves nothing behind: no lease, permit, connection, token flight or store lease."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import httpx
import pytest

import typedpipes._core.flow as flow_module
from tests.typedpipes._core.fake_time import FakeTime
from tests.typedpipes._core.http.limiter import BookLimiter
from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer, serving
from typedpipes._core.auth import Credentials
from typedpipes._core.auth.grant import ClientCredentials
from typedpipes._core.auth.token_credential import TokenCredential
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.http.permits import TaskPermits, ThreadPermits
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import MemoryTokenStore

BIG = json.dumps({"data": "x" * 300_000}).encode()


@dataclass
class Scene:
    """A call that does everything: token, 401 replay, 503 with a wait, redirect, a body of several pieces."""

    server: WireServer
    time: FakeTime = field(default_factory=FakeTime)
    limiter: BookLimiter = field(default_factory=BookLimiter)
    store: MemoryTokenStore = field(default_factory=MemoryTokenStore)

    def __post_init__(self) -> None:
        self.tokens = 0
        self.answers = 0
        self.server.script = self.script
        grant = ClientCredentials(f"{self.server.url}/oauth/token", "id", Secret("secret-secret"))
        self.credential = TokenCredential(
            "oauth", grant, identity="me", origins=[self.server.url], store=self.store, key="k"
        )
        self.credentials = Credentials(self.credential)
        stamp = Stamp(api="t", operation="x", safety="safe", credentials=("oauth",))
        self.request = WireRequest(method="GET", url=f"{self.server.url}/start", stamp=stamp)

    def script(self, arrival: Arrival) -> Reply:
        if arrival.path == "/oauth/token":
            self.tokens += 1
            return Reply(body=json.dumps({"access_token": f"token-{self.tokens}", "expires_in": 3600}).encode())
        if arrival.headers.get("authorization") == "Bearer token-1":
            return Reply(401)
        self.answers += 1
        if self.answers == 1:
            return Reply(503, headers={"retry-after": "1"})
        if arrival.path == "/start":
            return Reply(302, headers={"location": "/end"})
        return Reply(body=BIG)

    def nothing_left(self) -> None:
        assert self.limiter.all_released()
        assert self.store._owners == {}
        flight = self.credential._flights._current
        assert flight is None or flight.done


class Stepped:
    """Awaits ``inner`` and calls ``at`` before its ``step``-th suspension."""

    def __init__(self, inner: Coroutine[Any, Any, object], step: int, at: Callable[[], object]) -> None:
        self.inner = inner
        self.step = step
        self.at = at
        self.seen = 0

    def __await__(self) -> Generator[Any, Any, object]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                waited = self.inner.send(value) if error is None else self.inner.throw(error)
            except StopIteration as stop:
                return stop.value
            self.seen += 1
            if self.seen == self.step:
                self.at()
            value, error = None, None
            try:
                value = yield waited
            except BaseException as thrown:
                error = thrown


async def _cancelled_at(step: int, scene: Scene) -> int:
    """Cancel a call at its ``step``-th suspension, check what is left, and call again; the number of suspensions."""
    async with AsyncPolicyClient(
        credentials=scene.credentials,
        limiter=scene.limiter,
        clock=scene.time,
        sleep=scene.time.asleep,
        transport=httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_connections=3)),  # type: ignore[arg-type]  # httpx's own: see library.pyi
        connections=3,
    ) as client:
        with anyio.CancelScope() as scope:
            stepped = Stepped(client.exchange(scene.request), step, scope.cancel)
            await stepped
        scene.nothing_left()
        permits = client.policies.permits
        assert isinstance(permits, TaskPermits)
        assert permits._semaphore.value == 3
        again = await client.exchange(scene.request)
        assert again.content == BIG
        pool: Any = client._transport._pool  # type: ignore[attr-defined]  # httpx does not show its connections
        assert all(connection.is_idle() for connection in pool.connections)
    scene.nothing_left()
    assert pool.connections == []
    return stepped.seen


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_at_every_await(backend: Literal["asyncio", "trio"]) -> None:
    with serving() as server:
        whole = anyio.run(_cancelled_at, 10**9, Scene(server), backend=backend)
        assert whole > 15
        for step in range(1, whole + 1):
            anyio.run(_cancelled_at, step, Scene(server), backend=backend)


@pytest.mark.parametrize("when", ["before", "after"])
def test_interrupted_at_every_effect(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """Ctrl-C in a thread: before or after each effect of the flow, and in the midst of a body."""
    perform = flow_module._perform
    done = 0
    at = 10**9

    def interrupting(*args: Any) -> object:
        nonlocal done
        done += 1
        if done == at and when == "before":
            raise KeyboardInterrupt
        result = perform(*args)
        if done == at and when == "after":
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(flow_module, "_perform", interrupting)

    def attempt() -> None:
        nonlocal at
        scene = Scene(server)
        with PolicyClient(
            credentials=scene.credentials,
            limiter=scene.limiter,
            clock=scene.time,
            sleep=scene.time.sleep,
            transport=httpx.HTTPTransport(verify=False, limits=httpx.Limits(max_connections=3)),  # type: ignore[arg-type]  # httpx's own: see library.pyi
            connections=3,
        ) as client:
            try:
                client.exchange(scene.request)
            except KeyboardInterrupt:
                assert done >= at
            scene.nothing_left()
            permits = client.policies.permits
            assert isinstance(permits, ThreadPermits)
            assert permits._semaphore._value == 3
            at = 10**9
            assert client.exchange(scene.request).content == BIG
            pool: Any = client._transport._pool  # type: ignore[attr-defined]  # httpx does not show its connections
            assert all(connection.is_idle() for connection in pool.connections)
        assert pool.connections == []

    with serving() as server:
        attempt()
        whole = done
        assert whole > 15
        for step in range(1, whole):
            done, at = 0, step
            attempt()


def test_interrupted_amid_a_body() -> None:
    class Body(httpx.SyncByteStream):
        closed = False

        def __iter__(self) -> Any:
            yield b"half"
            raise KeyboardInterrupt

        def close(self) -> None:
            Body.closed = True

    with PolicyClient(transport=httpx.MockTransport(lambda request: httpx.Response(200, stream=Body()))) as client:  # type: ignore[arg-type]  # httpx's own: see library.pyi
        with pytest.raises(KeyboardInterrupt):
            client.exchange(
                WireRequest(method="GET", url="https://h", stamp=Stamp(api="t", operation="x", safety="safe"))
            )
        assert Body.closed


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_stream_left_early_frees_its_connection(backend: Literal["asyncio", "trio"]) -> None:
    async def main(url: str) -> None:
        stamp = Stamp(api="t", operation="x", safety="safe", credentials=())
        async with AsyncPolicyClient(
            connections=1,
            transport=httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_connections=1)),  # type: ignore[arg-type]  # httpx's own: see library.pyi
        ) as client:
            for _ in range(3):
                async with client.stream_exchange(WireRequest(method="GET", url=url, stamp=stamp)) as stream:
                    async for piece in stream.aiter_bytes(1000):
                        assert piece
                        break
            answer = await client.exchange(WireRequest(method="GET", url=url, stamp=stamp))
            assert answer.content == BIG

    with serving(lambda arrival: Reply(body=BIG)) as server:
        anyio.run(main, server.url, backend=backend)


def test_native_asyncio_cancellation_while_waiting_for_a_token() -> None:
    """A follower's cancellation leaves the one who asks alone; the asker's passes the task on."""
    import asyncio

    async def turns() -> None:
        """Let everybody come to where they wait: nothing on the way there takes time."""
        for _ in range(100):
            await asyncio.sleep(0)

    async def main(scene: Scene) -> None:
        gate, asked = asyncio.Event(), asyncio.Event()

        async def hold(seconds: float) -> None:
            await asyncio.sleep(0.001)

        async with AsyncPolicyClient(credentials=scene.credentials, sleep=hold) as client:
            put: Any = client._io.send

            async def gated(request: httpx.Request) -> httpx.Response:
                if request.url.path == "/oauth/token":
                    asked.set()
                    await gate.wait()
                answer: httpx.Response = await put(request)
                return answer

            client._io.send = gated
            tasks = [asyncio.create_task(client.exchange(scene.request)) for _ in range(5)]
            await asked.wait()
            await turns()
            tasks[0].cancel()  # the one who asks
            tasks[3].cancel()
            await turns()
            gate.set()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False, False, True, False]
        scene.nothing_left()

    with serving() as server:
        scene = Scene(server)
        scene.answers = 1
        asyncio.run(main(scene))
        assert scene.tokens == 2  # token-1 is refused by the script, so: one request, one refresh
