"""When tokens are renewed: early, on expiry, never because a clock jumped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typedpipes._core.auth.calls import client, credential, request
from tests.typedpipes._core.auth.token_server import TokenServer
from tests.typedpipes._core.fake_time import FakeTime
from tests.typedpipes._core.http.wire_server import Reply
from typedpipes._core.auth.token_stores import FileTokenStore
from typedpipes._core.flow import SyncIO, SystemClock, drive, timeline
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import Token
from typedpipes.errors import AuthenticationError, ResponseMismatch, TransportError
from typedpipes.events import Event, Refresh


@pytest.mark.parametrize(
    ("life", "renewed_at"),
    [(300, 270), (3600, 3540), (30 * 86_400, 30 * 86_400 - 60), ("3600", 3540)],
    ids=["5 minutes", "an hour", "30 days", "a string"],
)
def test_renewed_when_a_tenth_at_most_a_minute_is_left(server: TokenServer, life: object, renewed_at: float) -> None:
    time = FakeTime()
    server.life = life
    with client(server, time=time) as one:
        one.exchange(request(server.url))
        time.now += renewed_at - 1
        one.exchange(request(server.url))
        assert server.token_requests == 1
        time.now += 1
        one.exchange(request(server.url))
        assert server.token_requests == 2
    assert server.calls[-1].headers["authorization"] == "Bearer access-2-planted"


@pytest.mark.parametrize("life", [None, "soon", 0, -5, True, [1]])
def test_a_token_of_unknown_life_is_used_until_it_is_refused(server: TokenServer, life: object) -> None:
    time = FakeTime()
    server.life = life
    with client(server, time=time) as one:
        one.exchange(request(server.url))
        time.now += 10**8
        one.exchange(request(server.url))
        assert server.token_requests == 1
        server.expire_all()
        one.exchange(request(server.url))
        assert server.token_requests == 2


def test_an_early_renewal_that_fails_leaves_the_old_token_in_use(server: TokenServer) -> None:
    time = FakeTime()
    with client(server, time=time) as one:
        one.exchange(request(server.url))
        time.now += 3545
        server.next_token_reply = Reply(503)
        for _ in range(5):
            one.exchange(request(server.url))
        assert server.token_requests == 2  # tried once, then not for a while
        time.now += 10
        one.exchange(request(server.url))
        assert server.token_requests == 3
        server.next_token_reply = None
        time.now += 10
        one.exchange(request(server.url))
        assert server.calls[-1].headers["authorization"] == "Bearer access-2-planted"


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 86_400.0])
def test_a_jump_of_the_wall_clock_renews_nothing(server: TokenServer, tmp_path: Path, jump: float) -> None:
    time = FakeTime()
    with client(server, credential(server.url, store=FileTokenStore(tmp_path, clock=time)), time) as one:
        one.exchange(request(server.url))
        time.wall_offset += jump
        one.exchange(request(server.url))
    with client(server, credential(server.url, store=FileTokenStore(tmp_path, clock=time)), time) as another_process:
        another_process.exchange(request(server.url))
    assert server.token_requests == 1
    time.now += 3600
    with client(server, credential(server.url, store=FileTokenStore(tmp_path, clock=time)), time) as another_process:
        another_process.exchange(request(server.url))
    assert server.token_requests == 2


def test_after_a_reboot_the_wall_clock_decides() -> None:
    time = FakeTime()
    token = Token(access=Secret("a"), life=100, wall=time.wall() - 50, monotonic=9e9, timeline="an earlier boot")
    assert token.remaining(time) == pytest.approx(50)
    time.wall_offset -= 3600  # it went back: as good as new, rather than good for 3,650 s
    assert token.remaining(time) == 100


@given(life=st.one_of(st.none(), st.floats(1, 1e7)), age=st.floats(0, 2e7), jump=st.floats(-1e6, 1e6))
def test_freshness_depends_on_age_alone(life: float | None, age: float, jump: float) -> None:
    time = FakeTime()
    token = Token(access=Secret("a"), life=life, wall=time.wall(), monotonic=time.now, timeline=timeline(time))
    time.now += age
    time.wall_offset += jump
    if life is None or life - age > min(60, life / 10) + 1e-6:
        assert token.freshness(time) == "fresh"
    elif life - age < -1e-6:
        assert token.freshness(time) == "expired"


def test_a_token_that_worked_is_replaced_whenever_it_ends(server: TokenServer) -> None:
    with client(server, time=FakeTime()) as one:
        for number in range(1, 4):
            one.exchange(request(server.url))
            assert server.token_requests == number
            server.expire_all()


def test_the_other_body_encoding_is_tried_where_the_first_is_not_understood(server: TokenServer) -> None:
    server.encodings = {"application/x-www-form-urlencoded"}
    with client(server) as one:
        one.exchange(request(server.url))
        server.expire_all()
        one.exchange(request(server.url))
    sent = [arrival.headers["content-type"] for arrival in server.requests("/oauth/token")]
    assert sent == ["application/json", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded"]


def test_transient_failures_of_the_token_endpoint_are_repeated(server: TokenServer) -> None:
    time = FakeTime()
    replies = [Reply(fault="reset"), Reply(429, headers={"retry-after": "3"})]
    original = server._token
    server._token = lambda arrival: replies.pop(0) if replies else original(arrival)  # type: ignore[method-assign]
    with client(server, time=time) as one:
        one.exchange(request(server.url))
    assert time.sleeps == [0.5, 3.0]
    assert server.token_requests == 3


def test_a_token_endpoint_that_does_not_answer_in_json(server: TokenServer) -> None:
    server.next_token_reply = Reply(200, b"<html>hello</html>")
    with client(server) as one, pytest.raises(ResponseMismatch, match="no JSON object"):
        one.exchange(request(server.url))


def test_a_token_endpoint_that_is_down(server: TokenServer) -> None:
    time = FakeTime()
    server.next_token_reply = Reply(fault="reset")
    with client(server, time=time) as one, pytest.raises(TransportError, match="the oauth token: no answer"):
        one.exchange(request(server.url))
    assert server.token_requests == 3


def test_a_token_request_is_never_redirected(server: TokenServer) -> None:
    server.next_token_reply = Reply(307, headers={"location": f"{server.url}/elsewhere"})
    with client(server) as one, pytest.raises(Exception, match="307"):
        one.exchange(request(server.url))
    assert server.requests("/elsewhere") == []


def test_renewals_are_told(server: TokenServer) -> None:
    from typedpipes._core.auth import Credentials
    from typedpipes._core.http.clients import PolicyClient

    time = FakeTime()
    events: list[Event] = []
    with PolicyClient(
        credentials=Credentials(credential(server.url)), clock=time, sleep=time.sleep, on_event=events.append
    ) as one:
        one.exchange(request(server.url))
        time.now += 3545
        one.exchange(request(server.url))
        time.now += 3600
        one.exchange(request(server.url))
        server.expire_all()
        one.exchange(request(server.url))
    renewals = [event for event in events if isinstance(event, Refresh)]
    assert [event.reason for event in renewals] == ["first", "early", "expired", "rejected"]
    assert not any("planted" in repr(event) for event in events)


def test_a_token_that_was_adopted_is_used_and_kept_without_asking_for_one(server: TokenServer, tmp_path: Path) -> None:
    clock = SystemClock()
    server.good.add("adopted-planted")
    store = FileTokenStore(tmp_path)
    made = credential(server.url, store=store)
    token = Token(
        access=Secret("adopted-planted"),
        life=3600,
        wall=clock.wall(),
        monotonic=clock.monotonic(),
        timeline=timeline(clock),
        grant=made.grant.name,
    )
    drive(made.adopt(token), SyncIO())
    with client(server, made) as one:
        one.exchange(request(server.url))
    with client(server, credential(server.url, store=FileTokenStore(tmp_path))) as another:
        another.exchange(request(server.url))
    assert [call.headers["authorization"] for call in server.calls] == ["Bearer adopted-planted"] * 2
    assert server.token_requests == 0
    assert Secret("adopted-planted") in made.secrets()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error": "invalid_scope"}', "invalid_scope"),
        (b'{"error": "invalid_grant", "code": "E7"}', "invalid_grant"),
        (b'{"error": {"code": "E7"}}', "E7"),
        (b'{"code": "E7", "message": "no"}', "E7"),
        (b"<html>proxy</html>", None),
    ],
)
def test_the_code_of_a_refusal_is_the_endpoints_own(server: TokenServer, body: bytes, code: str | None) -> None:
    server.next_token_reply = Reply(400, body)
    with client(server) as one, pytest.raises(AuthenticationError) as caught:
        one.exchange(request(server.url))
    assert caught.value.code == code
