"""Which failures are repeated, for every safety, phase and mode: with real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.typedpipes._core.fake_time import FakeTime
from tests.typedpipes._core.http.modes import MODES, Setup, run
from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes._core.http import STAMP, Stamp, WireRequest, WireResponse
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.http.retry import Failure, RetryBudget
from typedpipes._core.rest import Safety
from typedpipes.errors import (
    APIError,
    AuthenticationError,
    BadRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    TransportError,
)

OK = Reply(body=b'{"ok": true}')
MIDNIGHT = "Wed, 01 Jul 2026 00:00:00 GMT"
SAFETIES: tuple[Safety, ...] = ("safe", "idempotent", "unsafe")


@dataclass(frozen=True)
class Row:
    """A failure of the first attempt: the error it is, and for which safeties the request is sent again."""

    name: str
    reply: Reply | None
    error: type[Exception]
    repeated: str
    """``always``, ``safe`` or ``never``."""
    wait: float = 0.25
    """Expected sleep: half of the first backoff of 0.5 s, or what the server said."""
    fault: Exception | None = None
    timeout: float = 10.0


def _status(status: int, error: type[Exception], repeated: str, wait: float = 0.25, **headers: str) -> Row:
    name = " ".join([str(status), *headers])
    reply = Reply(status, b'{"error": "broken"}', {key.replace("_", "-"): value for key, value in headers.items()})
    return Row(name, reply, error, repeated, wait)


TABLE = [
    _status(400, BadRequest, "never"),
    _status(401, AuthenticationError, "never"),
    _status(402, BadRequest, "never"),
    _status(403, PermissionDenied, "never"),
    _status(404, NotFound, "never"),
    _status(405, BadRequest, "never"),
    _status(408, BadRequest, "safe"),
    _status(409, BadRequest, "never"),
    _status(410, NotFound, "never"),
    _status(418, BadRequest, "never"),
    _status(422, BadRequest, "never"),
    _status(425, BadRequest, "safe"),
    _status(429, RateLimited, "always"),
    _status(429, RateLimited, "always", 7.0, retry_after="7"),
    _status(429, RateLimited, "always", 0.0, retry_after="0"),
    _status(429, RateLimited, "always", 30.0, retry_after="Wed, 01 Jul 2026 00:00:30 GMT", date=MIDNIGHT),
    _status(429, RateLimited, "always", retry_after="soon"),
    _status(500, ServerError, "safe"),
    _status(501, ServerError, "safe"),
    _status(502, ServerError, "safe"),
    _status(503, ServerError, "safe"),
    _status(503, ServerError, "always", 4.0, retry_after="4"),
    _status(503, ServerError, "safe", retry_after="later"),
    _status(504, ServerError, "safe"),
    _status(520, ServerError, "safe"),
    _status(599, ServerError, "safe"),
    _status(304, APIError, "never"),
    Row("refused", None, TransportError, "always", fault=httpx.ConnectError("refused")),
    Row("connect timeout", None, TransportError, "always", fault=httpx.ConnectTimeout("slow")),
    Row("pool timeout", None, TransportError, "always", fault=httpx.PoolTimeout("full")),
    Row("proxy error", None, TransportError, "always", fault=httpx.ProxyError("407")),
    Row("illegal request", None, TransportError, "never", fault=httpx.LocalProtocolError("bad header")),
    Row("reset after send", Reply(fault="reset"), TransportError, "safe"),
    Row("write timeout", None, TransportError, "safe", fault=httpx.WriteTimeout("slow")),
    Row("write error", None, TransportError, "safe", fault=httpx.WriteError("pipe")),
    Row("read timeout", Reply(fault="silent"), TransportError, "safe", timeout=0.3),
    Row("cut mid-body", Reply(body=b'{"ok": true, "and": "more"}', fault="cut"), TransportError, "safe"),
    Row("bad encoding", Reply(body=b"no gzip", headers={"content-encoding": "gzip"}), TransportError, "safe"),
]  # fmt: skip


@pytest.mark.parametrize("safety", SAFETIES)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_failure_is_repeated_only_where_it_may_be(row: Row, safety: Safety) -> None:
    repeats = row.repeated == "always" or (row.repeated == "safe" and safety == "safe")
    summaries = []
    for mode in MODES:
        with serving() as server:
            server.script_of(*(reply for reply in (row.reply, OK) if reply is not None))
            setup = Setup(faults=(row.fault,))
            stamp = Stamp(api="test", operation="things.do", safety=safety, credentials=(), timeout=row.timeout)
            request = WireRequest(method="POST", url=f"{server.url}/things", content=b"body", stamp=stamp)
            seen = run(mode, setup, request)
            wire = len(server.arrivals)
            hits = [(hit.method, hit.path, hit.body) for hit in server.arrivals]
            summaries.append((_comparable(seen.result), seen.summary(), hits))
        first = 0 if row.fault is not None else 1
        if repeats:
            assert isinstance(seen.result, WireResponse)
            assert seen.result.content == b'{"ok": true}'
            assert seen.sleeps == [row.wait]
            assert wire == first + 1
        else:
            assert type(seen.result) is row.error
            assert seen.sleeps == []
            assert wire == first
    assert summaries[0] == summaries[1] == summaries[2]


def _comparable(result: object) -> tuple[object, ...]:
    """Messages of the HTTP library differ between its sync and async backends; ours before the parenthesis do not."""
    if isinstance(result, WireResponse):
        return (result.status, result.content)
    return (type(result), str(result).partition(" (")[0], getattr(result, "attempts", None))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207, 226, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    for mode in MODES:
        with serving() as server:
            server.script_of(Reply(status, b"{}"))
            stamp = Stamp(api="test", operation="things.get", safety="unsafe", credentials=())
            seen = run(mode, Setup(), WireRequest(method="GET", url=server.url, stamp=stamp))
        assert isinstance(seen.result, WireResponse)
        assert seen.result.status == status


def test_a_failure_keeps_everything_known_about_it() -> None:
    body = b'{"error": "no", "message": "the thing is broken", "code": 17}'
    with serving() as server:
        server.script_of(
            Reply(fault="reset"), Reply(502, b"<html>bad gateway</html>"), Reply(500, body, {"x-request-id": "r-1"})
        )
        stamp = Stamp(api="test", operation="things.get", safety="safe", credentials=(), retries=2)
        error = run("sync", Setup(), WireRequest(method="GET", url=server.url, stamp=stamp)).result
    assert isinstance(error, ServerError)
    assert (error.status, error.code, error.request_id, error.attempts) == (500, "17", "r-1", 3)
    assert error.operation == "test.things.get"
    assert "the thing is broken" in str(error)
    assert error.body == body.decode()
    second = error.__cause__
    assert isinstance(second, ServerError)
    assert "HTML" in str(second)
    first = second.__cause__
    assert isinstance(first, TransportError)
    assert isinstance(first.__cause__, httpx.TransportError)


def test_retries_end() -> None:
    for mode in MODES:
        with serving() as server:
            server.script_of(Reply(500))
            stamp = Stamp(api="test", operation="things.get", safety="safe", credentials=(), retries=4)
            seen = run(mode, Setup(), WireRequest(method="GET", url=server.url, stamp=stamp))
            assert isinstance(seen.result, ServerError)
            assert seen.result.attempts == len(server.arrivals) == 5
            assert seen.sleeps == [0.25, 0.5, 1.0, 2.0]


def test_an_idempotency_key_makes_a_sent_write_repeatable_where_the_api_has_them() -> None:
    with serving() as server:
        server.script_of(Reply(500), OK)
        stamp = Stamp(
            api="test",
            operation="things.create",
            safety="unsafe",
            credentials=(),
            idempotency_header="idempotency-key",
            idempotency_key="k1",
        )
        seen = run("sync", Setup(), WireRequest(method="POST", url=server.url, stamp=stamp))
        assert isinstance(seen.result, WireResponse)
        assert [hit.headers["idempotency-key"] for hit in server.arrivals] == ["k1", "k1"]


def test_an_idempotency_key_is_refused_where_it_would_protect_nothing() -> None:
    with serving() as server:
        stamp = Stamp(api="test", operation="things.create", safety="unsafe", credentials=(), idempotency_key="k1")
        seen = run("sync", Setup(), WireRequest(method="POST", url=server.url, stamp=stamp))
        assert "would protect nothing" in str(seen.result)
        assert server.arrivals == []


def test_a_retry_costs_5_units_after_a_timeout_10_and_a_success_never_fills_beyond_the_start() -> None:
    budget = RetryBudget(17)
    assert budget.draw(Failure("sent", timeout=True)) == 10
    assert budget.draw(Failure("sent")) == 5
    assert budget.draw(Failure("sent")) is None
    assert budget.draw(Failure("answered", status=429, wait=1.0)) == 0
    budget.success(0)
    assert budget.left == 3
    budget.success(5)
    assert budget.left == 8
    budget.success(10)
    assert budget.left == 17


def test_a_server_that_is_down_exhausts_the_retry_budget() -> None:
    with serving() as server:
        server.script_of(Reply(500))
        stamp = Stamp(api="test", operation="things.get", safety="safe", credentials=(), retries=1)
        requests = [WireRequest(method="GET", url=server.url, stamp=stamp)] * 130
        run("sync", Setup(), *requests)
        assert len(server.arrivals) == 130 + 500 // 5


def test_a_one_shot_body_is_not_sent_twice() -> None:
    def parts() -> Iterator[bytes]:
        yield b"once"

    with serving() as server:
        server.script_of(Reply(429, headers={"retry-after": "1"}), OK)
        time = FakeTime()
        with PolicyClient(clock=time, sleep=time.sleep) as client, pytest.raises(RateLimited):
            client.post(  # type: ignore[attr-defined]  # httpx's own: see library.pyi
                server.url,
                content=parts(),
                extensions={STAMP: Stamp(api="test", operation="upload", safety="unsafe", credentials=())},
            )
        assert len(server.arrivals) == 1
