"""What a stand-in for a vendor counts is no part of the vendor's budgets, nor of another stand-in's."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from typedpipes.errors import QuotaExhausted
from typedpipes.limits import Snapshot
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import Pipefy
from typedpipes_sandbox import Sandbox

MONTH = "pipefy.calls_per_month"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TYPEDPIPES_STATE", str(tmp_path))
    return tmp_path


def used(snapshot: Snapshot, name: str) -> int | None:
    return snapshot[name].used


def test_a_budget_used_up_in_one_sandbox_is_whole_in_the_next_and_at_the_vendor(state: Path) -> None:
    organization = None
    for _ in range(2):
        with Sandbox() as sandbox, Pipefy(env=sandbox.environment(), plan="starter") as pipefy:
            organization = organization or sandbox.environment()["PIPEFY_ORGANIZATION_ID"]
            assert used(pipefy.limits.snapshot(), MONTH) == 0
            for _ in range(20):
                pipefy.me()
            with pytest.raises(QuotaExhausted):
                pipefy.me()
    with Pipefy(token="t0k", plan="starter", organization_id=organization) as vendor:
        assert vendor.limits.snapshot().store.endswith(f"{state}/limits.db")
        assert used(vendor.limits.snapshot(), MONTH) == 0


def test_two_sandboxes_have_no_credential_in_common() -> None:
    one, two = (set(Sandbox().environment().items()) for _ in range(2))
    names = {name for name, _ in one & two}
    assert not {name for name in names if name.endswith(("CLIENT_ID", "_SECRET", "_TOKEN", "_KEY"))}


def answer(request: httpx.Request) -> httpx.Response:
    data = {"success": True, "data": {}, "id": "x"}
    return httpx.Response(200, json=data)


@pytest.mark.parametrize(
    ("limit", "same", "other"),
    [
        ("pipefy.requests", ["https://API.pipefy.com:443/graphql"], ["https://pipefy.com.example/graphql"]),
        ("pipedrive.burst", ["https://acme.pipedrive.com"], ["http://127.0.0.1:8080", "http://127.0.0.1:8081"]),
        ("connect.accounts", ["https://api.pipedream.com/v1/"], ["https://gateway.example/v1"]),
    ],
)
def test_only_an_address_that_is_not_the_vendors_counts_apart(limit: str, same: list[str], other: list[str]) -> None:
    """One company's budget stays one, however the vendor's address is written."""
    store = f"memory://{limit}"

    def counted(address: str | None, calls: int) -> int | None:
        with httpx.Client(transport=httpx.MockTransport(answer)) as http:
            client: Pipefy | Pipedrive | Pipedream
            if limit.startswith("pipefy"):
                client = Pipefy(token="t0k", base_url=address, limits=store, http_client=http)
            elif limit.startswith("pipedrive"):
                client = Pipedrive(api_token="t0k", base_url=address, limits=store, http_client=http)
            else:
                client = Pipedream(
                    connect_token="t0k", project_id="p", base_url=address, limits=store, http_client=http
                )
            for _ in range(calls):
                if isinstance(client, Pipefy):
                    client.execute("{ me { id } }")
                elif isinstance(client, Pipedrive):
                    client.v2.deals.raw.get(1)
                else:
                    client.connect.accounts.raw.delete("x")
            return client.limits.snapshot()[limit].used

    assert counted(None, 1) == 1
    assert [counted(address, 0) for address in same] == [1] * len(same)
    assert [counted(address, 1) for address in other] == [1] * len(other), "apart from the vendor, and from each other"
    assert counted(None, 0) == 1
