"""Formats generated code with the pinned ruff, whatever the folder that it lies in."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped]  # ruff ships no types

from typedpipes_codegen.errors import SchemaError

LINE_LENGTH = 120
_TIMEOUT = 300.0
# Where the files lie must not matter: by default ruff passes over what is below `.nox`, `build`, an ignored folder, ...
_LOCATION = ("--isolated", "--no-cache", "--no-respect-gitignore", "--config", "exclude = []")


def run_ruff(command: str, *arguments: str, folder: Path) -> None:
    """Run ``ruff check`` or ``ruff format`` over every file below ``folder``; a refusal is a ``SchemaError``."""
    options = [*_LOCATION, "--quiet", "--target-version=py311", f"--line-length={LINE_LENGTH}", *arguments]
    run = subprocess.run(
        [find_ruff_bin(), command, *options, str(folder)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=_TIMEOUT,
    )
    if run.returncode != 0:
        raise SchemaError(
            f"ruff {command} refused the generated code: {run.stdout.strip()[:500]} {run.stderr.strip()[:500]}",
            remedy="install the pinned ruff; if it is, report this fault of the generation step",
        )
