"""What servers say is obeyed: by everybody who shares the limit, and in the way each vendor means it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typedpipes.limits.simulation import VirtualClock
from typedpipes._core.flow import SyncIO, drive
from typedpipes.errors import QuotaExhausted, RateLimited
from typedpipes.events import Block, Event
from typedpipes.limits import Claim, Limits, Policy, StoreLimiter, complete, pipedream, pipedrive, pipefy
from typedpipes.limits.ask import retry_after
from typedpipes.limits.stores import MemoryStore

CARD = Claim("pipefy", "card")


class Bench:
    """Two limiters of one identity on one store: what one learns the other obeys."""

    def __init__(self, policy: Policy, **identity: str) -> None:
        self.clock = VirtualClock(wall=datetime(2026, 11, 20, 18, 0, tzinfo=UTC).timestamp())
        self.store = MemoryStore(clock=self.clock)
        self.events: list[Event] = []
        self.io = SyncIO(sleep=self._sleep)
        self.slept = 0.0
        known = complete(policy, identity)
        self.one, self.other = (
            StoreLimiter(policy, self.store, identity=known, clock=self.clock, on_event=self.events.append)
            for _ in range(2)
        )

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.clock.now += seconds

    def answered(self, claim: Claim, status: int = 200, **headers: str) -> None:
        """One of the two sends ``claim`` and gets this answer."""
        lease = drive(self.one.acquire(claim), self.io)
        drive(lease.settle(status, {name.replace("_", "-"): value for name, value in headers.items()}), self.io)

    def wait_of_other(self, claim: Claim) -> float:
        """How long the other one would have to wait now."""
        try:
            drive(self.other.acquire(claim, max_wait=0), self.io)
        except RateLimited as error:
            return error.retry_after or 0.0
        return 0.0


def test_a_429_seen_by_one_pauses_all() -> None:
    bench = Bench(pipefy.policy(), user="u")
    bench.answered(CARD, 429, retry_after="17")
    assert bench.wait_of_other(CARD) == pytest.approx(17, abs=0.01)
    assert [event for event in bench.events if isinstance(event, Block)] == [
        Block(api="pipefy", operation="card", limit="pipefy.requests", seconds=17.0)
    ]
    bench.clock.now += 17.01
    assert bench.wait_of_other(CARD) == 0


def test_pipefys_block_lasts_five_minutes_when_the_answer_names_no_wait() -> None:
    bench = Bench(pipefy.policy(), user="u")
    bench.answered(CARD, 429)
    assert bench.wait_of_other(CARD) == pytest.approx(300, abs=0.01)


def test_an_error_that_is_no_refusal_pauses_nobody() -> None:
    bench = Bench(pipefy.policy(), user="u")
    for status in (400, 401, 403, 500, 503):
        bench.answered(CARD, status, content_type="application/json")
    assert bench.wait_of_other(CARD) == 0


def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_servers_clock() -> None:
    date = "Fri, 20 Nov 2026 18:00:30 GMT"
    assert retry_after({"retry-after": "2.5"}, 0.0) == 2.5
    server = {"retry-after": date, "date": "Fri, 20 Nov 2026 18:00:10 GMT"}
    assert retry_after(server, 123.0) == 20.0, "our own clock is wrong and does not matter"
    own = datetime(2026, 11, 20, 18, 0, 25, tzinfo=UTC).timestamp()
    assert retry_after({"retry-after": date}, own) == 5.0
    assert retry_after({"retry-after": "9" * 50}, 0.0) == 86_400.0


@given(text=st.text(max_size=40), date=st.text(max_size=40))
def test_no_header_breaks_the_reader(text: str, date: str) -> None:
    seconds = retry_after({"retry-after": text, "date": date}, 1_795_000_000.0)
    assert seconds is None or 0 <= seconds <= 86_400


@given(
    values=st.lists(
        st.sampled_from(["", "0", "-1", "nan", "inf", "1e999", "9" * 400, "x", "3", "2026"]), min_size=6, max_size=6
    )
)
def test_garbage_in_limit_headers_never_breaks_a_call(values: list[str]) -> None:
    bench = Bench(pipedrive.policy("lite", 1, daily_tokens=100), company="c", token="t")
    names: tuple[str, ...] = ("x_ratelimit_limit", "x_ratelimit_remaining", "x_ratelimit_reset", "retry_after")
    names += ("x_daily_ratelimit_token_limit", "x_daily_ratelimit_token_remaining")
    bench.answered(Claim("pipedrive_v2", "deals.list", token_cost=1), 429, **dict(zip(names, values, strict=True)))


def deals(cost: int = 10, *buckets: str) -> Claim:
    return Claim("pipedrive_v2", "deals.list", token_cost=cost, buckets=buckets)


def test_a_burst_429_of_pipedrive_waits_and_a_daily_one_fails_until_midnight() -> None:
    bench = Bench(pipedrive.policy("growth", 10), company="c", token="t")
    bench.answered(deals(), 429, retry_after="2", x_daily_ratelimit_token_remaining="500000")
    assert bench.wait_of_other(deals()) == pytest.approx(2, abs=0.01)
    bench.clock.now += 5
    bench.answered(deals(), 429, retry_after="1", x_daily_ratelimit_token_remaining="0")
    with pytest.raises(QuotaExhausted) as caught:
        drive(bench.other.acquire(deals()), bench.io)
    assert caught.value.resets_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert bench.slept == 0, "an empty day is not waited for"
    bench.clock.now += 6 * 3600
    drive(bench.other.acquire(deals()), bench.io)


def test_the_daily_429_is_known_without_a_plan_too() -> None:
    bench = Bench(pipedrive.policy(), company="c", token="t")
    bench.answered(deals(), 429, x_daily_ratelimit_token_remaining="3", x_daily_ratelimit_token_limit="30000")
    with pytest.raises(QuotaExhausted, match="tokens_per_day"):
        drive(bench.other.acquire(deals()), bench.io)


def test_headers_correct_the_daily_count_and_only_downward() -> None:
    bench = Bench(pipedrive.policy("lite", 1), company="c", token="t")
    limits = Limits(bench.other)
    bench.answered(deals(), x_daily_ratelimit_token_limit="30000", x_daily_ratelimit_token_remaining="100")
    assert limits.snapshot()["pipedrive.tokens_per_day"].remaining == 100
    bench.answered(deals(), x_daily_ratelimit_token_limit="30000", x_daily_ratelimit_token_remaining="29000")
    assert limits.snapshot()["pipedrive.tokens_per_day"].remaining == 90
    with pytest.raises(QuotaExhausted):
        drive(bench.other.acquire(deals(91)), bench.io)
    drive(bench.other.acquire(deals(90)), bench.io)


def test_tokens_that_others_use_count_at_once() -> None:
    """``x-ratelimit-reset`` is the seconds left, not an epoch."""
    bench = Bench(pipedrive.policy("growth", 10), company="c", token="t")
    bench.answered(deals(), x_ratelimit_limit="40", x_ratelimit_remaining="1", x_ratelimit_reset="1.5")
    drive(bench.other.acquire(deals(), max_wait=0), bench.io)
    assert bench.wait_of_other(deals()) == pytest.approx(1.5, abs=0.05)


def test_without_a_plan_the_smallest_burst_is_used_until_the_server_states_its_own() -> None:
    bench = Bench(pipedrive.policy(), company="c", token="t")
    status = Limits(bench.other).snapshot()
    assert status["pipedrive.burst"].allowance == 20
    assert status["pipedrive.tokens_per_day"].allowance is None
    bench.answered(deals(), x_ratelimit_limit="100", x_ratelimit_remaining="99", x_ratelimit_reset="2")
    assert Limits(bench.other).snapshot()["pipedrive.burst"].allowance == 100


def test_the_answer_to_a_search_tells_of_the_search_limit_alone() -> None:
    bench = Bench(pipedrive.policy("growth", 1), company="c", token="t")
    bench.answered(
        deals(20, "pipedrive.search"), x_ratelimit_limit="10", x_ratelimit_remaining="0", x_ratelimit_reset="2"
    )
    assert bench.wait_of_other(deals(20, "pipedrive.search")) == pytest.approx(2, abs=0.05)
    assert bench.wait_of_other(deals()) == 0
    assert Limits(bench.other).snapshot()["pipedrive.burst"].allowance == 40


def test_the_edge_refusing_with_a_page_pauses_pipedrive() -> None:
    bench = Bench(pipedrive.policy("growth", 1), company="c", token="t")
    bench.answered(deals(), 403, content_type="application/json")
    assert bench.wait_of_other(deals()) == 0
    bench.answered(deals(), 403, content_type="text/html; charset=UTF-8")
    assert bench.wait_of_other(deals()) == pytest.approx(60, abs=0.01)


def test_a_refused_connect_token_pauses_that_user_only() -> None:
    bench = Bench(pipedream.policy(), client="c", project="proj_x")

    def token(user: str) -> Claim:
        return Claim("connect", "tokens.create", buckets=("connect.tokens",), scope={"external_user": user})

    bench.answered(token("u1"), 429, retry_after="30")
    assert bench.wait_of_other(token("u1")) == pytest.approx(30, abs=0.01)
    assert bench.wait_of_other(token("u2")) == 0
    assert bench.wait_of_other(Claim("connect", "users.delete")) == 0


def test_a_refused_call_without_a_limit_pauses_all_such_calls() -> None:
    bench = Bench(pipedream.policy(), client="c")
    bench.answered(Claim("pipedream", "users.me"), 429, retry_after="8")
    assert bench.wait_of_other(Claim("pipedream", "sources.list")) == pytest.approx(8, abs=0.01)


def test_an_epoch_in_reset_is_understood_on_pipedream() -> None:
    bench = Bench(pipedream.policy(), client="c")
    reset = str(int(bench.clock.wall()) + 40)
    bench.answered(Claim("pipedream", "users.me"), 429, x_ratelimit_reset=reset)
    assert bench.wait_of_other(Claim("pipedream", "users.me")) == pytest.approx(40, abs=1.01)
