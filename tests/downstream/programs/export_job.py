"""A nightly job: last month's automation jobs of an organization as a file, and how many of them failed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import assert_type

from typedpipes.errors import ExportFailed, ExportTimeout
from typedpipes.pipefy import ExportJob, Pipefy
from typedpipes.pipefy.exports.jobs import WaitProgress


def tell(progress: WaitProgress) -> None:
    print(f"{progress.status}: looked {progress.polls} times", file=sys.stderr)


def export(pipefy: Pipefy, organization: str, target: Path, saved: Path) -> Path:
    job = pipefy.exports.automation_jobs(organization_id=organization, period="last_month")
    assert_type(job, ExportJob)
    saved.write_text(job.token)
    try:
        job.wait(timeout=60, on_progress=tell)
    except ExportTimeout as error:
        job = pipefy.exports.resume(error.token).wait(timeout=60)
    except ExportFailed as error:
        sys.exit(f"the vendor could not make it: {error.status}")
    return job.download(target)


def failures(pipefy: Pipefy, saved: Path) -> int:
    return sum(row["Status"] == "failed" for row in pipefy.exports.resume(saved.read_text()).rows())


def main() -> None:
    saved = Path("job.json")
    with Pipefy.from_env(plan="business", journal="exports.journal") as pipefy:
        path = export(pipefy, "123456789", Path("jobs.csv"), saved)
        print(path, path.stat().st_size > 0, failures(pipefy, saved) >= 0)


if __name__ == "__main__":
    main()
