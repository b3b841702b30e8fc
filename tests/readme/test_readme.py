"""The README's code runs as it stands, against the sandbox, and its commands are the project's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from typedpipes_sandbox import Sandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALL = "python -m pip install -r locks/nox.txt"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_every_python_block_of_the_readme_runs_against_the_sandbox(tmp_path: Path) -> None:
    assert len(BLOCKS) >= 4
    with Sandbox() as sandbox:
        state = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
        environment = {**os.environ, **state, **sandbox.environment(), "PYTHONWARNINGS": "error"}
        for number, block in enumerate(BLOCKS, start=1):
            done = subprocess.run(
                [sys.executable, "-c", block],
                check=False,
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env=environment,
            )
            assert done.returncode == 0, f"block {number}:\n{block}\n{done.stderr}"
            assert done.stdout.strip(), f"block {number} shows nothing"
        assert sandbox.violations == []


@pytest.mark.parametrize("command", ["nox -s demo", "nox -s generate", "nox -s generate -- --check"])
def test_the_sessions_the_readme_names_exist(command: str) -> None:
    assert command in README
    session = command.split()[2]
    assert re.search(rf"^def {session}\(", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE)


def test_ci_runs_the_readmes_test_command() -> None:
    assert f"{INSTALL} && nox " in README
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert INSTALL in lines
    assert any(line.startswith("step nox -- -p randomly") for line in lines)
