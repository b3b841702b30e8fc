"""When a failed request is repeated and how long to wait first; the retry budget.
`typedpipes._core.http.exchange` carries the decisions out.

The rules: a request that provably was not executed may always be repeated (no connection, 429, 503
with ``Retry-After``); one that may have been executed only if its operation is safe, or carries an idempotency key the
API knows. Redirects and 401 replays are not retries. Waits the server asks for are obeyed exactly or not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from typedpipes._core.arguments import check_count, check_seconds
from typedpipes._core.http.inflate import MAX_BODY
from typedpipes._core.rest import Safety
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.options import SharedOptions

Phase = Literal["unsent", "sent", "body", "answered"]
"""How far a request came: not onto the wire, maybe onto it, into its answer's body, or to a complete answer."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Defaults of a client, each of which a call can override.

    Attributes:
        retries: how often a failed attempt is repeated at most.
        timeout: seconds for connect, read, write and pool, each, of one wire request. Pipefy lets a query run 33 s.
        deadline: seconds for the whole call, waits and retries included; None: no bound.
        max_wait: seconds to wait at most for a slot or because the server said so; None: up to the deadline.
        backoff: seconds; before the n-th retry the wait is random between 0 and ``backoff * 2 ** (n - 1)``.
        backoff_limit: seconds that random wait never exceeds.
        max_body: bytes of an answer read at most, without its content encoding; not for streamed answers.
    """

    retries: int = 3
    timeout: float = 60.0
    deadline: float | None = 600.0
    max_wait: float | None = None
    backoff: float = 0.5
    backoff_limit: float = 20.0
    max_body: int = MAX_BODY


DEFAULTS: Final = RetryPolicy()


def retry_policy(options: SharedOptions) -> RetryPolicy:
    """The retry policy of a client. Raises `ConfigurationError` for values that make no sense."""
    for name in ("timeout", "retries", "max_body"):
        if name in options and options.get(name) is None:
            raise ConfigurationError(f"{name} cannot be None; leave it out for the default", setting=name)
    check_call_limits(options.get("timeout"), options.get("deadline"), options.get("retries"), options.get("max_wait"))
    check_count("max_body", options.get("max_body"), 1)
    return RetryPolicy(
        retries=options.get("retries", DEFAULTS.retries),
        timeout=options.get("timeout", DEFAULTS.timeout),
        deadline=options.get("deadline", DEFAULTS.deadline),
        max_wait=options.get("max_wait", DEFAULTS.max_wait),
        max_body=options.get("max_body", DEFAULTS.max_body),
    )


def check_call_limits(timeout: object, deadline: object, retries: object, max_wait: object) -> None:
    """Raise `ConfigurationError` for values that make no sense, of a client or of one call. None: not given."""
    check_seconds("timeout", timeout)
    check_seconds("deadline", deadline)
    check_count("retries", retries, 0)
    check_seconds("max_wait", max_wait, 0)


class Failure(msgspec.Struct, frozen=True):
    """How an attempt failed. ``status`` is set once headers arrived, ``wait`` is what the server asked for."""

    phase: Phase
    status: int | None = None
    wait: float | None = None
    timeout: bool = False


def is_replayable(failure: Failure, safety: Safety, *, keyed: bool = False) -> bool:
    """Whether the request may be sent again after ``failure`` without the risk of doing the work twice.

    ``keyed``: the request carries an idempotency key that its API honours.
    """
    repeatable = safety == "safe" or keyed
    if failure.phase == "unsent":
        return True
    if failure.phase != "answered":
        return repeatable
    status = failure.status or 0
    if status == 429 or (status == 503 and failure.wait is not None):
        return True
    return repeatable and (status in {408, 425} or status >= 500)


def backoff(policy: RetryPolicy, attempt: int, random: Callable[[], float]) -> float:
    """Seconds before the retry that follows attempt ``attempt`` (1, 2 …): full jitter, so that callers spread out."""
    ceiling = min(policy.backoff_limit, policy.backoff * 2.0 ** min(attempt - 1, 30))
    return random() * ceiling


class RetryBudget:
    """Keeps a client from hammering a server that is down: retries draw on it, successes fill it.

    500 units; a retry costs 5, after a timeout 10; a success gives 1 back and a success by retry what that retry cost
    (the figures of the AWS SDKs' standard mode). Retries at a time the server named are free.
    """

    __slots__ = ("_capacity", "_left", "_lock")

    COST: Final = 5
    TIMEOUT_COST: Final = 10

    def __init__(self, capacity: int = 500) -> None:
        self._capacity = capacity
        self._left = capacity
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Units that are left."""
        return self._left

    def draw(self, failure: Failure) -> int | None:
        """Pay for a retry after ``failure``: what it cost, or None if the budget cannot bear it."""
        if failure.wait is not None:
            return 0
        cost = self.TIMEOUT_COST if failure.timeout else self.COST
        with self._lock:
            if self._left < cost:
                return None
            self._left -= cost
        return cost

    def success(self, cost: int) -> None:
        """A call ended well; ``cost`` is what its last retry cost, 0 if there was none."""
        if self._left >= self._capacity:
            return
        with self._lock:
            self._left = min(self._capacity, self._left + (cost or 1))


__all__ = [
    "Failure",
    "Phase",
    "RetryBudget",
    "RetryPolicy",
    "backoff",
    "check_call_limits",
    "is_replayable",
]
