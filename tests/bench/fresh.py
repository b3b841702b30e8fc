"""Programs timed in interpreters of their own, taking turns."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.figures import Samples
from tests.bench.folder import ROOT, folder

OPTIONAL = ("click", "h2", "pygments", "rich", "socksio", "trio")
"""What httpx and httpcore import when it is there, and what a plain install does not bring."""

_PROGRAM = """
import sys, time
sys.path[:0] = {path!r}
sys.modules.update(dict.fromkeys({hidden!r}))
_began = time.process_time()
{code}
_seconds = time.process_time() - _began
print(_seconds, *[name for name in sys.modules])
"""


def environment() -> dict[str, str]:
    """As a user's: bytecode is cached (in the session's folder)."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**env, "PYTHONPYCACHEPREFIX": str(folder() / "bytecode"), "PYTHONWARNINGS": "ignore"}


def run_once(code: str, path: list[str] | None = None) -> tuple[float, list[str]]:
    """CPU seconds of ``code`` in a fresh interpreter (its own start left out), and the modules loaded at the end."""
    program = _PROGRAM.format(code=code, path=path or [], hidden=OPTIONAL)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment(), check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"{code}\nfailed:\n{done.stderr[-2000:]}")
    seconds, *modules = done.stdout.splitlines()[-1].split()
    return float(seconds), modules


def starts(programs: Mapping[str, tuple[str, list[str]]], *, rounds: int) -> tuple[Samples, dict[str, list[str]]]:
    """CPU seconds of each program (code, extra import path), and the modules each one loads."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    modules: dict[str, list[str]] = {}
    order = list(programs)
    for number in range(rounds + 1):
        order.append(order.pop(0))
        for name in order:
            seconds, modules[name] = run_once(*programs[name])
            if number:  # the first round writes the bytecode
                taken[name].append(seconds)
    return Samples(taken), modules


def cpu_of(command: list[str], cwd: Path, env: Mapping[str, str]) -> tuple[float, float, str]:
    """CPU and wall seconds of a command and of the processes it waits for, and its output. It must succeed."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} failed:\n{output[-3000:]}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began, output
