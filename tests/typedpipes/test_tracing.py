"""OpenTelemetry spans: one per wire request under the caller's span, other events on it, and no secret in either."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from typedpipes.errors import NotFound
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.tracing import OpenTelemetryEvents
from typedpipes_sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("tests")


def requests(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.kind is SpanKind.CLIENT]


def test_each_wire_request_is_a_client_span_below_the_callers(
    sandbox: Sandbox, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    sandbox.faults.add(path="/api/v2/deals", status=503, headers={"retry-after": "0"}, count=1)
    with (
        Pipedrive(env=sandbox.environment(), on_event=OpenTelemetryEvents(tracer)) as crm,
        tracer.start_as_current_span("job") as job,
    ):
        crm.v2.deals.list(limit=1)
    failed, answered = requests(exporter)
    assert [span.name for span in (failed, answered)] == ["GET deals.list"] * 2
    assert failed.attributes is not None
    assert answered.attributes is not None
    assert (failed.attributes["http.response.status_code"], failed.attributes["error.type"]) == (503, "503")
    assert failed.status.status_code is StatusCode.ERROR
    assert (answered.attributes["http.response.status_code"], answered.attributes["http.request.resend_count"]) == (
        200,
        1,
    )
    assert {span.parent.span_id for span in (failed, answered) if span.parent} == {job.get_span_context().span_id}
    assert failed.start_time is not None
    assert failed.end_time is not None
    assert failed.start_time < failed.end_time
    root = next(span for span in exporter.get_finished_spans() if span.name == "job")
    assert "typedpipes.retry" in [event.name for event in root.events]


def test_async_calls_keep_the_callers_span_as_parent(
    sandbox: Sandbox, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    async def main() -> None:
        async with AsyncPipedrive(env=sandbox.environment(), on_event=OpenTelemetryEvents(tracer)) as crm:
            with tracer.start_as_current_span("job") as job, pytest.raises(NotFound):
                await crm.v2.deals.get(999_999_999)
            assert [span.parent.span_id for span in requests(exporter) if span.parent] == [
                job.get_span_context().span_id
            ]

    anyio.run(main)


def test_no_span_holds_a_credential_or_a_query(
    sandbox: Sandbox, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    env = sandbox.environment()
    with Pipedrive(env=env, on_event=OpenTelemetryEvents(tracer)) as crm:
        crm.v2.persons.search(term="ada.secret@example.com")
    text = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert "/persons/search" in text
    assert "ada.secret" not in text
    assert env["PIPEDRIVE_API_TOKEN"] not in text
