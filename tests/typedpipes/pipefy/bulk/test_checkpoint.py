"""The checkpoint writes to no file but its own, and survives a disk that is full."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import Either
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy import BulkProgress, BulkReport, BulkStopped
from typedpipes.pipefy.bulk import checkpoint

CARDS = [{"title": f"card {number}"} for number in range(4)]


def create(either: Either, path: Path, **options: Any) -> BulkReport:
    report: BulkReport = either(either.client.bulk.create_cards(CARDS, pipe_id=1, checkpoint=path, **options))
    return report


@pytest.mark.parametrize(
    "content",
    [b"my notes", b"my notes\n", b"{", b'{"version": 2', b'{"version": 9, "job": "create_cards"}\n', b"\xff\n", b"\n"],
)
def test_a_file_that_is_not_ours_is_left_as_it_is(plain: Either, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="give another file"):
        create(plain, path)
    assert path.read_bytes() == content
    assert plain.server.log == []


def test_a_checkpoint_of_another_job_is_left_as_it_is(plain: Either, tmp_path: Path) -> None:
    path = tmp_path / "job.jsonl"
    create(plain, path)
    content = path.read_bytes()
    with pytest.raises(ConfigurationError, match="of another job"):
        plain(plain.client.bulk.delete_cards(["1"], checkpoint=path))
    assert path.read_bytes() == content
    path.write_bytes(content + b'{"begun": "x"}\n')
    with pytest.raises(ConfigurationError, match="damaged"):
        create(plain, path)


def test_a_path_that_cannot_be_written_is_refused_before_anything_is_sent(plain: Either, tmp_path: Path) -> None:
    for path in (tmp_path / "missing" / "job.jsonl", tmp_path):
        with pytest.raises(ConfigurationError, match="nothing was sent"):
            create(plain, path)
    assert plain.server.log == []


@pytest.mark.parametrize("line", ["begun", "outcome"])
def test_a_full_disk_stops_the_job_which_continues_when_there_is_room(plain: Either, tmp_path: Path, line: str) -> None:
    path = tmp_path / "job.jsonl"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(at: BulkProgress) -> None:
        if at.done == 2:  # files cannot grow beyond this any more, or by no more than a line ``begun``
            room = 0 if line == "begun" else 60
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, before[1]))

    try:
        with pytest.raises(BulkStopped, match="the checkpoint or the temporary file cannot be written") as stopped:
            create(plain, path, progress=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    report = stopped.value.report
    assert isinstance(stopped.value.__cause__, OSError)
    done = 2 if line == "begun" else 3
    assert [item.status for item in report.items] == ["ok"] * done + ["pending"] * (4 - done)
    assert path.read_bytes().endswith(b"\n")
    assert create(plain, path, resume=report).complete  # in the same process: the lock was given back
    assert plain.server.count("CreateCard") == 4


def test_the_folder_of_a_new_checkpoint_is_synced(
    plain: Either, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(checkpoint, "sync_directory", synced.append)
    create(plain, tmp_path / "job.jsonl")
    create(plain, tmp_path / "job.jsonl")
    assert synced == [tmp_path]
