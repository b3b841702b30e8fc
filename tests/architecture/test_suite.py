"""What the suite promises to whoever runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRESSES_CTRL_C = "tests/typedpipes/cli/test_exports.py::test_ctrl_c_while_waiting_prints_the_command_that_resumes"


def test_tests_that_press_ctrl_c_pass_in_the_background_of_a_shell() -> None:
    """As nohup does too, a shell starts what runs in its background with SIGINT ignored, and children inherit that."""
    options = ["-q", "-p", "no:cacheprovider", "--override-ini=addopts=--strict-markers --import-mode=importlib"]
    command = [sys.executable, "-m", "pytest", *options, PRESSES_CTRL_C]
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_user_s_home_and_settings_are_out_of_reach() -> None:
    home = Path(os.environ["HOME"])
    assert home.name.startswith("typedpipes-home-")
    for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
        assert Path(os.environ[f"XDG_{kind}_HOME"]).parent == home
    assert not [name for name in os.environ if name.startswith(("PIPEFY_", "PIPEDREAM_", "PIPEDRIVE_"))]
