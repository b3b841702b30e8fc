"""What was made takes the place of what was there, or everything stays: whichever move fails, and however."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from typedpipes_codegen.output.swap import swap, workspace


def state(folder: Path) -> dict[str, str | None]:
    """Every path below a folder; files with their text."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def old(target: Path) -> None:
    for name in ("one", "stranger"):
        (target / name).mkdir(parents=True)
        (target / name / "module.py").write_text(f"old {name}", encoding="utf-8")
    (target / "digests.txt").write_text("old", encoding="utf-8")
    (target / "dangling").symlink_to("nowhere")


def replace_all(target: Path) -> None:
    """A folder replaced, one new, one taken away, a file replaced, one new, a link taken away."""
    with workspace(target.parent) as folder:
        for name in ("one", "two"):
            (folder / name).mkdir()
            (folder / name / "module.py").write_text(f"new {name}", encoding="utf-8")
        for name in ("digests.txt", "py.typed"):
            (folder / name).write_text("new", encoding="utf-8")
        made = ("one", "two", "digests.txt", "py.typed")
        swap({target / "stranger": None, target / "dangling": None, **{target / n: folder / n for n in made}}, folder)


def test_each_made_thing_stands_in_its_place_and_nothing_else_is_left(tmp_path: Path) -> None:
    old(tmp_path / "target")
    replace_all(tmp_path / "target")
    assert state(tmp_path) == {
        "target": None,
        "target/digests.txt": "new",
        "target/one": None,
        "target/one/module.py": "new one",
        "target/py.typed": "new",
        "target/two": None,
        "target/two/module.py": "new two",
    }


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["an error", "an interruption"])
@pytest.mark.parametrize("moved", [False, True], ids=["before the move", "after it"])
def test_whichever_move_fails_everything_is_as_it_was(
    error: BaseException, moved: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old(tmp_path / "target")
    before, rename = state(tmp_path), Path.rename
    for failing in itertools.count(1):
        count = 0

        def fault(self: Path, target: Path, failing: int = failing) -> Path:
            nonlocal count
            count += 1
            if count != failing:
                return rename(self, target)
            if moved:
                rename(self, target)
            raise error

        monkeypatch.setattr("typedpipes_codegen.output.swap.replace", fault)
        try:
            replace_all(tmp_path / "target")
        except type(error):
            assert state(tmp_path) == before, f"after move {failing}"
        else:
            break
    assert failing == 9, "eight moves: four old things go, four new ones come"
