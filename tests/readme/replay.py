"""``nox -s replay``: run every block of the README as a new user would, in a fresh clone and a new environment.

Python blocks and commands run against a sandbox of this process. A command that serves until Ctrl-C gets its Ctrl-C
when it has printed its settings. ``-- --quick`` leaves out the lines that run other sessions of nox, which take
minutes; what was left out is said, and a line that fails ends the replay.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.packaging.environments import BIN, ROOT, bare, sources
from typedpipes_sandbox import ExportSettings, Sandbox, SandboxSettings

BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SERVES: Final = re.compile(r"\b(?:typedpipes sandbox|typedpipes_sandbox)\b")
SESSION: Final = re.compile(r"\bnox\b(?! -l)")
EXTRAS: Final = "cli,codegen,keyring,redis,sandbox,xlsx"


def commands(block: str) -> list[str]:
    """The lines of a shell block, comments taken off and continued lines joined."""
    joined = block.replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]


class Replay:
    """A clone, an environment, and what was done with them."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *, quick: bool) -> None:
        self.clone = sources(folder / "typedpipes")
        self.quick = quick
        self.counts: dict[str, int] = {}
        self._environment = bare(folder, settings)
        git = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
        for words in (["init", "--quiet"], ["add", "--all"], [*git, "commit", "--quiet", "-m", "all"]):
            subprocess.run(["git", *words], cwd=self.clone, check=True)
        venv = folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        self._environment["PATH"] = f"{venv / BIN}{os.pathsep}{self._environment['PATH']}"
        self.shell(f'python -m pip install --quiet ".[{EXTRAS}]"')

    def shell(self, line: str) -> None:
        """Run one line; raises if it fails."""
        subprocess.run(["bash", "-e", "-c", line], cwd=self.clone, env=self._environment, check=True)

    def serve(self, line: str) -> None:
        """Run a line that serves: wait for its settings, press Ctrl-C, and see that it ends well."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec {line}"],
            cwd=self.clone,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        if not any(text.startswith(("export ", "{")) for text in process.stdout):
            raise SystemExit(f"{line} ended without its settings")
        process.send_signal(signal.SIGINT)
        if process.wait(30) != 0:
            raise SystemExit(f"{line} ended with {process.returncode} after Ctrl-C")

    def block(self, kind: str, text: str) -> None:
        """Run a block by its language."""
        if kind in ("python", "py"):
            subprocess.run(["python", "-c", text], cwd=self.clone, env=self._environment, check=True)
            self._count(kind)
        elif kind in ("sh", "bash", "console"):
            for line in commands(text):
                self.line(line)
        elif kind == "toml":
            tomllib.loads(text)
            self._count(kind)
        else:
            self._count(f"text ({kind or 'plain'}): read only")

    def line(self, line: str) -> None:
        """Run a command of the README."""
        sys.stdout.write(f"$ {line}\n")
        sys.stdout.flush()
        if self.quick and SESSION.search(line):
            self._count("commands left out by --quick")
            return
        started = time.monotonic()
        if SERVES.search(line):
            self.serve(line)
        else:
            self.shell(line)
        self._count("commands")
        sys.stdout.write(f"  {time.monotonic() - started:.1f} s\n")

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def main() -> int:
    """Replay the README; returns 0 if every block ran."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    exports = ExportSettings(pace="polls", after_polls=1)
    with tempfile.TemporaryDirectory() as name, Sandbox(SandboxSettings(exports=exports)) as sandbox:
        replay = Replay(Path(name), sandbox.environment(), quick="--quick" in sys.argv[1:])
        for kind, block in BLOCK.findall(text):
            replay.block(kind, block)
        if sandbox.violations:
            raise SystemExit(f"the sandbox saw violations: {sandbox.violations}")
    sys.stdout.write("".join(f"{count:4} {what}\n" for what, count in replay.counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
