"""Run the benchmarks: `run.py [NAME...] [--list] [--all] [--write]`. Each is a module `bench_NAME` beside this file.

Without names all run but those in `LONG`, of which ``limits`` runs its overhead part; ``--all`` runs those in full,
too. ``--write`` regenerates BENCHMARKS.md from the JSON lines of this run, so it takes no names. The exit code is the
number of benchmarks that failed or missed a goal; 99 if the arguments make no sense.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.bench.figures import LOAD, Figure, load_per_core
from tests.bench.folder import ROOT
from tests.bench.table import write

LONG = ("exports", "limits")
"""Benchmarks with tables that take many minutes, or gigabytes of disk."""
SHORT_PARTS = {"limits": ["overhead"]}


def main(arguments: list[str]) -> int:
    """Run what was asked for."""
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    options = {argument for argument in arguments if argument.startswith("-")}
    chosen = [argument for argument in arguments if not argument.startswith("-")]
    if options == {"--list"}:
        print("\n".join(f"{name}{' (long)' if name in LONG else ''}" for name in names))
        return 0
    if unknown := [name for name in chosen if name not in names] + sorted(options - {"--all", "--write"}):
        print(f"no benchmark or option {', '.join(unknown)}; there are: {', '.join(names)}", file=sys.stderr)
        return 99
    if chosen and options:
        print("--write and --all go without names: the table holds one whole run", file=sys.stderr)
        return 99
    load = load_per_core()
    whole = bool(chosen) or "--all" in options
    failed, figures = 0, []
    began = time.monotonic()
    for name in chosen or [name for name in names if whole or name not in LONG or name in SHORT_PARTS]:
        code, found = run(name, [] if whole else SHORT_PARTS.get(name, []))
        failed += code != 0
        figures += found
    print(f"\n{len(figures)} figures in {time.monotonic() - began:.0f} s")
    missed = [figure.name for figure in figures if figure.met is False]
    noisy = [figure.name for figure in figures if figure.noisy]
    print(f"missed: {', '.join(missed) or 'none'}")
    if noisy:
        print(f"too noisy to trust (samples spread too far): {', '.join(noisy)}")
    if load > LOAD:
        print(f"too noisy to trust, all of it: the load average was {load:.2f} per core when the run began")
    if "--write" in options:
        write(ROOT / "BENCHMARKS.md", figures, load)
    return failed


def run(name: str, parts: list[str]) -> tuple[int, list[Figure]]:
    """Run one benchmark, show what it says, and return its exit code and figures."""
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", f"tests.bench.bench_{name}", *parts]
    found = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith('{"name": '):
                found.append(Figure.parse(line))
    return process.returncode, found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
