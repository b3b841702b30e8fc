"""Requests for two-step jobs: a declaration with its validated arguments."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import attrs

from typedpipes.errors import ConfigurationError
from typedpipes.pipefy.exports import kinds
from typedpipes.pipefy.exports.jobs import JobDeclaration

# Validates export arguments.

Period: TypeAlias = Literal["current_month", "last_month", "last_3_months"]
"""Period filters of the automation jobs export."""

PERIODS: Final[tuple[str, ...]] = get_args(Period)

_ORGANIZATION_PATH: Final = re.compile(r"/organizations/([0-9]{1,20})(?:/.*)?", re.ASCII)


def check_period(period: str) -> str:
    """``period`` if it is one of `PERIODS`. Raises `ConfigurationError`."""
    if period not in PERIODS:
        raise ConfigurationError(f"period must be one of {', '.join(PERIODS)}, not {period!r}", setting="period")
    return str(period)


def organization_number(organization: str | int) -> str:
    """The number of an organization given as number or as the URL the browser shows.

    Raises `ConfigurationError` for anything else.
    """
    if isinstance(organization, bool) or not isinstance(organization, str | int):
        raise _no_organization(type(organization).__name__)
    text = str(organization).strip()
    if re.fullmatch(r"[0-9]{1,20}", text, re.ASCII) and int(text) > 0:
        return str(int(text))
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        host = (url.hostname or "").lower()
    except ValueError as error:
        raise _no_organization(text) from error
    match = _ORGANIZATION_PATH.fullmatch(url.path)
    if url.scheme in ("https", "http") and (host == "pipefy.com" or host.endswith(".pipefy.com")) and match:
        return match[1]
    raise _no_organization(text)


def month_of(wall: float) -> str:
    """The UTC calendar month of a Unix time: what ``last_month`` means depends on it."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m")


def _no_organization(given: str) -> ConfigurationError:
    shown = given if len(given) <= 80 else given[:80] + "…"
    return ConfigurationError(
        f"organization_id must be the organization's number or its URL "
        f"(https://app.pipefy.com/organizations/123456789), not {shown!r}",
        setting="organization_id",
    )


AuditLogFormat: TypeAlias = Literal["CSV", "JSONL"]
AuditLogDelivery: TypeAlias = Literal["EMAIL", "WEBHOOK"]
ReportFilter: TypeAlias = Mapping[str, object]
"""A ``ReportCardsFilter`` by wire names."""


@attrs.frozen
class JobRequest:
    """One job to be created. ``keep`` names arguments that polling needs again."""

    declaration: JobDeclaration
    arguments: dict[str, object]
    keep: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells this request from others in a journal; the arguments themselves may be confidential."""
        text = json.dumps(self.arguments, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def automation_jobs(organization_id: str | int, period: str) -> JobRequest:
    """See `typedpipes.pipefy.exports.Exports.automation_jobs`."""
    arguments = {"organizationId": organization_number(organization_id), "filter": check_period(period)}
    return JobRequest(kinds.AUTOMATION_JOBS, dict(arguments))


def pipe_report(
    pipe_id: str | int,
    pipe_report_id: str | int,
    columns: Sequence[str] | None,
    filter: ReportFilter | None,
    sort_by: Mapping[str, str] | None,
) -> JobRequest:
    """``exportPipeReport``."""
    given = {
        "pipeId": _identifier(pipe_id, "pipe_id"),
        "pipeReportId": _identifier(pipe_report_id, "pipe_report_id"),
        "columns": None if columns is None else list(columns),
        "filter": filter,
        "sortBy": sort_by,
    }
    return JobRequest(kinds.PIPE_REPORT, _without_none(given))


def organization_report(
    organization_id: str | int,
    organization_report_id: int | None,
    pipe_ids: Sequence[int] | None,
    columns: Sequence[str] | None,
    filter: ReportFilter | None,
    sort_by: Mapping[str, str] | None,
) -> JobRequest:
    """``exportOrganizationReport``, which takes integers where its siblings take ids."""
    given = {
        "organizationId": int(organization_number(organization_id)),
        "organizationReportId": organization_report_id,
        "pipeIds": None if pipe_ids is None else list(pipe_ids),
        "columns": None if columns is None else list(columns),
        "filter": filter,
        "sortBy": sort_by,
    }
    return JobRequest(kinds.ORGANIZATION_REPORT, _without_none(given))


def audit_logs(
    declaration: JobDeclaration,
    owner: tuple[str, str],
    since: datetime | None,
    until: datetime | None,
    search_term: str | None,
    output_format: AuditLogFormat | None,
    delivery_method: AuditLogDelivery | None,
) -> JobRequest:
    """``exportPipeAuditLogsReport`` and ``exportOrgAuditLogsReport``; ``owner`` is argument name and uuid."""
    dates = {"filterDateFrom": _date(since, "since"), "filterDateTo": _date(until, "until")}
    if since is not None and until is not None and since > until:
        raise ConfigurationError("since must not be after until", setting="since")
    given = {
        owner[0]: _identifier(owner[1], owner[0]),
        **dates,
        "searchTerm": search_term,
        "outputFormat": output_format,
        "deliveryMethod": delivery_method,
    }
    return JobRequest(declaration, _without_none(given))


def import_rows(
    declaration: JobDeclaration, owner: tuple[str, str | int], url: str, columns: Mapping[str, str], **extra: str | None
) -> JobRequest:
    """``cardsImporter`` and ``recordsImporter``; ``columns`` maps the sheet's columns to field ids."""
    if not str(url).startswith("https://"):
        raise ConfigurationError("url must be the https URL of an XLSX file", setting="url")
    if not columns:
        raise ConfigurationError("columns must map at least one column of the sheet to a field id", setting="columns")
    given: dict[str, object] = {
        owner[0]: _identifier(owner[1], owner[0]),
        "url": url,
        "fieldValuesColumns": [{"column": column, "fieldId": field} for column, field in columns.items()],
        **extra,
    }
    return JobRequest(declaration, _without_none(given), keep=(owner[0],))


def _identifier(value: str | int, name: str) -> str:
    text = "" if isinstance(value, bool) else str(value).strip()
    if not text or len(text) > 200:
        raise ConfigurationError(f"{name} must be an id, not {value!r}", setting=name)
    return text


def _date(value: datetime | None, name: str) -> str | None:
    if value is None:
        return None
    if getattr(value, "tzinfo", None) is None:
        raise ConfigurationError(
            f"{name} is a datetime with a time zone, such as datetime(2026, 11, 1, tzinfo=UTC)", setting=name
        )
    return value.isoformat()


def _without_none(given: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


__all__ = [
    "PERIODS",
    "AuditLogDelivery",
    "AuditLogFormat",
    "JobRequest",
    "Period",
    "ReportFilter",
    "audit_logs",
    "automation_jobs",
    "check_period",
    "import_rows",
    "month_of",
    "organization_number",
    "organization_report",
    "pipe_report",
]
