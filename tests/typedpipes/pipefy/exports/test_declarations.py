"""Every declared job runs on the one engine, and its documents are valid against the checked-in schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import graphql
import pytest

from tests.typedpipes._core.files.file_server import FileServer
from tests.typedpipes.pipefy.exports.either import exports
from tests.typedpipes.pipefy.exports.fake_time import MODES, FakeClock, run, settle
from typedpipes._core.flow import Flow, sleep
from typedpipes.errors import ConfigurationError, ExportFailed, GraphQLValidationError
from typedpipes.pipefy.attachments import CARD, RECORD, AsyncAttachments, Attachments
from typedpipes.pipefy.exports.answers import blamed
from typedpipes.pipefy.exports.flows import ExportSettings
from typedpipes.pipefy.exports.jobs import CreateForm, PollForm
from typedpipes.pipefy.exports.kinds import AUTOMATION_JOBS, DECLARATIONS

SCHEMAS = Path(__file__).parents[4] / "schemas" / "pipefy"


def schema(form: str) -> graphql.GraphQLSchema:
    return graphql.build_schema((SCHEMAS / form / "schema.graphql").read_text("utf-8"))


@pytest.fixture(scope="module")
def live() -> graphql.GraphQLSchema:
    return schema("live")


@pytest.mark.parametrize("kind", DECLARATIONS)
def test_the_documents_are_valid_against_the_schema_of_their_form(kind: str, live: graphql.GraphQLSchema) -> None:
    declaration = DECLARATIONS[kind]
    forms: list[CreateForm | PollForm] = [*declaration.creates, *declaration.polls]
    for form in forms:
        found = schema("documented") if form.name in ("documented", "downloadUrl") else live
        parsed = graphql.parse(form.document)
        assert graphql.validate(found, parsed) == []
        operation = parsed.definitions[0]
        assert isinstance(operation, graphql.OperationDefinitionNode)
        assert operation.name is not None
        assert operation.name.value == form.operation
    if kind == "automation_jobs":
        for poll in AUTOMATION_JOBS.polls:
            assert graphql.validate(schema("documented"), graphql.parse(poll.document)) == []
        assert graphql.validate(live, graphql.parse(AUTOMATION_JOBS.creates[1].document)) != []


@pytest.mark.parametrize("form", ["live", "documented"])
@pytest.mark.parametrize("known", [True, False])
def test_a_refused_create_tells_whether_the_server_knows_the_link_field(form: str, known: bool) -> None:
    found = schema(form)
    export = found.type_map["AutomationJobsExport"]
    assert isinstance(export, graphql.GraphQLObjectType)
    if not known:
        export.fields["downloadUrl"] = export.fields.pop("fileUrl")
    create = AUTOMATION_JOBS.creates[0]
    assert create.probe == "fileUrl"
    refused = [{"message": error.message} for error in graphql.validate(found, graphql.parse(create.document))]
    error = GraphQLValidationError("refused", errors=refused)
    assert blamed(error, create.probe) == (not known, not known and form == "live")
    next_name = create.unprobed if form == "live" else "documented"
    following = next(other for other in AUTOMATION_JOBS.creates if other.name == next_name)
    assert graphql.validate(found, graphql.parse(following.document)) == []


def test_the_attachment_documents_are_valid(live: graphql.GraphQLSchema) -> None:
    for document in (CARD, RECORD):
        assert graphql.validate(live, graphql.parse(document)) == []


class Scripted:
    """A `GraphQLPort` that validates each request against the live schema and answers from a script."""

    def __init__(self, *answers: Mapping[str, object]) -> None:
        self.answers = list(answers)
        self.variables: list[Mapping[str, object]] = []
        self._schema = schema("live")

    def execute(
        self,
        document: str,
        operation_name: str,
        variables: Mapping[str, object],
        *,
        safe: bool,
        deadline: float | None = None,
    ) -> Flow[Mapping[str, object]]:
        yield from sleep(0)
        parsed = graphql.parse(document)
        assert graphql.validate(self._schema, parsed) == []
        operation = parsed.definitions[0]
        assert isinstance(operation, graphql.OperationDefinitionNode)
        coerced = graphql.execution.values.get_variable_values(
            self._schema, operation.variable_definitions, dict(variables)
        )
        assert isinstance(coerced, dict), coerced
        self.variables.append(variables)
        return self.answers.pop(0)


Start = Callable[[Any], Any]
FILE_JOBS: dict[str, tuple[Start, str, str]] = {
    "pipe report": (
        lambda exports: exports.pipe_report(
            pipe_id=301, pipe_report_id="9", columns=["title"], filter={"operator": "and"}
        ),
        "exportPipeReport",
        "pipeReportExport",
    ),
    "organization report": (
        lambda exports: exports.organization_report(
            organization_id="https://app.pipefy.com/organizations/7/x", pipe_ids=[1, 2], sort_by={"field": "title"}
        ),
        "exportOrganizationReport",
        "organizationReportExport",
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", FILE_JOBS)
def test_report_exports_are_polled_and_fetched(host: FileServer, tmp_path: Path, mode: str, kind: str) -> None:
    start, mutation, result = FILE_JOBS[kind]
    host.put("f", b"a,b\n1,2\n")
    port = Scripted(
        {mutation: {result: {"id": "5", "state": "processing"}}},
        {result: {"id": "5", "state": "processing", "fileURL": None}},
        {result: {"id": "5", "state": "done", "fileURL": host.link("f")}},
    )
    subject = exports(mode, port, FakeClock())

    async def scenario() -> None:
        job = await settle(start(subject))
        token = job.token
        await settle(subject.resume(token).wait(60))
        port.answers.append({result: {"id": "5", "state": "done", "fileURL": host.link("f")}})
        await settle(job.wait(60))
        assert job.status == "done"
        assert job.outcome == "finished"
        await settle(job.download(tmp_path / "report.csv"))

    run(mode, scenario)
    assert (tmp_path / "report.csv").read_bytes() == b"a,b\n1,2\n"


@pytest.mark.parametrize("mode", MODES)
def test_audit_logs_end_when_they_are_accepted(mode: str) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    port = Scripted(
        {"exportPipeAuditLogsReport": {"correlationId": "c1", "success": True}},
        {"exportOrgAuditLogsReport": {"correlationId": None, "success": False}},
    )
    subject = exports(mode, port, FakeClock())

    async def scenario() -> None:
        job = await settle(subject.pipe_audit_logs(pipe_uuid="u", since=since, output_format="CSV"))
        await settle(job.wait(60))
        assert (job.id, job.outcome) == ("c1", "finished")
        with pytest.raises(ConfigurationError, match="no file"):
            await settle(job.download("x"))
        with pytest.raises(ExportFailed, match="refused"):
            await settle(subject.organization_audit_logs(organization_uuid="o"))

    run(mode, scenario)


@pytest.mark.parametrize("mode", MODES)
def test_importers_are_followed_in_their_history(mode: str) -> None:
    def history(*statuses: tuple[str, str]) -> dict[str, object]:
        return {"cardsImportations": [{"id": id, "status": status, "importedCards": 3} for id, status in statuses]}

    port = Scripted(
        {"cardsImporter": {"cardsImportation": {"id": "8", "status": "pending"}}},
        history(("7", "failed")),
        history(("7", "failed"), ("8", "processing")),
        history(("8", "finished")),
        {"recordsImporter": {"recordsImportation": {"id": 4, "status": None}}},
        {"recordsImportations": [{"id": "4", "status": "what", "importedRecords": 0}]},
        {"recordsImportations": [{"id": "4", "status": "ERROR", "importedRecords": 0}]},
    )
    subject = exports(mode, port, FakeClock())

    async def scenario() -> None:
        job = await settle(
            subject.import_cards(pipe_id=301, url="https://x.example/f.xlsx", columns={"A": "title"}, labels_column="B")
        )
        resumed = subject.resume(job.token)
        await settle(resumed.wait(600))
        assert resumed.details == {"importedCards": 3}
        records = await settle(
            subject.import_records(table_id="T1", url="https://x.example/f.xlsx", columns={"A": "name"})
        )
        with pytest.raises(ExportFailed, match="ERROR"):
            await settle(records.wait(60))

    run(mode, scenario)
    assert port.variables[1:4] == [{"pipeId": "301"}] * 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("owner", ["card", "record"])
def test_attachments_are_fetched_by_name_with_fresh_links(
    host: FileServer, tmp_path: Path, mode: str, owner: str
) -> None:
    host.put("orgs/uploads/offer%20a.pdf", b"PDF" * 1000)

    def answer() -> dict[str, object]:
        urls = [host.link("orgs/uploads/other.pdf"), host.link("orgs/uploads/offer%20a.pdf")]
        if owner == "card":
            return {"card": {"attachments": [{"path": "x", "url": url} for url in urls]}}
        return {"table_record": {"record_fields": [{"array_value": None}, {"array_value": ["no link", *urls]}]}}

    port = Scripted(answer())
    host.expire_links()
    port.answers.append(answer())
    clock = FakeClock()
    settings = ExportSettings(loopback=True, clock=clock)
    subject: Any = (
        Attachments(port, clock.sync_io(), settings)
        if mode == "sync"
        else AsyncAttachments(port, clock.async_io(), settings)
    )

    async def scenario() -> None:
        ids = {"card_id": 5} if owner == "card" else {"record_id": 5}
        await settle(subject.download(path="uploads/offer a.pdf", to=tmp_path / "offer.pdf", **ids))
        with pytest.raises(ConfigurationError, match="either"):
            await settle(subject.download(path="x", to=tmp_path / "x"))

    run(mode, scenario)
    assert (tmp_path / "offer.pdf").read_bytes() == b"PDF" * 1000
    assert not port.answers
