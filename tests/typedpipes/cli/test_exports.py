"""``export automation-jobs`` end to end, interrupted and resumed: the file is whole and there is exactly one export."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typedpipes.cli.conftest import START, CommandLine
from typedpipes_sandbox import Fault

WORDS = ("export", "automation-jobs", "--period", "last_month", "--output", "jobs.csv")
CONTENT = b"Job ID,Status\n" + b"".join(b"%d,finished\n" % number for number in range(20_000))
HOUR = 3600
HASH = hashlib.sha256(CONTENT).hexdigest()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something the sandbox sees."""
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def polls(cli: CommandLine) -> int:
    return sum(1 for arrival in cli.sandbox.log if arrival.api == "pipefy" and "Export" in arrival.operation) - 1


def test_an_export_becomes_the_file(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="polls", after_polls=1)
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    ended = cli.run(*WORDS)
    assert (ended.code, ended.out) == (0, "jobs.csv\n"), ended
    assert digest(cli.home / "jobs.csv") == HASH
    assert "\x1b" not in ended.talk  # plain lines where there is no terminal
    assert "saved" in ended.lines[-1]
    assert len(cli.sandbox.exports) == 1
    assert not cli.sandbox.violations


def test_json_is_the_only_output_and_names_the_export(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="once")
    ended = cli.run(*WORDS, "--json", "--journal", "none")
    result = json.loads(ended.out)
    assert ended.code == 0
    assert ended.talk == ""
    assert result["bytes"] == (cli.home / result["file"]).stat().st_size
    assert json.loads(result["token"])["id"] == result["export_id"]
    assert not (cli.home / "state" / "typedpipes" / "exports.journal").exists()


def test_ctrl_c_while_waiting_prints_the_command_that_resumes(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="clock", after_seconds=HOUR)
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    process = cli.start(*WORDS, "--timeout", "50")
    until(lambda: polls(cli) >= 1, process)
    process.send_signal(signal.SIGINT)
    out, talk = process.communicate(timeout=60)
    assert process.returncode == 130, (out, talk)
    what, todo = talk.splitlines()[-2:]
    assert what == "interrupted: the export continues at the vendor"
    cli.sandbox.clock.advance(HOUR)
    ended = cli.repeat(todo.removeprefix("  do: "))
    assert "--timeout 50" in todo
    assert ended.code == 0, ended
    assert digest(cli.home / "jobs.csv") == HASH
    assert len(cli.sandbox.exports) == 1


def test_ctrl_c_while_downloading_keeps_the_part_and_resumes(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="once")
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    cli.sandbox.faults.add(Fault(api="files", chunk_delay=0.05, chunk_size=4096, count=1))
    process = cli.start(*WORDS)
    part = cli.home / "jobs.csv.part"
    until(lambda: part.exists() and part.stat().st_size > 0, process)
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=60)
    assert process.returncode == 130, talk
    assert not (cli.home / "jobs.csv").exists()
    ended = cli.repeat(talk.splitlines()[-1].removeprefix("  do: "))
    assert ended.code == 0, ended
    assert digest(cli.home / "jobs.csv") == HASH
    assert len(cli.sandbox.exports) == 1


def test_ctrl_c_during_the_create_waits_for_its_answer(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="once")
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    answered = threading.Event()

    class Held(Fault):
        def delay(self, base: float) -> float:
            answered.wait(60)  # the whole sandbox waits; nobody else calls it
            return 0.0

    cli.sandbox.faults.add(Held(api="pipefy", operation="*reateAutomationJobsExport*", latency_back=1.0, count=1))
    process = cli.start(*WORDS)
    until(lambda: len(cli.sandbox.exports) == 1, process)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stderr is not None
    talk = ""
    while "press Ctrl-C again" not in talk:
        line = process.stderr.readline()
        assert line, talk
        talk += line
    answered.set()
    talk += process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert process.wait(60) == 130, talk
    ended = cli.repeat(talk.splitlines()[-1].removeprefix("  do: "))
    assert ended.code == 0, ended
    assert digest(cli.home / "jobs.csv") == HASH
    assert len(cli.sandbox.exports) == 1


def test_after_a_kill_the_same_command_goes_on_with_the_same_export(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="clock", after_seconds=HOUR)
    process = cli.start(*WORDS)
    until(lambda: polls(cli) >= 1, process)
    process.kill()
    process.communicate(timeout=60)
    cli.sandbox.clock.advance(HOUR)
    ended = cli.run(*WORDS)
    assert ended.code == 0, ended
    assert len(cli.sandbox.exports) == 1


def test_a_timeout_prints_the_command_that_resumes(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="clock", after_seconds=HOUR)
    ended = cli.run(*WORDS, "--timeout", "1", "--json")
    assert ended.code == 1, ended
    error = json.loads(ended.out)["error"]
    assert error["type"] == "ExportTimeout"
    assert error["resume"] in error["todo"]
    cli.sandbox.clock.advance(HOUR)
    assert cli.run("export", "automation-jobs", "--resume", error["resume"], "-o", "jobs.csv").code == 0
    assert len(cli.sandbox.exports) == 1


@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
def test_the_file_goes_to_stdout_and_nothing_else_does(
    command_line: Callable[..., CommandLine], output: str, tmp_path: Path
) -> None:
    cli = command_line(pace="once")
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    ended = cli.run(*WORDS[:-1], output)
    assert ended.code == 0, ended
    assert ended.out.encode() == CONTENT
    shell = f"{shlex.join([*START, *WORDS[:-1], output])} > redirected.csv"
    subprocess.run(["bash", "-c", shell], check=True, cwd=cli.home, env=cli.environment, timeout=60)
    assert (cli.home / "redirected.csv").read_bytes() == CONTENT


def test_a_pipe_and_a_process_substitution_are_written_through(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="once")
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    os.mkfifo(cli.home / "fifo")
    command = shlex.join([*START, *WORDS[:-1]])
    shell = f"cat fifo > one.csv & {command} fifo && {command} >(cat > two.csv; touch done); wait; cat < /dev/null"
    subprocess.run(["bash", "-c", shell], check=True, cwd=cli.home, env=cli.environment, timeout=60)
    end = time.monotonic() + 30
    while not (cli.home / "done").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert digest(cli.home / "one.csv") == HASH
    assert digest(cli.home / "two.csv") == HASH
    assert stat.S_ISFIFO((cli.home / "fifo").stat().st_mode)


def test_a_reader_that_leaves_is_an_error_that_can_be_resumed(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="once")
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    with cli.start(*WORDS[:-1], "-") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        talk = process.stderr.read()
    assert process.returncode != 0
    assert "--resume" in talk
    assert len(cli.sandbox.exports) == 1


@pytest.mark.parametrize("kind", ["device", "link", "link to a pipe"])
def test_a_target_that_is_no_file_is_refused_before_the_export_is_spent(
    command_line: Callable[..., CommandLine], kind: str
) -> None:
    cli = command_line(pace="once")
    target = Path("/dev/full") if kind == "device" else cli.home / "target"
    if kind == "link":
        (cli.home / "real").write_bytes(b"precious")
        target.symlink_to("real")
    elif kind == "link to a pipe":
        os.mkfifo(cli.home / "real")
        target.symlink_to("real")
    ended = cli.run(*WORDS[:-1], str(target))
    assert ended.code == 2, ended
    assert "no regular file" in ended.talk or "is a link" in ended.talk
    assert len(cli.sandbox.exports) == 0
    assert stat.S_ISCHR(target.lstat().st_mode) if kind == "device" else target.is_symlink()


def test_json_and_the_file_do_not_both_go_to_stdout(command_line: Callable[..., CommandLine]) -> None:
    cli = command_line(pace="once")
    ended = cli.run(*WORDS[:-1], "-", "--json")
    assert ended.code == 2, ended
    assert len(cli.sandbox.exports) == 0
