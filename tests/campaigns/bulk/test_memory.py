"""A hundred thousand rows from a generator, sent one by one: the process grows by next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from tests.support.memory import peak
from typedpipes._core.flow import SyncIO
from typedpipes.pipefy.bulk import Bulk

class Port:
    def execute(self, document, name, variables, *, safe, on_wire):
        yield from on_wire(True)
        return {"createCard": {"card": {"id": variables["input"]["title"]}}}

rows = ({"title": f"card {number}", "due_date": "2026-12-24T10:00:00Z"} for number in range(int(sys.argv[1])))
report = Bulk(Port(), SyncIO(), None).create_cards(rows, pipe_id="1")
assert report.complete and len(report.items) == int(sys.argv[1])
print(round(peak() * 1024))
"""

pytestmark = pytest.mark.campaign


def peak(rows: int) -> int:
    """The most memory a process that sends ``rows`` rows holds, in KiB."""
    run = subprocess.run([sys.executable, "-c", PROGRAM, str(rows)], capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_a_hundred_thousand_rows_take_no_more_memory_than_a_thousand() -> None:
    few, many = peak(1_000), peak(100_000)
    print(f"\npeak: {few} KiB with 1,000 rows, {many} KiB with 100,000")
    assert many - few < 10_000
