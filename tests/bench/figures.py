"""What a benchmark says: figures with their goals, timed side by side, and whether the machine let them be trusted.

Rules, the same for every benchmark:

- Ours, the field and the limit take turns in one run; a ratio is the median of the rounds' own ratios, so that a
  machine that slows down for a while slows both sides of it.
- CPU seconds are compared where nothing waits (another process on the machine then costs little), wall seconds where
  a server answers.
- A figure is *noisy* if the middle half of the samples it is compared with (the bare limit's, else the peer's, else our
  own) spreads over more than `SPREAD` of their median. The whole run is noisy if the load average was above
  `LOAD` per core when it began. A noisy figure is printed, marked, and not to be quoted.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import attrs

SPREAD = 0.15
LOAD = 0.75

Clock = Callable[[], float]


@attrs.frozen(kw_only=True)
class Figure:
    """One figure. ``ratio`` is what the goal is about: ours against the limit or the peer, or ours as it stands."""

    name: str
    what: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    limit: float | None = None
    limit_name: str = ""
    ratio: float
    against: Literal["limit", "peer", "ours"] = "limit"
    goal: float | None = None
    at_least: bool = False
    n: int
    spread: float = 0.0
    remark: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None if there is none."""
        if self.goal is None:
            return None
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    @property
    def noisy(self) -> bool:
        """Whether the samples behind it spread too far."""
        return self.spread > SPREAD

    def goal_text(self) -> str:
        """``≤ 1.3 ×``: the goal with its direction and unit."""
        if self.goal is None:
            return ""
        unit = "" if self.against == "ours" and self.unit == "" else "×" if self.against != "ours" else self.unit
        return f"{'≥' if self.at_least else '≤'} {self.goal:g} {unit}".rstrip()

    def line(self) -> str:
        """The figure as one line of JSON."""
        return json.dumps({**attrs.asdict(self), "met": self.met, "noisy": self.noisy}, ensure_ascii=False)

    @classmethod
    def parse(cls, line: str) -> Figure:
        """Read a figure back from `line`."""
        row = json.loads(line)
        return cls(**{field.name: row[field.name] for field in attrs.fields(cls)})


class Samples:
    """What was measured of each contestant, round by round."""

    def __init__(self, taken: Mapping[str, Sequence[float]]) -> None:
        self.taken = taken

    def __getitem__(self, name: str) -> float:
        return statistics.median(self.taken[name])

    def ratio(self, one: str, other: str) -> float:
        """The median of the rounds' ratios."""
        pairs = zip(self.taken[one], self.taken[other], strict=True)
        return statistics.median(a / b for a, b in pairs)

    def spread(self, name: str) -> float:
        """How far the middle half of the samples spreads, as a share of their median."""
        samples = self.taken[name]
        if len(samples) < 4:
            return max(samples) / min(samples) - 1
        low, _, high = statistics.quantiles(samples, n=4)
        return (high - low) / statistics.median(samples)

    @property
    def n(self) -> int:
        """Rounds taken."""
        return len(next(iter(self.taken.values())))


def interleave(
    contestants: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    repeat: int | Mapping[str, int] = 1,
    clock: Clock = time.process_time,
) -> Samples:
    """Let the contestants take turns; seconds per call, one sample a round. A first round warms up and is not counted.

    The collector runs between samples and stays on within them, as in a program.
    """
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for number in range(rounds + 1):
        order.append(order.pop(0))
        for name in order:
            call = contestants[name]
            count = repeat if isinstance(repeat, int) else repeat[name]
            gc.collect()
            began = clock()
            for _ in range(count):
                call()
            if number:
                taken[name].append((clock() - began) / count)
    return Samples(taken)


def report(figures: Sequence[Figure]) -> int:
    """Print a table, then one JSON line per figure; the exit code tells whether a goal was missed."""
    print(f"{'figure':46}{'ours':>11}{'peer':>11}{'limit':>11}  {'unit':9}{'ratio':>7}  goal")
    for figure in figures:
        state = {True: "met", False: "MISSED", None: ""}[figure.met]
        noise = f"  noisy (spread {figure.spread:.0%})" if figure.noisy else ""
        print(
            f"{figure.name:46}{_number(figure.ours):>11}{_number(figure.peer):>11}{_number(figure.limit):>11}"
            f"  {figure.unit:9}{figure.ratio:>7.3g}  {figure.goal_text()} {state}{noise}"
        )
    print()
    for figure in figures:
        print(figure.line())
    sys.stdout.flush()
    return int(any(figure.met is False for figure in figures))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"


def load_per_core() -> float:
    """The load average of the last minute, per core."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)
