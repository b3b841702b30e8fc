"""Rate limits that are never exceeded: exact windows, budgets and the stores that count them.

    from typedpipes.limits import Claim, build_limiter

    limiter = build_limiter(
        "pipefy",                              # or "pipedream" (REST and Connect), "pipedrive"
        identity={"user": client_id},          # stable identity, hashed; never a token
        store_url="redis://limits.internal",   # default: memory://, or a SQLite file when a plan brings a budget
        plan="business",                       # not given: the monthly budget is unknown and not enforced
        on_event=print,
    )

Per wire request, inside a flow (see `typedpipes._core.flow`):

    lease = yield from limiter.acquire(Claim("pipefy", "card"), until=deadline, max_wait=30.0)
    try:
        response = yield Send(request)
        yield from lease.settle(response.status_code, response.headers)
    except httpx.ConnectError:
        yield from lease.unsent()              # nothing reached the wire: the slot is given back
        raise
    except httpx.RequestError:
        yield from lease.abandoned()           # the connection was closed: held for a grace and the window from now
        raise
    finally:
        lease.end_of_flow()                    # cancelled: the same

Windows are exact under one assumption: a server reads a request that it accepted at most ``grace`` (5 s) after the
connection was closed. A lease whose flow ends without a word, or whose process dies, stays held until its deadline,
plus grace, plus window; with SQLite, until grace and window after its process was found dead. `Limits` and
`AsyncLimits` give ``snapshot()`` and ``cost(...)``.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from typedpipes._core.forks import renew_in_children
from typedpipes.errors import ConfigurationError
from typedpipes.limits.ask import GRACE

if TYPE_CHECKING:
    from typedpipes._core.flow import Clock
    from typedpipes.events import OnEvent
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


def __dir__() -> list[str]:
    return sorted(__all__)


Vendor: TypeAlias = Literal["pipefy", "pipedream", "pipedrive"]
Unreachable: TypeAlias = Literal["fail", "local"]


def build_limiter(
    vendor: Vendor,
    *,
    identity: Mapping[str, str],
    address: str = "",
    store_url: str | None = None,
    store: Store | None = None,
    plan: str | None = None,
    seats: int | None = None,
    allowance: int | None = None,
    auth: str = "api_token",
    figures: str = "documented",
    policy: Policy | None = None,
    unreachable: Unreachable = "fail",
    share: float = 0.1,
    clock: Clock | None = None,
    on_event: OnEvent | None = None,
    grace: float = GRACE,
) -> StoreLimiter:
    """A limiter for ``vendor``.

    ``identity``: whom limits count for, by scope, stable and never a token (it is hashed): Pipefy ``user`` and, if
    known, ``organization``; Pipedream ``client`` and ``project``; Pipedrive ``company`` and ``token`` (an id of the
    user or app behind the token). A claim's own scope values come on top. ``address``: the origin of the server, if it
    is not the vendor's: a sandbox, a gateway. It counts apart, so that its calls take nothing of the vendor's budgets.

    ``store_url``: see `typedpipes.limits.open_store`. Default: in memory, or, when a plan brings a budget, a
    SQLite file in the user's state directory. ``store`` takes a store object instead.

    ``plan``, ``seats``, ``allowance`` (calls a month, tokens a day), ``auth``, ``figures``: see the vendor's module.
    ``policy``: your own table instead of the vendor's.

    ``unreachable``: what to do when the store cannot be reached: ``fail`` with `LimitStoreError`, or grant ``local``ly
    the fraction ``share`` of each allowance (exact as long as at most 1 / ``share`` processes do).

    ``grace``: seconds after the close of a connection within which the server still reads what it accepted; at least 5.
    So long, plus the window, a request holds its slot that was cancelled, timed out or broke off.

    Raises `ConfigurationError` for contradictory settings, such as a budget on ``memory://``.
    """
    table = policy or _policy(vendor, plan, seats, allowance, auth, figures)
    return policy_limiter(
        table,
        identity=identity,
        address=address,
        store_url=store_url,
        store=store,
        unreachable=unreachable,
        share=share,
        clock=clock,
        on_event=on_event,
        grace=grace,
        budget=plan or "allowance",
    )


def policy_limiter(
    table: Policy,
    *,
    identity: Mapping[str, str],
    address: str = "",
    store_url: str | None = None,
    store: Store | None = None,
    unreachable: Unreachable = "fail",
    share: float = 0.1,
    clock: Clock | None = None,
    on_event: OnEvent | None = None,
    grace: float = GRACE,
    budget: str = "policy",
) -> StoreLimiter:
    """A limiter for any table of limits; see `build_limiter`. ``budget`` names where a budget came from."""
    from typedpipes.limits.limiter import StoreLimiter

    if not grace >= GRACE:
        raise ConfigurationError(f"grace must be at least {GRACE:g} seconds, not {grace}", setting="grace")
    chosen = store or open_store(store_url or _default_url(table))
    if table.budgeted and not chosen.durable:
        raise ConfigurationError(
            f"a monthly or daily budget ({budget}) cannot be counted in memory://, which forgets at exit: "
            "use sqlite:///PATH or redis://HOST, or give no store at all (a file in your state directory is used)",
            setting="limits",
        )
    if unreachable == "local":
        from typedpipes.limits.fallback import FallbackStore

        chosen = FallbackStore(chosen, share=share, clock=clock)
    return StoreLimiter(
        table,
        chosen,
        identity=complete(table, identity),
        address=address,
        clock=clock,
        on_event=on_event,
        grace=grace,
    )


def complete(policy: Policy, identity: Mapping[str, str]) -> dict[str, str]:
    """``identity`` with the account filled in: a limit of an unknown organization counts for the user, for example.

    Processes share limits only if they are given the same identity.
    """
    known = {name: value for name, value in identity.items() if value}
    if policy.account not in known:
        known[policy.account] = next((f"{name}={known[name]}" for name in sorted(known)), "default")
    return known


def _policy(
    vendor: str,
    plan: str | None,
    seats: int | None,
    allowance: int | None,
    auth: str,
    figures: str,
) -> Policy:
    if vendor == "pipefy":
        from typedpipes.limits import pipefy

        return pipefy.policy(plan, allowance)
    if vendor == "pipedream":
        from typedpipes.limits import pipedream

        return pipedream.policy(figures)
    if vendor == "pipedrive":
        from typedpipes.limits import pipedrive

        return pipedrive.policy(plan, seats, auth=auth, daily_tokens=allowance)
    raise ConfigurationError(f"no limits known for {vendor!r}", setting="vendor")


def _default_url(policy: Policy) -> str:
    if not policy.budgeted:
        return "memory://"
    from typedpipes.configuration.folders import state_folder

    folder = state_folder(
        "give limits='sqlite:///PATH' or 'redis://HOST', or set TYPEDPIPES_LIMITS to one of them", "TYPEDPIPES_LIMITS"
    )
    return f"sqlite:///{folder / 'limits.db'}"


class _OpenStores:
    """The stores of this process, one per URL. Clients share them, so the end of the process closes them."""

    def __init__(self) -> None:
        self.by_url: dict[str, Store] = {}
        self.forked()
        renew_in_children(self)
        atexit.register(self.close)

    def close(self) -> None:
        """Close all of them; they open again when needed."""
        for store in self.by_url.values():
            store.close()

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        self.lock = threading.Lock()


_stores: Final = _OpenStores()


def open_store(url: str) -> Store:
    """The store for ``url``: ``memory://[NAME]``, ``sqlite:///PATH``, ``redis://``, ``rediss://`` or ``unix://``.

    One per URL and process. Raises `ConfigurationError` for anything else, and when the extra ``redis`` is missing.
    """
    with _stores.lock:
        store = _stores.by_url.get(url)
        if store is None:
            store = _stores.by_url[url] = _open(url)
        return store


def _open(url: str) -> Store:
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        from typedpipes.limits.stores import MemoryStore

        return MemoryStore(url)
    if scheme == "sqlite":
        from typedpipes.limits.stores.sqlite import SqliteStore

        parts = urlsplit(url)
        path = unquote(parts.path)
        if parts.netloc or len(path) < 2:
            raise ConfigurationError("limits: write sqlite:///PATH, for example sqlite:////var/lib/app/limits.db")
        # sqlite:///limits.db is relative and sqlite:////var/x.db absolute, as everywhere else.
        return SqliteStore(path[1:])
    if scheme in ("redis", "rediss", "unix"):
        from typedpipes.limits.stores.redis import RedisStore

        return RedisStore(url)
    raise ConfigurationError(
        f"limits: no store for {scheme or 'this'}: URLs; use memory://, sqlite:///PATH, redis://, rediss:// or unix://",
        setting="limits",
    )
