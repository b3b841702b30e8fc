"""The whole way against the sandbox's server: token, create, poll, download, rows; no credential reaches the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from tests.typedpipes.pipefy.exports.either import listed
from tests.typedpipes.pipefy.exports.fake_time import MODES, run, settle
from typedpipes.errors import ExportFailed
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_sandbox import ExportSettings, Sandbox, SandboxSettings


def client(mode: str, sandbox: Sandbox, **options: Any) -> Any:
    """A real sync or async client that talks to the sandbox."""
    kind: Any = Pipefy if mode == "sync" else AsyncPipefy
    return kind(env=sandbox.environment(), **options)


async def close(pipefy: Any) -> None:
    await settle(pipefy.close() if hasattr(pipefy, "close") else pipefy.aclose())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("form", "link", "kind"),
    [("live", "fileUrl", "xlsx"), ("documented", "downloadUrl", "csv"), ("live", "both", "csv")],
)
def test_an_export_is_created_awaited_fetched_and_read(
    tmp_path: Path,
    mode: str,
    form: Literal["live", "documented"],
    link: Literal["both", "fileUrl", "downloadUrl"],
    kind: Literal["csv", "xlsx"],
) -> None:
    exports = ExportSettings(pace="polls", after_polls=1, format=kind, rows=40)
    settings = SandboxSettings(pipefy_form=form, export_link=link, exports=exports)
    with Sandbox(settings) as sandbox:
        organization = sandbox.environment()["PIPEFY_ORGANIZATION_ID"]

        async def scenario() -> None:
            pipefy = client(mode, sandbox, journal=tmp_path / "journal")
            try:
                job = await settle(pipefy.exports.automation_jobs(organization_id=organization, period="last_month"))
                again = await settle(pipefy.exports.automation_jobs(organization_id=organization, period="last_month"))
                assert again.id == job.id
                await settle(pipefy.exports.resume(job.token).wait(timeout=30))
                await settle(job.wait(timeout=30))
                path = await settle(job.download(tmp_path / "jobs"))
                assert (path.read_bytes()[:2] == b"PK") is (kind == "xlsx")
                assert len(await listed(job.rows())) == 40
                sandbox.clock.advance(901)  # every link given so far is dead
                assert len(await listed(job.rows())) == 40
            finally:
                await close(pipefy)

        run(mode, scenario)
        assert len(sandbox.exports) == 1
        files = [arrival for arrival in sandbox.log if arrival.path.startswith("/exports/")]
        assert len(files) >= 3
        for arrival in files:
            assert not {"authorization", "cookie"} & set(arrival.headers)
        assert not sandbox.violations


@pytest.mark.parametrize(
    ("form", "link", "refused"),
    [
        ("live", "fileUrl", 0),
        ("live", "downloadUrl", 1),
        ("documented", "fileUrl", 1),
        ("documented", "downloadUrl", 1),
    ],
)
def test_a_refused_create_tells_the_form_of_create_and_poll_at_once(
    tmp_path: Path, form: Literal["live", "documented"], link: Literal["fileUrl", "downloadUrl"], refused: int
) -> None:
    exports = ExportSettings(pace="once", format="csv", rows=2)
    with Sandbox(SandboxSettings(pipefy_form=form, export_link=link, exports=exports)) as sandbox:
        organization = sandbox.environment()["PIPEFY_ORGANIZATION_ID"]
        with client("sync", sandbox) as pipefy:
            for _ in range(2):
                job = pipefy.exports.automation_jobs(organization_id=organization, period="last_month")
                job.wait(timeout=30)
                assert job.file().url
        calls = [arrival for arrival in sandbox.log if arrival.path.endswith("graphql")]
        assert len(calls) == 4 + refused
        assert len(sandbox.exports) == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_failed_export_is_told_as_such(mode: str) -> None:
    exports = ExportSettings(pace="once", outcome="failed")
    with Sandbox(SandboxSettings(exports=exports)) as sandbox:

        async def scenario() -> None:
            pipefy = client(mode, sandbox)
            try:
                organization = sandbox.environment()["PIPEFY_ORGANIZATION_ID"]
                job = await settle(pipefy.exports.automation_jobs(organization_id=organization, period="last_3_months"))
                await settle(job.wait(timeout=30))
            finally:
                await close(pipefy)

        with pytest.raises(ExportFailed):
            run(mode, scenario)
