"""Import, construction and the first typed call in a fresh interpreter, and how many of our modules that loads.

Limit: ``import httpx; httpx.Client()``, without any call. CPU seconds inside the process, the interpreter's own start
left out, bytecode cached. Packages that a plain install does not bring are hidden from both sides. The first call is
answered by a transport put into the constructed client, so that the cost of making a real one stays in.
"""

from __future__ import annotations

import json
import sys

from tests.bench.figures import Figure, Samples, report
from tests.bench.folder import document, stock_graphql, stock_openapi
from tests.bench.fresh import starts

ROUNDS = 21
MODULES = 40

BASE = "import httpx; client = httpx.Client()"
PIPEFY = "from typedpipes.pipefy import {0}Pipefy; client = {0}Pipefy(token='personal-token')"
PIPEDREAM = (
    "from typedpipes.pipedream import {0}Pipedream; "
    "client = {0}Pipedream(client_id='id', client_secret='secret', project_id='proj_x')"
)
PIPEDREAM_CONNECT = (
    "from typedpipes.pipedream import Pipedream; client = Pipedream(connect_token='ctok_x', project_id='proj_x')"
)
PIPEDRIVE = (
    "from typedpipes.pipedrive import {0}Pipedrive; client = {0}Pipedrive(api_token='token', company_domain='acme')"
)
SDK = "from pipedream import Pipedream; client = Pipedream(access_token='token', project_id='proj_x')"
STOCK_REST = "from stock_pipedrive_v2 import Client; client = Client(base_url='https://h'); client.get_httpx_client()"
STOCK_GRAPHQL = "from stock_pipefy import Client; client = Client(url='https://h/graphql')"

ANSWERING = """
import httpx
class Memory(httpx.BaseTransport):
    def handle_request(self, request):
        return httpx.Response(200, headers={{'content-type': 'application/json'}}, content={body!r})
{client}._transport = Memory()
"""
DEAL = b'{"success": true, "data": {"id": 1, "title": "A deal", "value": 10.5, "status": "open"}}'
ACCOUNTS = (
    b'{"data": [{"id": "apn_1", "name": "a", "app": {"id": "app_1", "name": "Slack"}}], "page_info": {"count": 1}}'
)
USER = {
    **dict.fromkeys("uuid username avatarUrl confirmed createdAt currentOrganizationRole departmentKey".split()),
    **dict.fromkeys("displayName invited locale phone roleName timezone confirmationTokenHasExpired".split()),
    **dict.fromkeys("hasUnreadNotifications preferences signupData".split()),
    "id": "1",
    "name": "Ann",
    "email": "ann@example.com",
}
ME = json.dumps({"data": {"me": USER}}).encode()
CALLS = {
    "pipefy": (PIPEFY.format(""), "client._http", ME, "assert client.me().name == 'Ann'"),
    "connect": (
        PIPEDREAM_CONNECT,
        "client._http",
        ACCOUNTS,
        "assert client.connect.accounts.list().data[0].id == 'apn_1'",
    ),
    "pipedrive": (
        PIPEDRIVE.format(""),
        "client._http",
        DEAL,
        "assert client.v2.deals.get(1).data.title == 'A deal'",
    ),
}


def first_call(client: str, holder: str, body: bytes, call: str) -> str:
    """A program that constructs a client, gives it an answer, and calls."""
    return f"{client}\n{ANSWERING.format(body=body, client=holder)}\n{call}"


def main() -> int:
    """Time every start; the exit code tells whether a goal was missed."""
    rest = str(stock_openapi("stock_pipedrive_v2", document("pipedrive_v2")))
    graphql = str(stock_graphql("stock_pipefy", "pipefy"))
    programs: dict[str, tuple[str, list[str]]] = {"httpx": (BASE, [])}
    for color, prefix in (("", ""), ("async ", "Async")):
        programs[f"{color}pipefy"] = (PIPEFY.format(prefix), [])
        programs[f"{color}pipedream"] = (PIPEDREAM.format(prefix), [])
        programs[f"{color}pipedrive"] = (PIPEDRIVE.format(prefix), [])
    programs["vendor SDK"] = (SDK, [])
    programs["stock REST"] = (STOCK_REST, [rest])
    programs["stock GraphQL"] = (STOCK_GRAPHQL, [graphql])
    for name, parts in CALLS.items():
        programs[f"{name} call"] = (first_call(*parts), [])
    got = "from stock_pipedrive_v2.api.deals import get_deal\n"
    got += "assert get_deal.sync(1, client=client).data.title == 'A deal'"
    programs["stock REST call"] = (first_call(STOCK_REST, "client.get_httpx_client()", DEAL, got), [rest])
    me = "assert client.me().me.name == 'Ann'"
    programs["stock GraphQL call"] = (first_call(STOCK_GRAPHQL, "client.http_client", ME, me), [graphql])
    samples, modules = starts(programs, rounds=ROUNDS)
    peers = {"pipefy": "stock GraphQL", "pipedream": "vendor SDK", "pipedrive": "stock REST", "connect": "vendor SDK"}
    figures = [
        _start(samples, f"{color}{name}", peers[name], 1.2, "import and construct")
        for name in ("pipefy", "pipedream", "pipedrive")
        for color in ("", "async ")
    ]
    figures += [
        _start(samples, "pipefy call", "stock GraphQL call", 2.2, "import, construct, first call"),
        _start(samples, "connect call", None, 1.4, "import, construct, first call"),
        _start(samples, "pipedrive call", "stock REST call", 1.4, "import, construct, first call"),
    ]
    for name, peer in (("pipefy", "stock GraphQL"), ("connect", None), ("pipedrive", "stock REST")):
        loaded = [module for module in modules[f"{name} call"] if module.split(".")[0].startswith("typedpipes")]
        theirs = [m for m in modules[f"{peer} call"] if m.startswith("stock_")] if peer else None
        figures.append(
            Figure(
                name=f"start.modules.{name}",
                what=f"modules of ours loaded for one {name} call",
                unit="modules",
                ours=len(loaded),
                peer=None if theirs is None else len(theirs),
                peer_name=peer or "",
                ratio=len(loaded),
                against="ours",
                goal=MODULES,
                n=1,
            )
        )
    return report(figures)


def _start(samples: Samples, name: str, peer: str | None, goal: float, what: str) -> Figure:
    """One start against ``import httpx; httpx.Client()``."""
    return Figure(
        name=f"start.{name.replace(' ', '.')}",
        what=f"{what}: {name.removesuffix(' call')}",
        unit="ms",
        ours=samples[name] * 1e3,
        peer=None if peer is None else samples[peer] * 1e3,
        peer_name=peer or "",
        limit=samples["httpx"] * 1e3,
        limit_name="import httpx; httpx.Client()",
        ratio=samples.ratio(name, "httpx"),
        goal=goal,
        n=samples.n,
        spread=samples.spread("httpx"),
    )


if __name__ == "__main__":
    sys.exit(main())
