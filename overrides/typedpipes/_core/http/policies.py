"""What all calls of one client share: retry policy, limiter, credentials, permits, clock, events."""

from __future__ import annotations

import functools
import logging
import random as random_module
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypedDict

from typedpipes._core.arguments import check_flag, check_name
from typedpipes._core.auth import Credentials
from typedpipes._core.flow import Clock, SystemClock
from typedpipes._core.http import Stamp, library
from typedpipes._core.http.bodies import origin
from typedpipes._core.http.retry import RetryBudget, RetryPolicy, retry_policy
from typedpipes._core.options import SharedOptions, drift_log
from typedpipes._core.redaction import RedactingFilter, Redactor
from typedpipes.events import OnEvent, Reporter, Request

if TYPE_CHECKING:
    from typedpipes._core.decoding import DriftLog
    from typedpipes._core.http.permits import Permits
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes.limits.policy import Limiter


class PolicyOptions(TypedDict):
    """What a policy client is made with."""

    credentials: Credentials
    limiter: StoreLimiter | None
    retry: RetryPolicy
    on_event: OnEvent | None
    http_library: str | None


class Policies:
    """What all calls of one client share."""

    __slots__ = (
        "budget",
        "clock",
        "closed",
        "credentials",
        "limiter",
        "permits",
        "random",
        "redactor",
        "report",
        "retry",
    )

    def __init__(
        self,
        *,
        retry: RetryPolicy,
        credentials: Credentials,
        limiter: Limiter | None,
        permits: Permits,
        clock: Clock,
        random: Callable[[], float],
        report: Reporter,
        redactor: Redactor,
        closed: Callable[[], bool],
    ) -> None:
        self.closed: Callable[[], bool] = closed
        """Whether nothing can be sent any more."""
        self.retry: RetryPolicy = retry
        self.credentials: Credentials = credentials
        self.limiter: Limiter | None = limiter
        self.permits: Permits = permits
        self.clock: Clock = clock
        self.random: Callable[[], float] = random
        self.report: Reporter = report
        self.redactor: Redactor = redactor
        self.budget: RetryBudget = RetryBudget()
        for credential in credentials:
            for value in credential.secrets():
                redactor.add(value)

    def forked(self) -> None:
        """This process is a forked child: nobody here holds a permit or a lock."""
        self.permits = self.permits.afresh()
        self.budget = RetryBudget()
        self.redactor.forked()

    def request_event(
        self,
        request: library.Request,
        stamp: Stamp,
        attempt: int,
        started: float,
        status: int | None,
        error: str | None,
        headers: Mapping[str, str],
    ) -> Request:
        """The event of one wire request."""
        from typedpipes._core.http.failures import request_id

        url = request.url
        return Request(
            api=stamp.api,
            operation=stamp.operation,
            method=request.method,
            url=origin(url) + self.redactor.path(url.raw_path.partition(b"?")[0].decode("ascii")),
            attempt=attempt,
            elapsed=self.clock.monotonic() - started,
            status=status,
            error=error,
            request_id=None if status is None else request_id(headers, self.redactor),
        )


def build_policies(
    permits: Permits,
    credentials: Credentials | None,
    limiter: Limiter | None,
    retry: RetryPolicy | None,
    clock: Clock | None,
    random: Callable[[], float] | None,
    on_event: OnEvent | None,
    redactor: Redactor | None,
    closed: Callable[[], bool],
) -> Policies:
    _quiet_foreign_logs()
    return Policies(
        retry=retry or RetryPolicy(),
        credentials=Credentials() if credentials is None else credentials,
        limiter=limiter,
        permits=permits,
        clock=clock or SystemClock(),
        random=random or random_module.random,
        report=Reporter(on_event),
        redactor=redactor or Redactor(),
        closed=closed,
    )


class ClientCore:
    """What the synchronous and the asynchronous client of an API share; each API adds its settings and its limits."""

    address: str
    """Where the API is."""
    limiter: StoreLimiter | None

    def __init__(self, credentials: Credentials, options: SharedOptions) -> None:
        self.credentials = credentials
        account = check_name("account", options.get("account"))
        if account is not None:
            for credential in credentials:
                credential.identity = f"account:{account}"
        self.retry: RetryPolicy = retry_policy(options)
        self.on_event: OnEvent | None = options.get("on_event")
        self.strict: bool = check_flag("strict", options.get("strict", False))
        self.drift: DriftLog = drift_log(options)
        self.http_library: str | None = options.get("http_library")

    @property
    def token_headers(self) -> frozenset[str]:
        """Headers that the client's credentials set."""
        return frozenset(credential.header for credential in self.credentials)

    def policies(self) -> PolicyOptions:
        """What the policy client of either is made with."""
        return {
            "credentials": self.credentials,
            "limiter": self.limiter,
            "retry": self.retry,
            "on_event": self.on_event,
            "http_library": self.http_library,
        }


@functools.cache
def _quiet_foreign_logs() -> None:
    for name in library.LOGGERS:
        logging.getLogger(name).addFilter(RedactingFilter())
