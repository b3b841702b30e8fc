"""Runs of the export process that are killed with -9 and started again until they end; the judgement of each."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import attrs

from tests.typedpipes.pipefy.exports import one_run
from tests.typedpipes.pipefy.exports.loopback_vendor import LoopbackVendor
from tests.typedpipes.pipefy.exports.one_run import AMBIGUOUS, DONE

STAGES = (
    "create received",
    "create executed",
    "create answered",
    "poll received",
    "poll executed",
    "poll answered",
)


@attrs.define
class Campaign:
    """What happened over all runs."""

    outcomes: Counter[str] = attrs.field(factory=Counter)
    kills: Counter[str] = attrs.field(factory=Counter)


def run_campaign(runs: int, folder: Path, seed: int) -> Campaign:
    """``runs`` runs, each killed once to three times and then left to end. Raises AssertionError for a wrong end."""
    content = random.Random(seed).randbytes(2_000_000)
    dice, campaign = random.Random(seed), Campaign()
    command = [sys.executable, str(one_run.__file__)]
    with (
        LoopbackVendor(content) as vendor,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forker,
    ):
        for number in range(1, runs + 1):
            _Run(vendor, forker, dice, folder / str(number), str(number), content, campaign).play()
        assert forker.stdin is not None
        forker.stdin.close()
    return campaign


class _Run:
    def __init__(
        self,
        vendor: LoopbackVendor,
        forker: subprocess.Popen[str],
        dice: random.Random,
        folder: Path,
        organization: str,
        content: bytes,
        campaign: Campaign,
    ) -> None:
        folder.mkdir()
        self.vendor, self.forker, self.dice, self.campaign = vendor, forker, dice, campaign
        self.organization = organization
        self.journal, self.target = folder / "journal", folder / "jobs.csv"
        self.digest = hashlib.sha256(content).digest()

    def play(self) -> None:
        for _ in range(self.dice.choice((1, 1, 1, 2, 3))):
            code = self.killed_process()
            assert self.vendor.created(self.organization) <= 1
            if self.target.exists():
                self.check_whole()
            if self.last_event() == "done":  # the kill came too late: starting again would be a new job
                self.check_whole()
                assert self.vendor.created(self.organization) == 1
                self.campaign.outcomes["done before the kill"] += 1
                return
            if code == AMBIGUOUS:
                break
        uncertain = self.last_event() == "intent"
        before = self.vendor.created(self.organization)
        code = self.process().run()
        after = self.vendor.created(self.organization)
        if uncertain:
            assert code == AMBIGUOUS, f"run {self.organization}: an unknown create ended with {code}"
            assert after == before, f"run {self.organization}: created after an unknown create"
            assert not self.target.exists()
            self.campaign.outcomes["ambiguous"] += 1
            return
        assert code == DONE, f"run {self.organization}: ended with {code}"
        assert after == 1, f"run {self.organization}: {after} exports"
        self.check_whole()
        self.campaign.outcomes["continued" if before else "killed before the intent"] += 1

    def check_whole(self) -> None:
        assert hashlib.sha256(self.target.read_bytes()).digest() == self.digest

    def last_event(self) -> str:
        """Of the journal, read without our own reader."""
        if not self.journal.exists():
            return ""
        events = [json.loads(line) for line in self.journal.read_bytes().splitlines()]
        return str([event for event in events if event["event"] != "form"][-1]["event"])

    def process(self) -> _Process:
        return _Process(self)

    def killed_process(self) -> int | None:
        process = self.process()
        stage = self.dice.choice(("time", "time", "time", "part", *STAGES))
        if stage == "time":
            return process.run(kill_after=self.dice.uniform(0, 0.06))
        if stage == "part":
            return process.run(kill_at_size=self.dice.randrange(1, 1_500_000))
        return process.run(kill_at=stage, visits=self.dice.randint(1, 2), delay=self.dice.choice((0, 0, 0.001)))


class _Process:
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._arguments = [run.vendor.url, run.organization, str(run.journal), str(run.target)]

    def run(
        self,
        *,
        kill_after: float | None = None,
        kill_at: str | None = None,
        kill_at_size: int | None = None,
        visits: int = 1,
        delay: float = 0.0,
    ) -> int:
        """Start it, kill it as told, and return its exit code (negative if the kill came in time)."""
        forker, vendor = self._run.forker, self._run.vendor
        assert forker.stdin is not None
        assert forker.stdout is not None
        started = threading.Event()
        left, process = [visits], [0]

        def hook(stage: str) -> None:
            if stage == kill_at:
                left[0] -= 1
                if left[0] == 0:
                    started.wait(10)
                    time.sleep(delay)
                    os.kill(process[0], signal.SIGKILL)

        vendor.hook = hook
        forker.stdin.write(json.dumps(self._arguments) + "\n")
        forker.stdin.flush()
        process[0] = int(forker.stdout.readline())
        started.set()
        # The process is a zombie at worst until we let the forker reap it: its id cannot be another's.
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(process[0], signal.SIGKILL)
        elif kill_at_size is not None:
            self._kill_at_size(process[0], kill_at_size)
        code = int(forker.stdout.readline())
        vendor.hook = lambda stage: None
        forker.stdin.write("reap\n")
        forker.stdin.flush()
        self._run.campaign.kills["killed" if code < 0 else "not killed"] += 1
        return code

    def _kill_at_size(self, process: int, size: int) -> None:
        part = self._run.target.with_name(self._run.target.name + ".part")
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            try:
                if part.stat().st_size >= size:
                    break
            except FileNotFoundError:
                pass
            time.sleep(0.0005)
        os.kill(process, signal.SIGKILL)
