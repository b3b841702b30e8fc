"""The checkpoint of a bulk job: a file of what was begun and how it ended, so that a later run can continue.

One JSON object per line. A line ``begun`` without an outcome means that the request may have been sent: such an item
is ambiguous. The last line may be torn; it is ignored.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO

import attrs

from typedpipes._core.disk import sync_file
from typedpipes._core.file_lock import FileLock
from typedpipes._core.json_reader import read_json
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy.bulk.report import VERSION, BulkItem, item_of


class Checkpoint:
    """The file of one job; blocking."""

    def __init__(self, path: str | os.PathLike[str], job: str, digest: str) -> None:
        self._path = Path(path)
        self._head = {"version": VERSION, "job": job, "digest": digest}
        self._lock = FileLock(self._path.with_name(self._path.name + ".lock"))
        self._file: IO[bytes] | None = None

    def open(self) -> dict[int, BulkItem]:
        """Lock the file, and what it says about items by index.

        Raises `ConfigurationError` if another process has it, or if it belongs to another job or other items.
        """
        if not self._lock.try_acquire():
            raise ConfigurationError(f"{self._path} is in use by another bulk job", setting="checkpoint")
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            content = b""
        complete, newline, _torn = content.rpartition(b"\n")
        found = self._read(complete.splitlines()) if newline else {}
        self._file = self._path.open("r+b" if content else "wb")
        if newline:
            self._file.truncate(len(complete) + 1)
            self._file.seek(0, os.SEEK_END)
        else:
            self._file.truncate(0)
            self._write(self._head)
        return found

    def _read(self, lines: list[bytes]) -> dict[int, BulkItem]:
        found: dict[int, BulkItem] = {}
        try:
            if read_json(lines[0]) != self._head:
                raise ConfigurationError(
                    f"{self._path} is the checkpoint of another job or of other items; give another file, or delete it",
                    setting="checkpoint",
                )
            for line in lines[1:]:
                entry = read_json(line)
                if "begun" in entry:
                    index = int(entry["begun"])
                    found[index] = BulkItem(
                        index=index, status="ambiguous", message="the process ended before the answer arrived"
                    )
                else:
                    item = item_of(entry)
                    found[item.index] = item
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise ConfigurationError(f"{self._path} is no checkpoint of a bulk job", setting="checkpoint") from None
        return found

    def begin(self, index: int) -> None:
        """The item's first request is about to be sent."""
        self._write({"begun": index})

    def end(self, item: BulkItem) -> None:
        """What became of the item."""
        self._write(attrs.asdict(item, filter=lambda _, value: value is not None))

    def close(self) -> None:
        """Close and unlock; harmless when repeated."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()

    def _write(self, entry: dict[str, object]) -> None:
        assert self._file is not None
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        sync_file(self._file.fileno())
