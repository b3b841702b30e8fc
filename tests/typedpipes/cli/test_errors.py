"""Everything that can be typed or set wrongly ends in two lines, what and what to do, and in the documented code."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.typedpipes.cli.conftest import CommandLine, Ended
from typedpipes_sandbox import Fault

EXPORT = ("export", "automation-jobs")
Settings = dict[str, str | None]
NO_PIPEFY: Settings = {"PIPEFY_CLIENT_ID": None, "PIPEFY_CLIENT_SECRET": None, "PIPEFY_TOKEN": None}
NO_PIPEDREAM: Settings = {"PIPEDREAM_CLIENT_ID": None, "PIPEDREAM_CLIENT_SECRET": None, "PIPEDREAM_API_KEY": None}
DEAD: Settings = {"PIPEFY_BASE_URL": "http://127.0.0.1:1/graphql", "PIPEFY_TOKEN_URL": "http://127.0.0.1:1/oauth/token"}
FULL = (*EXPORT, "--period", "last_month", "--output", "jobs.csv")

Row = tuple[tuple[str, ...], Settings, int, str, str]
TABLE: list[Row] = [
    # command, settings, exit code, part of what, part of what to do
    (("exprot",), {}, 2, "No such command 'exprot'", "typedpipes --help"),
    (("limits", "pipedirve"), {}, 2, "pipedirve", "limits show --help"),
    ((*EXPORT, "--period", "last_year", "-o", "x"), {}, 2, "last_3_months", "automation-jobs --help"),
    ((*EXPORT, "--period", "last_month"), {}, 2, "--output", "automation-jobs --help"),
    ((*EXPORT, "-o", "x"), {}, 2, "--period is missing", "last_month"),
    (FULL, {"PIPEFY_ORGANIZATION_ID": None}, 2, "--organization is missing", "PIPEFY_ORGANIZATION_ID"),
    ((*FULL, "--organization", "https://example.com/1"), {}, 2, "organization_id must be", "--organization"),
    ((*EXPORT, "--resume", "{broken", "-o", "x"), {}, 2, "not a job token", "--resume"),
    ((*EXPORT, "--period", "last_month", "-o", "no/such/x"), {}, 2, "does not exist", "--output"),
    (("limits", "pipefy", "--plan", "gold"), {}, 2, "starter, business", "--plan"),
    (FULL, NO_PIPEFY, 3, "PIPEFY_TOKEN", "set PIPEFY_CLIENT_ID in the environment"),
    (FULL, {"PIPEFY_CLIENT_SECRET": None}, 3, "PIPEFY_CLIENT_SECRET is not", "set PIPEFY_CLIENT_SECRET"),
    (("call", "pipedream.rest.users.me"), {"PIPEDREAM_API_KEY": None}, 3, "PIPEDREAM_API_KEY", "auth check"),
    (("auth", "check", "--env-file", "none.env"), {}, 3, "none.env cannot be read", "auth check"),
    (("auth", "check"), {**NO_PIPEFY, **NO_PIPEDREAM, "PIPEDRIVE_API_TOKEN": None}, 3, "no vendor", "PIPEFY_TOKEN"),
    ((*FULL, "--plan", "business", "--limits", "memory://"), {}, 2, "memory://", "--limits"),
    (("call", "pipefy.me", "retries=0"), DEAD, 1, "", "check the network"),
    (("call", "pipedrive.v2.deals.gett", "1"), {}, 2, "pipedrive.v2.deals.gett", "did you mean pipedrive.v2.deals.get"),
    (("call", "pipedrive.v2.deals"), {}, 2, "not an operation", "pipedrive.v2.deals.list"),
    (
        ("call", "pipedrive.v2.deals.get", "one"),
        {},
        2,
        "id takes int, not 'one'",
        "typedpipes call pipedrive.v2.deals.get",
    ),
    (("call", "pipedrive.v2.deals.get"), {}, 2, "needs id", "id=…"),
    (("call", "pipedrive.v2.deals.get", "1", "include_feilds=x"), {}, 2, "include_feilds", "include_fields"),
    (("call", "pipefy.card", "--json", "[1]"), {}, 2, "one JSON object", "id=…"),
    (("call", "pipefy.card", "--json", "{id:1}"), {}, 2, "not JSON", "quote"),
    (("call", "pipedream.connect.tokens.create"), {}, 2, "external_user_id is required", "external_user_id=…"),
    (("call", "pipedrive.v2.deals.get", "987654"), {}, 1, "404", "check the id"),
    (("limits", "--plann", "x"), {}, 2, "--plann", "limits show --help"),
    (("limits", "--plan", "business"), {}, 2, "belong to one vendor", "typedpipes limits pipefy"),
    (("limits", "pipedrive", "--seats", "0"), {}, 2, "--seats", "limits show --help"),
    (("limits", "pipefy", "--external-user", "u"), {}, 2, "of Pipedream", "limits pipedream"),
    (("limits", "reset"), {}, 2, "VENDOR", "limits reset --help"),
    (("limits", "pipefy"), {"PIPEFY_PLAN": "gold"}, 3, "PIPEFY_PLAN is one of starter", "set PIPEFY_PLAN"),
    (("limits", "pipedrive"), {"PIPEDRIVE_SEATS": "ten"}, 3, "PIPEDRIVE_SEATS is a whole number", "PIPEDRIVE_SEATS"),
    (("limits", "pipefy", "--limits", "mysql://x"), {}, 2, "mysql", "--limits"),
    (("call", "pipefy.me"), {"TYPEDPIPES_LIMITS": "sqlite:////dev/null/x.db"}, 1, "/dev/null/x.db", "--limits"),
    (("call", "pipefy.me", "--limits", "redis://127.0.0.1:1"), {}, 1, "cannot be reached", "--limits"),
    (("call", "pipefy.me", "--config", "none.toml"), {}, 3, "none.toml cannot be read", "docs/configuration.md"),
    (("call", "pipefy.me", "--profile", "x"), {}, 2, "profile 'x' was asked for", "--profile"),
    (("call", "pipefy.me"), {"TYPEDPIPES_CONFIG": "/dev/zero/x"}, 3, "cannot be read", "correct the profile file"),
    (("call", "pipefy.me"), {"PIPEFY_BASE_URL": "http://example.com/graphql"}, 3, "https", "auth check"),
    (
        ("call", "pipefy.me"),
        {**NO_PIPEFY, "PIPEFY_TOKEN": "two words"},
        3,
        "PIPEFY_TOKEN holds a space",
        "PIPEFY_TOKEN",
    ),
    (
        ("call", "pipedream.connect.accounts.list"),
        {"PIPEDREAM_PROJECT_ID": None},
        2,
        "set PIPEDREAM_PROJECT_ID, or pipedream.project_id in a profile (docs/configuration.md#pipedream)",
        "project_id=",
    ),
    (("call", "pipedrive.v2.deals.get", "1", "--json", "@none.json"), {}, 2, "none.json cannot be read", "@FILE"),
    (("call", "pipedrive.v1.files.upload", "file=@none.pdf"), {}, 2, "file takes file, not '@none", "files.upload"),
    (("call", "nothing.like.this"), {}, 2, "there is no operation", "Tab"),
    (("call",), {}, 2, "API.RESOURCE.METHOD", "call --help"),
    (("auth", "check", "pipefyy"), {}, 2, "pipefyy", "check --help"),
    (("auth", "chek"), {}, 2, "chek", "auth --help"),
    ((*FULL, "--timeout", "0"), {}, 2, "--timeout", "--help"),
    ((*FULL, "--timeout", "soon"), {}, 2, "soon", "--help"),
    ((*FULL, "--plan", "unlimited"), {}, 2, "by contract", "--allowance"),
    ((*EXPORT, "--period", "last_month", "-o", "/"), {}, 2, "/", "--output"),
    (("call", "pipedrive.v2.deals.get", "1"), {"PIPEDRIVE_API_TOKEN": "wrong0token1wrong2"}, 1, "401", "auth check"),
]


def two_lines(row: Row, ended: Ended) -> str:
    """What is wrong with how a row ended; empty if nothing is."""
    _, _, code, what, todo = row
    lines = ended.lines
    right = (
        ended.code == code
        and len(lines) == 2
        and lines[0].startswith("error: ")
        and what in lines[0]
        and lines[1].startswith("  do: ")
        and todo in lines[1]
        and not ended.out
    )
    return "" if right else f"{row}\n  ended {ended}"


def test_whatever_is_wrong_is_told_in_two_lines_with_the_documented_code(cli: CommandLine) -> None:
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda row: cli.run(*row[0], **row[1]), TABLE))
    wrong = [told for row, each in zip(TABLE, ended, strict=True) if (told := two_lines(row, each))]
    assert not wrong, "\n".join(wrong)
    assert len(cli.sandbox.exports) == 0


def test_a_refused_permission_and_a_limit_are_told_apart(cli: CommandLine) -> None:
    cli.sandbox.faults.add(Fault(api="pipedrive", operation="*users.me", status=403, body={"success": False}))
    ended = cli.run("call", "pipedrive.v1.users.me")
    assert not two_lines((("call",), {}, 1, "403", "ask an admin"), ended), ended
    slow = {"retry-after": "7200"}
    cli.sandbox.faults.add(Fault(api="pipedrive", operation="*currencies*", status=429, headers=slow, body={}))
    ended = cli.run("call", "pipedrive.v1.currencies.list", "max_wait=1")
    assert not two_lines((("call",), {}, 4, "pipedrive_v1.currencies.list", "try again"), ended), ended


def test_a_used_up_quota_is_code_4(cli: CommandLine) -> None:
    assert cli.run(*FULL, "--allowance", "1", "--timeout", "1").code in (1, 4)  # it takes the only call there is
    ended = cli.run(*FULL, "--allowance", "1", "--forget")
    assert ended.code == 4, ended
    assert ended.lines[-2].startswith("error: ")
    assert "wait until 2" in ended.lines[-1]
    assert len(cli.sandbox.exports) == 1


def test_debug_shows_the_traceback_and_the_two_lines(cli: CommandLine) -> None:
    ended = cli.run("call", "pipedrive.v2.deals.get", "987654", "--debug")
    assert ended.code == 1
    assert "Traceback (most recent call last)" in ended.talk
    assert ended.lines[-1].startswith("  do: ")


def test_errors_are_json_too_where_json_was_asked_for(cli: CommandLine) -> None:
    ended = cli.run(*FULL, "--json", **NO_PIPEFY)
    told = json.loads(ended.out)["error"]
    assert told["exit_code"] == ended.code == 3
    assert told["type"] == "ConfigurationError"
    assert "PIPEFY_CLIENT_ID" in told["message"]


@pytest.mark.parametrize(
    ("missing", "words", "extra"),
    [("typer", ["--help"], "cli"), ("rich", ["--help"], "cli"), ("typedpipes_sandbox", ["sandbox"], "sandbox")],
)
def test_a_missing_extra_names_the_command_that_installs_it(missing: str, words: list[str], extra: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from typedpipes.cli import main; sys.exit(main({words!r}))"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 2, lines
    assert f'pip install ".[{extra}]"' in lines[1]


def test_every_help_page_lists_the_exit_codes(cli: CommandLine) -> None:
    pages = [(), ("export",), EXPORT, ("call",), ("limits",), ("auth",), ("auth", "check")]
    with ThreadPoolExecutor(2) as pool:
        for ended in pool.map(lambda words: cli.run(*words, "--help"), pages):
            assert ended.code == 0
            assert "130 interrupted" in " ".join(ended.out.split())
