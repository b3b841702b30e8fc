"""Creating: what may be tried again, what must not, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typedpipes.pipefy.exports.fake_time import FakeClock
from tests.typedpipes.pipefy.exports.vendor import Vendor, refusal
from typedpipes._core.flow import SyncIO, drive
from typedpipes.errors import (
    AuthenticationError,
    BadRequest,
    ConfigurationError,
    DeadlineExceeded,
    ExportAmbiguous,
    GraphQLError,
    JournalBusy,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    ResponseMismatch,
    ServerError,
    TransportError,
    TypedPipesError,
)
from typedpipes.pipefy.exports.engine import JobEngine
from typedpipes.pipefy.exports.jobs import JobState, parse_token
from typedpipes.pipefy.exports.journal import Journal
from typedpipes.pipefy.exports.kinds import AUTOMATION_JOBS, DECLARATIONS

ARGUMENTS = {"organizationId": "1", "filter": "last_month"}

REFUSED: list[TypedPipesError] = [
    TransportError("no route", sent=False),
    AuthenticationError("401", status=401),
    PermissionDenied("403", status=403),
    BadRequest("400", status=400),
    RateLimited("429", status=429, retry_after=5),
    ServerError("503", status=503, retry_after=5),
    ConfigurationError("no token"),
    GraphQLError("denied", errors=[{"extensions": {"code": "PERMISSION_DENIED"}}], code="PERMISSION_DENIED"),
]
UNKNOWN: list[TypedPipesError] = [
    TransportError("reset", sent=True),
    TransportError("reset", sent=None),
    DeadlineExceeded("late", sent=True),
    ServerError("500", status=500),
    ServerError("502", status=502),
    ServerError("503", status=503),
    BadRequest("408", status=408),
    BadRequest("409", status=409),
    GraphQLError("one of two", errors=[{"code": "PERMISSION_DENIED"}, {"message": "oops"}], code="PERMISSION_DENIED"),
    GraphQLError("oops", errors=[], code="INTERNAL_SERVER_ERROR"),
    GraphQLError("oops", errors=[]),
    ResponseMismatch("not JSON"),
]


def start(vendor: Vendor, clock: FakeClock, journal: Journal | None = None) -> JobState:
    engine = JobEngine(vendor, clock=clock, journal=journal)
    return drive(engine.start(AUTOMATION_JOBS, ARGUMENTS, key="k"), clock.sync_io())


@pytest.mark.parametrize("error", UNKNOWN, ids=repr)
def test_a_create_without_a_usable_answer_is_ambiguous_and_never_sent_again(
    error: TypedPipesError, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "j")
    vendor = Vendor(executes=True)
    vendor.faults.append(error)
    with pytest.raises(ExportAmbiguous, match="not sent again") as raised:
        start(vendor, FakeClock(), journal)
    assert raised.value.__cause__ is error
    for _ in range(3):
        with pytest.raises(ExportAmbiguous, match="which of the two is unknown"):
            start(vendor, FakeClock(), Journal(journal.path))
    assert len(vendor.exports) == len(vendor.calls) == 1


@pytest.mark.parametrize("error", REFUSED, ids=repr)
def test_a_create_that_was_certainly_refused_is_raised_as_it_is_and_may_be_tried_again(
    error: TypedPipesError, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "j")
    vendor = Vendor()
    vendor.faults.append(error)
    with pytest.raises(type(error)) as raised:
        start(vendor, FakeClock(), journal)
    assert raised.value is error
    assert start(vendor, FakeClock(), journal).id == "export-uuid-1"
    assert len(vendor.exports) == 1


def test_an_exhausted_quota_creates_nothing(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    vendor = Vendor()
    vendor.faults.append(QuotaExhausted("20 of 20", limit="month", resets_at=datetime(2026, 12, 1, tzinfo=UTC)))
    with pytest.raises(QuotaExhausted):
        start(vendor, FakeClock(), Journal(tmp_path / "j"))
    assert Journal(tmp_path / "j").find("|automation_jobs|k") is None


def test_an_error_whose_partial_data_holds_the_id_is_a_success() -> None:
    vendor = Vendor()
    job = {"createAutomationJobsExport": {"automationJobsExport": {"id": "e7", "status": None}}}
    vendor.faults.append(GraphQLError("status failed", errors=[], data=job))
    assert start(vendor, FakeClock()).id == "e7"


def test_the_journal_continues_a_created_export_instead_of_creating_again(tmp_path: Path) -> None:
    vendor = Vendor()
    journal = Journal(tmp_path / "j")
    first = start(vendor, FakeClock(), journal)
    second = start(vendor, FakeClock(), Journal(journal.path))
    assert first.id == second.id
    assert second.created_at is not None
    assert len(vendor.calls) == 1


def test_the_intent_is_on_disk_before_the_request_and_the_id_right_after(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    seen: list[str] = []

    class Watching(Vendor):
        def answer(self, document, variables):  # type: ignore[no-untyped-def]  # the same as Vendor's
            entry = journal.find("|automation_jobs|k")
            assert entry is not None
            assert entry.token is None
            seen.append("intent")
            return super().answer(document, variables)

    start(Watching(), FakeClock(), journal)
    entry = journal.find("|automation_jobs|k")
    assert seen == ["intent"]
    assert entry is not None
    assert entry.job_id == "export-uuid-1"


def test_waiting_for_another_creating_process_ends_without_sending(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    lock = journal.lock()
    assert lock.try_acquire()
    vendor, clock = Vendor(), FakeClock()
    with pytest.raises(JournalBusy):
        start(vendor, clock, journal)
    assert not vendor.calls
    lock.release()
    start(vendor, clock, journal)


def test_a_server_that_refuses_both_forms_gets_the_first_refusal_with_the_second_as_a_note() -> None:
    vendor = Vendor()
    vendor.faults.extend([refusal("first"), refusal("second")])
    with pytest.raises(GraphQLError, match="first") as raised:
        start(vendor, FakeClock())
    assert "second" in str(raised.value.__notes__)
    assert not vendor.exports


def test_the_form_that_worked_is_remembered_in_the_process_and_beyond(tmp_path: Path) -> None:
    vendor = Vendor(form="documented")
    clock = FakeClock()
    engine = JobEngine(vendor, clock=clock, journal=Journal(tmp_path / "j"))
    for key in ("a", "b"):
        drive(engine.start(AUTOMATION_JOBS, ARGUMENTS, key=key), clock.sync_io())
    assert len(vendor.calls) == 3
    other = JobEngine(vendor, clock=clock, journal=Journal(tmp_path / "j"))
    drive(other.start(AUTOMATION_JOBS, ARGUMENTS, key="c"), clock.sync_io())
    assert len(vendor.calls) == 4
    vendor.form = "live"  # the server was brought up to date
    drive(other.start(AUTOMATION_JOBS, ARGUMENTS, key="d"), clock.sync_io())
    drive(other.start(AUTOMATION_JOBS, ARGUMENTS, key="e"), clock.sync_io())
    assert len(vendor.calls) == 7


def test_a_memory_of_forms_that_cannot_be_reached_costs_a_request_and_no_export() -> None:
    class Broken:
        def get(self, key: str) -> str | None:
            raise TransportError("store", sent=None)

        def put(self, key: str, value: str) -> None:
            raise TransportError("store", sent=None)

    vendor, clock = Vendor(form="documented"), FakeClock()
    engine = JobEngine(vendor, clock=clock, forms=Broken())
    assert drive(engine.start(AUTOMATION_JOBS, ARGUMENTS), clock.sync_io()).id == "export-uuid-1"


def test_a_journal_that_fails_after_the_create_tells_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j")

    def full(self: Journal, key: str, job_id: str, token: str) -> None:
        raise ConfigurationError("disk full")

    monkeypatch.setattr(Journal, "created", full)
    with pytest.raises(ConfigurationError) as raised:
        start(Vendor(), FakeClock(), journal)
    assert "export-uuid-1" in str(raised.value.__notes__)
    monkeypatch.undo()
    with pytest.raises(ExportAmbiguous):
        start(Vendor(), FakeClock(), journal)


def test_tokens_round_trip_and_hold_no_more_than_they_need() -> None:
    clock = FakeClock()
    state = start(Vendor(), clock)
    again = parse_token(state.token(), DECLARATIONS, "automation_jobs")
    assert (again.id, again.declaration, again.status) == (state.id, AUTOMATION_JOBS, "created")
    assert again.created_at == state.created_at
    assert set(__import__("json").loads(state.token())) == {"v", "kind", "id", "created_at"}
    assert parse_token(" e9 ", DECLARATIONS, "automation_jobs").id == "e9"


@pytest.mark.parametrize(
    "token",
    ["", "  ", "{", "{}", '{"v":1}', '{"v":2,"kind":"automation_jobs","id":"x"}', '{"v":1,"kind":"x","id":"1"}'],
)
def test_a_damaged_or_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_token(token, DECLARATIONS, "automation_jobs")


def test_the_lock_is_free_after_success_and_after_failure(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    vendor = Vendor()
    vendor.faults.append(PermissionDenied("403", status=403))
    with pytest.raises(PermissionDenied):
        start(vendor, FakeClock(), journal)
    start(vendor, FakeClock(), journal)
    lock = journal.lock()
    assert lock.try_acquire()
    lock.release()


def test_a_create_that_is_interrupted_leaves_the_intent_and_frees_the_lock(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    engine = JobEngine(Vendor(seconds=1), journal=journal)
    with pytest.raises(KeyboardInterrupt):
        drive(engine.start(AUTOMATION_JOBS, ARGUMENTS, key="k"), SyncIO(sleep=interrupted))
    with pytest.raises(ExportAmbiguous):
        start(Vendor(), FakeClock(), journal)
