"""OpenTelemetry spans from a client's events (extra ``otel``): ``Pipefy(on_event=OpenTelemetryEvents())``.

One client span per wire request, retries and token requests included, under whatever span is current when the call is
made. Everything else a client tells (`typedpipes.events`) becomes an event of the current span. Names follow
OpenTelemetry's semantic conventions for HTTP. As in all events, URLs carry no query and no secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from typedpipes.errors import MissingExtra
from typedpipes.events import Event, Request

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_SECOND: Final = 1_000_000_000


class OpenTelemetryEvents:
    """Give it as ``on_event``. ``tracer`` defaults to the global provider's tracer ``typedpipes``.

    ``clock`` gives nanoseconds since 1970; an event arrives when its request has ended, so the span's start is counted
    back from then. Raises `MissingExtra` if OpenTelemetry is not installed.
    """

    def __init__(self, tracer: Tracer | None = None, *, clock: Callable[[], int] = time.time_ns) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            raise MissingExtra("recording spans", extra="otel", setting="on_event") from None
        self._trace = trace
        self._tracer = tracer or trace.get_tracer("typedpipes")
        self._clock = clock

    def __call__(self, event: Event) -> None:
        """Turn one event into a span, or into an event of the current span."""
        if isinstance(event, Request):
            self._request(event)
        else:
            self._trace.get_current_span().add_event(f"typedpipes.{type(event).__name__.lower()}", _attributes(event))

    def _request(self, event: Request) -> None:
        ended = self._clock()
        attributes: dict[str, str | int | float] = {
            "http.request.method": event.method,
            "url.full": event.url,
            "typedpipes.api": event.api,
            "typedpipes.operation": event.operation,
        }
        if event.attempt > 1:
            attributes["http.request.resend_count"] = event.attempt - 1
        if event.status is not None:
            attributes["http.response.status_code"] = event.status
        failure = event.error or (str(event.status) if event.status is not None and event.status >= 400 else None)
        if failure is not None:
            attributes["error.type"] = failure
        span = self._tracer.start_span(
            f"{event.method} {event.operation}",
            kind=self._trace.SpanKind.CLIENT,
            attributes=attributes,
            start_time=ended - round(event.elapsed * _SECOND),
        )
        if failure is not None:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end(ended)


def _attributes(event: Event) -> dict[str, str | int | float]:
    """The fields of an event that OpenTelemetry can hold; None is left out, anything else is its text."""
    fields = {name: getattr(event, name) for name in type(event).__annotations__}
    return {
        f"typedpipes.{name}": value if isinstance(value, str | int | float) else str(value)
        for name, value in fields.items()
        if value is not None
    }


__all__ = ["OpenTelemetryEvents"]
