"""Exports through the public clients: whatever the server answers, a run and its rerun make one export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import FILE, Answer, Either, PipefyServer
from typedpipes.errors import ExportAmbiguous, ExportFailed, ExportTimeout, GraphQLError, TypedPipesError

CREATE, POLL = "CreateAutomationJobsExport", "AutomationJobsExport"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PipefyServer]:
    monkeypatch.setattr("typedpipes.pipefy.exports.schedule.QUICKEST", 0.02)
    with PipefyServer() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def either(request: pytest.FixtureRequest, server: PipefyServer, tmp_path: Path) -> Iterator[Either]:
    with Either(request.param, server, journal=tmp_path / "journal") as made:
        yield made


def fetch(either: Either, target: Path, timeout: float = 30.0) -> bytes:
    path: Path = either(
        either.client.exports.download_automation_jobs(
            organization_id=1, period="last_month", to=target, timeout=timeout
        )
    )
    return path.read_bytes()


def job(**fields: Any) -> dict[str, Any]:
    return {"data": {"automationJobsExport": fields}}


@pytest.mark.parametrize(
    "lagging",
    [
        {"data": {"automationJobsExport": None}},
        {"data": None},
        {"data": {}},
        {},
        [],
        job(id="export-1", status=None),
        job(id="export-7", status="failed"),
        job(status="failed"),
        {"errors": [{"message": "Something went wrong"}]},
    ],
    ids=str,
)
def test_a_poll_that_says_nothing_about_the_export_is_polled_again(
    either: Either, tmp_path: Path, lagging: object
) -> None:
    either.server.answers[POLL].extend([Answer(lagging)] * 5)
    assert fetch(either, tmp_path / "jobs.csv") == FILE
    assert either.server.count(CREATE) == 1
    assert either.server.count(POLL) == 6


@pytest.mark.parametrize("missing", [{"data": {"automationJobsExport": None}}, {"data": None}], ids=str)
def test_an_export_that_is_not_shown_until_the_deadline_stays_in_the_journal(
    either: Either, tmp_path: Path, missing: object
) -> None:
    server = either.server
    server.always[POLL] = Answer(missing)
    with pytest.raises(ExportTimeout, match="forget=True") as raised:
        fetch(either, tmp_path / "jobs.csv", timeout=0.2)
    assert raised.value.export_id == "export-1"
    del server.always[POLL]
    assert fetch(either.again(), tmp_path / "jobs.csv") == FILE
    assert server.created[CREATE] == ["export-1"]


def test_an_export_that_was_forgotten_on_purpose_is_created_anew(either: Either, tmp_path: Path) -> None:
    either.server.always[POLL] = Answer({"data": {"automationJobsExport": None}})
    with pytest.raises(ExportTimeout):
        fetch(either, tmp_path / "jobs.csv", timeout=0.05)
    exports = either.again().client.exports
    made = either(exports.automation_jobs(organization_id=1, period="last_month", forget=True))
    assert made.id == "export-2"


def test_only_a_final_answer_about_the_export_drops_it_from_the_journal(either: Either, tmp_path: Path) -> None:
    either.server.answers[POLL].append(Answer(job(id="export-1", status="FAILED", fileUrl=None)))
    with pytest.raises(ExportFailed) as raised:
        fetch(either, tmp_path / "jobs.csv")
    assert raised.value.status == "FAILED"
    assert fetch(either.again(), tmp_path / "jobs.csv") == FILE
    assert either.server.created[CREATE] == ["export-1", "export-2"]


@pytest.mark.parametrize("status", ["created", "processing", "queued", "waiting_for_worker"])
def test_a_status_the_client_does_not_know_is_waited_for(either: Either, tmp_path: Path, status: str) -> None:
    either.server.answers[POLL].extend([Answer(job(id="export-1", status=status, fileUrl=None))] * 3)
    assert fetch(either, tmp_path / "jobs.csv") == FILE
    assert either.server.count(CREATE) == 1


@pytest.mark.parametrize("status", ["finished", "Finished", "FINISHED"])
def test_a_status_is_known_whatever_its_case_and_a_late_link_is_waited_for(
    either: Either, tmp_path: Path, status: str
) -> None:
    server = either.server
    server.answers[POLL].extend([Answer(job(id="export-1", status=status, fileUrl=None))] * 5)
    server.answers[POLL].append(Answer(job(id="export-1", status=status, fileUrl=f"{server.address}/f")))
    assert fetch(either, tmp_path / "jobs.csv") == FILE
    assert server.count(CREATE) == 1


@pytest.mark.parametrize("field", ["fileUrl", "downloadUrl", "filedUrl"])
def test_each_name_the_vendor_prints_for_the_link_is_read(either: Either, tmp_path: Path, field: str) -> None:
    server = either.server
    server.answers[POLL].append(Answer(job(id="export-1", status="finished", **{field: f"{server.address}/f"})))
    assert fetch(either, tmp_path / "jobs.csv") == FILE
    assert server.count(POLL) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"createAutomationJobsExport": {"id": "export-1", "status": "created", "fileUrl": None}},
        {"createAutomationJobsExport": {"automationJobsExport": {"id": "export-1", "status": "created"}}},
        {"createAutomationJobsExport": {"id": "export-1", "status": "created", "automationJobsExport": None}},
        {"createAutomationJobsExport": {"id": "export-1"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("sent", ["live", "documented"])
def test_the_shape_of_the_answer_decides_where_the_id_is(
    either: Either, tmp_path: Path, body: dict[str, Any], sent: str
) -> None:
    server = either.server
    if sent == "documented":
        refused = {"message": "no argument input", "extensions": {"code": "argumentNotAccepted"}}
        server.answers[CREATE].append(Answer({"errors": [refused]}, executes=False))
    server.answers[CREATE].append(Answer({"data": body}))
    assert fetch(either, tmp_path / "jobs.csv") == FILE
    assert server.log[-1].variables == {"id": "export-1"}
    assert server.created[CREATE] == ["export-1"]


@pytest.mark.parametrize("kind", ["application/json", "application/graphql-response+json; charset=utf-8"])
@pytest.mark.parametrize("status", [200, 400, 422])
def test_a_form_that_is_refused_makes_the_other_be_tried_whatever_the_status(
    either: Either, tmp_path: Path, kind: str, status: int
) -> None:
    refused = {
        "message": "Field 'createAutomationJobsExport' doesn't accept argument 'input'",
        "locations": [{"line": 1, "column": 78}],
        "path": ["mutation CreateAutomationJobsExport", "createAutomationJobsExport", "input"],
        "extensions": {"code": "argumentNotAccepted"},
    }
    answer = Answer({"errors": [refused]}, status, {"Content-Type": kind}, executes=False)
    either.server.answers[CREATE].append(answer)
    assert fetch(either, tmp_path / "jobs.csv") == FILE
    assert ["$input" in each.document for each in either.server.log if each.operation == CREATE] == [True, False]
    assert either.server.created[CREATE] == ["export-1"]


REFUSED = {"message": "You have no permission", "extensions": {"code": "PERMISSION_DENIED"}}
EMPTY = {"createAutomationJobsExport": {"automationJobsExport": None}}
LOST: dict[str, Answer] = {
    "408": Answer(b"", 408),
    "409": Answer(b"", 409),
    "499": Answer(b"", 499),
    "500": Answer(b"", 500),
    "503": Answer(b"", 503),
    "303": Answer(b"", 303, {"Location": "/other"}),
    "unreadable": Answer(b"<html>"),
    "empty": Answer(b""),
    "null": Answer({"data": None}),
    "null payload": Answer({"data": {"createAutomationJobsExport": None}}),
    "null object": Answer({"data": EMPTY}),
    "null object, denied": Answer({"data": EMPTY, "errors": [REFUSED]}),
    "null object, no code": Answer({"data": EMPTY, "errors": [{"message": "Something went wrong"}]}),
    "null bubbled up": Answer(
        {
            "data": {"createAutomationJobsExport": None},
            "errors": [REFUSED | {"path": ["createAutomationJobsExport", "automationJobsExport", "id"]}],
        }
    ),
    "no code": Answer({"errors": [{"message": "Something went wrong"}]}),
    "no code, executed": Answer({"data": None, "errors": [{"message": "x", "locations": [{"line": 1, "column": 2}]}]}),
    **{
        f"no code, a place, {status}": Answer({"errors": [{"message": "x", "locations": [{"line": 1}]}]}, status)
        for status in (408, 500, 504)
    },
    "no code, a path of the document, 502": Answer({"errors": [{"message": "x", "path": ["mutation M"]}]}, 502),
    "internal": Answer({"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}),
    "one of two": Answer({"errors": [REFUSED, {"message": "Something went wrong"}]}),
    "object instead of list": Answer({"error": {"message": "x", "details": {"correlation_id": "c"}}}),
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST.keys())
def test_a_create_that_may_have_been_executed_is_ambiguous_and_never_sent_again(
    either: Either, tmp_path: Path, answer: Answer
) -> None:
    either.server.answers[CREATE].append(answer)
    for _ in range(2):
        with pytest.raises(ExportAmbiguous):
            fetch(either, tmp_path / "jobs.csv")
        either.again()
    assert either.server.created[CREATE] == ["export-1"]
    assert either.server.count(CREATE) == 1


DENIED: dict[str, Answer] = {
    "401": Answer(b"", 401),
    "403": Answer(b"", 403),
    "404": Answer(b"", 404),
    "400": Answer(b"", 400),
    "413": Answer(b"", 413),
    "denied": Answer({"errors": [REFUSED]}),
    "denied with a null payload": Answer(
        {
            "data": {"createAutomationJobsExport": None},
            "errors": [REFUSED | {"path": ["createAutomationJobsExport"]}],
        }
    ),
    "denied in another form": Answer({"error": {"message": "no", "details": {"code": "PERMISSION_DENIED"}}}),
}


@pytest.mark.parametrize("answer", DENIED.values(), ids=DENIED.keys())
def test_a_create_that_was_certainly_refused_may_be_sent_again(either: Either, tmp_path: Path, answer: Answer) -> None:
    either.server.answers[CREATE].append(Answer(answer.body, answer.status, answer.headers, executes=False))
    with pytest.raises(TypedPipesError) as raised:
        fetch(either, tmp_path / "jobs.csv")
    assert not isinstance(raised.value, ExportAmbiguous)
    assert raised.value.may_have_executed is False
    assert fetch(either.again(), tmp_path / "jobs.csv") == FILE
    assert either.server.created[CREATE] == ["export-1"]


def test_an_id_beside_errors_is_an_id(either: Either, tmp_path: Path) -> None:
    body = {"createAutomationJobsExport": {"id": "export-1", "status": None}}
    either.server.answers[CREATE].append(Answer({"data": body, "errors": [{"message": "no status"}]}, 500))
    assert fetch(either, tmp_path / "jobs.csv") == FILE
    assert either.server.created[CREATE] == ["export-1"]


def test_a_refused_poll_is_raised_and_the_export_stays_in_the_journal(either: Either, tmp_path: Path) -> None:
    either.server.answers[POLL].append(Answer({"data": {"automationJobsExport": None}, "errors": [REFUSED]}))
    with pytest.raises(GraphQLError, match="no permission"):
        fetch(either, tmp_path / "jobs.csv")
    assert fetch(either.again(), tmp_path / "jobs.csv") == FILE
    assert either.server.created[CREATE] == ["export-1"]
