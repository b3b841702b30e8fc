"""mypy --strict on a 30-line program that uses Pipedrive v2: through our vendor module, and through stock output.

CPU seconds; cold without a cache, warm a second run over the same cache. Both packages are found the same way
(MYPYPATH), and errors inside them are reported for neither.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.figures import Figure, Samples, report
from tests.bench.folder import ROOT, document, folder, stock_openapi, tool
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


def main() -> int:
    """Print the figures; the exit code tells whether a goal was missed."""
    stock = stock_openapi("stock_pipedrive_v2", document("pipedrive_v2"))
    workspace = folder() / f"typing-{time.time_ns()}"
    workspace.mkdir()
    ours_path = os.pathsep.join(str(ROOT / part) for part in ("overrides", "generated"))
    programs: Mapping[str, tuple[str, str]] = {"ours": (OURS, ours_path), "stock": (STOCK, str(stock))}
    taken: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        for name, (program, path) in programs.items():
            (workspace / f"{name}.py").write_text(program.lstrip(), encoding="utf-8")
            for run in ("cold", "warm"):
                cpu, wall = _mypy(workspace, name, path, f"cache-{name}-{number}")
                taken.setdefault(f"{name} {run}", []).append(cpu)
                taken.setdefault(f"{name} {run} wall", []).append(wall)
    samples = Samples(taken)
    return report(
        [
            Figure(
                name="typing.cold",
                what="mypy on a 30-line program, no cache",
                unit="s",
                ours=samples["ours cold"],
                peer=samples["stock cold"],
                peer_name="stock openapi-python-client",
                ratio=samples.ratio("ours cold", "stock cold"),
                against="peer",
                goal=1.0,
                n=samples.n,
                spread=samples.spread("stock cold"),
                remark=f"wall: {samples['ours cold wall']:.1f} s against {samples['stock cold wall']:.1f} s",
            ),
            Figure(
                name="typing.warm",
                what="the same, nothing changed since",
                unit="s",
                ours=samples["ours warm"],
                peer=samples["stock warm"],
                peer_name="stock openapi-python-client",
                ratio=samples["ours warm"],
                against="ours",
                goal=1.0,
                n=samples.n,
                spread=samples.spread("stock warm"),
                remark=f"wall: {samples['ours warm wall']:.1f} s against {samples['stock warm wall']:.1f} s",
            ),
        ]
    )


def _mypy(workspace: Path, name: str, path: str, cache: str) -> tuple[float, float]:
    command = [tool("mypy"), "--strict", "--config-file=", "--follow-imports=silent", "--cache-dir", cache]
    env = {**environment(), "MYPYPATH": path}
    cpu, wall, _ = cpu_of([*command, f"{name}.py"], workspace, env)
    return cpu, wall


if __name__ == "__main__":
    sys.exit(main())
