"""The vendors' tables, and how a limiter is put together from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.typedpipes.limits.simulation import VirtualClock
from typedpipes._core.flow import SyncIO, drive
from typedpipes.errors import ConfigurationError, QuotaExhausted, RateLimited
from typedpipes.events import Budget as BudgetEvent
from typedpipes.events import Event
from typedpipes.limits import (
    Budget,
    Claim,
    Limits,
    Policy,
    Window,
    build_limiter,
    open_store,
    pipedream,
    pipedrive,
    pipefy,
)
from typedpipes.limits.stores import Store
from typedpipes.limits.stores.sqlite import SqliteStore

Closing = Callable[[SqliteStore], SqliteStore]

IO = SyncIO()
CARD = Claim("pipefy", "card")


def test_the_documented_figures() -> None:
    assert (pipefy.REQUESTS.allowance, pipefy.REQUESTS.seconds, pipefy.REQUESTS.block) == (500, 30, 300)
    plans = {plan: pipefy.policy(plan).budgets[0].allowance for plan in ("starter", "business", "enterprise")}
    assert plans == {"starter": 20, "business": 500, "enterprise": 10_000}
    assert [(w.allowance, w.seconds, w.scope) for w in (pipedream.TOKENS, pipedream.ACCOUNTS)] == [
        (100, 60, "external_user"),
        (100, 60, "project"),
    ]
    bursts = {
        (auth, plan): pipedrive.policy(plan, auth=auth).windows[0].allowance
        for auth in ("api_token", "oauth2")
        for plan in ("lite", "growth", "premium", "ultimate")
    }
    assert list(bursts.values()) == [20, 40, 100, 120, 80, 160, 400, 480]
    days = [pipedrive.policy(plan, 10).budgets[0].allowance for plan in ("lite", "growth", "premium", "ultimate")]
    assert days == [300_000, 600_000, 1_500_000, 2_100_000]


@pytest.mark.parametrize(
    "policy",
    [pipefy.policy("starter"), pipedream.policy(), pipedream.policy("published-2026"), pipedrive.policy("lite", 1)],
)
def test_every_figure_names_its_source(policy: Policy) -> None:
    for source in [window.source for window in policy.windows] + [budget.source for budget in policy.budgets]:
        assert "vendor-facts/" in source or "documented" in source


def test_unknown_plans_and_missing_numbers_are_refused() -> None:
    wrong: tuple[Callable[[], Policy], ...] = (
        lambda: pipefy.policy("gold"),
        lambda: pipefy.policy("unlimited"),
        lambda: pipedrive.policy("gold"),
        lambda: pipedrive.policy("lite", 0),
        lambda: pipedrive.policy(auth="basic"),
        lambda: pipedream.policy("newest"),
    )
    for make in wrong:
        with pytest.raises(ConfigurationError):
            make()
    assert pipefy.policy("unlimited", 70_000).budgets[0].allowance == 70_000


def test_a_budget_in_memory_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="memory://"):
        build_limiter("pipefy", identity={"user": "u"}, plan="business", store_url="memory://")


def test_a_plan_without_a_store_counts_in_the_users_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closing: Closing
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    limiter = build_limiter("pipefy", identity={"user": "u"}, plan="starter")
    assert limiter.store.durable
    assert limiter.store.url == f"sqlite:///{tmp_path / 'typedpipes' / 'limits.db'}"
    drive(limiter.acquire(CARD), IO)
    limiter.store.close()
    again = build_limiter(
        "pipefy",
        identity={"user": "u"},
        plan="starter",
        store=closing(SqliteStore(tmp_path / "typedpipes" / "limits.db")),
    )
    assert Limits(again).snapshot()["pipefy.calls_per_month"].used == 1
    assert build_limiter("pipefy", identity={"user": "u"}).store.url == "memory://"


def test_without_a_plan_the_month_is_unknown_and_not_enforced(store: Store) -> None:
    limiter = build_limiter("pipefy", identity={"user": "u"}, store=store)
    for _ in range(30):
        drive(limiter.acquire(CARD), IO)
    month = Limits(limiter).snapshot()["pipefy.calls_per_month"]
    assert (month.allowance, month.remaining) == (None, None)
    assert month.used == (30 if store.durable else None)


@pytest.mark.parametrize("url", ["redis", "http://x", "sqlite:///", "sqlite://host/file.db", ""])
def test_urls_that_name_no_store_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"memory://|sqlite:///PATH"):
        open_store(url)


def test_a_month_turns_at_its_end_and_warns_once_at_80_percent(tmp_path: Path, closing: Closing) -> None:
    clock = VirtualClock(wall=datetime(2026, 11, 30, 23, 59, 30, tzinfo=UTC).timestamp())
    events: list[Event] = []
    limiter = build_limiter(
        "pipefy",
        identity={"user": "u"},
        plan="starter",
        store=closing(SqliteStore(tmp_path / "l.db", clock=clock)),
        clock=clock,
        on_event=events.append,
    )
    for _ in range(20):
        drive(limiter.acquire(CARD), IO)
    warnings = [event for event in events if isinstance(event, BudgetEvent)]
    turn = datetime(2026, 12, 1, tzinfo=UTC)
    assert warnings == [BudgetEvent(limit="pipefy.calls_per_month", used=16, total=20, resets_at=turn)]
    with pytest.raises(QuotaExhausted, match=r"20 of 20 used.*2026-12-01 00:00 UTC") as caught:
        drive(limiter.acquire(CARD), IO)
    assert caught.value.resets_at == turn
    clock.now += 31
    drive(limiter.acquire(CARD), IO)
    assert Limits(limiter).snapshot()["pipefy.calls_per_month"].used == 1


def test_a_request_that_was_never_sent_is_given_back_budget_and_all(store: Store) -> None:
    row = Window(name="w", allowance=1, seconds=60, scope="user")
    budget = Budget(name="b", allowance=1, period="month", scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,), budgets=(budget,) if store.durable else ())
    limiter = build_limiter("pipefy", identity={"user": "u"}, policy=policy, store=store)
    for _ in range(5):
        lease = drive(limiter.acquire(CARD, max_wait=0), IO)
        drive(lease.unsent(), IO)
        drive(lease.unsent(), IO)
        drive(lease.settle(200, {}), IO)
    drive(limiter.acquire(CARD, max_wait=0), IO)
    with pytest.raises((RateLimited, QuotaExhausted)):
        drive(limiter.acquire(CARD, max_wait=0), IO)


def test_pipedrive_counts_tokens_by_operation_and_searches_twice(store: Store) -> None:
    plan = {"plan": "lite", "seats": 1} if store.durable else {}
    limiter = build_limiter("pipedrive", identity={"company": "acme", "token": "app 7"}, store=store, **plan)  # type: ignore[arg-type]  # either both or none
    search = Claim("pipedrive_v2", "deals.search", token_cost=20, buckets=("pipedrive.search",))
    for _ in range(10):
        drive(limiter.acquire(search, max_wait=0), IO)
    with pytest.raises(RateLimited, match=r"pipedrive\.search"):
        drive(limiter.acquire(search, max_wait=0), IO)
    drive(limiter.acquire(Claim("pipedrive_v2", "deals.get", token_cost=1), max_wait=0), IO)
    snapshot = Limits(limiter).snapshot()
    assert snapshot["pipedrive.burst"].used == 11
    assert snapshot["pipedrive.search"].used == 10
    assert snapshot["pipedrive.tokens_per_day"].used == 201


def test_connect_counts_tokens_per_user_and_accounts_per_project(store: Store) -> None:
    limiter = build_limiter("pipedream", identity={"client": "c"}, store=store)

    def claim(bucket: str, **scope: str) -> Claim:
        return Claim("connect", "x", buckets=(bucket,), scope=scope)

    for _ in range(100):
        drive(limiter.acquire(claim("connect.tokens", project="p", external_user="u1"), max_wait=0), IO)
        drive(limiter.acquire(claim("connect.accounts", project="p", external_user="u1"), max_wait=0), IO)
    for full in (
        claim("connect.tokens", project="p", external_user="u1"),
        claim("connect.accounts", project="p", external_user="u9"),
    ):
        with pytest.raises(RateLimited):
            drive(limiter.acquire(full, max_wait=0), IO)
    drive(limiter.acquire(claim("connect.tokens", project="p", external_user="u2"), max_wait=0), IO)
    drive(limiter.acquire(claim("connect.accounts", project="q"), max_wait=0), IO)
    names = {limit.name for limit in Limits(limiter).snapshot(project="p").limits}
    assert names == {"pipedream.pauses", "connect.tokens", "connect.accounts"}
    assert Limits(limiter).snapshot(project="p")["connect.tokens"].used is None, "it counts for each user"
    assert Limits(limiter).snapshot(project="p", external_user="u1")["connect.tokens"].used == 100


def test_a_job_is_costed_before_it_starts(tmp_path: Path, closing: Closing) -> None:
    limiter = build_limiter(
        "pipefy", identity={"user": "u"}, plan="business", store=closing(SqliteStore(tmp_path / "l.db"))
    )
    for _ in range(20):
        drive(limiter.acquire(CARD), IO)
    cost = Limits(limiter).cost({CARD: 400, Claim("pipefy", "update_card"): 81})
    assert {row.name: (row.amount, row.remaining, row.fits) for row in cost.rows} == {
        "pipefy.requests": (481, 480, True),
        "pipefy.calls_per_month": (481, 480, False),
    }
    assert not cost.fits
    assert 29 < cost.seconds < 31
    assert Limits(limiter).cost(CARD, 480).fits
    assert Limits(limiter).cost(CARD, 480).seconds == 0


def test_no_identity_reaches_the_store(tmp_path: Path) -> None:
    file = tmp_path / "l.db"
    limiter = build_limiter(
        "pipedream", identity={"client": "client-id-secretish", "project": "proj_hidden"}, store=SqliteStore(file)
    )
    drive(
        limiter.acquire(
            Claim("connect", "tokens.create", buckets=("connect.tokens",), scope={"external_user": "ann@example.org"})
        ),
        IO,
    )
    limiter.store.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"connect.tokens" in stored
    for private in (b"secretish", b"proj_hidden", b"ann@"):
        assert private not in stored


def test_callers_can_wait_up_to_a_bound_or_not_at_all(store: Store) -> None:
    row = Window(name="own.calls", allowance=2, seconds=0.2, scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,))
    limiter = build_limiter("pipefy", identity={"user": "u"}, policy=policy, store=store)
    for _ in range(2):
        drive(drive(limiter.acquire(CARD), IO).settle(200, {}), IO)
    with pytest.raises(RateLimited, match=r"own\.calls") as caught:
        drive(limiter.acquire(CARD, max_wait=0), IO)
    assert caught.value.retry_after is not None
    assert caught.value.resume_at is not None
    assert 0 < caught.value.retry_after <= 0.21
    with pytest.raises(RateLimited):
        drive(limiter.acquire(CARD, max_wait=0.01), IO)
    assert Limits(limiter).snapshot()["own.calls"].waiting == 0, "who gives up leaves no place behind"
    drive(limiter.acquire(CARD, max_wait=0.5), IO)


def test_a_request_that_can_never_fit_is_refused() -> None:
    policy = Policy(
        vendor="own", account="user", windows=(Window(name="w", allowance=3, seconds=1, scope="user", unit="token"),)
    )
    limiter = build_limiter("pipefy", identity={"user": "u"}, policy=policy)
    with pytest.raises(ConfigurationError, match="more than w ever allows"):
        drive(limiter.acquire(Claim("x", "big", token_cost=4)), IO)
