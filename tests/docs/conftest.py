"""Runs pages as their readers would: in a folder of their own, against a sandbox, with nothing but loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks_of
from tests.docs.run_page import is_run
from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes_sandbox import Sandbox

TIMEOUT = 120


@pytest.fixture
def run_page(tmp_path: Path) -> Callable[[Path], str]:
    """Run every block of a page that runs here; fails with what was printed. Returns stdout."""

    def run(page: Path) -> str:
        blocks = [block for block in blocks_of(page) if is_run(block)]
        needs = {name for block in blocks for name in block.needs}
        with contextlib.ExitStack() as stack:
            sandbox = stack.enter_context(Sandbox(exports={"pace": "once"}))
            environment = {**os.environ, **_settings(tmp_path), **sandbox.environment()}
            environment["MY_TOKEN"] = sandbox.pipefy.personal_token  # a hand-written program's own setting
            if "redis" in needs:
                environment["REDIS_URL"] = _redis(stack, tmp_path)
            if not needs:
                environment["PYTHONWARNINGS"] = "error"
            folder = tmp_path / "page"
            folder.mkdir()
            code, out, talk = _run(page, folder, environment)
            assert code == 0, f"{out}\n{talk}"
            assert "Traceback" not in talk, talk
            assert sandbox.violations == []
            assert sandbox.errors == []
            return out

    return run


def _settings(home: Path) -> dict[str, str]:
    """A home of its own, and no way out but loopback."""
    nowhere = "http://127.0.0.1:9"
    return {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nowhere),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
    }


def _redis(stack: contextlib.ExitStack, folder: Path) -> str:
    server = RedisServer(folder)
    server.start()
    stack.callback(server.kill)
    return server.url


def _run(page: Path, folder: Path, environment: dict[str, str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr; whatever the page started ends with it."""
    out, talk = folder.parent / "stdout.txt", folder.parent / "stderr.txt"
    with out.open("wb") as one, talk.open("wb") as two:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.docs.run_page", str(page)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=one,
            stderr=two,
            start_new_session=True,
        )
        try:
            code = process.wait(TIMEOUT)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return code, out.read_text(encoding="utf-8"), talk.read_text(encoding="utf-8")
