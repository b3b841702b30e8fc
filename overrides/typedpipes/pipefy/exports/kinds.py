"""The two-step jobs of Pipefy's API, as declarations for `typedpipes.pipefy.exports.engine`.

What is published: docs/vendor-facts/pipefy.md#exports. Statuses are published as examples. The usual ones are listed
here; an unknown one is waited for like a pending one.
"""

from __future__ import annotations

from typing import Final

from typedpipes.pipefy.exports.jobs import CreateForm, JobDeclaration, PollForm

_PENDING: Final = frozenset({"created", "pending", "queued", "processing"})
_FAILED: Final = frozenset({"failed", "error"})


def _automation_jobs_poll(link: str) -> PollForm:
    return PollForm(
        name=link,
        operation="AutomationJobsExport",
        document=f"query AutomationJobsExport($id: ID!) {{ automationJobsExport(id: $id) {{ id status {link} }} }}",
        path=("automationJobsExport",),
        link=link,
    )


def _live_automation_jobs(name: str, link: str, fragment: str, probe: str | None, unprobed: str | None) -> CreateForm:
    return CreateForm(
        name=name,
        operation="CreateAutomationJobsExport",
        document=(
            "mutation CreateAutomationJobsExport($input: CreateAutomationJobsExportInput!) "
            f"{{ createAutomationJobsExport(input: $input) {{ automationJobsExport {{ id status{link} }} }} }}"
            f"{fragment}"
        ),
        path=("createAutomationJobsExport", "automationJobsExport"),
        probe=probe,
        unprobed=unprobed,
    )


AUTOMATION_JOBS: Final = JobDeclaration(
    kind="automation_jobs",
    # No link exists yet, so none is selected, but for the first form. It names the link in a fragment of its own,
    # which is validated whatever else is refused: one refusal then tells both the form and the link's field.
    creates=(
        _live_automation_jobs(
            "live", " ...Link", " fragment Link on AutomationJobsExport { fileUrl }", "fileUrl", "live without link"
        ),
        CreateForm(
            name="documented",
            operation="CreateAutomationJobsExport",
            document=(
                "mutation CreateAutomationJobsExport($organizationId: ID!, $filter: PeriodFilter!) "
                "{ createAutomationJobsExport(organizationId: $organizationId, filter: $filter) { id status } }"
            ),
            path=("createAutomationJobsExport",),
            wrap=False,
        ),
        _live_automation_jobs("live without link", "", "", None, None),
    ),
    polls=(_automation_jobs_poll("fileUrl"), _automation_jobs_poll("downloadUrl")),
    more_links=frozenset({"filedUrl"}),  # how the vendor's page writes it once
    pending=_PENDING,
    finished=frozenset({"finished"}),
    failed=frozenset({"failed"}),
    what="automation jobs export",
)


def _report(kind: str, mutation: str, result: str, what: str) -> JobDeclaration:
    """Report exports say ``state`` and ``fileURL``."""
    upper = mutation[0].upper() + mutation[1:]
    query = result[0].upper() + result[1:]
    return JobDeclaration(
        kind=kind,
        creates=(
            CreateForm(
                name="live",
                operation=upper,
                document=f"mutation {upper}($input: {upper}Input!) {{ {mutation}(input: $input) "
                f"{{ {result} {{ id state }} }} }}",
                path=(mutation, result),
            ),
        ),
        polls=(
            PollForm(
                name="fileURL",
                operation=query,
                document=f"query {query}($id: ID!) {{ {result}(id: $id) {{ id state fileURL }} }}",
                path=(result,),
                link="fileURL",
            ),
        ),
        pending=_PENDING,
        finished=frozenset({"done"}),
        failed=_FAILED,
        status="state",
        what=what,
    )


PIPE_REPORT: Final = _report("pipe_report", "exportPipeReport", "pipeReportExport", "pipe report export")
ORGANIZATION_REPORT: Final = _report(
    "organization_report", "exportOrganizationReport", "organizationReportExport", "organization report export"
)


def _audit_logs(kind: str, mutation: str) -> JobDeclaration:
    """The result is delivered by e-mail or webhook: the public schema has no query for it."""
    upper = mutation[0].upper() + mutation[1:]
    return JobDeclaration(
        kind=kind,
        creates=(
            CreateForm(
                name="live",
                operation=upper,
                document=f"mutation {upper}($input: {upper}Input!) {{ {mutation}(input: $input) "
                "{ correlationId success } }",
                path=(mutation,),
            ),
        ),
        finished=frozenset({"accepted"}),
        failed=frozenset({"refused"}),
        id="correlationId",
        status="success",
        what="audit log export",
    )


PIPE_AUDIT_LOGS: Final = _audit_logs("pipe_audit_logs", "exportPipeAuditLogsReport")
ORGANIZATION_AUDIT_LOGS: Final = _audit_logs("organization_audit_logs", "exportOrgAuditLogsReport")


def _importer(kind: str, mutation: str, result: str, owner: str, count: str) -> JobDeclaration:
    """Importers show their progress in a history, as a plain list."""
    upper = mutation[0].upper() + mutation[1:]
    history = f"{result}s"
    query = history[0].upper() + history[1:]
    return JobDeclaration(
        kind=kind,
        creates=(
            CreateForm(
                name="live",
                operation=upper,
                document=f"mutation {upper}($input: {upper}Input!) {{ {mutation}(input: $input) "
                f"{{ {result} {{ id status }} }} }}",
                path=(mutation, result),
            ),
        ),
        polls=(
            PollForm(
                name="history",
                operation=query,
                document=f"query {query}(${owner}: ID!) {{ {history}({owner}: ${owner}) {{ id status {count} }} }}",
                path=(history,),
                variables=(owner,),
            ),
        ),
        pending=_PENDING | {"in_progress", "started"},
        finished=frozenset({"finished", "done", "completed", "processed", "success"}),
        failed=_FAILED,
        what="import",
    )


CARDS_IMPORT: Final = _importer("cards_import", "cardsImporter", "cardsImportation", "pipeId", "importedCards")
RECORDS_IMPORT: Final = _importer(
    "records_import", "recordsImporter", "recordsImportation", "tableId", "importedRecords"
)

DECLARATIONS: Final = {
    declaration.kind: declaration
    for declaration in (
        AUTOMATION_JOBS,
        PIPE_REPORT,
        ORGANIZATION_REPORT,
        PIPE_AUDIT_LOGS,
        ORGANIZATION_AUDIT_LOGS,
        CARDS_IMPORT,
        RECORDS_IMPORT,
    )
}


__all__ = [
    "AUTOMATION_JOBS",
    "CARDS_IMPORT",
    "DECLARATIONS",
    "ORGANIZATION_AUDIT_LOGS",
    "ORGANIZATION_REPORT",
    "PIPE_AUDIT_LOGS",
    "PIPE_REPORT",
    "RECORDS_IMPORT",
]
