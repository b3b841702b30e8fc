"""Limits on the command line: all of them are shown, and counting from zero is asked for."""

from __future__ import annotations

import json

from tests.typedpipes.cli.conftest import START, CommandLine
from tests.typedpipes.cli.terminal import Terminal


def test_a_limit_of_each_end_user_is_shown_without_naming_one(cli: CommandLine) -> None:
    shown = json.loads(cli.run("limits", "pipedream", "--json").out)["pipedream"]["limits"]
    row = next(row for row in shown if row["name"] == "connect.tokens")
    assert (row["allowance"], row["used"], row["window_seconds"]) == (100, None, 60.0)
    table = cli.run("limits", "pipedream").out
    assert "counted for each external user" in table
    assert cli.run("call", "pipedream.connect.tokens.create", "external_user_id=u1").code == 0
    named = json.loads(cli.run("limits", "pipedream", "--external-user", "u1", "--json").out)["pipedream"]["limits"]
    assert next(row for row in named if row["name"] == "connect.tokens")["used"] == 1


def test_reset_names_what_it_forgets_and_asks(cli: CommandLine) -> None:
    def calls() -> int:
        rows = json.loads(cli.run("limits", "pipefy", "--json").out)["pipefy"]["limits"]
        return int(next(row for row in rows if row["name"] == "pipefy.calls_per_month")["used"])

    assert cli.run("call", "pipefy.me").code == 0
    assert cli.run("call", "pipedrive.v2.deals.get", "1").code == 0
    before = calls()
    assert before >= 1
    nobody = cli.run("limits", "reset", "pipefy")
    assert (nobody.code, calls()) == (2, before)
    assert "give --yes" in nobody.talk
    for answer, code, left in (("n", 130, before), ("y", 0, 0)):
        with Terminal([*START, "limits", "reset", "pipefy"], 100, cli.home, cli.environment) as terminal:
            terminal.until(lambda lines: "Forget these counts?" in "\n".join(lines))
            terminal.press(f"{answer}\n".encode())
            assert terminal.end() == code
        shown = "\n".join(terminal.screen.plain())
        assert f"pipefy.calls_per_month: {before} of not known" in shown or "pipefy.calls_per_month" in shown
        assert "limits.db" in shown
        assert calls() == left
    again = cli.run("limits", "reset", "pipefy", "--json")
    assert (again.code, json.loads(again.out)["forgotten"]) == (0, [])
    assert json.loads(cli.run("limits", "reset", "pipedrive", "--yes", "--json").out)["forgotten"] == [
        {"name": "pipedrive.tokens_per_day", "used": 1}
    ], "of one vendor only"
