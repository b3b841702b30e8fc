"""Every task of the project. `nox -l` lists them; `nox` alone runs what must pass before a change lands.

The sessions install all they need from the Python registry, a Redis server included: exactly what locks/sessions.txt
says, checked by its hashes. `nox -s newest` and `nox -s lowest` run the suite with what it does not say.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nox
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "typecheck", "tests"]

ROOT = Path(__file__).parent
LOCK = Path("locks", "sessions.txt")
LOCK_OF_NOX = Path("locks", "nox.txt")
PROJECT = nox.project.load_toml("pyproject.toml")
CODE = ["overrides", "tests", "docs/_site", "noxfile.py", "hatch_build.py", "release.py"]
EVERYTHING = "cli,codegen,httpx2,redis,sandbox,xlsx"
ONE_PROCESS = "--override-ini=addopts=-ra --strict-markers --import-mode=importlib -p no:randomly"
"""For tests that fill environments or a site: no workers beside each other."""


def _install(session: nox.Session, *groups: str, extras: str = "") -> None:
    """Install this checkout with ``extras``, and ``groups``, as locked; nothing if that is done already."""
    files = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", LOCK))
    recipe = "\n".join([extras, *groups, files])
    stamp = Path(session.create_tmp()) / "installed.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == recipe:
        return
    locked = ["--constraint", str(LOCK), "--require-hashes"]
    _install_as(session, *locked, "--requirement", "pyproject.toml", *_words(groups, extras))
    stamp.write_text(recipe, encoding="utf-8")


def _install_as(session: nox.Session, *words: str) -> None:
    """Leave only what ``words`` resolve to, and this checkout beside it. Nothing else is built, so nothing fetched."""
    session.install("--quiet", "--exact", "--no-build", *words)
    session.install("--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")


def _words(groups: tuple[str, ...], extras: str) -> list[str]:
    chosen = [("--extra", extra) for extra in extras.split(",") if extra]
    chosen += [("--group", group) for group in ("build", *groups)]
    return [word for pair in chosen for word in pair]


def _build(session: nox.Session) -> None:
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation", "--wheel", "--sdist", "--outdir", "dist")


def _suite(session: nox.Session) -> None:
    session.run("python", "-m", "pytest", *session.posargs)


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
    _install(session, "bench", "typecheck", extras=EVERYTHING)
    session.run("mypy", "overrides", "generated/typedpipes_api", "tests", "noxfile.py")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite. Arguments go to pytest; `-- -p randomly` shuffles the tests and prints the seed."""
    _install(session, "tests", "typecheck", extras=EVERYTHING)
    _suite(session)


@nox.session(name="tests-3.12", python="3.12")
def tests_on_3_12(session: nox.Session) -> None:
    """The test suite on Python 3.12."""
    _install(session, "tests", "typecheck", extras=EVERYTHING)
    _suite(session)


@nox.session(name="tests-3.13", python="3.13")
def tests_on_3_13(session: nox.Session) -> None:
    """The test suite on Python 3.13."""
    _install(session, "tests", "typecheck", extras=EVERYTHING)
    _suite(session)


@nox.session(name="tests-httpx2")
def tests_on_httpx2(session: nox.Session) -> None:
    """What sends requests, on httpx2. Arguments go to pytest; `-- tests` runs the whole suite on it."""
    _install(session, "tests", "typecheck", extras=EVERYTHING)
    core = [f"tests/typedpipes/_core/{name}" for name in ("http", "auth", "files", "rest", "graphql", "paging")]
    facades = [f"tests/typedpipes/{name}" for name in ("pipefy", "pipedream", "pipedrive", "declared")]
    chosen = session.posargs or [*core, *facades, "tests/end_to_end/test_secrets_stay.py"]
    session.run("python", "-m", "pytest", *chosen, env={"TYPEDPIPES_HTTP": "httpx2"})


@nox.session
def newest(session: nox.Session) -> None:
    """The test suite with the newest of everything, lock or not. `-- --pre` takes pre-releases, too."""
    options = ["--prerelease", "allow"] if "--pre" in session.posargs else []
    wanted = ["--requirement", "pyproject.toml", *_words(("tests", "typecheck"), f"{EVERYTHING},keyring,otel")]
    _install_as(session, "--upgrade", *options, *wanted)
    rest = [word for word in session.posargs if word != "--pre"]
    session.run("python", "-m", "pytest", *rest)


@nox.session
def lowest(session: nox.Session) -> None:
    """The test suite with the lowest versions that the metadata allows; the tests' own tools are as locked."""
    project = PROJECT["project"]
    ranges = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    ours = {canonicalize_name(Requirement(text).name) for text in ranges}
    tools = [Requirement(text) for text in nox.project.dependency_groups(PROJECT, "build", "tests")]
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / LOCK).read_text(encoding="utf-8"), re.MULTILINE))
    names = {canonicalize_name(tool.name) for tool in tools} - ours - {"opentelemetry-sdk"}
    pins = [f"{name}=={locked[name]}" for name in sorted(names)]
    extras = _words((), f"{EVERYTHING},keyring,otel")
    wanted = ["--requirement", "pyproject.toml", *extras, "opentelemetry-sdk", *pins]
    _install_as(session, "--upgrade", "--resolution", "lowest-direct", *wanted)
    _suite(session)


@nox.session
def lock(session: nox.Session) -> None:
    """Renew locks/. `-- --upgrade-package NAME` renews one package."""
    common = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-build"]
    common += ["--no-emit-index-url", "--no-emit-find-links", "--annotation-style", "line"]
    common += ["--custom-compile-command", "nox -s lock", *(session.posargs or ["--upgrade"])]
    groups = [word for name in PROJECT["dependency-groups"] for word in ("--group", name)]
    session.run("uv", "pip", "compile", *common, "pyproject.toml", "--all-extras", *groups, "--output-file", str(LOCK))
    session.run(
        "uv", "pip", "compile", *common, "--group", "nox", "--constraint", str(LOCK), "--output-file", str(LOCK_OF_NOX)
    )


@nox.session(name="vendor-documents")
def vendor_documents(session: nox.Session) -> None:
    """Check the committed schemas against the vendors' files: `nox -s vendor-documents -- FOLDER`."""
    if len(session.posargs) != 1:
        session.error("name the folder that holds the vendors' files: nox -s vendor-documents -- FOLDER")
    folder = Path(session.invoked_from) / session.posargs[0]
    if not folder.is_dir():
        session.error(f"there is no folder {session.posargs[0]}")
    _install(session, "tests", extras=EVERYTHING)
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
    _install(session, "docs", extras=EVERYTHING)
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "true"})
    session.run("mypy", "docs/_site", "tests/docs")
    everything = "--override-ini=norecursedirs=.* __pycache__"  # tests/docs runs in this session only
    session.run("python", "-m", "pytest", ONE_PROCESS, everything, "tests/docs", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Benchmarks beside their peers in one run. `-- NAME`: one; `-- --list`; `-- --write`: BENCHMARKS.md."""
    _install(session, "bench", "typecheck", extras=EVERYTHING)
    env = {"TYPEDPIPES_BENCH_FOLDER": str(Path(session.create_tmp()).resolve())}
    session.run("python", "-m", "tests.bench.run", *session.posargs, env=env)


@nox.session
def campaigns(session: nox.Session) -> None:
    """Long, bounded campaigns that the default suite only samples. Arguments go to pytest."""
    _install(session, "campaigns", "typecheck", extras=EVERYTHING)
    options = "--override-ini=addopts=--strict-markers --import-mode=importlib -p no:randomly"
    session.run("python", "-m", "pytest", "-m", "campaign", options, *session.posargs)


@nox.session
def schemas(session: nox.Session) -> None:
    """Each schema of a folder, generated beside the stock generator: `-- FOLDER`. Without one, our corpus of styles."""
    _install(session, "tests", "typecheck", extras=EVERYTHING)
    folders = [str(Path(session.invoked_from) / word) for word in session.posargs]
    session.run("python", "-m", "tests.campaigns.schemas.run", *folders)


@nox.session
def mutations(session: nox.Session) -> None:
    """Mutation testing of retry, limits, auth, exports and downloads: a sample; `-- --each 50 --seed 2 auth`."""
    _install(session, "mutations", extras=EVERYTHING)
    session.run("python", "-m", "tests.mutations.run", *session.posargs)


@nox.session
def vendors(session: nox.Session) -> None:
    """The vendors' own published clients, as real processes, against the sandbox. Needs no Node on the machine."""
    _install(session, "vendors", extras="sandbox")
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
    _install(session)
    _build(session)


@nox.session
def release(session: nox.Session) -> None:
    """Check that the version can be released, build it into dist/, test the wheel, and tag it in this repository."""
    _install(session, "packaging", extras="redis,sandbox")
    session.run("python", "release.py", "check")
    _build(session)
    session.run("python", "-m", "pytest", ONE_PROCESS, "tests/packaging", *session.posargs)
    session.run("python", "release.py", "tag")


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
    _install(session, "downstream", extras="sandbox")
    session.run("python", "-m", "pytest", ONE_PROCESS, "tests/downstream", *session.posargs)
