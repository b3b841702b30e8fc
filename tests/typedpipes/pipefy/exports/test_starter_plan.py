"""Twenty calls a month must be enough: a 30-minute export is done within 8."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.typedpipes._core.files.file_server import FileServer, as_usual, doing, truncated
from tests.typedpipes.pipefy.exports.either import exports
from tests.typedpipes.pipefy.exports.fake_time import MODES, FakeClock, run, settle
from tests.typedpipes.pipefy.exports.vendor import Vendor

CONTENT = bytes(range(256)) * 400


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", ["live", "documented"])
@pytest.mark.parametrize("link_dies", [False, True])
@pytest.mark.parametrize("minutes", [0.1, 5, 30])
def test_an_export_is_done_within_8_calls(
    host: FileServer,
    tmp_path: Path,
    mode: str,
    form: Literal["live", "documented"],
    link_dies: bool,
    minutes: float,
) -> None:
    served = host.put("export", CONTENT)
    if link_dies:  # in the middle of the file
        host.faults.extend([truncated(served, 50_000), doing(host.expire_links), as_usual])
    clock = FakeClock()
    vendor = Vendor(
        form=form,
        link=lambda: host.link("export"),
        done_after=minutes * 60,
        clock=clock.monotonic,
        seconds=0.3,
    )
    subject = exports(mode, vendor, clock, monthly_calls=20)

    async def scenario() -> None:
        await settle(
            subject.download_automation_jobs(organization_id=1, period="last_month", to=tmp_path / "x", timeout=7200)
        )

    run(mode, scenario)
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert len(vendor.calls) <= 8
    assert clock.now <= max(60.0, minutes * 60 * 2.4) + 10
    assert host.links == 1 + link_dies
