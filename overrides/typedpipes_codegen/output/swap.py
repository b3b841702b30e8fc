"""What was made takes the place of what was there: all of it, or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def workspace(beside: Path | None) -> Iterator[Path]:
    """A temporary folder to make things in, gone in the end; in the folder ``beside``, so that a rename can move them.

    With None it lies where the system keeps temporary files; from there nothing can be swapped in.
    """
    folder = Path(tempfile.mkdtemp(prefix=".generating-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def swap(made: Mapping[Path, Path | None], workspace: Path) -> None:
    """Move each folder or file of ``workspace`` to its place; a place with None is only emptied.

    What stood there stays in the workspace, to go with it. If anything fails on the way, every place gets back what it
    had, and the error is raised.
    """
    retired = workspace / ".retired"
    retired.mkdir()
    moves: list[tuple[Path, Path]] = []

    def move(source: Path, target: Path) -> None:
        moves.append((source, target))  # first, for an interruption may come at any moment
        source.rename(target)

    try:
        for number, (place, fresh) in enumerate(made.items()):
            if os.path.lexists(place):
                move(place, retired / str(number))
            if fresh is not None:
                move(fresh, place)
    except BaseException:
        for source, target in reversed(moves):
            if os.path.lexists(target) and not os.path.lexists(source):
                target.rename(source)
        raise


__all__ = ["swap", "workspace"]
