"""What travels with a request through the policies: facts of the operation and options of the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from typedpipes.operation import Safety

STAMP: Final = "typedpipes"
"""Key of the stamp in ``request.extensions``."""


class Stamp(msgspec.Struct, kw_only=True, eq=False):
    """Facts about the operation a request performs, and the options of this call; None takes the client's default.

    Attributes:
        api: package that defines the operation, for example ``pipedrive_v2``.
        operation: method path, for example ``deals.list``.
        safety: ``safe`` requests may be repeated after they were sent; others only when the server said that it did
            not execute them.
        credentials: kinds of credential accepted, in order; empty: none is sent; None: whichever of the client's
            fits the request's origin.
        token_cost: what the call costs of a token budget (Pipedrive).
        buckets: named limits it counts in.
        scope: whom the limits count for, by stable identity (``project``, ``external_user`` …).
        redirects: ``origin`` follows redirects of safe requests within the origin only; ``anywhere`` also to other
            https hosts, without credential and with no header but what a download needs.
        relays: whatever the status, the answer is the result: it is that of somebody behind the API (a workflow, a
            proxied app), and the caller wants to see it. Only a first 401 is answered with another token.
        idempotency_header: header that the API documents for idempotency keys; None: it has none.
        timeout: seconds for connect, read, write and pool, each, of one wire request.
        deadline: seconds for the whole call.
        retries: repetitions at most.
        max_wait: seconds to wait at most, for a slot or because the server said so.
        idempotency_key: key that makes an unsafe request repeatable where the API has such keys.
    """

    api: str
    operation: str
    safety: Safety
    credentials: tuple[str, ...] | None = None
    token_cost: int = 0
    buckets: tuple[str, ...] = ()
    scope: Mapping[str, str] | None = None
    redirects: Literal["origin", "anywhere"] = "origin"
    relays: bool = False
    idempotency_header: str | None = None
    timeout: float | None = None
    deadline: float | None = None
    retries: int | None = None
    max_wait: float | None = None
    idempotency_key: str | None = None

    @property
    def name(self) -> str:
        """``api.operation``, as messages and limits name it."""
        return f"{self.api}.{self.operation}"


SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def default_stamp(method: str) -> Stamp:
    """The stamp of a request that carries none: safety by method, any credential that fits the origin."""
    safety: Safety = "safe" if method in SAFE_METHODS else "idempotent" if method in {"PUT", "DELETE"} else "unsafe"
    return Stamp(api="http", operation=method.lower(), safety=safety)


__all__ = ["SAFE_METHODS", "STAMP", "Stamp", "default_stamp"]
