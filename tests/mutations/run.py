"""Mutation testing: change the code in a small way, and see whether a test fails.

``python -m tests.mutations.run [--each 12] [--seed 1] [AREA …]``; ``nox -s mutations -- …`` does the same. Mutants are
mutmut's, made in a copy of ``overrides``: a sample of ``--each`` per area. A mutant is killed if the area's tests fail,
or do not end in time. The report names the survivors; that a mutant survives is no failure of the run.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PYTEST: Final = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider")
OPTIONS: Final = ("-m", "not campaign", "-o", "addopts=--strict-markers --import-mode=importlib")
SLACK: Final = 5.0
"""How many times as long as without a mutation the tests may take, and seconds on top of it."""

AREAS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "retry": (
        tuple(f"_core/http/{name}.py" for name in "retry retry_after redirects exchange".split()),
        ("_core/http",),
    ),
    "limits": (
        ("limits/book.py", "limits/counts.py", "limits/limiter.py"),
        tuple(
            f"limits/test_{name}.py"
            for name in "book exactness given_back abandoned stores_agree feedback policies".split()
        ),
    ),
    "auth": (
        ("_core/auth/flight.py", "_core/auth/token_credential.py", "_core/auth/token_request.py"),
        ("_core/auth/test_token_credential.py", "_core/auth/test_token_stores.py", "_core/auth/test_flight.py"),
    ),
    "exports": (
        tuple(f"pipefy/exports/{name}.py" for name in "answers engine journal schedule".split()),
        tuple(
            f"pipefy/exports/test_{name}.py" for name in "answers arguments create forms journal schedule wait".split()
        ),
    ),
    "downloads": (("_core/files/links.py", "_core/files/part_file.py", "_core/files/transfer.py"), ("_core/files",)),
}
"""Code below ``overrides/typedpipes``, and tests below ``tests/typedpipes`` that should notice."""


class Mutants:
    """An area in a copy of the code."""

    def __init__(self, area: str, folder: Path) -> None:
        modules, tests = AREAS[area]
        self._code = folder / "overrides"
        self._tests = [str(Path("tests", "typedpipes", name)) for name in tests]
        self._modules = [self._code / "typedpipes" / name for name in modules]
        self.longest = 600.0

    def sample(self, count: int, seed: int) -> list[tuple[Path, str]]:
        """``count`` mutants, the same ones for a seed: a file and its changed text."""
        mutmut = importlib.import_module("mutmut.mutation.file_mutation")
        found = []
        for path in self._modules:
            tree, mutations, *_ = mutmut.create_mutations(str(path), path.read_text(encoding="utf-8"))
            found += [(path, mutmut, tree, mutation) for mutation in mutations]
        chosen = random.Random(seed).sample(found, min(count, len(found)))
        return [
            (path, mutmut.deep_replace(tree, mutation.original_node, mutation.mutated_node).code)
            for path, mutmut, tree, mutation in chosen
        ]

    def judge(self, path: Path, mutant: str) -> tuple[str, str]:
        """``killed``, ``timeout`` or ``survived``, and what was changed."""
        before = path.read_text(encoding="utf-8")
        path.write_text(mutant, encoding="utf-8")
        try:
            verdict = self.verdict()
        finally:
            path.write_text(before, encoding="utf-8")
        changed = difflib.unified_diff(before.splitlines(), mutant.splitlines(), lineterm="", n=0)
        lines = [line for line in changed if line[:3] not in ("+++", "---")]
        return verdict, "\n    ".join([str(path.relative_to(self._code)), *lines])

    def verdict(self) -> str:
        """What the tests make of the code as it is."""
        with subprocess.Popen(
            [*PYTEST, *OPTIONS, *self._tests],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(self._code), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as tests:
            try:
                return "survived" if tests.wait(self.longest) == 0 else "killed"
            except subprocess.TimeoutExpired:
                return "timeout"
            finally:
                if tests.poll() is None:
                    os.killpg(tests.pid, signal.SIGKILL)


def run(areas: Sequence[str], each: int, seed: int) -> int:
    """Judge a sample of each area; 1 if the tests of one fail without any mutation."""
    rows: list[str] = []
    survivors: list[str] = []
    total = lost = 0
    for area in areas:
        with tempfile.TemporaryDirectory(prefix="typedpipes-mutants-") as folder:
            shutil.copytree(ROOT / "overrides", Path(folder, "overrides"))
            mutants = Mutants(area, Path(folder))
            began = time.monotonic()
            if mutants.verdict() != "survived":
                print(f"{area}: its tests fail without any mutation", file=sys.stderr)
                return 1
            mutants.longest = (time.monotonic() - began + 1.0) * SLACK
            verdicts: list[str] = []
            for path, mutant in mutants.sample(each, seed):
                verdict, change = mutants.judge(path, mutant)
                verdicts.append(verdict)
                print(f"{area}: {verdict}: {change}", flush=True)
                if verdict == "survived":
                    survivors.append(f"{area}: {change}")
        alive = verdicts.count("survived")
        total, lost = total + len(verdicts), lost + alive
        rows.append(
            f"| {area} | {len(verdicts)} | {verdicts.count('killed')} | {verdicts.count('timeout')} | {alive} "
            f"| {100 * (1 - alive / len(verdicts)):.0f} % |"
        )
    print("\n| area | mutants | killed | timed out | survived | score |\n|---|---|---|---|---|---|")
    print("\n".join(rows))
    print(f"\nScore: {100 * (1 - lost / total):.0f} % of {total}, seed {seed}. Survivors:\n")
    print("\n".join(survivors) or "none")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.mutations.run", description="Mutation testing of a sample.")
    parser.add_argument("areas", nargs="*", choices=[*AREAS, []], help="default: all")
    parser.add_argument("--each", type=int, default=12, help="mutants per area (default: 12)")
    parser.add_argument("--seed", type=int, default=1, help="another sample (default: 1)")
    given = parser.parse_args()
    return run(given.areas or list(AREAS), given.each, given.seed)


if __name__ == "__main__":
    sys.exit(main())
