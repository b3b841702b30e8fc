"""Files are written whole or not at all, also where another process reads what is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from typedpipes._core import disk
from typedpipes_codegen.documents import write_atomically


@pytest.mark.parametrize("busy", [3, 100])
def test_a_file_that_another_process_reads_on_windows_is_replaced_a_little_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int
) -> None:
    replace, left, pauses = os.replace, [busy], list[float]()

    def busy_first(source: Path, target: Path) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        replace(source, target)

    monkeypatch.setattr(disk, "WINDOWS", True)
    monkeypatch.setattr(os, "replace", busy_first)
    monkeypatch.setattr("time.sleep", pauses.append)
    file = tmp_path / "names.lock"
    file.write_text("old")
    if busy < 20:
        write_atomically(file, "new\n")
    else:
        with pytest.raises(PermissionError):
            write_atomically(file, "new\n")
    assert file.read_bytes() == (b"new\n" if busy < 20 else b"old")
    assert len(pauses) == min(busy, 19)
    assert [path.name for path in tmp_path.iterdir()] == ["names.lock"]
