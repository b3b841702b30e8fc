"""``REVISION:PATH``: a schema as a git revision has it, its overlays, names and saved operations included."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from typedpipes_codegen.errors import SchemaError


@contextmanager
def at_revisions(old: str, new: str) -> Iterator[tuple[Path, Path]]:
    """Both as files, taken out of git where ``REVISION:PATH`` is given. A file of that very name comes first."""
    with tempfile.TemporaryDirectory(prefix="typedpipes-diff-") as folder:
        yield _path(old, Path(folder) / "0"), _path(new, Path(folder) / "1")


def _path(given: str, folder: Path) -> Path:
    revision, colon, name = given.partition(":")
    if Path(given).exists() or not colon or len(revision) < 2 or not name:
        # One letter and a colon is a drive.
        return Path(given)
    if revision.startswith("-"):
        raise SchemaError(f"{revision!r} is no git revision", remedy="give a branch, tag or commit")
    inside = _inside(name)
    root = _schemas_folder(revision, inside)
    data = _git("archive", "--format=tar", revision, "--", str(root or inside), cwd=_top())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 and later have it
        archive.extractall(folder)
    return folder / inside


def _inside(name: str) -> PurePosixPath:
    """The path from the top of the repository; git's own rule: ``./`` and ``../`` start here."""
    if name.startswith("."):
        try:
            name = (Path.cwd() / name).resolve().relative_to(_top()).as_posix()
        except ValueError:
            raise SchemaError(f"{name} lies outside the repository", remedy="give a path inside it") from None
    return PurePosixPath(name)


def _schemas_folder(revision: str, inside: PurePosixPath) -> PurePosixPath | None:
    """The nearest folder with an ``apis.toml``, as in `typedpipes_codegen.diff.inputs`."""
    for folder in [*inside.parents][:4]:
        listed = _git("ls-tree", "--name-only", revision, "--", str(folder / "apis.toml"), cwd=_top())
        if listed.strip() and str(folder) != ".":
            return folder
    return None


def _top() -> Path:
    return Path(_git("rev-parse", "--show-toplevel", cwd=Path.cwd()).decode().strip()).resolve()


def _git(*words: str, cwd: Path) -> bytes:
    try:
        done = subprocess.run(["git", *words], check=False, capture_output=True, cwd=cwd)
    except FileNotFoundError:
        raise SchemaError("git is not installed", remedy="install it, or give two files") from None
    if done.returncode:
        raise SchemaError(
            f"git: {' '.join(done.stderr.decode(errors='replace').split())[:300]}",
            remedy="give a file, or REVISION:PATH as git has it",
        )
    return done.stdout
