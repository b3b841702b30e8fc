"""From nothing but Python, pip and git to a file and a page of deals, with the words a person types."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.environments import BIN, ROOT, bare, locked

COMMANDS = (
    "git clone --quiet $REPOSITORY typedpipes",
    "python -m venv .venv && . .venv/bin/activate",
    'pip install --quiet "./typedpipes[cli,sandbox,xlsx]"',
    "typedpipes sandbox --quiet > .env &",
    "typedpipes export automation-jobs --period last_month --output jobs.csv --env-file .env",
)
READY = "until grep -q '^export ' .env 2>/dev/null; do sleep 0.2; done"
"""What a person does by looking: the sandbox is there when it has printed its settings."""
PROGRAM = ROOT / "tests" / "downstream" / "programs" / "first_deals.py"


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a shell that knows nothing but Python and git."""
    start = folder / "start"
    start.mkdir(exist_ok=True)
    if not (start / "python").exists():
        (start / "python").symlink_to(sys.executable)
    versions = folder / "constraints.txt"
    versions.write_text("".join(f"{name}=={version}\n" for name, version in locked().items()), encoding="utf-8")
    environment = bare(folder, {"PIP_CONSTRAINT": str(versions), "PATH": f"{start}{os.pathsep}{os.environ['PATH']}"})
    return subprocess.run(
        ["bash", "-e", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=600,
    )


@pytest.fixture(scope="module")
def repository(checkout: Path) -> Path:
    """A repository with the files of this checkout, to be cloned."""
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    for words in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "all")):
        subprocess.run(["git", *words], cwd=checkout, check=True)
    return checkout


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; the sandbox that was started in it is stopped at the end."""
    yield tmp_path
    noted = tmp_path / "sandbox.pid"
    if noted.exists():
        os.kill(int(noted.read_text()), signal.SIGTERM)  # a shell starts what is in the background deaf to SIGINT
        time.sleep(0.2)


def test_five_commands_lead_to_a_file_and_ten_lines_to_a_page_of_deals(folder: Path, repository: Path) -> None:
    assert len(COMMANDS) <= 5
    lines = list(COMMANDS)
    lines[3:4] = [lines[3].replace("> .env", "> .env 2> /dev/null"), "echo $! > sandbox.pid", READY]
    script = "\n".join([f"REPOSITORY={repository}", *lines])
    done = run(folder, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "jobs.csv\n"
    assert (folder / "jobs.csv").read_text(encoding="utf-8").count("\n") > 1
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) <= 10
    deals = run(folder, f". ./.env && .venv/{BIN}/python {PROGRAM}")
    assert deals.returncode == 0, deals.stderr
    assert len(deals.stdout.splitlines()) == 10
