"""The vendors' limits, on the sandbox clock: what is refused, how, and until when."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typedpipes_sandbox import Limits, Sandbox
from typedpipes_sandbox.limits import Budget, RollingWindow

MakeSandbox = Callable[..., Sandbox]
ME = {"query": "{ me { id } }"}


def call(sb: Sandbox, http: httpx.Client) -> httpx.Response:
    """One Pipefy query."""
    headers = {"Authorization": f"Bearer {sb.pipefy.personal_token}"}
    return http.post(f"{sb.pipefy_url}/graphql", json=ME, headers=headers)


def test_the_501st_request_in_thirty_seconds_blocks_for_five_minutes(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.clock.freeze()
    assert {call(sandbox, http).status_code for _ in range(500)} == {200}
    assert call(sandbox, http).status_code == 429
    sandbox.clock.advance(299)
    assert call(sandbox, http).status_code == 429
    sandbox.clock.advance(1)
    assert call(sandbox, http).status_code == 200
    assert [entry.violations for entry in sandbox.violations] == [["pipefy.rate"], ["pipefy.blocked"]]


def test_five_hundred_requests_in_every_window_are_fine(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    sb = make_sandbox(limits=Limits(pipefy_requests=5, pipefy_window=30))
    sb.clock.freeze()
    for _ in range(4):
        assert {call(sb, http).status_code for _ in range(5)} == {200}
        sb.clock.advance(30)
    assert sb.violations == []


def test_another_user_is_not_blocked(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    sb = make_sandbox(limits=Limits(pipefy_requests=1))
    assert [call(sb, http).status_code for _ in range(2)] == [200, 429]
    other = http.post(f"{sb.pipefy_url}/graphql", json=ME, headers={"Authorization": f"Bearer {sb.pipefy.guest_token}"})
    assert other.status_code == 200


def test_a_block_may_say_when_it_ends(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    sb = make_sandbox(limits=Limits(pipefy_requests=1), pipefy_block_retry_after=True, pipefy_block_status=403)
    call(sb, http)
    refused = call(sb, http)
    assert (refused.status_code, refused.headers["retry-after"]) == (403, "300")


def test_the_months_calls_are_counted_and_come_back(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    sb = make_sandbox(limits=Limits(pipefy_monthly="starter"))
    assert [call(sb, http).status_code for _ in range(21)] == [200] * 20 + [429]
    assert sb.violations[0].violations == ["pipefy.monthly"]
    sb.clock.advance(32 * 86400)
    assert call(sb, http).status_code == 200


def connect_headers(sb: Sandbox) -> dict[str, str]:
    """Headers with a fresh OAuth token."""
    sb.pipedream.tokens.add("oauth-for-tests", "oauth", sb.pipedream.client_id)
    return {"Authorization": "Bearer oauth-for-tests", "X-PD-Environment": "development"}


def test_connect_tokens_are_limited_per_external_user(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, url = connect_headers(sandbox), f"{sandbox.pipedream_url}/v1/connect/proj_x/tokens"

    def create(user: str) -> httpx.Response:
        return http.post(url, json={"external_user_id": user}, headers=headers)

    sandbox.clock.freeze()
    assert {create("u1").status_code for _ in range(100)} == {200}
    refused = create("u1")
    assert refused.status_code == 429
    assert refused.json() == {"error": "Throttled"}
    assert refused.headers["retry-after"] == "60"
    assert create("u2").status_code == 200
    sandbox.clock.advance(60)
    assert create("u1").status_code == 200


def test_connect_account_calls_are_counted_together(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    sb = make_sandbox(limits=Limits(connect_accounts=3))
    headers, base = connect_headers(sb), f"{sb.pipedream_url}/v1/connect/proj_x"
    account = http.get(f"{base}/accounts", headers=headers).json()["data"][0]["id"]
    assert http.get(f"{base}/accounts/{account}", headers=headers).status_code == 200
    assert http.get(f"{base}/users/u1/accounts", headers=headers).status_code == 200
    assert http.delete(f"{base}/accounts/{account}", headers=headers).status_code == 429
    assert http.get(f"{base}/users", headers=headers).status_code == 200
    assert sb.violations[0].violations == ["connect.accounts"]


def deals(sb: Sandbox, http: httpx.Client, path: str = "/api/v2/deals?limit=1") -> httpx.Response:
    """One Pipedrive request."""
    return http.get(f"{sb.pipedrive_url}{path}", headers={"x-api-token": sb.pipedrive.api_token})


def test_pipedrive_bursts_are_limited_and_counted_in_headers(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.clock.freeze()
    answers = [deals(sandbox, http) for _ in range(41)]
    assert [each.status_code for each in answers] == [200] * 40 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == "40"
    assert answers[9].headers["x-ratelimit-remaining"] == "30"
    assert answers[40].headers["x-ratelimit-reset"] == "2"
    assert answers[40].json()["success"] is False
    sandbox.clock.advance(2)
    assert deals(sandbox, http).status_code == 200


def test_pipedrive_searches_have_a_limit_of_their_own(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.clock.freeze()
    found = [deals(sandbox, http, "/api/v2/deals/search?term=ca").status_code for _ in range(11)]
    assert found == [200] * 10 + [429]
    assert deals(sandbox, http).status_code == 200


def test_pipedrive_spends_a_daily_budget_by_cost(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    sb = make_sandbox(limits=Limits(pipedrive_daily=25))
    first = deals(sb, http)
    assert first.headers["x-daily-ratelimit-token-limit"] == "25"
    assert first.headers["x-daily-ratelimit-token-remaining"] == "15"
    assert [deals(sb, http).status_code for _ in range(2)] == [200, 429]
    assert sb.violations[0].violations == ["pipedrive.daily"]
    sb.clock.advance(86400)
    assert deals(sb, http).status_code == 200


def test_who_ignores_429_is_met_by_the_edge(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    sb = make_sandbox(limits=Limits(pipedrive_burst=1, pipedrive_edge_after=2))
    sb.clock.freeze()
    answers = [deals(sb, http) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 429, 429, 403]
    assert answers[3].headers["content-type"].startswith("text/html")


@settings(deadline=None)
@given(
    arrivals=st.lists(st.floats(min_value=0, max_value=50), min_size=1, max_size=60),
    limit=st.integers(min_value=1, max_value=8),
)
def test_a_window_never_holds_more_than_its_limit(arrivals: list[float], limit: int) -> None:
    window = RollingWindow(limit, 10.0)
    granted: list[float] = []
    for moment in sorted(arrivals):
        expected = sum(1 for each in granted if each > moment - 10.0) < limit
        assert window.hit(moment) is expected
        if expected:
            granted.append(moment)


@settings(deadline=None)
@given(costs=st.lists(st.integers(min_value=0, max_value=90), max_size=40))
def test_a_budget_is_never_overspent(costs: list[int]) -> None:
    budget = Budget(100, monthly=False)
    spent = sum(cost for cost in costs if budget.spend(1_000_000.0, cost))
    assert spent <= 100
    assert budget.remaining(1_000_000.0) == 100 - spent


def test_limits_can_be_scaled() -> None:
    scaled = Limits().scaled(0.1)
    assert (scaled.pipefy_requests, scaled.pipefy_window, scaled.pipefy_block) == (500, 3.0, 300.0)
    assert scaled.connect_window == pytest.approx(6.0)
