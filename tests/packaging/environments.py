"""Building the distribution, and environments in which nothing but it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "locks" / "sessions.txt"
BIN = "Scripts" if os.name == "nt" else "bin"
KEPT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy")
"""Variables a clean environment takes over, besides those of pip and uv."""


def bare(home: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment of variables for a process: a home of its own, ``settings``, nothing that was set by chance."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(("PIP_", "UV_"))}
    own = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
    return {**kept, **own, "PYTHONUTF8": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **(settings or {})}


def locked() -> dict[str, str]:
    """The version of each distribution in the lock, by normalized name."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))


def build(kind: str, source: Path, target: Path) -> Path:
    """A ``wheel`` or ``sdist`` of a source tree, by the tools of this environment."""
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(target), str(source)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


def sources(target: Path) -> Path:
    """What a clone of this checkout would hold, uncommitted changes included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    for name in os.fsdecode(listed).split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


@attrs.frozen
class Environment:
    """A virtual environment with its own home and working directory."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, *requirements: str) -> Environment:
        """A new one with ``requirements`` and what they need, as the lock has it."""
        folder.mkdir(parents=True)
        made = cls(folder)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        made.work.mkdir()
        if requirements:
            made.pip("install", "--quiet", "--no-build", "--constraint", str(LOCK), *requirements)
            known = locked()
            strays = {name: version for name, version in made.distributions().items() if known.get(name) != version}
            assert strays.keys() <= {"typedpipes"}, f"not as locked: {strays}"
        return made

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "venv" / BIN / "python"

    @property
    def work(self) -> Path:
        """The working directory, where nothing of the checkout can be imported."""
        return self.folder / "work"

    def pip(self, command: str, *words: str) -> None:
        """Run the installer of this environment upon that one."""
        line = [find_uv_bin(), "pip", command, "--python", str(self.python), *words]
        done = subprocess.run(line, check=False, capture_output=True, text=True, encoding="utf-8", cwd=self.work)
        assert done.returncode == 0, f"{line} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"

    def run(
        self, *words: str, code: int = 0, settings: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the interpreter; fails with all it said unless it ends with ``code``."""
        return self.start([str(self.python), *words], code, settings)

    def command(
        self, *words: str, code: int = 0, settings: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run an installed command."""
        return self.start([str(self.folder / "venv" / BIN / words[0]), *words[1:]], code, settings)

    def activated(self) -> dict[str, str]:
        """The variables of a shell in which this environment is active: basedpyright looks for packages by PATH."""
        variables = bare(self.folder)
        return {**variables, "PATH": f"{self.folder / 'venv' / BIN}{os.pathsep}{variables.get('PATH', '')}"}

    def start(
        self, words: Sequence[str], code: int | None, settings: Mapping[str, str] | None
    ) -> subprocess.CompletedProcess[str]:
        """Run any command; ``code`` None: however it ends."""
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            cwd=self.work,
            env={**self.activated(), **(settings or {})},
            timeout=600,
        )
        assert code in (None, done.returncode), f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def distributions(self) -> dict[str, str]:
        """What is installed: versions by normalized name."""
        program = (
            "import importlib.metadata as m, re\n"
            "for d in m.distributions(): print(re.sub(r'[-_.]+', '-', d.metadata['Name']).lower(), d.version)"
        )
        rows = (line.partition(" ") for line in self.run("-c", program).stdout.splitlines())
        return {name: version for name, _, version in rows}


def with_extra(wheel: Path, extra: str, folder: Path) -> Environment:
    """A new environment with the wheel and one extra; ``core``: none."""
    return Environment.create(folder / extra, str(wheel) if extra == "core" else f"{wheel}[{extra}]")


__all__ = ["BIN", "ROOT", "Environment", "bare", "build", "locked", "sources", "with_extra"]
