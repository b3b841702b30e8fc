"""``call``, ``limits``, ``auth check``, ``sandbox``: what they print is what the vendor said, and no secret."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.committed_schemas import REST, rest_operations, saved_operations
from tests.typedpipes.cli.conftest import START, CommandLine
from typedpipes.cli.operations import APIS, operations

CALLS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    # words after `call`, and where the answer has something
    (("pipefy.organization", "id=123456789"), ("name",)),
    (("pipefy.create_card", "input.pipe_id=301", "input.title=Hello"), ("card", "title")),
    (("pipedream.rest.users.me",), ("data", "email")),
    (("pipedream.connect.accounts.list", "limit=2"), ("page_info", "total_count")),
    (("pipedrive.v1.users.me",), ("data", "company_name")),
    (("pipedrive.v2.deals.get", "1"), ("data", "title")),
    (("pipedrive.v2.deals.create", "value=12.5", "--json", '{"title": "Two ways"}'), ("data", "value")),
]
SECRETS = (
    "PIPEFY_CLIENT_SECRET",
    "PIPEDREAM_CLIENT_SECRET",
    "PIPEDREAM_API_KEY",
    "PIPEDRIVE_API_TOKEN",
)


def test_any_api_can_be_called_and_answers_json(cli: CommandLine) -> None:
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda row: cli.run("call", *row[0]), CALLS))
    for (words, path), each in zip(CALLS, ended, strict=True):
        assert each.code == 0, (words, each)
        value = json.loads(each.out)
        for key in path:
            value = value[key]
        assert value, words
    assert not cli.sandbox.violations


def test_iter_gives_one_line_of_json_per_item(cli: CommandLine) -> None:
    ended = cli.run("call", "pipedrive.v2.deals.iter", "page_size=2", "max_items=3")
    assert ended.code == 0, ended
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == [1, 2, 3]


def test_secrets_of_an_answer_are_masked_unless_asked_for(cli: CommandLine) -> None:
    words = ("call", "pipedream.connect.tokens.create", "external_user_id=u1")
    masked, shown = json.loads(cli.run(*words).out), json.loads(cli.run(*words, "--show-secrets").out)
    assert shown["token"].startswith("ctok_")
    assert shown["token"] in shown["connect_link_url"]
    assert "ctok_" not in json.dumps(masked)
    assert masked.keys() == shown.keys()
    listed = ("call", "pipedream.connect.accounts.list", "limit=1", "include_credentials=true")
    account = json.loads(cli.run(*listed).out)["data"][0]
    assert set(account["credentials"]) == {"*"}


def test_no_command_prints_a_configured_secret(cli: CommandLine) -> None:
    secrets = [cli.environment[name] for name in SECRETS]
    wrong = {name: f"planted-{name.lower().replace('_', '-')}-secret" for name in SECRETS}
    commands: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("auth", "check"), {}),
        (("auth", "check", "--json", "--debug"), wrong),
        (("call", "pipefy.me", "--debug"), {**wrong, "PIPEFY_CLIENT_ID": ""}),
        (("call", "pipedrive.v2.deals.get", wrong["PIPEDRIVE_API_TOKEN"], "--debug"), wrong),
        (("limits", "--json"), {}),
    ]
    with ThreadPoolExecutor(2) as pool:
        for ended in pool.map(lambda row: cli.run(*row[0], **row[1]), commands):
            assert ended.out + ended.talk
            for secret in (*secrets, *wrong.values()):
                assert secret not in ended.out + ended.talk, ended


def test_auth_check_tries_every_credential(cli: CommandLine) -> None:
    good = cli.run("auth", "check", "--json")
    found = json.loads(good.out)["credentials"]
    assert good.code == 0, good
    assert [(each["kind"], each["works"]) for each in found] == [
        ("service_account", True),
        ("oauth", True),
        ("api_key", True),
        ("api_token", True),
    ]
    assert found[0]["origins"] == [cli.sandbox.pipefy_url]
    bad = cli.run("auth", "check", "pipedream", PIPEDREAM_API_KEY="no-such-key-at-all")
    assert bad.code == 1
    assert "oauth" in bad.out.splitlines()[0]
    assert "works" in bad.out.splitlines()[0]
    assert "do: check that the credential" in bad.out


def test_limits_are_counted_across_commands(cli: CommandLine) -> None:
    assert cli.run("call", "pipefy.me").code == 0
    ended = cli.run("limits", "pipefy", "--plan", "business", "--json")
    rows = {row["name"]: row for row in json.loads(ended.out)["pipefy"]["limits"]}
    assert rows["pipefy.requests"]["allowance"] == 500
    assert rows["pipefy.calls_per_month"]["remaining"] <= 500
    assert rows["pipefy.requests"]["used"] >= 1
    table = cli.run("limits").out
    for name in ("pipefy.requests", "connect.accounts", "pipedrive.burst"):
        assert name in table


def test_settings_come_from_a_file_and_the_environment_wins(cli: CommandLine) -> None:
    names = [name for name in cli.environment if name.startswith("PIPEDRIVE_")]
    lines = [f"export {name}='{cli.environment[name]}'  # a comment" for name in names if name != "PIPEDRIVE_API_TOKEN"]
    (cli.home / ".env").write_text("\n".join(["# settings", *lines, "PIPEDRIVE_API_TOKEN=wrong-token-here"]))
    cleared: dict[str, str | None] = dict.fromkeys(names)
    words = ("call", "pipedrive.v1.currencies.list", "--env-file", ".env")
    assert cli.run(*words, **cleared).code == 1
    ended = cli.run(*words, **{**cleared, "PIPEDRIVE_API_TOKEN": cli.environment["PIPEDRIVE_API_TOKEN"]})
    assert ended.code == 0, ended
    (cli.home / ".env").write_text("PIPEFY_TOKEN secret-in-a-bad-line\n")
    broken = cli.run("auth", "check", "--env-file", ".env")
    assert broken.code == 3
    assert ".env, line 1" in broken.talk
    assert "secret-in-a-bad-line" not in broken.talk


def test_the_sandbox_starts_and_its_settings_serve_a_command(cli: CommandLine) -> None:
    process = subprocess.Popen(
        [*START, "sandbox", "--quiet"], stdout=subprocess.PIPE, text=True, env=cli.environment, cwd=cli.home
    )
    assert process.stdout is not None
    try:
        line = next(line for line in process.stdout if line.startswith("export "))
        (cli.home / ".env").write_text(line)
        bare: dict[str, str | None] = dict.fromkeys(cli.sandbox.environment())
        ended = cli.run("call", "pipefy.me", "--env-file", ".env", **bare)
        assert json.loads(ended.out)["email"], ended
        assert not len(cli.sandbox.log)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        process.stdout.close()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("typedpipes call pipedrive.v2.deals.g", {"pipedrive.v2.deals.get"}),
        (
            "typedpipes call pipedrive.v2.deals.get includ",
            {"include_fields=", "include_labels=", "include_option_labels="},
        ),
    ],
)
def test_tab_completes_names_and_arguments(cli: CommandLine, line: str, expected: set[str]) -> None:
    words = {"_TYPEDPIPES_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    assert set(cli.run(**words).out.split()) == expected


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_complete_with_what_each_operation_does(cli: CommandLine, shell: str) -> None:
    words = {
        "_TYPEDPIPES_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "typedpipes call pipedrive.v2.deals.ge",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    told = cli.run(**words).out
    assert "pipedrive.v2.deals.get" in told
    assert "Read one deal." in told


def test_json_before_the_command_holds_for_call_too(cli: CommandLine) -> None:
    described = json.loads(cli.run("--json", "call", "pipedrive.v2.deals.get", "--describe").out)
    assert described["name"] == "pipedrive.v2.deals.get"
    assert {"name": "id", "types": ["int"], "required": True, "option": False} in described["parameters"]
    refused = cli.run("--json", "call", "pipedrive.v2.deals.get", "one")
    assert json.loads(refused.out)["error"]["exit_code"] == refused.code == 2
    unknown = cli.run("limits", "--json", "--plann", "x")
    assert json.loads(unknown.out)["error"]["type"] == "UsageError"


def test_every_generated_operation_has_a_name_and_a_readable_signature() -> None:
    names = list(operations())
    assert {operation.api for operation in names} == set(APIS)
    assert len({operation.name for operation in names}) == len(names)
    called = Counter(operation.api.name for operation in names if operation.path[-1].partition("_")[0] != "iter")
    expected = {document.replace("/", "."): len(rest_operations(document)) for document in REST.values()}
    assert called == {**expected, "pipefy": len(saved_operations("live"))}
    for operation in names:
        assert operation.call.usage.startswith(f"typedpipes call {operation.name}")


def test_output_follows_no_link_and_replaces_nothing_but_a_file(cli: CommandLine) -> None:
    """Before anything is asked for; an existing file keeps its mode, a new one follows the umask."""
    cli.home.joinpath("victim").write_bytes(b"precious")
    for name in ("link", "me.json.part"):
        cli.home.joinpath(name).symlink_to("victim")
    os.mkfifo(cli.home / "fifo.part")
    for target, said in (
        ("link", "is a link"),
        ("me.json", "is a link"),
        ("/dev/full", "no regular file"),
        ("fifo", ""),
    ):
        ended = cli.run("call", "pipefy.me", "--output", target)
        assert ended.code == 2, ended
        assert said in ended.talk
    assert cli.home.joinpath("victim").read_bytes() == b"precious"
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
    old = cli.home / "old.json"
    old.write_bytes(b"old")
    old.chmod(0o640)
    assert cli.run("call", "pipefy.me", "--output", "old.json").code == 0
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert json.loads(old.read_bytes())["id"]
    ended = cli.run("call", "pipefy.me", "--output", "-")
    assert json.loads(ended.out)["id"]
    assert cli.run("call", "pipefy.card", "id=404404", "-o", "none.json").code != 0
    assert not (cli.home / "none.json").exists()
    assert sorted(path.name for path in cli.home.glob("none*")) == []


def test_every_answer_can_be_written_to_a_file(cli: CommandLine) -> None:
    ended = cli.run("call", "pipefy.me", "--output", "me.json")
    assert (ended.code, ended.out) == (0, "me.json\n")
    assert json.loads((cli.home / "me.json").read_text(encoding="utf-8"))["id"]
    ended = cli.run("call", "pipedrive.v2.deals.iter", "max_items=3", "-o", "deals.jsonl")
    assert ended.code == 0
    rows = (cli.home / "deals.jsonl").read_text(encoding="utf-8").splitlines()
    assert len([json.loads(row)["id"] for row in rows]) == 3
    assert not list(cli.home.glob("*.part"))
