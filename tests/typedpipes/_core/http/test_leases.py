"""One lease per wire request, settled when its headers arrive, released whatever happens."""

from __future__ import annotations

import httpx
import pytest

from tests.typedpipes._core.auth.calls import credential
from tests.typedpipes._core.auth.calls import request as api_request
from tests.typedpipes._core.auth.token_server import token_server
from tests.typedpipes._core.http.limiter import BookLimiter
from tests.typedpipes._core.http.modes import MODES, Mode, Setup, run
from tests.typedpipes._core.http.wire_server import Arrival, Reply, serving
from typedpipes._core.auth import Credentials, StaticCredential
from typedpipes._core.http import Stamp, WireRequest, WireResponse


@pytest.mark.parametrize("mode", MODES)
def test_first_try_retry_and_redirect_hop_take_a_lease_each(mode: Mode) -> None:
    limiter = BookLimiter()
    with serving() as server:
        server.script_of(
            Reply(503, headers={"retry-after": "1"}), Reply(302, headers={"location": "/there"}), Reply(200)
        )
        stamp = Stamp(api="test", operation="things.get", safety="safe", credentials=(), buckets=("b",), token_cost=7)
        setup = Setup(limiter=lambda time: limiter)
        seen = run(mode, setup, WireRequest(method="GET", url=server.url, stamp=stamp))
        assert isinstance(seen.result, WireResponse)
        assert len(server.arrivals) == len(limiter.leases) == 3
    assert [lease.statuses for lease in limiter.leases] == [[503], [302], [200]]
    assert {(lease.claim.api, lease.claim.buckets, lease.claim.token_cost) for lease in limiter.leases} == {
        ("test", ("b",), 7)
    }
    assert limiter.all_released()


@pytest.mark.parametrize("mode", MODES)
def test_a_request_that_was_not_sent_gives_its_lease_back_unused(mode: Mode) -> None:
    limiter = BookLimiter()
    with serving() as server:
        setup = Setup(limiter=lambda time: limiter, faults=(httpx.ConnectError("refused"),))
        stamp = Stamp(api="test", operation="things.add", safety="unsafe", credentials=())
        run(mode, setup, WireRequest(method="POST", url=server.url, stamp=stamp))
    assert [(lease.not_sent, lease.statuses) for lease in limiter.leases] == [(True, []), (False, [200])]
    assert limiter.all_released()


@pytest.mark.parametrize("mode", MODES)
def test_a_request_without_answer_is_abandoned_at_once(mode: Mode) -> None:
    limiter = BookLimiter()
    with serving() as server:
        server.script_of(Reply(fault="reset"))
        setup = Setup(limiter=lambda time: limiter)
        stamp = Stamp(api="test", operation="things.add", safety="unsafe", credentials=())
        run(mode, setup, WireRequest(method="POST", url=server.url, stamp=stamp))
    assert [(lease.not_sent, lease.given_up, lease.statuses) for lease in limiter.leases] == [(False, True, [])]
    assert limiter.all_released()


@pytest.mark.parametrize("mode", MODES)
def test_a_slot_that_somebody_else_may_have_got_is_given_back_before_anything_is_sent(mode: Mode) -> None:
    limiter = BookLimiter()
    limiter.outlived = [True, False]
    with serving() as server:
        stamp = Stamp(api="test", operation="things.add", safety="unsafe", credentials=())
        run(mode, Setup(limiter=lambda time: limiter), WireRequest(method="POST", url=server.url, stamp=stamp))
        assert len(server.arrivals) == 1
    assert [(lease.not_sent, lease.statuses) for lease in limiter.leases] == [(True, []), (False, [200])]
    assert limiter.all_released()


def test_the_lease_names_who_calls() -> None:
    limiter = BookLimiter()
    with serving() as server:
        setup = Setup(
            limiter=lambda time: limiter,
            credentials=lambda: Credentials(
                StaticCredential("api_key", "k-123456", origins=[server.url], identity="me")
            ),
        )
        stamp = Stamp(api="t", operation="x", safety="safe", credentials=("api_key",), scope={"project": "p1"})
        run("sync", setup, WireRequest(method="GET", url=server.url, stamp=stamp))
    assert dict(limiter.leases[0].claim.scope) == {"project": "p1", "user": "me"}


def test_redirects_of_unsafe_requests_and_to_other_origins_are_refused() -> None:
    def script(arrival: Arrival) -> Reply:
        return Reply(307, headers={"location": elsewhere.url if "away" in arrival.path else "/other"})

    with serving() as elsewhere, serving(script) as server:
        for safety, method, path in (("unsafe", "POST", "/here"), ("safe", "GET", "/away"), ("safe", "POST", "/away")):
            stamp = Stamp(api="t", operation="x", safety=safety, credentials=())  # type: ignore[arg-type]  # literals
            seen = run("sync", Setup(), WireRequest(method=method, url=server.url + path, stamp=stamp))
            assert "a redirect that is not followed" in str(seen.result)
        assert elsewhere.arrivals == []
        assert len(server.arrivals) == 3


def test_a_redirect_loop_ends() -> None:
    with serving(lambda arrival: Reply(302, headers={"location": "/again"})) as server:
        stamp = Stamp(api="t", operation="x", safety="safe", credentials=())
        seen = run("sync", Setup(), WireRequest(method="GET", url=server.url, stamp=stamp))
        assert "too many redirects" in str(seen.result)
        assert len(server.arrivals) == 6


@pytest.mark.parametrize("mode", MODES)
def test_a_download_follows_to_another_host_without_credential_and_own_headers(mode: Mode) -> None:
    with serving() as elsewhere:
        elsewhere.script_of(Reply(body=b"file"))
        with serving(lambda arrival: Reply(302, headers={"location": f"{elsewhere.url}/file?sig=1"})) as server:
            setup = Setup(
                credentials=lambda: Credentials(StaticCredential("api_key", "k-123456", origins=[server.url]))
            )
            stamp = Stamp(
                api="t", operation="files.download", safety="safe", credentials=("api_key",), redirects="anywhere"
            )
            headers = {"x-pd-environment": "production", "range": "bytes=0-"}
            seen = run(mode, setup, WireRequest(method="GET", url=server.url, headers=headers, stamp=stamp))
            assert isinstance(seen.result, WireResponse)
            assert seen.result.content == b"file"
            assert server.arrivals[0].headers["authorization"] == "Bearer k-123456"
            arrived = elsewhere.arrivals[0].headers
            assert arrived["range"] == "bytes=0-"
            assert not {"authorization", "x-pd-environment", "cookie"} & set(arrived)


def test_a_401_replay_takes_a_lease_and_a_token_request_takes_none() -> None:
    limiter = BookLimiter()
    with token_server() as server:
        made = credential(server.url)
        setup = Setup(limiter=lambda time: limiter, credentials=lambda: Credentials(made))
        run("sync", setup, api_request(server.url))
        server.expire_all()
        run("sync", setup, api_request(server.url))
        assert [lease.statuses for lease in limiter.leases] == [[200], [401], [200]]
        assert len(server.calls) == 3
        assert server.token_requests == 2
    assert limiter.all_released()
