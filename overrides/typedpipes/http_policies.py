"""What all calls of one client share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from typedpipes._httpx import origin
from typedpipes.auth.credentials import Credentials
from typedpipes.clock import Clock
from typedpipes.events import Reporter, Request
from typedpipes.http_permits import Permits
from typedpipes.limits.protocol import Limiter
from typedpipes.redaction import Redactor
from typedpipes.retry import RetryBudget, RetryPolicy
from typedpipes.stamp import Stamp


class Policies:
    """What all calls of one client share."""

    __slots__ = (
        "budget",
        "clock",
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
    ) -> None:
        self.retry = retry
        self.credentials = credentials
        self.limiter = limiter
        self.permits = permits
        self.clock = clock
        self.random = random
        self.report = report
        self.redactor = redactor
        self.budget = RetryBudget()
        for credential in credentials:
            for value in credential.secrets():
                redactor.add(value)

    def request_event(
        self,
        request: httpx.Request,
        stamp: Stamp,
        attempt: int,
        started: float,
        status: int | None,
        error: str | None,
        headers: Mapping[str, str],
    ) -> Request:
        """What is told about one wire request."""
        from typedpipes.classify import request_id

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
            request_id=None if status is None else request_id(headers),
        )


__all__ = ["Policies"]
