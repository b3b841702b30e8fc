"""One call on an in-memory transport: a list of 100 Connect accounts, and one deal.

Limits: httpx with ``json.loads``, and with ``orjson.loads``, sending the same request with the same credential header.
Field: the vendor's SDK (accounts), stock openapi-python-client (deal). Ours is a client as constructed, with retries,
redaction, drift reports and a limiter whose window is too wide to be felt; only its transport is replaced.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any, cast

import httpx
import orjson

from tests.bench.canned import Memory, accounts, deal, wide
from tests.bench.figures import Figure, Samples, interleave, report
from tests.bench.folder import document, stock_openapi
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import Pipedrive

ROUNDS, ACCOUNTS = 40, 100
ACCOUNTS_URL = "https://api.pipedream.com/v1/connect/proj_x/accounts?limit=100"
DEAL_URL = "https://acme.pipedrive.com/api/v2/deals/1"


def main() -> int:
    """Print the figures; the exit code tells whether a goal was missed."""
    return report([*_accounts(), *_deal()])


def _accounts() -> list[Figure]:
    body = accounts(ACCOUNTS)
    sdk = importlib.import_module("pipedream").Pipedream(
        access_token="token", project_id="proj_x", httpx_client=httpx.Client(transport=Memory(body))
    )
    bare = httpx.Client(transport=Memory(body))
    headers = {"authorization": "Bearer ctok_x", "x-pd-environment": "production"}
    with Pipedream(connect_token="ctok_x", project_id="proj_x", policy=wide("pipedream", "project")) as client:
        cast(Any, client._http)._transport = Memory(body)

        def ours() -> Any:
            return client.connect.accounts.list(limit=ACCOUNTS)

        def vendor() -> list[Any]:
            return sdk.accounts.list(limit=ACCOUNTS).items or []

        assert len(ours().data) == ACCOUNTS
        assert len(vendor()) == ACCOUNTS
        samples = interleave(
            {
                "ours": ours,
                "sdk": vendor,
                "json": lambda: json.loads(bare.get(ACCOUNTS_URL, headers=headers).content),
                "orjson": lambda: orjson.loads(bare.get(ACCOUNTS_URL, headers=headers).content),
            },
            rounds=ROUNDS,
            repeat={"ours": 10, "sdk": 1, "json": 10, "orjson": 10},
        )
    faster = _figure(samples, "calls.accounts.sdk", "how much faster than the vendor's SDK", 20.0, "vendor SDK", None)
    return [
        _figure(samples, "calls.accounts", "list of 100 Connect accounts", 1.3, "vendor SDK", "json"),
        faster,
        _figure(samples, "calls.accounts.orjson", "the same against httpx + orjson", None, "vendor SDK", "orjson"),
    ]


def _deal() -> list[Figure]:
    body = json.dumps({"success": True, "data": deal(1)}).encode()
    sys.path.insert(0, str(stock_openapi("stock_pipedrive_v2", document("pipedrive_v2"))))
    stock_client = importlib.import_module("stock_pipedrive_v2").Client(base_url="https://acme.pipedrive.com/api/v2")
    headers = {"x-api-token": "0123456789abcdef"}
    stock_client.set_httpx_client(
        httpx.Client(base_url="https://acme.pipedrive.com/api/v2", headers=headers, transport=Memory(body))
    )
    get_deal = importlib.import_module("stock_pipedrive_v2.api.deals.get_deal")
    bare = httpx.Client(transport=Memory(body))
    policy = wide("pipedrive", "company")
    with Pipedrive(api_token="0123456789abcdef", company_domain="acme", policy=policy) as client:
        cast(Any, client._http)._transport = Memory(body)

        def ours() -> Any:
            return client.v2.deals.get(1)

        assert ours().data.id == get_deal.sync(1, client=stock_client).data.id == 1
        samples = interleave(
            {
                "ours": ours,
                "sdk": lambda: get_deal.sync(1, client=stock_client),
                "json": lambda: bare.get(DEAL_URL, headers=headers).json(),
                "orjson": lambda: orjson.loads(bare.get(DEAL_URL, headers=headers).content),
            },
            rounds=ROUNDS,
            repeat=40,
        )
    stock = "stock openapi-python-client"
    return [
        _figure(samples, "calls.deal", "small call: GET one deal", 1.25, stock, "json"),
        _figure(samples, "calls.deal.orjson", "the same against httpx + orjson", None, stock, "orjson"),
    ]


def _figure(samples: Samples, name: str, what: str, goal: float | None, peer: str, limit: str | None) -> Figure:
    """Against a limit if there is one, else how much faster than the peer."""
    return Figure(
        name=name,
        what=what,
        unit="µs",
        ours=samples["ours"] * 1e6,
        peer=samples["sdk"] * 1e6,
        peer_name=peer,
        limit=None if limit is None else samples[limit] * 1e6,
        limit_name="" if limit is None else f"httpx + {limit}.loads",
        ratio=samples.ratio("sdk", "ours") if limit is None else samples.ratio("ours", limit),
        against="peer" if limit is None else "limit",
        goal=goal,
        at_least=limit is None,
        n=samples.n,
        spread=samples.spread(limit or "sdk"),
    )


if __name__ == "__main__":
    sys.exit(main())
