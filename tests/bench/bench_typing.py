"""mypy --strict on short programs, one for each vendor: through our vendor module, and through stock output.

CPU seconds; cold without a cache, warm a second run over the same cache. Both packages are found the same way
(MYPYPATH), and errors inside them are reported for neither.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tests.bench.figures import Figure, Samples, report
from tests.bench.folder import ROOT, document, folder, stock_graphql, stock_openapi, tool
from tests.bench.fresh import cpu_of, environment

ROUNDS = 3

OURS = '''
"""Report on open deals."""
from __future__ import annotations

import sys

from typedpipes.pipedrive import Pipedrive


def total(crm: Pipedrive, currency: str) -> float:
    """Value of the open deals in one currency."""
    value = 0.0
    for deal in crm.v2.deals.iter(status="open"):
        if deal.currency == currency and deal.value is not None:
            value += deal.value
    return value


def main(token: str, company: str) -> int:
    """Print the report."""
    with Pipedrive(api_token=token, company_domain=company) as crm:
        print(f"{total(crm, 'EUR'):.2f} EUR")
        deal = crm.v2.deals.get(1).data
        if deal is not None and deal.title is not None:
            print(deal.title.upper())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
'''

STOCK = '''
"""Report on open deals."""
from __future__ import annotations

import sys

from stock_pipedrive_v2 import AuthenticatedClient
from stock_pipedrive_v2.api.deals import get_deal, get_deals
from stock_pipedrive_v2.models import DealResponse


def total(crm: AuthenticatedClient, currency: str) -> float:
    """Value of the open deals in one currency (first page)."""
    value = 0.0
    page = get_deals.sync(client=crm)
    for deal in page.data if page is not None and page.data else []:
        if deal.currency == currency and isinstance(deal.value, float):
            value += deal.value
    return value


def main(token: str, company: str) -> int:
    """Print the report."""
    with AuthenticatedClient(base_url=f"https://{company}.pipedrive.com/api/v2", token=token) as crm:
        print(f"{total(crm, 'EUR'):.2f} EUR")
        answer = get_deal.sync(1, client=crm)
        if isinstance(answer, DealResponse) and answer.data and isinstance(answer.data.title, str):
            print(answer.data.title.upper())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
'''


CONNECT = """
from typedpipes.pipedream import Pipedream


def main(secret: str) -> None:
    with Pipedream(client_id="id", client_secret=secret, project_id="proj_x", environment="production") as pd:
        for account in pd.connect.accounts.iter(app="slack"):
            print(account.id.upper())
"""

STOCK_CONNECT = """
from stock_connect import AuthenticatedClient
from stock_connect.api.accounts import accounts_list


def main(token: str) -> None:
    with AuthenticatedClient(base_url="https://api.pipedream.com/v1/connect", token=token) as client:
        page = accounts_list.sync("proj_x", client=client, app="slack")
        print(page)
"""

PIPEFY = """
from typedpipes.pipefy import Pipefy


def main(token: str) -> None:
    with Pipefy(token=token) as pipefy:
        card = pipefy.card(id="1")
        print("" if card is None or card.title is None else card.title.upper())
        for each in pipefy.iter_cards(pipe_id="1"):
            print(each.title)
"""

STOCK_PIPEFY = """
from stock_pipefy import Client


def main(token: str) -> None:
    client = Client(url="https://api.pipefy.com/graphql", headers={"authorization": f"Bearer {token}"})
    card = client.card(id="1").card
    print("" if card is None or card.title is None else card.title.upper())
    page = client.cards(pipe_id="1").cards
    print(page)
"""


def main() -> int:
    """Print the figures; the exit code tells whether a goal was missed."""
    rest, graphql = "stock openapi-python-client", "stock ariadne-codegen"
    pairs = {
        "pipedrive": (OURS, STOCK, stock_openapi("stock_pipedrive_v2", document("pipedrive_v2")), rest),
        "pipedream": (CONNECT, STOCK_CONNECT, stock_openapi("stock_connect", document("connect")), rest),
        "pipefy": (PIPEFY, STOCK_PIPEFY, stock_graphql("stock_pipefy", "pipefy"), graphql),
    }
    figures: list[Figure] = []
    for vendor, (ours, theirs, place, peer) in pairs.items():
        figures += _pair(vendor, ours, theirs, str(place), peer)
    return report(figures)


def _pair(vendor: str, ours: str, theirs: str, stock: str, peer: str) -> list[Figure]:
    workspace = folder() / f"typing-{vendor}-{time.time_ns()}"
    workspace.mkdir()
    path = os.pathsep.join(str(ROOT / part) for part in ("overrides", "generated"))
    taken: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        for name, program, found in (("ours", ours, path), ("stock", theirs, stock)):
            (workspace / f"{name}.py").write_text(program.lstrip(), encoding="utf-8")
            for run in ("cold", "warm"):
                cpu, wall = _mypy(workspace, name, found, f"cache-{name}-{number}")
                taken.setdefault(f"{name} {run}", []).append(cpu)
                taken.setdefault(f"{name} {run} wall", []).append(wall)
    samples = Samples(taken)
    return [
        Figure(
            name=f"typing.cold.{vendor}",
            what=f"mypy on a program that uses {vendor}, no cache",
            unit="s",
            ours=samples["ours cold"],
            peer=samples["stock cold"],
            peer_name=peer,
            ratio=samples.ratio("ours cold", "stock cold"),
            against="peer",
            goal=1.0,
            n=samples.n,
            spread=samples.spread("stock cold"),
            remark=f"wall: {samples['ours cold wall']:.1f} s against {samples['stock cold wall']:.1f} s",
        ),
        Figure(
            name=f"typing.warm.{vendor}",
            what="the same, nothing changed since",
            unit="s",
            ours=samples["ours warm"],
            peer=samples["stock warm"],
            peer_name=peer,
            ratio=samples["ours warm"],
            against="ours",
            goal=1.0,
            n=samples.n,
            spread=samples.spread("stock warm"),
            remark=f"wall: {samples['ours warm wall']:.1f} s against {samples['stock warm wall']:.1f} s",
        ),
    ]


def _mypy(workspace: Path, name: str, path: str, cache: str) -> tuple[float, float]:
    command = [tool("mypy"), "--strict", "--config-file=", "--follow-imports=silent", "--cache-dir", cache]
    env = {**environment(), "MYPYPATH": path}
    cpu, wall, _ = cpu_of([*command, f"{name}.py"], workspace, env)
    return cpu, wall


if __name__ == "__main__":
    sys.exit(main())
