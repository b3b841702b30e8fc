"""One run of a bulk job, also as a process that may be killed: ``worker.py MODE JOB ADDRESS CHECKPOINT COUNT``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

from typedpipes.pipefy import AsyncPipefy, BulkReport, BulkStopped, Pipefy


def cards(count: int) -> Iterator[dict[str, str]]:
    """As a program reads them from a file: every tenth row stands there twice."""
    for number in range(count):
        yield {"title": f"card {number}"}
        if number % 10 == 0:
            yield {"title": f"card {number}"}


def started(bulk: Any, job: str, count: int, path: str) -> Any:
    """The job's result, to be awaited by an asynchronous client."""
    if job == "create":
        return bulk.create_cards(cards(count), pipe_id="1", checkpoint=path)
    return bulk.delete_cards((str(number) for number in range(count)), checkpoint=path)


def run(mode: str, job: str, address: str, path: str, count: int) -> BulkReport | None:
    """One run; None if the job was stopped."""
    options: dict[str, Any] = {"token": "t", "base_url": address, "env": {}, "limits": "off", "retries": 2}

    async def asynchronous() -> BulkReport:
        async with AsyncPipefy(**options) as pipefy:
            report: BulkReport = await started(pipefy.bulk, job, count, path)
            return report

    try:
        if mode == "async":
            return asyncio.run(asynchronous())
        with Pipefy(**options) as pipefy:
            report: BulkReport = started(pipefy.bulk, job, count, path)
            return report
    except BulkStopped:
        return None


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
