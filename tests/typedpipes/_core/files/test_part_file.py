"""The unfinished file: what is durable before it gets its name, and how much of it counts after a crash."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from typedpipes._core.files.part_file import PartFile
from typedpipes._core.files.transfer import ResumePoint
from typedpipes._core.flow import SystemClock, timeline

POINT = ResumePoint(0, etag='"e"', total=20)


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """File and size of each sync, in order."""
    sync = os.fsync
    seen: list[object] = []

    def fsync(descriptor: int) -> None:
        seen.append((os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def test_all_bytes_are_synced_before_the_file_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happened: list[object]
) -> None:
    replace = os.replace

    def renamed(source: Path, target: Path) -> None:
        happened.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", renamed)
    target = tmp_path / "file"
    part = PartFile(target, identity="x", overwrite=True)
    part.open()
    part.begin(POINT, 0)
    part.write(0, [b"a" * 20])
    part.commit()
    part.close()
    assert target.read_bytes() == b"a" * 20
    assert (target.stat().st_ino, 20) in happened[: happened.index(target)]


@pytest.mark.parametrize(("boot", "known"), [("this one", 12), ("an earlier one", 5)])
def test_after_a_crash_of_the_machine_only_what_was_synced_counts(tmp_path: Path, boot: str, known: int) -> None:
    """A process that was killed loses nothing: what it wrote is in the page cache."""
    (tmp_path / "file.part").write_bytes(b"a" * 12)
    notes = {"v": 1, "identity": "x", "etag": '"e"', "modified": None, "total": 20, "synced": 5}
    notes["boot"] = timeline(SystemClock()) if boot == "this one" else boot
    (tmp_path / "file.part.json").write_text(json.dumps(notes))
    part = PartFile(tmp_path / "file", identity="x", overwrite=True)
    assert part.open().offset == known
    part.close()


def test_bytes_of_an_earlier_process_do_not_count_as_synced_when_a_new_one_goes_on(tmp_path: Path) -> None:
    """A killed process left 12 bytes in the page cache, and synced 5: the next crash may leave 5."""
    (tmp_path / "file.part").write_bytes(b"a" * 12)
    notes = {"v": 1, "identity": "x", "etag": '"e"', "modified": None, "total": 20, "synced": 5}
    notes["boot"] = timeline(SystemClock())
    (tmp_path / "file.part.json").write_text(json.dumps(notes))
    part = PartFile(tmp_path / "file", identity="x", overwrite=True)
    point = part.open()
    assert point.offset == 12
    part.begin(point, 12)
    assert json.loads((tmp_path / "file.part.json").read_text())["synced"] <= 5
    part.close()


def test_what_is_kept_for_later_is_synced_and_noted(tmp_path: Path, happened: list[object]) -> None:
    part = PartFile(tmp_path / "file", identity="x", overwrite=True)
    part.open()
    part.begin(POINT, 0)
    notes = tmp_path / "file.part.json"
    part.write(0, [b"a" * 12])
    assert json.loads(notes.read_text())["synced"] == 0
    part.close()
    assert json.loads(notes.read_text())["synced"] == 12
    assert ((tmp_path / "file.part").stat().st_ino, 12) in happened
