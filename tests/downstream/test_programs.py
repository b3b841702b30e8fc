"""What type checkers say about users' programs, and that the programs run against the sandbox."""

from __future__ import annotations

import json
import re

import attrs
import pytest

from tests.downstream.conftest import PROGRAMS
from tests.packaging.environments import BIN, Environment
from typedpipes_sandbox import ExportSettings, Sandbox, SandboxSettings

WRONG = "must_fail.py"
GOOD = sorted(path.name for path in PROGRAMS.glob("*.py") if path.name != WRONG)
OUTPUTS = {
    "connect_back_end.py": "True\nTrue False\n",
    "deal_sync.py": r"True .+ \{.*\}\n",
    "export_job.py": "jobs.csv True True\n",
    "first_deals.py": r"(\d+ \S.* [\d.]+\n){10}",
    "graphql_report.py": r"\S.*\nFrom the report \d+\nTrue\nrefused: 1\n",
    "graphql_selection.py": "Grinder\n",
    "own_models.py": r"0 10 True \[\]\n\['score', 'reasons'\] 10\n",
    "result_kinds.py": r"200 2 True\nTrue \['DeprecationWarning'\]\n\[1, 2\]\n",
}
"""By program: what it prints, as a pattern."""
FOLLOWING = re.compile("reportUnknown.*|reportMissing.*")
"""Rules that only repeat an error at the place where its result is used."""


@attrs.frozen
class Finding:
    """One complaint of a type checker."""

    file: str
    line: int
    rule: str
    text: str


def mypy(user: Environment, *names: str) -> list[Finding]:
    """What ``mypy --strict --enable-error-code deprecated`` says about programs."""
    words = ["-m", "mypy", "--strict", "--enable-error-code", "deprecated", "--output", "json", *names]
    done = user.start([str(user.python), *words], 1 if WRONG in names else 0, None)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [
        Finding(row["file"], row["line"], row["code"], row["message"]) for row in rows if row["severity"] == "error"
    ]


def basedpyright(user: Environment, *names: str) -> list[Finding]:
    """What basedpyright says about programs, warnings included."""
    found = user.command("basedpyright", "--outputjson", *names, code=1 if WRONG in names else 0)
    rows = json.loads(found.stdout)["generalDiagnostics"]
    return [
        Finding(row["file"], row["range"]["start"]["line"] + 1, row.get("rule", ""), row["message"])
        for row in rows
        if row["severity"] != "information"
    ]


def expected(pattern: str) -> dict[int, str]:
    """The rules that the lines of the wrong program name, by line."""
    lines = (PROGRAMS / WRONG).read_text(encoding="utf-8").splitlines()
    found = {number: re.search(rf"  # .*?({pattern})", line) for number, line in enumerate(lines, start=1)}
    return {number: match.group(1) for number, match in found.items() if match is not None}


def test_mypy_strict_accepts_the_programs(user: Environment) -> None:
    assert mypy(user, *GOOD) == []


def test_basedpyright_accepts_the_programs(user: Environment) -> None:
    assert basedpyright(user, *GOOD) == []


PACKAGES = [
    "typedpipes",
    *(f"typedpipes_api.{name}" for name in "connect pipedream pipedrive_v1 pipedrive_v2 pipefy".split()),
]


@pytest.mark.parametrize("package", [*PACKAGES, "typedpipes_api.pipefy_documented"])
def test_the_types_of_public_names_are_known(user: Environment, package: str) -> None:
    """At least 95 of 100; the installed code is what a type checker sees, without any guessing."""
    words = ["basedpyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    done = user.start([str(user.folder / "venv" / BIN / words[0]), *words[1:]], None, None)
    found = json.loads(done.stdout)["typeCompleteness"]
    assert sum(found["exportedSymbolCounts"].values()) > 50
    assert found["completenessScore"] >= 0.95


def test_mypy_finds_each_mistake_under_its_code_and_nothing_else(user: Environment) -> None:
    wanted = expected(r"\b[a-z]+(?:-[a-z]+)*\b")
    assert len(wanted) >= 30
    assert {found.line: found.rule for found in mypy(user, WRONG)} == wanted


def test_basedpyright_finds_each_mistake_under_its_rule_and_nothing_else(user: Environment) -> None:
    wanted = expected(r"report\w+")
    assert len(wanted) >= 30
    found = {each.line: each.rule for each in basedpyright(user, WRONG) if not FOLLOWING.fullmatch(each.rule)}
    assert found == wanted


@pytest.mark.parametrize("name", GOOD)
def test_the_program_runs_against_the_sandbox(user: Environment, name: str) -> None:
    with Sandbox(SandboxSettings(exports=ExportSettings(pace="polls", after_polls=1))) as sandbox:
        done = user.run("-W", "error::ResourceWarning", name, settings=sandbox.environment())
        assert re.fullmatch(OUTPUTS[name], done.stdout), done.stdout
        assert sandbox.violations == []


def test_a_typed_page_of_deals_takes_ten_lines_at_most() -> None:
    assert len((PROGRAMS / "first_deals.py").read_text(encoding="utf-8").splitlines()) <= 10


def test_a_secret_shows_nowhere_in_what_a_program_says(user: Environment) -> None:
    with Sandbox() as sandbox:
        settings = {**sandbox.environment(), "PIPEDRIVE_API_TOKEN": "planted-and-wrong-token-0123456789"}
        failed = user.run("deal_sync.py", code=1, settings=settings)
    assert "AuthenticationError" in failed.stderr
    assert "planted-and-wrong" not in failed.stderr + failed.stdout
