"""BENCHMARKS.md, from the figures of one run."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import LOAD, SPREAD, Figure

_INTRODUCTION = f"""# Benchmarks

Written by `nox -s bench -- --write` from the JSON lines of one run. Do not edit.

Ours, the field (the vendor's or the stock generator's output) and the limit (bare httpx, `orjson`) take turns in one
run; a ratio is the median of the rounds' own ratios. CPU seconds are compared where nothing waits, wall seconds where
a server answers. A figure is marked *noisy* if the middle half of the samples it is compared with spreads over more
than {SPREAD:.0%} of their median; all are if the load average was above {LOAD} per core when the run began. What each
benchmark does is said at the top of its file in `tests/bench`.
"""
_SHOWN = ("attrs", "httpx", "msgspec", "pydantic", "orjson", "pipedream", "openapi-python-client", "ariadne-codegen")


def write(path: Path, figures: Sequence[Figure], load: float) -> None:
    """Write the table; nothing half-written stays."""
    draft = path.with_suffix(".new")
    draft.write_text(text(figures, load), encoding="utf-8", newline="\n")
    draft.replace(path)


def text(figures: Sequence[Figure], load: float) -> str:
    """The whole document."""
    lines = [_INTRODUCTION, _machine(load), "", "| figure | ours | field | limit | ratio | goal | |"]
    lines.append("|---|---|---|---|---|---|---|")
    lines += [_row(figure) for figure in figures]
    met = sum(figure.met is True for figure in figures)
    goals = sum(figure.met is not None for figure in figures)
    lines += ["", f"{met} of {goals} goals are met. `n` rounds each:"]
    lines.append(", ".join(f"`{figure.name}` {figure.n}" for figure in figures) + ".")
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> str:
    peer = "" if figure.peer is None else f"{_number(figure.peer)} {figure.unit} ({figure.peer_name})"
    limit = "" if figure.limit is None else f"{_number(figure.limit)} {figure.unit} ({figure.limit_name})"
    state = {True: "met", False: "**missed**", None: ""}[figure.met] + (" *noisy*" if figure.noisy else "")
    ratio = "" if figure.against == "ours" else f"{figure.ratio:.2f} ×"
    what = f"`{figure.name}`: {figure.what}" + (f" ({figure.remark})" if figure.remark else "")
    ours = f"{_number(figure.ours)} {figure.unit}".strip()
    return f"| {what} | {ours} | {peer} | {limit} | {ratio} | {figure.goal_text()} | {state.strip()} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _machine(load: float) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _SHOWN)
    today = datetime.datetime.now(datetime.UTC).date()
    noise = " **Too high to trust this run.**" if load > LOAD else ""
    return (
        f"Machine: {_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}; "
        f"{today}; load average per core at the start {load:.2f}.{noise}\nPackages: {versions}."
    )


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
