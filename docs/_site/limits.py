"""Tables of limits, from the policies the client enforces."""

from __future__ import annotations

from typing import Final

from typedpipes.limits import pipedream, pipedrive, pipefy
from typedpipes.limits.policy import Policy

POLICIES: Final[dict[str, Policy]] = {
    "pipefy": pipefy.policy(),
    "pipedream": pipedream.policy(),
    "published": pipedream.policy("published-2026"),
    "pipedrive": pipedrive.policy(),
}


def table(name: str) -> str:
    """The limits of a vendor as Markdown: its windows and budgets, or with ``NAME.plans`` what its plans bring."""
    if name == "pipefy.plans":
        rows = [f"| {plan} | {'by contract' if calls is None else f'{calls:,}'} |" for plan, calls in _months()]
        return "\n".join(["| plan | calls a month |", "|---|---|", *rows])
    if name == "pipedrive.plans":
        return _pipedrive_plans()
    policy = POLICIES[name]
    rows = ["| limit | allowed | per | counted for | source |", "|---|---|---|---|---|"]
    for window in policy.windows:
        allowed = "pauses only" if window.allowance is None else f"{window.allowance:,} requests"
        per = f"{window.seconds:g} s" + (f", then {window.block / 60:g} min blocked" if window.block else "")
        rows.append(f"| `{window.name}` | {allowed} | {per} | {window.scope.replace('_', ' ')} | {window.source} |")
    for budget in policy.budgets:
        allowed = "by plan" if budget.allowance is None else f"{budget.allowance:,}"
        rows.append(f"| `{budget.name}` | {allowed} | {budget.period} | {budget.scope} | {budget.source} |")
    return "\n".join(rows)


def _months() -> list[tuple[str, int | None]]:
    return list(pipefy.CALLS_PER_MONTH.items())


def _pipedrive_plans() -> str:
    rows = ["| plan | requests per 2 s, API token | … OAuth | tokens a day and seat |", "|---|---|---|---|"]
    for plan, factor in pipedrive.MULTIPLIER.items():
        token, oauth = pipedrive.BURST["api_token"][plan], pipedrive.BURST["oauth2"][plan]
        rows.append(f"| {plan} | {token} | {oauth} | {pipedrive.TOKENS_PER_SEAT * factor:,} |")
    return "\n".join(rows)
