"""Bad arguments are refused before anything is sent; sync and async offer the same."""

from __future__ import annotations

import inspect
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.typedpipes.pipefy.exports.either import exports
from tests.typedpipes.pipefy.exports.fake_time import FakeClock
from tests.typedpipes.pipefy.exports.vendor import Vendor
from typedpipes.errors import ConfigurationError, DownloadError, ExportAmbiguous, TransportError
from typedpipes.pipefy.attachments import AsyncAttachments, Attachments
from typedpipes.pipefy.exports import Exports, kinds
from typedpipes.pipefy.exports.async_exports import AsyncExports
from typedpipes.pipefy.exports.handles import AsyncExportJob, ExportJob
from typedpipes.pipefy.exports.requests import audit_logs, organization_number


@pytest.mark.parametrize(
    "given",
    [
        123456789,
        "123456789",
        " 123456789 ",
        "https://app.pipefy.com/organizations/123456789",
        "https://app.pipefy.com/organizations/123456789/settings?tab=1#x",
        "app.pipefy.com/organizations/123456789/",
    ],
)
def test_an_organization_is_its_number_or_its_url(given: str | int) -> None:
    assert organization_number(given) == "123456789"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "0",
        "-1",
        True,
        1.5,
        None,
        "abc",
        "https://app.pipefy.com/pipes/1",
        "https://app.pipefy.com/organizations/",
        "https://app.pipefy.com/organizations/12a",
        "https://evil.example/organizations/1",
        "https://pipefy.com.evil.example/organizations/1",
        "ftp://app.pipefy.com/organizations/1",
        "١٢٣",
        "9" * 30,
        "https://[bad/organizations/1",
    ],
)
@pytest.mark.parametrize("period", ["last_month"])
def test_anything_else_is_refused_before_sending(given: Any, period: Any) -> None:
    vendor = Vendor()
    with pytest.raises(ConfigurationError, match="organization_id"):
        exports("sync", vendor, FakeClock()).automation_jobs(organization_id=given, period=period)
    assert not vendor.calls


@pytest.mark.parametrize("period", ["", "last_year", "LAST_MONTH", None, 3])
def test_an_unknown_period_is_refused_before_sending(period: Any) -> None:
    vendor = Vendor()
    with pytest.raises(ConfigurationError, match="current_month, last_month, last_3_months"):
        exports("sync", vendor, FakeClock()).automation_jobs(organization_id=1, period=period)
    assert not vendor.calls


def test_a_target_that_cannot_be_written_is_seen_before_an_export_is_spent(tmp_path: Path) -> None:
    vendor = Vendor()
    with pytest.raises(DownloadError, match="does not exist"):
        exports("sync", vendor, FakeClock()).download_automation_jobs(
            organization_id=1, period="last_month", to=tmp_path / "no" / "x"
        )
    assert not vendor.calls


@pytest.mark.parametrize(
    ("sync", "twin"), [(Exports, AsyncExports), (ExportJob, AsyncExportJob), (Attachments, AsyncAttachments)]
)
def test_the_twins_have_the_same_methods_and_arguments(sync: type, twin: type) -> None:
    def shape(owner: type) -> dict[str, object]:
        return {
            name: [(p.name, p.kind, p.default, p.annotation) for p in inspect.signature(member).parameters.values()]
            for name, member in vars(owner).items()
            if inspect.isfunction(member) and not name.startswith("_")
        }

    assert shape(sync) == shape(twin)


def test_a_journal_continues_within_the_month_and_forget_begins_anew(tmp_path: Path) -> None:
    vendor, clock = Vendor(), FakeClock()
    subject = exports("sync", vendor, clock, journal=tmp_path / "journal")
    first = subject.automation_jobs(organization_id=1, period="last_month")
    assert subject.automation_jobs(organization_id="1", period="last_month").id == first.id
    assert subject.automation_jobs(organization_id=2, period="last_month").id != first.id
    assert subject.automation_jobs(organization_id=1, period="current_month").id != first.id
    assert subject.automation_jobs(organization_id=1, period="last_month", forget=True).id != first.id
    clock.now += 31 * 86400
    assert len({subject.automation_jobs(organization_id=1, period="last_month").id, first.id}) == 2


def test_an_ambiguous_create_stays_so_until_it_is_forgotten(tmp_path: Path) -> None:
    vendor = Vendor(executes=True)
    vendor.faults.append(TransportError("reset", sent=True))
    subject = exports("sync", vendor, FakeClock(), journal=tmp_path / "journal")
    for _ in range(3):
        with pytest.raises(ExportAmbiguous, match="forget=True"):
            subject.automation_jobs(organization_id=1, period="last_month")
    assert len(vendor.calls) == 1
    subject.automation_jobs(organization_id=1, period="last_month", forget=True)
    assert len(vendor.exports) == 2


def test_a_failed_export_is_concluded_so_that_the_next_call_creates(tmp_path: Path) -> None:
    vendor = Vendor(end="failed")
    subject = exports("sync", vendor, FakeClock(), journal=tmp_path / "journal")
    for number in (1, 2):
        job = subject.automation_jobs(organization_id=1, period="last_month")
        with pytest.raises(Exception, match="failed"):
            job.wait(60)
        assert len(vendor.exports) == number


@pytest.mark.parametrize("other", [datetime(2026, 1, 2), date(2026, 1, 2), "2026-01-02"])  # refused
def test_a_time_without_a_zone_is_refused_beside_one_with(other: Any) -> None:
    aware = datetime(2026, 1, 1, tzinfo=UTC)
    for since, until in ((aware, other), (other, aware)):
        with pytest.raises(ConfigurationError, match="is a datetime with a time zone"):
            audit_logs(kinds.PIPE_AUDIT_LOGS, ("pipeUuid", "x"), since, until, None, None, None)
