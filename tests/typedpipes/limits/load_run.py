"""A cell of the load table: some processes, one latency, one store; what the server saw and what was used."""

from __future__ import annotations

import math
import random

import attrs

from tests.typedpipes.limits.load_server import running
from tests.typedpipes.limits.load_worker import Plan, conduct, start


@attrs.frozen(kw_only=True)
class Cell:
    """What to run. ``cycles`` whole cycles of window + latency are measured, after one to warm up."""

    store: str
    store_url: str
    processes: int
    latency: float
    allowance: int
    window: float
    cycles: int
    skew: float = 5.0
    unanswered: float = 0.0
    deadline: float | None = None
    callers: int = 64
    """At least so many callers: enough that a burst of slots is taken as fast as it comes free."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of it. ``used`` is the share of N / (window + mean latency + store time) that went out."""

    cell: Cell
    arrivals: int
    sent: int
    violations: int
    most: int
    used: float
    latency: float
    store_time: float
    asks: float


def run(cell: Cell, seed: int = 1) -> Outcome:
    """Run one cell and judge it by the server's log."""
    dice = random.Random(seed)
    cycle = cell.window + cell.latency
    callers = max(cell.callers, math.ceil(3.5 * cell.allowance * cell.latency / cycle)) + cell.processes
    per_process = max(3, math.ceil(callers / cell.processes))
    threads = 2
    with running(cell.allowance, cell.window, cell.latency) as server:
        plans = [
            Plan(
                port=server.port,
                store_url=cell.store_url,
                allowance=cell.allowance,
                window=cell.window,
                tasks=per_process - threads,
                threads=threads,
                skew=dice.uniform(-cell.skew, cell.skew),
                unanswered=cell.unanswered,
                deadline=cell.deadline,
            )
            for _ in range(cell.processes)
        ]
        processes = [start(plan) for plan in plans]
        try:
            # Store time and late wake-ups lengthen the cycle: one cycle to warm up, and some to spare.
            tally = conduct(processes, (cell.cycles + 1.5) * cycle)
        finally:
            for process in processes:
                process.kill()
    latency = tally.latency / max(1, tally.answered)
    store_time = (tally.reserving + tally.settling) / max(1, tally.answered)
    return Outcome(
        cell=cell,
        arrivals=server.arrivals,
        sent=tally.sent,
        violations=server.violations,
        most=server.most,
        used=_used(server.times.get("k", []), cell, cell.window + latency + store_time),
        latency=latency,
        store_time=store_time,
        asks=tally.asks / max(1, tally.sent),
    )


def _used(times: list[float], cell: Cell, cycle: float) -> float:
    """The share of N per ``cycle`` that went out: ``cycle`` over the time that N arrivals took.

    That time is the distance between the mean arrivals of successive batches of N, the first batch left out: where in
    a burst one begins to count does not matter then.
    """
    size = cell.allowance
    means = [sum(times[at : at + size]) / size for at in range(0, len(times) - size + 1, size)]
    if len(means) < 3:
        return 0.0
    return cycle / ((means[-1] - means[1]) / (len(means) - 2))
