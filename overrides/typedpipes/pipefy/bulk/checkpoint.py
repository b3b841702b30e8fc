"""The checkpoint of a bulk job: a file of what was begun and how it ended, so that a later run can continue.

One JSON object per line. A line ``begun`` without an outcome means that the request may have been sent: such an item
is ambiguous. The last line may be torn; it is ignored. A file that does not begin as ours do is never written to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import attrs

from typedpipes._core.arguments import check_path
from typedpipes._core.disk import open_file, sync_directory, sync_file
from typedpipes._core.file_lock import FileLock
from typedpipes._core.json_reader import read_json
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy.bulk.report import VERSION, BulkItem, item_of

UNANSWERED = "it was sent, and the job ended before the answer arrived"


class Checkpoint:
    """The file of one job; blocking."""

    def __init__(self, path: str | os.PathLike[str], job: str) -> None:
        self.path: Path = check_path("checkpoint", path)
        self._head = _line({"version": VERSION, "job": job})
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock"))
        self._file: BinaryIO | None = None
        self._end = 0

    def open(self, learn: Callable[[BulkItem], None]) -> None:
        """Lock the file, and tell ``learn`` what it says of each item, in order: the last word counts.

        Raises `ConfigurationError` if it cannot be opened, is in use, of another job, or not ours.
        """
        try:
            if not self._lock.try_acquire():
                raise ConfigurationError(f"{self.path} is in use by another bulk job", setting="checkpoint")
            self._open(learn)
        except BaseException as error:
            self.close()
            if not isinstance(error, OSError):
                raise
            raise ConfigurationError(
                f"{self.path} cannot be used as a checkpoint: {error.strerror or error}; nothing was sent. Give a file "
                "that can be written",
                setting="checkpoint",
            ) from error

    def _open(self, learn: Callable[[BulkItem], None]) -> None:
        descriptor = open_file(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        # Without a buffer: what could not be written is not written again when the file is closed.
        file = self._file = os.fdopen(descriptor, "r+b", buffering=0)
        with os.fdopen(os.dup(descriptor), "rb") as reader:
            head = reader.readline(len(self._head))
            if head not in (self._head, b""):
                self._refuse(head if head.endswith(b"\n") else head + reader.readline(1000))
            self._end = len(head)
            for line in reader:
                if not line.endswith(b"\n"):
                    break
                self._end += len(line)
                learn(self._read(line))
        file.truncate(self._end)
        file.seek(self._end)
        if not head:
            self._write(self._head)
            sync_directory(self.path.parent)

    def _refuse(self, line: bytes) -> None:
        try:
            ours = "job" in read_json(line)
        except (TypeError, ValueError):
            ours = False
        what = "is the checkpoint of another job or version" if ours else "is no checkpoint of a bulk job"
        raise ConfigurationError(f"{self.path} {what}; give another file", setting="checkpoint")

    def _read(self, line: bytes) -> BulkItem:
        try:
            entry = read_json(line)
            if "begun" in entry:
                return item_of({"identity": entry["begun"], "status": "ambiguous", "message": UNANSWERED})
            return item_of(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ConfigurationError(
                f"{self.path} is damaged: it holds a line that is none of ours. Look in Pipefy for what was made, then "
                "give another file",
                setting="checkpoint",
            ) from None

    def begin(self, item: BulkItem) -> None:
        """The item's first request is about to be sent. Raises OSError; then nothing more is in the file."""
        self._write(_line({"begun": item.identity}))

    def end(self, item: BulkItem) -> None:
        """What became of the item. Raises OSError as `begin` does."""
        self._write(_line(attrs.asdict(item, filter=lambda _, value: value is not None)))

    def close(self) -> None:
        """Close and unlock; harmless when repeated."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        finally:
            self._lock.release()

    def _write(self, line: bytes) -> None:
        file = self._file
        assert file is not None
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            sync_file(file.fileno())
        except OSError:
            file.truncate(self._end)  # half a line would damage what follows it
            file.seek(self._end)
            raise
        self._end += len(line)


def _line(entry: dict[str, object]) -> bytes:
    return json.dumps(entry).encode() + b"\n"


__all__ = ["UNANSWERED", "Checkpoint"]
