"""Faults by rule: what they spoil, how often, and that the log tells."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from typedpipes_sandbox import Fault, Sandbox

MakeSandbox = Callable[..., Sandbox]


def deals(sb: Sandbox, http: httpx.Client, query: str = "limit=2") -> httpx.Response:
    """One page of deals."""
    return http.get(f"{sb.pipedrive_url}/api/v2/deals?{query}", headers={"x-api-token": sb.pipedrive.api_token})


def add_deal(sb: Sandbox, http: httpx.Client) -> httpx.Response:
    """One new deal."""
    headers = {"x-api-token": sb.pipedrive.api_token}
    return http.post(f"{sb.pipedrive_url}/api/v2/deals", json={"title": "Novo"}, headers=headers)


def test_a_status_with_headers_strikes_as_often_as_told(sandbox: Sandbox, http: httpx.Client) -> None:
    fault = sandbox.faults.add(
        path="/api/v2/deals", status=503, body={"error": "busy"}, headers={"Retry-After": "7"}, count=2, skip=1
    )
    answers = [deals(sandbox, http) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 503, 503, 200]
    assert answers[1].headers["retry-after"] == "7"
    assert answers[1].json() == {"error": "busy"}
    assert fault.hits == 2
    assert [entry.fault for entry in sandbox.log] == ["", "status 503 before", "status 503 before", ""]


def test_a_status_after_processing_leaves_the_effect(sandbox: Sandbox, http: httpx.Client) -> None:
    before = len(sandbox.pipedrive.store["deals"])
    sandbox.faults.add(method="POST", path="/api/v2/deals", status=502, count=1)
    assert add_deal(sandbox, http).status_code == 502
    assert len(sandbox.pipedrive.store["deals"]) == before
    sandbox.faults.add(method="POST", path="/api/v2/deals", status=502, count=1, when="after")
    assert add_deal(sandbox, http).status_code == 502
    assert len(sandbox.pipedrive.store["deals"]) == before + 1


@pytest.mark.parametrize(("when", "grown"), [("before", 0), ("after", 1)])
def test_the_connection_is_reset_before_or_after_processing(
    sandbox: Sandbox, http: httpx.Client, when: str, grown: int
) -> None:
    before = len(sandbox.pipedrive.store["deals"])
    sandbox.faults.add(method="POST", reset=True, when=when, count=1)
    with pytest.raises(httpx.TransportError):
        add_deal(sandbox, http)
    assert len(sandbox.pipedrive.store["deals"]) == before + grown
    assert sandbox.log[-1].status == 0
    assert add_deal(sandbox, http).status_code in {200, 201}


def test_a_body_is_cut_short(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.faults.add(path="/api/v2/deals", truncate_at=30, count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        deals(sandbox, http)
    assert deals(sandbox, http).status_code == 200


def test_a_body_without_length_can_be_too_long(sandbox: Sandbox, http: httpx.Client) -> None:
    plain = deals(sandbox, http)
    sandbox.faults.add(path="/api/v2/deals", pad=1000, count=1)
    padded = deals(sandbox, http)
    assert "content-length" not in padded.headers
    assert len(padded.content) == len(plain.content) + 1000


def test_latency_delays_the_arrival(sandbox: Sandbox, http: httpx.Client) -> None:
    deals(sandbox, http)
    sandbox.faults.add(path="/api/v2/deals", latency=0.08, count=1)
    deals(sandbox, http)
    assert sandbox.log[-1].time - sandbox.log[-2].time >= 0.08


def test_a_slow_body_arrives_whole(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.faults.add(path="/api/v2/deals", chunk_delay=0.001, chunk_size=64, count=1)
    assert deals(sandbox, http).json()["success"] is True


def test_an_expired_token_is_answered_as_the_vendor_does(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.faults.add(api="pipedrive", expired_token=True, count=1)
    assert [deals(sandbox, http).status_code for _ in range(2)] == [401, 200]


def test_a_stale_cursor_strikes_only_where_a_cursor_is_sent(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.faults.add(stale_cursor=True, count=1)
    first = deals(sandbox, http)
    cursor = first.json()["additional_data"]["next_cursor"]
    assert deals(sandbox, http, f"limit=2&cursor={cursor}").status_code == 400
    assert deals(sandbox, http, f"limit=2&cursor={cursor}").status_code == 200


def test_fields_and_enums_drift(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.faults.add(
        path="/api/v2/deals", set={"data.*.status": "zombie", "data.0.brand_new": 1}, drop=["data.*.title"]
    )
    data = deals(sandbox, http).json()["data"]
    assert [each["status"] for each in data] == ["zombie", "zombie"]
    assert data[0]["brand_new"] == 1
    assert not any("title" in each for each in data)


def test_probability_is_decided_by_the_seed(make_sandbox: MakeSandbox, http: httpx.Client) -> None:
    def pattern(seed: int) -> list[int]:
        sb = make_sandbox()
        sb.faults.add(api="pipedrive", status=500, probability=0.5, seed=seed)
        return [deals(sb, http).status_code for _ in range(20)]

    assert pattern(1) == pattern(1)
    assert len(set(pattern(1))) == 2


def test_operations_can_be_named(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.faults.add(operation="query.me", status=500, count=1)
    headers = {"Authorization": f"Bearer {sandbox.pipefy.personal_token}"}
    url = f"{sandbox.pipefy_url}/graphql"
    assert http.post(url, json={"query": "{ organizations { id } }"}, headers=headers).status_code == 200
    assert http.post(url, json={"query": "{ me { id } }"}, headers=headers).status_code == 500


def test_an_unknown_field_of_a_rule_is_named() -> None:
    with pytest.raises(ValueError, match="unknown fault field colour"):
        Fault.from_mapping({"colour": "red"})
