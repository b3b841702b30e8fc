from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from typedpipes.errors import ConfigurationError
from typedpipes.pipefy.exports.journal import COMPACT_OVER, Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def test_an_intent_without_an_id_is_found_as_such_by_the_next_process(journal: Journal) -> None:
    journal.intend("k")
    entry = Journal(journal.path).find("k")
    assert entry is not None
    assert (entry.key, entry.token, entry.job_id) == ("k", None, None)


def test_an_id_after_the_intent_is_found_with_its_token(journal: Journal) -> None:
    journal.intend("k")
    journal.created("k", "e1", '{"v":1}')
    entry = Journal(journal.path).find("k")
    assert entry is not None
    assert (entry.key, entry.job_id, entry.token) == ("k", "e1", '{"v":1}')


@pytest.mark.parametrize("end", ["refused", "done", "forget"])
def test_a_concluded_job_frees_its_key(journal: Journal, end: str) -> None:
    journal.intend("k")
    journal.created("k", "e1", "{}")
    if end == "done":
        journal.done("e1")
    else:
        getattr(journal, end)("k")
    assert journal.find("k") is None


def test_a_torn_last_line_counts_as_not_written_and_does_not_swallow_the_next(journal: Journal) -> None:
    journal.intend("k")
    journal.created("k", "e1", "{}")
    content = journal.path.read_bytes()
    for cut in range(1, len(content)):
        journal.path.write_bytes(content[:cut])
        entry = journal.find("k")
        assert entry is None or entry.job_id in (None, "e1")
        journal.intend("other")
        assert journal.find("other") is not None
    journal.path.write_bytes(content + b"\0" * 512)
    assert journal.find("k") is not None


def test_records_reach_the_disk_before_the_call_returns(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced.append(journal.path.read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    journal.intend("k")
    assert b'"intent"' in synced[0]
    journal.created("k", "e1", "{}")
    assert b'"created"' in synced[-1]


def test_only_one_holder_may_create_and_a_dead_one_lets_go(journal: Journal) -> None:
    code = (
        "import sys, time; from typedpipes.pipefy.exports.journal import Journal\n"
        "lock = Journal(sys.argv[1]).lock(); assert lock.try_acquire(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(journal.path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        lock = journal.lock()
        assert lock.try_acquire() is False
        holder.kill()
        holder.wait()
        assert lock.try_acquire() is True
        assert journal.lock().try_acquire() is False
        lock.release()


def test_it_does_not_grow_without_bound_and_keeps_what_is_open(journal: Journal) -> None:
    journal.put("slot", "documented")
    journal.intend("open")
    journal.created("open", "e0", "{}")
    while journal.path.stat().st_size <= COMPACT_OVER:
        with journal.path.open("ab") as file:
            line = json.dumps({"v": 1, "at": "", "event": "refused", "key": "x" * 1000}).encode() + b"\n"
            file.write(line * 32)
    journal.intend("next")
    assert journal.path.stat().st_size < 2000
    entry = journal.find("open")
    assert entry is not None
    assert entry.job_id == "e0"
    assert journal.get("slot") == "documented"


@pytest.mark.parametrize("content", [b"hello\n", b"[]\n", b'{"v":1}\n', b'{"v":9,"key":"k","event":"intent"}\n'])
def test_a_file_that_is_no_journal_is_refused(journal: Journal, content: bytes) -> None:
    journal.path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"journal\.jsonl"):
        journal.find("k")


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        Journal(tmp_path / "nowhere" / "j").intend("k")
