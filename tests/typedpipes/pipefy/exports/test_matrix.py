"""Every form, link field, file format and ending, in each mode: the right result or the right error, in time."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import openpyxl
import pytest

from tests.typedpipes._core.files.file_server import FileServer
from tests.typedpipes.pipefy.exports.either import exports, listed
from tests.typedpipes.pipefy.exports.fake_time import MODES, FakeClock, run, settle
from tests.typedpipes.pipefy.exports.vendor import Vendor
from typedpipes.errors import ExportFailed, ExportTimeout

ROWS = [{"Job ID": "1", "Automation": "Move, then notify"}, {"Job ID": "2", "Automation": "Olá"}]


def csv_file() -> bytes:
    return 'Job ID,Automation\r\n1,"Move, then notify"\r\n2,Olá\r\n'.encode()


def xlsx_file() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Job ID", "Automation"])
    for row in ROWS:
        sheet.append(list(row.values()))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


FILES: dict[str, Callable[[], bytes]] = {"csv": csv_file, "xlsx": xlsx_file}
ENDINGS: dict[str, dict[str, Any]] = {
    "at once": {"at_once": True},
    "after 5 polls": {"busy": 5},
    "failed": {"busy": 1, "end": "failed"},
    "unknown status": {"busy": 1, "end": "paused"},
    "never": {"busy": 10**9},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", ["live", "documented"])
@pytest.mark.parametrize("link", ["fileUrl", "downloadUrl"])
@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_an_export_ends_as_it_must(
    host: FileServer,
    tmp_path: Path,
    mode: str,
    form: Literal["live", "documented"],
    link: str,
    kind: str,
    ending: str,
) -> None:
    content = FILES[kind]()
    host.put("export", content)
    vendor = Vendor(form=form, links=(link,), link=lambda: host.link("export"), **ENDINGS[ending])
    clock = FakeClock()
    target = tmp_path / "jobs"
    subject = exports(mode, vendor, clock)

    async def scenario() -> None:
        job = await settle(subject.automation_jobs(organization_id=123456789, period="last_month"))
        try:
            await settle(job.wait(timeout=600))
        finally:
            assert clock.now <= 600
        await settle(job.download(target))
        assert await listed(job.rows()) == ROWS

    if ending in ("at once", "after 5 polls"):
        run(mode, scenario)
        assert target.read_bytes() == content
    else:
        with pytest.raises(ExportFailed if ending == "failed" else ExportTimeout):
            run(mode, scenario)
        assert not list(tmp_path.iterdir())
        assert not host.log
    assert len(vendor.exports) == 1
    extra = form == "documented" or link == "downloadUrl"  # one refusal tells both
    polls = sum(export.polls for export in vendor.exports.values())
    assert len(vendor.calls) == 1 + polls + extra


@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_knows_file_url_but_fills_download_url_is_asked_for_the_other(
    host: FileServer, tmp_path: Path, mode: str
) -> None:
    host.put("export", csv_file())
    vendor = Vendor(
        form="documented",
        links=("fileUrl", "downloadUrl"),
        empty_links=("fileUrl",),
        link=lambda: host.link("export"),
    )
    subject = exports(mode, vendor, FakeClock())

    async def scenario() -> Path:
        found: Path = await settle(
            subject.download_automation_jobs(
                organization_id="https://app.pipefy.com/organizations/123456789",
                period="current_month",
                to=tmp_path / "jobs.csv",
            )
        )
        return found

    assert run(mode, scenario).read_bytes() == csv_file()
    assert vendor.variables[-3] == {"organizationId": "123456789", "filter": "current_month"}


@pytest.mark.parametrize("mode", MODES)
def test_a_finished_export_without_any_link_is_asked_for_it_until_the_deadline(tmp_path: Path, mode: str) -> None:
    vendor = Vendor(links=("fileUrl", "downloadUrl"), empty_links=("fileUrl", "downloadUrl"))
    subject = exports(mode, vendor, FakeClock())

    async def scenario() -> None:
        job = await settle(subject.automation_jobs(organization_id="1", period="last_month"))
        await settle(job.wait(timeout=60))
        await settle(job.download(tmp_path / "x"))

    with pytest.raises(ExportTimeout, match="no link"):
        run(mode, scenario)
    assert len(vendor.calls) < 60


@pytest.mark.parametrize("mode", MODES)
def test_a_download_before_the_end_says_to_wait(tmp_path: Path, mode: str) -> None:
    subject = exports(mode, Vendor(busy=9), FakeClock())

    async def scenario() -> None:
        job = await settle(subject.automation_jobs(organization_id="1", period="last_month"))
        await settle(job.download(tmp_path / "x"))

    with pytest.raises(ExportTimeout, match="wait"):
        run(mode, scenario)
