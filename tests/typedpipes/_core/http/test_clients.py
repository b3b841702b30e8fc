"""The clients themselves: pools, threads, streams, other people's httpx clients, what they refuse."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx
import pytest

from tests.typedpipes._core.fake_time import FakeTime
from tests.typedpipes._core.http.modes import MODES, Mode, Setup, run
from tests.typedpipes._core.http.wire_server import Arrival, Reply, serving
from typedpipes._core.files import FileHost, LinkPolicy
from typedpipes._core.flow import Flow, SyncIO, drive
from typedpipes._core.http import STAMP, Stamp, WireRequest, WireResponse
from typedpipes._core.http.clients import USER_AGENT, AsyncPolicyClient, PolicyClient
from typedpipes._core.http.headers import add_headers
from typedpipes.errors import (
    APIError,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    TransportError,
    TypedPipesError,
)
from typedpipes.events import Event, Request, Retry

STAMP_GET = Stamp(api="t", operation="things.get", safety="safe", credentials=())


def get(url: str, **more: Any) -> WireRequest:
    return WireRequest(method="GET", url=url, stamp=STAMP_GET, **more)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_sent(mode: Mode) -> None:
    with serving() as server:
        wire = WireRequest(
            method="PATCH",
            url=f"{server.url}/api/v1/deals:(id,title)/a%2Fb?x=1",
            query=[("ids", "1"), ("ids", "2"), ("q", "a b&c=ü")],
            headers={"X-PD-Environment": "development", "Accept": "text/csv", "content-type": "application/json"},
            content=b'{"a": 1}',
            stamp=STAMP_GET,
        )
        seen = run(mode, Setup(), wire)
        assert isinstance(seen.result, WireResponse)
        (arrival,) = server.arrivals
    assert arrival.method == "PATCH"
    assert arrival.path == "/api/v1/deals:(id,title)/a%2Fb?x=1&ids=1&ids=2&q=a+b%26c%3D%C3%BC"
    assert arrival.body == b'{"a": 1}'
    sent = {name: value for name, value in arrival.headers.items() if name not in {"host", "connection"}}
    assert sent == {
        "accept": "text/csv",
        "accept-encoding": "gzip, deflate",
        "user-agent": USER_AGENT,
        "x-pd-environment": "development",
        "content-type": "application/json",
        "content-length": "8",
    }


@pytest.mark.parametrize("mode", MODES)
def test_what_comes_back(mode: Mode) -> None:
    import gzip

    body = gzip.compress(b'{"data": "' + b"x" * 10_000 + b'"}')
    with serving(lambda arrival: Reply(200, body, {"Content-Encoding": "gzip", "X-Request-Id": "r1"})) as server:
        result = run(mode, Setup(), get(server.url)).result
    assert isinstance(result, WireResponse)
    assert result.content == b'{"data": "' + b"x" * 10_000 + b'"}'
    assert result.headers["x-request-id"] == "r1"
    assert result.url.startswith(server.url)
    assert "xxx" not in repr(result)


def test_connections_are_reused_and_closed() -> None:
    with serving() as server, PolicyClient() as client:
        for _ in range(20):
            client.exchange(get(server.url))
        server.script_of(Reply(404), Reply(200))
        with pytest.raises(NotFound):
            client.exchange(get(server.url))
        client.exchange(get(server.url))
        assert server.connections == 1
        client.close()
        pool: Any = client._transport._pool  # type: ignore[attr-defined]  # httpx does not show its connections
        assert pool.connections == []
        with pytest.raises(ConfigurationError, match="closed"):
            client.exchange(get(server.url))


def test_no_more_connections_than_allowed_and_no_slot_waits_for_one() -> None:
    under_way, most = 0, 0
    lock = threading.Lock()
    free = threading.Barrier(3)

    def script(arrival: Arrival) -> Reply:
        return Reply(hold=free)

    class Counting(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal under_way, most
            with lock:
                under_way += 1
                most = max(most, under_way)
            response = super().handle_request(request)
            with lock:
                under_way -= 1
            return response

    with serving(script) as server, PolicyClient(connections=3, transport=Counting(verify=False)) as client:  # type: ignore[arg-type]  # httpx's own: see library.pyi
        threads = [threading.Thread(target=client.exchange, args=(get(server.url),)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.arrivals) == 30
    assert most == 3


@pytest.mark.parametrize("backend", ["sync", "asyncio", "trio"])
def test_busy_connections_are_named(backend: Literal["sync", "asyncio", "trio"]) -> None:
    stamp = Stamp(api="t", operation="x", safety="safe", credentials=(), timeout=0.05)
    with serving() as server:
        wire = WireRequest(method="GET", url=server.url, stamp=stamp)
        if backend == "sync":
            with (
                PolicyClient(connections=1) as client,
                client.stream_exchange(get(server.url)),
                pytest.raises(TransportError, match="all 1 connections were busy") as caught,
            ):
                client.exchange(wire)
        else:

            async def main() -> pytest.ExceptionInfo[TransportError]:
                async with AsyncPolicyClient(connections=1) as client, client.stream_exchange(get(server.url)):
                    with pytest.raises(TransportError, match="all 1 connections were busy") as caught:
                        await client.exchange(wire)
                    return caught

            caught = anyio.run(main, backend=backend)
    assert caught.value.sent is False


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_flow_of_many_requests_needs_one_connection(backend: Literal["asyncio", "trio"]) -> None:
    def poll(client: PolicyClient | AsyncPolicyClient, url: str) -> Flow[int]:
        done = 0
        for _ in range(5):
            done += (yield from client.flow(get(url))).status
        return done

    async def main(url: str) -> None:
        async with AsyncPolicyClient(connections=1) as client:
            assert await client.perform(poll(client, url)) == 1000

    with serving() as server, PolicyClient(connections=1) as client:
        assert client.perform(poll(client, server.url)) == 1000
        anyio.run(main, server.url, backend=backend)
        assert server.connections == 2


def test_streams_are_under_the_policies() -> None:
    body = b"0123456789" * 1000
    time = FakeTime()
    with serving() as server, PolicyClient(clock=time, sleep=time.sleep) as client:
        server.script_of(Reply(503, headers={"retry-after": "2"}), Reply(200, body))
        with client.stream_exchange(get(server.url)) as stream:
            assert stream.status == 200
            assert stream.headers["content-length"] == "10000"
            assert b"".join(stream.iter_bytes(333)) == body
        assert time.sleeps == [2.0]
        server.script_of(Reply(200, body, fault="cut"))
        with client.stream_exchange(get(server.url)) as stream, pytest.raises(TransportError, match="broke off"):
            stream.read()
        server.script_of(Reply(404))
        with pytest.raises(NotFound), client.stream_exchange(get(server.url)):
            pass


def test_someone_elses_client_puts_requests_on_the_wire() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(302 if len(seen) == 1 else 200, headers={"location": "/2", "set-cookie": "a=b"})

    with httpx.Client(
        transport=httpx.MockTransport(handler), auth=("user", "pass"), follow_redirects=True, headers={"x-their": "own"}
    ) as theirs:
        with PolicyClient(http_client=theirs) as client:
            client.exchange(get("https://api.example.com/1"))
        assert not theirs.is_closed
    assert [request.url.path for request in seen] == ["/1", "/2"]
    for request in seen:
        assert not {"authorization", "x-their", "cookie"} & set(request.headers)


def test_httpx_methods_pass_through_the_policies() -> None:
    time = FakeTime()
    events: list[Event] = []
    with serving() as server, PolicyClient(clock=time, sleep=time.sleep, on_event=events.append) as client:
        server.script_of(Reply(429, headers={"retry-after": "1"}), Reply(200, b'{"a": 1}', {"set-cookie": "a=b"}))
        answer = client.get(server.url, extensions={STAMP: STAMP_GET})  # type: ignore[call-arg]  # httpx's own: see library.pyi
        assert answer.json() == {"a": 1}
        assert answer.elapsed.total_seconds() >= 0
        assert not client.cookies  # type: ignore[truthy-bool]  # httpx's own: see library.pyi
        with client.stream("GET", server.url) as stream:  # type: ignore[attr-defined]  # httpx's own: see library.pyi
            assert stream.read() == b'{"a": 1}'
        with pytest.raises(ConfigurationError):
            client.get(server.url, auth=("a", "b"))  # type: ignore[call-arg]  # httpx's own: see library.pyi
        with pytest.raises(ConfigurationError):
            client.get(server.url, follow_redirects=True)  # type: ignore[call-arg]  # httpx's own: see library.pyi
        with pytest.raises(ConfigurationError):
            client.cookies = {"a": "b"}
    assert [type(event) for event in events] == [Request, Retry, Request, Request]
    assert all("cookie" not in arrival.headers for arrival in server.arrivals)


def test_a_listener_that_fails_breaks_no_call(caplog: pytest.LogCaptureFixture) -> None:
    def listener(event: Event) -> None:
        raise RuntimeError("listener broke")

    with serving() as server, PolicyClient(on_event=listener) as client:
        assert client.exchange(get(server.url)).status == 200
    assert "on_event failed" in caplog.text


@pytest.mark.parametrize(
    ("reply", "kind", "code", "says"),
    [
        (Reply(403, b"<!DOCTYPE html><title>x</title>", {"content-type": "text/html", "cf-ray": "r-9"}),
         PermissionDenied, None, "Cloudflare"),
        (Reply(502, b"<html>"), APIError, None, "HTML page"),
        (Reply(400, b'{"success": false, "error": "Bad thing", "error_info": "see docs"}'),
         APIError, None, "Bad thing"),
        (Reply(400, b'{"error": "invalid_grant", "error_description": "used up"}'),
         APIError, "invalid_grant", "used up"),
        (Reply(400, b'{"error": {"code": "E1", "message": "nested"}}'), APIError, "E1", "nested"),
        (Reply(400, b'{"errors": [{"message": "m", "extensions": {"code": "PERMISSION_DENIED"}}]}'),
         APIError, "PERMISSION_DENIED", "m"),
        (Reply(400, b'[{"error": "listed"}]'), APIError, "listed", "listed"),
        (Reply(400, b'{"error": 7, "errors": "x", "code": null, "message": {}}'), APIError, None, "answered 400"),
        (Reply(400, b"[" * 100_000), APIError, None, "answered 400"),
        (Reply(400, b"\xff\xfe"), APIError, None, "answered 400"),
        (Reply(429, b'{"error": "Throttled"}'), APIError, "Throttled", "Throttled"),
    ],
)  # fmt: skip
def test_failures_in_the_shapes_the_vendors_use(
    reply: Reply, kind: type[APIError], code: str | None, says: str
) -> None:
    stamp = Stamp(api="pipedrive_v1", operation="deals.list", safety="unsafe", credentials=(), retries=0)
    with serving(lambda arrival: reply) as server:
        error = run("sync", Setup(), WireRequest(method="GET", url=server.url, stamp=stamp)).result
    assert isinstance(error, kind)
    assert error.status == reply.status
    assert error.code == code
    assert says in str(error)
    assert len(error.body) <= 4097
    assert error.request_id == ("r-9" if "cf-ray" in reply.headers else None)


def test_pipefy_403_says_who_may_use_the_api() -> None:
    stamp = Stamp(api="pipefy", operation="card", safety="safe", credentials=())
    with serving(lambda arrival: Reply(403)) as server:
        error = run("sync", Setup(), WireRequest(method="POST", url=server.url, stamp=stamp)).result
    assert "only admins and super admins" in str(error)


def test_a_huge_failure_is_not_read_to_its_end() -> None:
    for mode in MODES:
        with serving(lambda arrival: Reply(500, b"x" * 3_000_000)) as server:
            seen = run(mode, Setup(), get(server.url), get(server.url))
        assert isinstance(seen.result, TypedPipesError)


def test_errors_survive_pickling_with_their_attributes() -> None:
    import pickle

    error = NotFound(
        "m", status=404, operation="t.x", code="c", request_id="r", body="b", headers={"a": "b"}, attempts=2
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is NotFound
    assert str(again) == "m"
    assert vars(again) == vars(error)


@pytest.mark.parametrize("url", ["not a url", "//host/path", "https://", "https://h\x00st/"])
def test_addresses_that_are_none(url: str) -> None:
    with PolicyClient() as client, pytest.raises(ConfigurationError):
        client.exchange(get(url))


def test_certificates_are_read_once_and_anew_for_another_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read: list[bool] = []

    def counting(*, trust_env: bool) -> ssl.SSLContext:
        read.append(trust_env)
        return original(trust_env=trust_env)

    original = httpx.create_ssl_context
    monkeypatch.setattr(httpx, "create_ssl_context", counting)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    for _ in range(3):
        with PolicyClient():
            AsyncPolicyClient()
    assert read == [True]
    with PolicyClient(wire={"trust_env": False}), PolicyClient(wire={"verify": ssl.create_default_context()}):
        pass
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "other"))
    with PolicyClient():
        pass
    assert read == [True, False, True]


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"x-a": "secret\nb"}, "the value of x-a"),
        ({"x-a": "secret\0"}, "the value of x-a"),
        ({"x-a": " secret"}, "the value of x-a"),
        ({"x-a": "secret "}, "the value of x-a"),
        ({"x-a": "secret\x7f"}, "the value of x-a"),
        ({"x a": "secret"}, "'x a' is no name"),
        ({"x-a:": "secret"}, "'x-a:' is no name"),
        ({"": "secret"}, "'' is no name"),
        ({"é": "secret"}, "'é' is no name"),
    ],
)
def test_headers_that_http_does_not_take_are_refused_by_name(headers: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        add_headers({}, headers, "extra_headers")
    assert "secret" not in str(caught.value)


def test_headers_that_http_takes_are_sent_as_they_are() -> None:
    headers: dict[str, str] = {}
    add_headers(headers, {"X-A": "", "x-b": "a\tb c", "x!#$%&'*+.^_`|~9": "é"}, "extra_headers")
    assert headers == {"x-a": "", "x-b": "a\tb c", "x!#$%&'*+.^_`|~9": "é"}


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", "nonsense://"])
def test_a_proxy_of_an_unknown_kind_is_refused_wherever_one_is_used(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        PolicyClient()
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        drive(FileHost(LinkPolicy(hosts=("example.com",))).get("https://example.com/f", {}), SyncIO())


def test_an_asynchronous_client_belongs_to_one_event_loop() -> None:
    async def call() -> None:
        await client.exchange(get(server.url))

    client = AsyncPolicyClient()
    with serving() as server:
        anyio.run(call)
        for backend in ("asyncio", "trio"):
            with pytest.raises(ConfigurationError, match=r"make a new one in each asyncio\.run"):
                anyio.run(call, backend=backend)
        assert len(server.arrivals) == 1
        anyio.run(client.aclose)  # what it holds is of a loop that has ended
    assert client.is_closed


def test_a_given_client_of_another_event_loop_is_explained() -> None:
    answers: list[httpx.Response | Exception] = [
        httpx.Response(200, content=b"{}"),
        RuntimeError("Event loop is closed"),
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        following = answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    async def call() -> None:
        await client.exchange(get("https://api.example.com/"))

    client = AsyncPolicyClient(http_client=httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    anyio.run(call)
    with pytest.raises(ConfigurationError, match="belongs to the event loop of its first call"):
        anyio.run(call)
