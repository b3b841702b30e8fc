"""Waiting: deadlines, the server's waits, passing failures, cancellation."""

from __future__ import annotations

import anyio
import pytest

from tests.typedpipes.pipefy.exports.fake_time import FakeClock
from tests.typedpipes.pipefy.exports.vendor import Vendor
from typedpipes._core.flow import AsyncIO, adrive, drive
from typedpipes.errors import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    ExportFailed,
    ExportTimeout,
    GraphQLError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ResponseMismatch,
    ServerError,
    TransportError,
    TypedPipesError,
)
from typedpipes.events import Event, Poll, SchemaDrift
from typedpipes.pipefy.exports.engine import JobEngine
from typedpipes.pipefy.exports.jobs import JobState, WaitProgress, parse_token
from typedpipes.pipefy.exports.kinds import AUTOMATION_JOBS, DECLARATIONS

ARGUMENTS = {"organizationId": "1", "filter": "last_month"}

PASSING: list[TypedPipesError] = [
    TransportError("reset", sent=True),
    ServerError("502", status=502),
    RateLimited("429", status=429),
    APIError("408", status=408),
    APIError("425", status=425),
    GraphQLError("oops", errors=[], code="INTERNAL_SERVER_ERROR"),
    ResponseMismatch("HTML"),
]
FINAL: list[TypedPipesError] = [
    AuthenticationError("401", status=401),
    PermissionDenied("403", status=403),
    NotFound("404", status=404),
    GraphQLError("gone", errors=[], code="RESOURCE_NOT_FOUND"),
    ConfigurationError("closed"),
]


def started(vendor: Vendor, clock: FakeClock) -> tuple[JobEngine, JobState]:
    engine = JobEngine(vendor, clock=clock)
    return engine, drive(engine.start(AUTOMATION_JOBS, ARGUMENTS), clock.sync_io())


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_a_poll_that_fails_for_a_passing_reason_does_not_end_the_wait(error: TypedPipesError) -> None:
    vendor, clock = Vendor(busy=2), FakeClock()
    engine, state = started(vendor, clock)
    vendor.faults.extend([error, None, error])
    seen: list[WaitProgress] = []
    drive(engine.wait(state, timeout=60, on_progress=seen.append), clock.sync_io())
    assert state.status == "finished"
    assert [progress.problem for progress in seen] == [error, None, error, None, None]


@pytest.mark.parametrize("error", FINAL, ids=repr)
def test_any_other_failure_ends_the_wait_and_notes_the_token(error: TypedPipesError) -> None:
    vendor, clock = Vendor(), FakeClock()
    engine, state = started(vendor, clock)
    vendor.faults.append(error)
    with pytest.raises(type(error)) as raised:
        drive(engine.wait(state, timeout=60), clock.sync_io())
    assert any(state.token() in note for note in raised.value.__notes__)


def test_answers_that_stay_unreadable_are_waited_out_until_the_deadline() -> None:
    vendor, clock = Vendor(), FakeClock()
    engine, state = started(vendor, clock)
    vendor.faults.extend([ResponseMismatch("HTML")] * 99)
    with pytest.raises(ExportTimeout, match="HTML"):
        drive(engine.wait(state, timeout=600), clock.sync_io())
    assert clock.now == 600
    vendor.faults.clear()
    vendor.faults.extend([ResponseMismatch("HTML")] * 9)
    drive(engine.wait(state, timeout=600), clock.sync_io())
    assert state.status == "finished"


@pytest.mark.parametrize("timeout", [0.0, 0.5, 7.0, 600.0])
@pytest.mark.parametrize("budget", [None, 20])
def test_a_wait_ends_at_its_deadline_with_a_token_that_resumes(timeout: float, budget: int | None) -> None:
    from typedpipes.pipefy.exports.schedule import PollSchedule

    vendor, clock = Vendor(busy=10**9), FakeClock()
    engine = JobEngine(vendor, clock=clock, schedule=PollSchedule(budget))
    state = drive(engine.start(AUTOMATION_JOBS, ARGUMENTS), clock.sync_io())
    with pytest.raises(ExportTimeout) as raised:
        drive(engine.wait(state, timeout=timeout), clock.sync_io())
    assert clock.now == pytest.approx(timeout)
    vendor.busy = 0
    again = parse_token(raised.value.token, DECLARATIONS, "automation_jobs")
    drive(engine.wait(again, timeout=60), clock.sync_io())
    assert again.status == "finished"


@pytest.mark.parametrize("timeout", [float("inf"), float("nan"), -1.0])
def test_a_wait_without_a_deadline_is_refused(timeout: float) -> None:
    clock = FakeClock()
    engine, state = started(Vendor(), clock)
    with pytest.raises(ConfigurationError, match="timeout"):
        drive(engine.wait(state, timeout=timeout), clock.sync_io())


def test_retry_after_is_obeyed_exactly() -> None:
    vendor, clock = Vendor(), FakeClock()
    engine, state = started(vendor, clock)
    vendor.faults.append(RateLimited("429", status=429, retry_after=37.5))
    drive(engine.wait(state, timeout=600), clock.sync_io())
    assert 37.5 in clock.sleeps
    assert len(vendor.calls) == 3


def test_the_servers_wait_is_obeyed_for_a_fresh_link_too() -> None:
    vendor, clock = Vendor(), FakeClock()
    engine, state = started(vendor, clock)
    drive(engine.wait(state, timeout=60), clock.sync_io())
    vendor.faults.extend([RateLimited("429", status=429, retry_after=37.5), ServerError("502", status=502)])
    clock.sleeps.clear()
    assert drive(engine.fresh_link(state, until=clock.now + 600), clock.sync_io()) == vendor.link()
    assert [pause for pause in clock.sleeps if pause] == [37.5, 2.0]


def test_a_retry_after_beyond_the_deadline_ends_the_wait_at_once_and_says_so() -> None:
    vendor, clock = Vendor(), FakeClock()
    engine, state = started(vendor, clock)
    vendor.faults.append(RateLimited("429", status=429, retry_after=300))
    with pytest.raises(ExportTimeout, match="300 s"):
        drive(engine.wait(state, timeout=60), clock.sync_io())
    assert clock.now < 2


@pytest.mark.parametrize("status", ["failed", "Failed", "FAILED"])
def test_a_failed_status_is_an_error_and_kept(status: str) -> None:
    vendor, clock = Vendor(end=status), FakeClock()
    engine, state = started(vendor, clock)
    with pytest.raises(ExportFailed, match=status) as raised:
        drive(engine.wait(state, timeout=60), clock.sync_io())
    assert raised.value.status == state.status == status
    assert raised.value.export_id == "export-uuid-1"


@pytest.mark.parametrize("status", ["queued", "exploded"])
def test_a_status_nobody_knows_is_waited_out_and_told_once(status: str) -> None:
    events: list[Event] = []
    vendor, clock = Vendor(end=status), FakeClock()
    engine = JobEngine(vendor, clock=clock, report=events.append)
    state = drive(engine.start(AUTOMATION_JOBS, ARGUMENTS), clock.sync_io())
    with pytest.raises(ExportTimeout, match=status):
        drive(engine.wait(state, timeout=60), clock.sync_io())
    assert sum(isinstance(event, SchemaDrift) for event in events) == (status == "exploded")
    vendor.end = "FINISHED"
    drive(engine.wait(state, timeout=60), clock.sync_io())
    assert state.outcome == "finished"


def test_a_link_that_is_late_is_asked_for_with_the_pauses_of_the_schedule() -> None:
    vendor, clock = Vendor(empty_links=("fileUrl",)), FakeClock()
    engine, state = started(vendor, clock)
    with pytest.raises(ExportTimeout, match="no link"):
        drive(engine.wait(state, timeout=60), clock.sync_io())
    assert len(vendor.calls) < 30
    with pytest.raises(ExportTimeout, match="no link"):
        drive(engine.fresh_link(state, until=clock.now + 60), clock.sync_io())
    assert len(vendor.calls) < 60
    vendor.empty_links = ()
    assert drive(engine.fresh_link(state, until=clock.now + 60), clock.sync_io()) == vendor.link()


def test_a_new_link_that_is_late_is_not_replaced_by_the_old_one() -> None:
    vendor, clock = Vendor(link=lambda: f"http://127.0.0.1:9/{clock.now}"), FakeClock()
    engine, state = started(vendor, clock)
    drive(engine.wait(state, timeout=60), clock.sync_io())
    old, vendor.empty_links = state.link, ("fileUrl",)
    with pytest.raises(ExportTimeout, match="no link"):
        drive(engine.fresh_link(state, until=clock.now + 9), clock.sync_io())
    vendor.empty_links = ()
    assert drive(engine.fresh_link(state, until=clock.now + 9), clock.sync_io()) != old


def test_an_id_the_server_does_not_show_is_asked_for_until_the_deadline() -> None:
    clock = FakeClock()
    state = parse_token("nobody", DECLARATIONS, "automation_jobs")
    with pytest.raises(ExportTimeout, match="forget=True") as raised:
        drive(JobEngine(Vendor(), clock=clock).wait(state, timeout=60), clock.sync_io())
    assert "shows no automation jobs export nobody" in str(raised.value)
    assert clock.now == 60


def test_a_resumed_job_is_asked_after_at_once() -> None:
    vendor, clock = Vendor(), FakeClock()
    _, state = started(vendor, clock)
    clock.now += 5000
    resumed = parse_token(state.token(), DECLARATIONS, "automation_jobs")
    before = clock.now
    drive(JobEngine(vendor, clock=clock).wait(resumed, timeout=60), clock.sync_io())
    assert clock.now == before


def test_each_poll_is_reported_without_secrets() -> None:
    events: list[Event] = []
    vendor, clock = Vendor(busy=1, link=lambda: "https://x.pipefy.com/f?X-Amz-Signature=s3cret"), FakeClock()
    engine = JobEngine(vendor, clock=clock, report=events.append)
    state = drive(engine.start(AUTOMATION_JOBS, ARGUMENTS), clock.sync_io())
    drive(engine.wait(state, timeout=60), clock.sync_io())
    assert [event.status for event in events if isinstance(event, Poll)] == ["processing", "finished"]
    assert "s3cret" not in repr(events) + repr(state) + state.token()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_a_wait_leaves_nothing_behind_and_the_token_works(backend: str) -> None:
    vendor, clock = Vendor(busy=10**9), FakeClock()
    engine, state = started(vendor, clock)

    async def scenario() -> None:
        with anyio.move_on_after(0.05):
            await adrive(engine.wait(state, timeout=3600), AsyncIO())
            raise AssertionError("the wait was not cancelled")

    anyio.run(scenario, backend=backend)
    vendor.busy = 0
    again = parse_token(state.token(), DECLARATIONS, "automation_jobs")
    drive(engine.wait(again, timeout=60), clock.sync_io())
    assert again.status == "finished"
    assert len(vendor.exports) == 1
