"""Exports, uploads and imports: what crosses between GraphQL and the file host."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from typedpipes_sandbox.clock import iso_seconds
from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.mutations import mutation
from typedpipes_sandbox.pipefy.queries import require, require_organization
from typedpipes_sandbox.pipefy.resolvers import failure, not_found, resolves
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace

Arguments = dict[str, Any]
MAX_FILE = 512 * 1024 * 1024


@resolves("Query", "automationJobsExport")
def automation_jobs_export(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The state of an export; every look counts as a poll."""
    job = pipefy.exports.poll(str(arguments["id"]))
    if job is None or job.kind != "automation-jobs":
        raise not_found("AutomationJobsExport")
    return export_node(pipefy, job.id)


def export_node(pipefy: PipefyWorkspace, identifier: str) -> Node:
    """An automation jobs export as a node."""
    exports = pipefy.exports
    job = exports.get(identifier)
    assert job is not None
    link = exports.link(job)
    status = exports.status(job)
    return {"__typename": "AutomationJobsExport", "__key": f"export:{job.id}", "id": job.id, "status": status,
            "createdAt": exports.created_at(job), "fileUrl": link, "downloadUrl": link}  # fmt: skip


@resolves("Query", "pipeReportExport", "organizationReportExport")
def report_export(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The state of a report export."""
    job = pipefy.exports.poll(str(arguments["id"]))
    if job is None:
        raise not_found("Export")
    return report_node(pipefy, job.id)


def report_node(pipefy: PipefyWorkspace, identifier: str) -> Node:
    """A report export as a node: its states are ``processing`` and ``done``."""
    exports = pipefy.exports
    job = exports.get(identifier)
    assert job is not None
    status = exports.status(job)
    state = "done" if status == "finished" else status if status not in {"created", "processing"} else "processing"
    kind = "PipeReportExport" if job.kind == "pipe-report" else "OrganizationReportExport"
    return {"__typename": kind, "__key": f"export:{job.id}", "id": job.id, "state": state, "fileURL": exports.link(job),
            "startedAt": exports.created_at(job), "requestedBy": pipefy.nodes.users[0],
            "finishedAt": pipefy.clock.iso() if state == "done" else None}  # fmt: skip


@resolves("Mutation", "createAutomationJobsExport")
def create_export(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """A new export: wrapped in a payload in the live form, bare in the documented one."""
    sent = arguments.get("input", arguments)
    organization = require_organization(pipefy, sent["organizationId"])
    job = pipefy.exports.create(organization["id"], sent["filter"])
    node = export_node(pipefy, job.id)
    if "input" not in arguments:
        return node
    return {
        "automationJobsExport": node,
        "clientMutationId": sent.get("clientMutationId"),
        "__key": f"createexport:{job.id}",
    }


@mutation("exportPipeReport")
def export_pipe_report(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new pipe report export."""
    job = pipefy.exports.create(str(sent.get("pipeId")), "report", "pipe-report")
    return {"pipeReportExport": report_node(pipefy, job.id)}


@mutation("exportOrganizationReport")
def export_organization_report(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new organization report export."""
    job = pipefy.exports.create(str(sent.get("organizationId")), "report", "organization-report")
    return {"organizationReportExport": report_node(pipefy, job.id)}


@mutation("createPresignedUrl")
def presigned_url(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Where to PUT a file, and where it can be read afterwards."""
    organization = require_organization(pipefy, sent["organizationId"])
    return _presigned(pipefy, f"orgs/{organization['uuid']}", sent)


@mutation("createPresignedUrlForPipePdfTemplate")
def presigned_pdf(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Where to PUT a PDF template."""
    return _presigned(pipefy, f"pipes/{require(pipefy, 'Pipe', sent['pipeId'])['id']}/pdf", sent)


def _presigned(pipefy: PipefyWorkspace, folder: str, sent: Arguments) -> Arguments:
    length = sent.get("contentLength")
    if length is not None and not 0 <= length <= MAX_FILE:
        raise failure("files are limited to 512 MB", "INVALID_ARGUMENTS")
    path = f"{folder}/uploads/{pipefy.tokens.value()[:16]}/{sent['fileName']}"
    files = pipefy.files
    return {"url": files.link(path, life=300.0, method="PUT"), "downloadUrl": files.link(path)}


def object_key(url: str) -> str:
    """The key of an uploaded file: the path of its URL on this file host, decoded, without the leading slash."""
    return unquote(urlsplit(url).path).lstrip("/")


@mutation("cardsImporter", "recordsImporter")
def importer(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """An import that is done at once."""
    owner = str(sent.get("pipeId") or sent.get("tableId"))
    kind = "CardsImportation" if "pipeId" in sent else "RecordsImportation"
    node = pipefy.nodes.add(
        kind,
        {"status": "done", "url": sent["url"], "importedCards": 3, "importedRecords": 3, "__owner": owner,
         "createdBy": pipefy.nodes.users[0], "createdAt": iso_seconds(pipefy.clock.now()), "dateFormatted": "today"},
    )  # fmt: skip
    pipefy.importations.append(node)
    return {"cardsImportation": node, "recordsImportation": node}
