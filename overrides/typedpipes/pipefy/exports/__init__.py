"""Exports: create, wait, download, without ever creating two.

    job = pipefy.exports.automation_jobs(organization_id="123456789", period="last_month")
    job.wait(timeout=600).download("jobs.xlsx")

The client builds ``Exports(port, io, ExportSettings(...))`` or ``AsyncExports(port, io, ExportSettings(...))``:
``port`` is a `typedpipes.pipefy.exports.jobs.GraphQLPort`, ``io`` the client's `SyncIO` or `AsyncIO`. Both classes
only type and
pass on; what happens is in `typedpipes.pipefy.exports.flows`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from typedpipes._core.arguments import check_plain
from typedpipes._core.files.download import DownloadOptions
from typedpipes._core.flow import SyncIO, drive
from typedpipes.pipefy.exports import kinds, requests
from typedpipes.pipefy.exports.flows import ExportFlows, ExportSettings
from typedpipes.pipefy.exports.handles import MAX_BYTES, WAIT, ExportJob, OnProgress, OnWait
from typedpipes.pipefy.exports.jobs import GraphQLPort
from typedpipes.pipefy.exports.requests import AuditLogDelivery, AuditLogFormat, JobRequest, Period, ReportFilter


class Exports:
    """Exports of a synchronous client."""

    def __init__(self, port: GraphQLPort, io: SyncIO, settings: ExportSettings | None = None) -> None:
        self._flows = ExportFlows(port, settings or ExportSettings())
        self._io = io

    def automation_jobs(self, *, organization_id: str | int, period: Period, forget: bool = False) -> ExportJob:
        """Ask for an export of an organization's automation jobs.

        ``organization_id`` is the number or the organization's URL. With a journal, an export of the same
        organization and period that was begun this month and not fetched yet is continued instead; ``forget=True``
        drops it. Raises `ConfigurationError` before anything is sent for arguments that cannot be right, and
        `ExportAmbiguous` if it is unknown whether the export was created.
        """
        return self._start(requests.automation_jobs(organization_id, period), forget)

    def download_automation_jobs(
        self,
        *,
        organization_id: str | int,
        period: Period,
        to: str | os.PathLike[str],
        timeout: float = WAIT,
        on_progress: OnWait | None = None,
        progress: OnProgress | None = None,
        max_bytes: int = MAX_BYTES,
        overwrite: bool = True,
        forget: bool = False,
    ) -> Path:
        """Create, wait and download in one call; ``timeout`` bounds the wait and the download, each."""
        options = DownloadOptions(timeout=timeout, max_bytes=max_bytes, overwrite=overwrite, progress=progress)
        request = requests.automation_jobs(organization_id, period)
        check_plain("on_progress", on_progress)
        flow = self._flows.fetch(request, to, timeout=timeout, on_progress=on_progress, options=options, forget=forget)
        return drive(flow, self._io)

    def resume(self, token_or_id: str) -> ExportJob:
        """The handle of a job created earlier, by its ``token`` or, for automation jobs, its id. Sends nothing."""
        return ExportJob(self._flows, self._flows.resume(token_or_id), self._io)

    def pipe_report(
        self,
        *,
        pipe_id: str | int,
        pipe_report_id: str | int,
        columns: Sequence[str] | None = None,
        filter: ReportFilter | None = None,
        sort_by: Mapping[str, str] | None = None,
        forget: bool = False,
    ) -> ExportJob:
        """Ask for an export of a pipe's report (25 or 50 per pipe and day)."""
        return self._start(requests.pipe_report(pipe_id, pipe_report_id, columns, filter, sort_by), forget)

    def organization_report(
        self,
        *,
        organization_id: str | int,
        organization_report_id: int | None = None,
        pipe_ids: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        filter: ReportFilter | None = None,
        sort_by: Mapping[str, str] | None = None,
        forget: bool = False,
    ) -> ExportJob:
        """Ask for an export of an organization's report."""
        request = requests.organization_report(
            organization_id, organization_report_id, pipe_ids, columns, filter, sort_by
        )
        return self._start(request, forget)

    def pipe_audit_logs(
        self,
        *,
        pipe_uuid: str,
        since: datetime | None = None,
        until: datetime | None = None,
        search_term: str | None = None,
        output_format: AuditLogFormat | None = None,
        delivery_method: AuditLogDelivery | None = None,
        forget: bool = False,
    ) -> ExportJob:
        """Ask for a pipe's audit log: 6 per user, pipe and day.

        The vendor delivers it by e-mail or webhook; the job is finished once accepted and has no file.
        """
        request = requests.audit_logs(
            kinds.PIPE_AUDIT_LOGS, ("pipeUuid", pipe_uuid), since, until, search_term, output_format, delivery_method
        )
        return self._start(request, forget)

    def organization_audit_logs(
        self,
        *,
        organization_uuid: str,
        since: datetime | None = None,
        until: datetime | None = None,
        search_term: str | None = None,
        output_format: AuditLogFormat | None = None,
        delivery_method: AuditLogDelivery | None = None,
        forget: bool = False,
    ) -> ExportJob:
        """Ask for an organization's audit log; delivered like `pipe_audit_logs`."""
        request = requests.audit_logs(
            kinds.ORGANIZATION_AUDIT_LOGS,
            ("orgUuid", organization_uuid),
            since,
            until,
            search_term,
            output_format,
            delivery_method,
        )
        return self._start(request, forget)

    def import_cards(
        self,
        *,
        pipe_id: str | int,
        url: str,
        columns: Mapping[str, str],
        assignees_column: str | None = None,
        current_phase_column: str | None = None,
        due_date_column: str | None = None,
        labels_column: str | None = None,
        forget: bool = False,
    ) -> ExportJob:
        """Have the vendor import cards from the XLSX file at ``url``; ``columns`` maps its columns to field ids.

        The handle's ``wait`` follows the pipe's import history; ``details`` then counts the imported cards.
        """
        request = requests.import_rows(
            kinds.CARDS_IMPORT,
            ("pipeId", pipe_id),
            url,
            columns,
            assigneesColumn=assignees_column,
            currentPhaseColumn=current_phase_column,
            dueDateColumn=due_date_column,
            labelsColumn=labels_column,
        )
        return self._start(request, forget)

    def import_records(
        self,
        *,
        table_id: str | int,
        url: str,
        columns: Mapping[str, str],
        status_column: str | None = None,
        forget: bool = False,
    ) -> ExportJob:
        """Have the vendor import table records from the XLSX file at ``url``; see `import_cards`."""
        request = requests.import_rows(
            kinds.RECORDS_IMPORT, ("tableId", table_id), url, columns, statusColumn=status_column
        )
        return self._start(request, forget)

    def _start(self, request: JobRequest, forget: bool) -> ExportJob:
        return ExportJob(self._flows, drive(self._flows.start(request, forget=forget), self._io), self._io)


__all__ = ["Exports"]
