"""The deadline bounds all waiting; a server's wait is obeyed exactly or the call fails at once."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.typedpipes._core.fake_time import FakeTime
from tests.typedpipes._core.http.modes import MODES, Mode, Setup, run
from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.http.retry import RetryPolicy
from typedpipes.errors import DeadlineExceeded, RateLimited, ServerError, TypedPipesError


def _stamp(**options: float | int) -> Stamp:
    return Stamp(api="t", operation="x", safety="safe", credentials=(), **options)  # type: ignore[arg-type]  # numbers


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("header", "wait"), [("61", 61.0), ("3600", 3600.0), ("9" * 300, 315_360_000.0), ("86400.5", 86400.5)]
)
def test_a_wait_beyond_the_deadline_raises_at_once_with_the_time_to_resume(
    mode: Mode, header: str, wait: float
) -> None:
    setup = Setup()
    with serving() as server:
        server.script_of(Reply(429, headers={"retry-after": header}))
        seen = run(mode, setup, WireRequest(method="GET", url=server.url, stamp=_stamp(deadline=60)))
        assert len(server.arrivals) == 1
    error = seen.result
    assert isinstance(error, RateLimited)
    assert error.retry_after == wait
    assert error.resume_at is not None
    assert abs(error.resume_at.timestamp() - (setup.time.wall() + wait)) < 1
    assert seen.sleeps == []
    assert "try again after" in str(error)


def test_a_wait_beyond_max_wait_raises_at_once() -> None:
    with serving() as server:
        server.script_of(Reply(503, headers={"retry-after": "10"}))
        seen = run("sync", Setup(), WireRequest(method="GET", url=server.url, stamp=_stamp(max_wait=5)))
    assert isinstance(seen.result, ServerError)
    assert seen.result.retry_after == 10
    assert seen.sleeps == []


def test_a_wait_within_the_bounds_is_slept_exactly() -> None:
    with serving() as server:
        server.script_of(Reply(429, headers={"retry-after": "300"}), Reply(200))
        seen = run("sync", Setup(), WireRequest(method="GET", url=server.url, stamp=_stamp()))
    assert seen.sleeps == [300.0]


def test_a_date_is_read_by_the_servers_own_clock() -> None:
    """Our clock may be wrong by an hour; the wait is the difference of two times of the server."""
    time = FakeTime()
    time.wall_offset += 3600
    with serving() as server:
        date = "Sat, 21 Nov 2026 10:00:00 GMT"
        until = "Sat, 21 Nov 2026 10:00:42 GMT"
        server.script_of(Reply(429, headers={"retry-after": until, "date": date}), Reply(200))
        seen = run("sync", Setup(time=time), WireRequest(method="GET", url=server.url, stamp=_stamp()))
    assert seen.sleeps == [42.0]


answers = st.one_of(
    st.sampled_from([500, 502, 504, 408]).map(lambda status: (status, None)),
    st.tuples(st.sampled_from([429, 503]), st.one_of(st.none(), st.floats(0, 200).map(lambda value: f"{value:.3f}"))),
    st.just((0, None)),
)


@settings(max_examples=150, deadline=None)
@given(
    script=st.lists(answers, max_size=12),
    deadline=st.floats(0, 300),
    retries=st.integers(0, 10),
    jitter=st.floats(0, 0.999),
    latency=st.floats(0, 20),
)
def test_the_total_wait_never_exceeds_the_deadline(
    script: list[tuple[int, str | None]], deadline: float, retries: int, jitter: float, latency: float
) -> None:
    time = FakeTime()
    left = list(script)

    def handler(request: httpx.Request) -> httpx.Response:
        allowed = request.extensions["timeout"]["read"]
        if latency > allowed:
            time.now += allowed
            raise httpx.ReadTimeout("slow")
        time.now += latency
        status, wait = left.pop(0) if left else (200, None)
        if status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, headers={} if wait is None else {"retry-after": wait}, content=b"{}")

    started = time.now
    with PolicyClient(
        transport=httpx.MockTransport(handler),  # type: ignore[arg-type]  # httpx's own: see library.pyi
        clock=time,
        sleep=time.sleep,
        random=lambda: jitter,
        retry=RetryPolicy(retries=retries, deadline=deadline, timeout=30),
    ) as client:
        try:
            client.exchange(WireRequest(method="GET", url="https://api.example.com/", stamp=_stamp()))
        except TypedPipesError as error:
            if isinstance(error, DeadlineExceeded):
                assert time.now - started >= deadline - 1e-6
    assert time.now - started <= deadline + 1e-6


@pytest.mark.parametrize("retries", [0, 3])
def test_a_deadline_that_ran_out_on_the_wire_says_so(retries: int) -> None:
    time = FakeTime()

    def handler(request: httpx.Request) -> httpx.Response:
        time.now += request.extensions["timeout"]["read"]
        raise httpx.ReadTimeout("slow")

    with (
        PolicyClient(transport=httpx.MockTransport(handler), clock=time, sleep=time.sleep) as client,  # type: ignore[arg-type]  # httpx's own: see library.pyi
        pytest.raises(DeadlineExceeded) as caught,
    ):
        client.exchange(
            WireRequest(method="GET", url="https://api.example.com", stamp=_stamp(deadline=50, retries=retries))
        )
    assert caught.value.sent is None
    assert time.now == 1050


def test_resume_at_is_utc() -> None:
    with serving() as server:
        server.script_of(Reply(429, headers={"retry-after": "7200"}))
        error = run("sync", Setup(), WireRequest(method="GET", url=server.url, stamp=_stamp())).result
    assert isinstance(error, RateLimited)
    assert error.resume_at is not None
    assert error.resume_at.tzinfo is UTC
    assert error.resume_at > datetime(2026, 1, 1, tzinfo=UTC)
