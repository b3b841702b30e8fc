"""Limits that are never tripped: exact windows, budgets and the stores that count them.

    from typedpipes.limits import Claim, build_limiter

    limiter = build_limiter(
        "pipefy",                              # or "pipedream" (REST and Connect), "pipedrive"
        identity={"user": client_id},          # stable identity, hashed; never a token
        store_url="redis://limits.internal",   # default: memory://, or a SQLite file when a plan brings a budget
        plan="business",                       # not given: the monthly budget is unknown and not enforced
        on_event=print,
    )

Per wire request, inside a flow (see `typedpipes._flow`):

    lease = yield from limiter.acquire(Claim("pipefy", "card"), until=deadline, max_wait=30.0)
    try:
        response = yield Send(request)
    except httpx.ConnectError:
        yield from lease.unsent()              # nothing reached the wire: the slot is given back
        raise
    yield from lease.settle(response.status_code, response.headers)

A lease that is neither settled nor unsent when its flow ends counts as unanswered: its slot stays held until the
deadline, plus the window, plus a grace. `Limits` and `AsyncLimits` give ``snapshot()`` and ``cost(...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typedpipes.limits.build import build_limiter as build_limiter
    from typedpipes.limits.limiter import StoreLease as StoreLease
    from typedpipes.limits.limiter import StoreLimiter as StoreLimiter
    from typedpipes.limits.policy import Budget as Budget
    from typedpipes.limits.policy import Claim as Claim
    from typedpipes.limits.policy import Lease as Lease
    from typedpipes.limits.policy import Limiter as Limiter
    from typedpipes.limits.policy import Policy as Policy
    from typedpipes.limits.policy import Window as Window
    from typedpipes.limits.snapshot import AsyncLimits as AsyncLimits
    from typedpipes.limits.snapshot import Cost as Cost
    from typedpipes.limits.snapshot import CostRow as CostRow
    from typedpipes.limits.snapshot import Limits as Limits
    from typedpipes.limits.snapshot import LimitStatus as LimitStatus
    from typedpipes.limits.snapshot import Snapshot as Snapshot
    from typedpipes.limits.stores import Store as Store
    from typedpipes.limits.stores import open_store as open_store

_HOMES: Final = {
    "AsyncLimits": "snapshot",
    "Budget": "policy",
    "Claim": "policy",
    "Cost": "snapshot",
    "CostRow": "snapshot",
    "Lease": "policy",
    "LimitStatus": "snapshot",
    "Limiter": "policy",
    "Limits": "snapshot",
    "Policy": "policy",
    "Snapshot": "snapshot",
    "Store": "stores",
    "StoreLease": "limiter",
    "StoreLimiter": "limiter",
    "Window": "policy",
    "build_limiter": "build",
    "open_store": "stores",
}

__all__ = [
    "AsyncLimits",
    "Budget",
    "Claim",
    "Cost",
    "CostRow",
    "Lease",
    "LimitStatus",
    "Limiter",
    "Limits",
    "Policy",
    "Snapshot",
    "Store",
    "StoreLease",
    "StoreLimiter",
    "Window",
    "build_limiter",
    "open_store",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    return value
