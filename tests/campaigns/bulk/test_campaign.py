"""Bulk jobs under random faults, killed and run again: nothing is done twice, nothing is lost.

``TYPEDPIPES_CAMPAIGN_CARDS`` sets the cards of each job (default 800), ``TYPEDPIPES_CAMPAIGN_SEED`` the seed (1).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import attrs
import pytest

from tests.campaigns.bulk import worker
from tests.campaigns.bulk.vendor import SILENCES, Vendor
from typedpipes.pipefy import BulkItem, BulkReport

CARDS = int(os.environ.get("TYPEDPIPES_CAMPAIGN_CARDS", "800"))
SEED = int(os.environ.get("TYPEDPIPES_CAMPAIGN_SEED", "1"))
LENGTHS = 8
"""The list is given in so many lengths: it grows, and with each a run is killed."""
RUNS = 12
"""Runs with each length that are not killed: they end when nothing is left, or are stopped."""

pytestmark = pytest.mark.campaign


@attrs.define
class Runs:
    """The runs of one job, until one ends without having been stopped or killed."""

    vendor: Vendor
    path: Path
    mode: str
    job: str
    random: random.Random
    ends: Counter[str] = attrs.field(factory=Counter)

    def one(self, count: int) -> BulkReport | None:
        """One run that is not killed."""
        report = worker.run(self.mode, self.job, self.vendor.address, str(self.path), count)
        self.ends["stopped" if report is None else "ended"] += 1
        return report

    def killed(self, count: int) -> None:
        """One process, killed within one of its next requests."""
        arguments = [self.mode, self.job, self.vendor.address, str(self.path), str(count)]
        process = subprocess.Popen([sys.executable, worker.__file__, *arguments])
        left, lock = self.random.randrange(1, 12), threading.Lock()

        def on_request() -> None:
            nonlocal left
            with lock:
                left -= 1
                if left == 0:
                    process.kill()

        self.vendor.on_request = on_request
        self.ends["killed" if process.wait(300) == -9 else "ended"] += 1
        self.vendor.on_request = lambda: None

    def all(self) -> BulkReport:
        """Grow, fail, be killed, and at last run in peace to the end."""
        self.vendor.rate = 0.35
        for length in range(1, LENGTHS + 1):
            count = CARDS * length // LENGTHS
            self.killed(count)
            for _ in range(RUNS):
                self.one(count)
        self.vendor.rate = 0.0
        report = self.one(CARDS)
        assert report is not None
        return report


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_no_card_is_made_twice_and_none_is_lost(mode: str, tmp_path: Path) -> None:
    with Vendor(SEED) as vendor:
        runs = Runs(vendor, tmp_path / "job.jsonl", mode, "create", random.Random(SEED))
        report = runs.all()
        wanted = Counter(row["title"] for row in worker.cards(CARDS))
        assert len(report.items) == wanted.total()
        titles = [row["title"] for row in worker.cards(CARDS)]
        twice = {title for title, ids in vendor.made.items() if len(ids) > wanted[title]}
        assert twice == set()
        by_title: dict[str, list[BulkItem]] = {}
        for title, item in zip(titles, report.items, strict=True):
            by_title.setdefault(title, []).append(item)
        for title, items in by_title.items():
            _check(title, items, vendor, runs.ends["killed"])
        unsent = [title for title, items in by_title.items() if not vendor.asked[title] and items]
        assert len(unsent) <= runs.ends["killed"]
        _tell(mode, report, runs, vendor)


def _check(title: str, items: list[BulkItem], vendor: Vendor, kills: int) -> None:
    """Each item of a title is done, with a card of its own, or ambiguous, with a request whose fate nobody was told."""
    ids = vendor.made[title]
    done = [item.id for item in items if item.status == "ok"]
    assert len(done) == len(set(done)), title
    assert set(done) <= set(ids), title
    ambiguous = [item for item in items if item.status == "ambiguous"]
    assert len(done) + len(ambiguous) == len(items), (title, items)
    silent = sum(fate in SILENCES for fate in vendor.asked[title])
    assert len(ambiguous) <= silent + kills, title
    assert len(ids) <= len(items), title


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_every_card_is_deleted(mode: str, tmp_path: Path) -> None:
    with Vendor(SEED + 1) as vendor:
        runs = Runs(vendor, tmp_path / "job.jsonl", mode, "delete", random.Random(SEED + 1))
        report = runs.all()
        assert len(report.items) == CARDS
        assert set(vendor.deleted) == {str(number) for number in range(CARDS)}
        # What was deleted before an answer that proved nothing, and asked for again, is gone: ok.
        assert [item for item in report.items if item.status != "ok"] == []
        _tell(mode, report, runs, vendor)


def _tell(mode: str, report: BulkReport, runs: Runs, vendor: Vendor) -> None:
    requests = sum(len(fates) for fates in vendor.asked.values())
    failed = requests - vendor.seen["as usual"]
    print(f"\n{mode}: {report}; {requests} requests, {failed} failed in {len(vendor.seen) - 1} ways; {dict(runs.ends)}")
