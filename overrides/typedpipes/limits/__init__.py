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

from typedpipes.limits.build import build_limiter
from typedpipes.limits.limiter import StoreLease, StoreLimiter
from typedpipes.limits.policy import Budget, Policy, Window
from typedpipes.limits.protocol import Claim, Lease, Limiter
from typedpipes.limits.snapshot import (
    AsyncLimits,
    Cost,
    CostRow,
    Limits,
    LimitStatus,
    Snapshot,
)
from typedpipes.limits.stores.base import Store, open_store

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
