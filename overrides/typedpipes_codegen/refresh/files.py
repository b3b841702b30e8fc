"""All files of a refresh or none.

A refresh works on a copy of the schemas folder. What differs in the end is written in three steps: everything new is
laid down beside the old under ``.refresh-…`` and flushed; that folder is renamed to ``.refresh``, and from then on the
refresh counts as done; then each file is put in its place. An error in the last step puts the old files back. A
process that is killed in it leaves ``.refresh``, and the next refresh finishes what it finds there; until then
`typedpipes_codegen.documents.apis.load_apis` refuses the folder, so that nobody reads a mixture.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from typedpipes._core.disk import replace, sync_file
from typedpipes_codegen.documents.apis import UNFINISHED
from typedpipes_codegen.errors import SchemaError

_MANIFEST: Final = "manifest.json"
_NEW: Final = "new"


@attrs.frozen
class Change:
    """One file that differs; ``path`` is relative to the schemas folder, None stands for no file."""

    path: str
    old: bytes | None
    new: bytes | None


@contextmanager
def working_copy(schemas: Path) -> Iterator[Path]:
    """A copy of the schemas folder, of the same name because generated headers show it; gone in the end."""
    with tempfile.TemporaryDirectory(prefix="typedpipes-refresh-") as folder:
        copy = Path(folder) / schemas.resolve().name
        shutil.copytree(schemas, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        yield copy


def changes(schemas: Path, copy: Path) -> list[Change]:
    """What the working copy has changed, sorted by path."""
    before, after = _contents(schemas), _contents(copy)
    return [
        Change(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def commit(schemas: Path, wanted: Sequence[Change]) -> None:
    """Write every change or none. Raises `SchemaError` if a file is no longer what the refresh started from."""
    if not wanted:
        return
    for change in wanted:
        if _read(schemas / change.path) != change.old:
            raise SchemaError(
                "the file was changed by somebody else in the meantime",
                file=schemas / change.path,
                remedy="nothing was written; run the refresh again",
            )
    if (schemas / UNFINISHED).exists():
        raise SchemaError("another refresh is writing here", file=schemas, remedy="nothing was written; run it again")
    draft = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}-", dir=schemas))
    try:
        _lay_down(draft, wanted)
        draft.rename(schemas / UNFINISHED)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    try:
        _apply(schemas, {change.path: change.new for change in wanted})
    except BaseException:
        _apply(schemas, {change.path: change.old for change in wanted})
        _close(schemas / UNFINISHED)
        raise
    _close(schemas / UNFINISHED)


def revert(schemas: Path, done: Sequence[Change]) -> None:
    """Undo a commit, as atomically as it was made."""
    commit(schemas, [Change(change.path, change.new, change.old) for change in done])


def recover(schemas: Path) -> list[str]:
    """Finish what a killed refresh left: the paths it had begun to write, empty if there is nothing to do."""
    for draft in schemas.glob(f"{UNFINISHED}-*"):
        shutil.rmtree(draft)
    unfinished = schemas / UNFINISHED
    if not unfinished.is_dir():
        return []
    if not (unfinished / _MANIFEST).exists():  # it was being taken away when the process ended: all was in place
        shutil.rmtree(unfinished)
        return []
    try:
        names = json.loads((unfinished / _MANIFEST).read_text(encoding="utf-8"))
        files = {str(path): (unfinished / _NEW / name).read_bytes() if name else None for path, name in names.items()}
    except (OSError, ValueError, AttributeError):
        raise SchemaError(
            "what an interrupted refresh left cannot be read", file=unfinished, remedy="restore the folder from git"
        ) from None
    _apply(schemas, files)
    _close(unfinished)
    return sorted(files)


def _close(unfinished: Path) -> None:
    """Take the folder away, the manifest first: without it there is nothing to finish."""
    (unfinished / _MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(unfinished, ignore_errors=True)


def _lay_down(draft: Path, wanted: Sequence[Change]) -> None:
    (draft / _NEW).mkdir()
    names: dict[str, str | None] = {}
    for number, change in enumerate(wanted):
        names[change.path] = None if change.new is None else str(number)
        if change.new is not None:
            _write(draft / _NEW / str(number), change.new)
    _write(draft / _MANIFEST, json.dumps(names).encode())


def _apply(schemas: Path, files: Mapping[str, bytes | None]) -> None:
    """Put each file in its place; harmless when repeated."""
    for path, content in files.items():
        target = schemas / path
        if not target.resolve().is_relative_to(schemas.resolve()):
            raise SchemaError("a path of the refresh leads out of the schemas folder", file=path)
        if content is None:
            target.unlink(missing_ok=True)
            continue
        if _read(target) == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.refreshed")
        try:
            _write(beside, content)
            replace(beside, target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        sync_file(stream.fileno())


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
