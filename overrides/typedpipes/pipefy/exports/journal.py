"""The journal: what a process created, so that the next one continues instead of creating again.

One file, one JSON object per line, appended and synced before the caller goes on. The intent is written before the
request that creates, the id right after it. An intent without an id is ambiguous: the create may or may not
have reached the server. A torn last line (the machine lost power) counts as not written.
The file also remembers which form of the API a server understands. It holds no secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

import attrs

from typedpipes._core.arguments import check_path
from typedpipes._core.disk import open_file, sync_directory, sync_file
from typedpipes._core.file_lock import FileLock
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes._core.own_files import replace_own
from typedpipes._core.redaction import while_whole
from typedpipes.errors import ConfigurationError

Event: TypeAlias = Literal["intent", "created", "refused", "done", "forgotten", "form"]
VERSION: Final = 1
COMPACT_OVER: Final = 256 * 1024


@attrs.frozen(kw_only=True)
class Entry:
    """Where one job stands. ``token`` is None between the intent and the id: the ambiguous state."""

    key: str
    at: datetime
    """When the intent was written (UTC)."""
    token: str | None = None
    job_id: str | None = None


class Journal:
    """A journal at ``path``; the file appears with the first record, its folder must exist.

    Holds one line per event; completed jobs are dropped when the file outgrows 256 KiB.
    Raises `ConfigurationError` for a path that cannot be written or a file that is no journal.
    """

    __slots__ = ("path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = check_path("journal", path)

    @while_whole
    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def lock(self) -> FileLock:
        """A separate lock on the right to create jobs with this journal; not yet taken."""
        return FileLock(self.path.with_name(self.path.name + ".lock"))

    def find(self, key: str) -> Entry | None:
        """The open entry of ``key``: an intent, or a created job that is not done. None: free to create."""
        return self._replay()[0].get(key)

    def intend(self, key: str) -> None:
        """Record, durably, that a create is about to be sent. The caller holds the lock."""
        try:
            if self.path.exists() and self.path.stat().st_size > COMPACT_OVER:
                self._compact()
        except OSError as error:
            raise self.unusable(error) from error
        self._append("intent", key)

    def created(self, key: str, job_id: str, token: str) -> None:
        """Record, durably, the id the server gave."""
        self._append("created", key, job_id=job_id, token=token)

    def refused(self, key: str) -> None:
        """Record that the server created nothing."""
        self._append("refused", key)

    def done(self, job_id: str) -> None:
        """Record that the job's result was taken, so that the next create is a new one. Unknown ids are ignored."""
        for entry in self._replay()[0].values():
            if entry.job_id == job_id:
                self._append("done", entry.key)

    def forget(self, key: str) -> None:
        """Drop the entry of ``key``, so that the next call creates: the user's decision."""
        self._append("forgotten", key)

    def get(self, key: str) -> str | None:
        """The remembered form under ``key`` (the journal serves as a `typedpipes.pipefy.exports.jobs.FormStore`)."""
        return self._replay()[1].get(key)

    def put(self, key: str, value: str) -> None:
        """Remember a form."""
        self._append("form", key, value=value)

    def _append(self, event: Event, key: str, **more: str) -> None:
        record = {"v": VERSION, "at": datetime.now(UTC).isoformat(), "event": event, "key": key, **more}
        line = json.dumps(record, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
        try:
            new = not self.path.exists()
            descriptor = open_file(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            try:
                os.write(descriptor, self._mend(descriptor) + line)
                sync_file(descriptor)
            finally:
                os.close(descriptor)
            if new:
                sync_directory(self.path.parent)
        except OSError as error:
            raise self.unusable(error) from error

    @staticmethod
    def _mend(descriptor: int) -> bytes:
        """A newline if the last line was torn, so that it cannot swallow the next one."""
        size = os.lseek(descriptor, 0, os.SEEK_END)
        if size == 0:
            return b""
        os.lseek(descriptor, size - 1, os.SEEK_SET)
        return b"" if os.read(descriptor, 1) == b"\n" else b"\n"

    def _replay(self) -> tuple[dict[str, Entry], dict[str, str]]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}, {}
        except OSError as error:
            raise self.unusable(error) from error
        entries: dict[str, Entry] = {}
        forms: dict[str, str] = {}
        for number, line in enumerate(content.split(b"\n"), 1):
            record = self._parse(line, number)
            if record is not None:
                _apply(record, entries, forms)
        return entries, forms

    def _parse(self, line: bytes, number: int) -> Mapping[str, object] | None:
        if not line.strip():
            return None
        try:
            record = read_json(line)
        except NotJSON:
            if line.startswith((b"{", b"\0")):
                return None  # torn
            record = None
        if not isinstance(record, dict) or not isinstance(record.get("key"), str):
            raise ConfigurationError(f"{self.path} is no journal (line {number})", setting="journal")
        if record.get("v") != VERSION:
            raise ConfigurationError(
                f"{self.path} was written by another version of typedpipes (line {number}: v={record.get('v')!r})",
                setting="journal",
            )
        return record

    def _compact(self) -> None:
        """Rewrite the file with the open entries only, under the lock; what others append meanwhile may be lost."""
        entries, forms = self._replay()
        lines: list[dict[str, object]] = []
        for entry in entries.values():
            base: dict[str, object] = {"v": VERSION, "at": entry.at.isoformat(), "key": entry.key}
            lines.append({**base, "event": "intent"})
            if entry.token is not None:
                lines.append({**base, "event": "created", "job_id": entry.job_id, "token": entry.token})
        at = datetime.now(UTC).isoformat()
        lines += [{"v": VERSION, "at": at, "event": "form", "key": key, "value": value} for key, value in forms.items()]
        replace_own(self.path, b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))
        sync_directory(self.path.parent)

    def unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"the journal {self.path} cannot be used: {error.strerror or error}. "
            "Give the path of a file in an existing, writable folder.",
            setting="journal",
        )


def _apply(record: Mapping[str, object], entries: dict[str, Entry], forms: dict[str, str]) -> None:
    key, event = str(record["key"]), record.get("event")
    if event == "form":
        forms[key] = str(record.get("value"))
    elif event == "intent":
        entries[key] = Entry(key=key, at=_time(record))
    elif event == "created":
        known = entries.get(key)
        entries[key] = Entry(
            key=key,
            at=known.at if known else _time(record),
            token=str(record.get("token")),
            job_id=str(record.get("job_id")),
        )
    else:
        entries.pop(key, None)


def _time(record: Mapping[str, object]) -> datetime:
    try:
        return datetime.fromisoformat(str(record.get("at")))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


__all__ = ["COMPACT_OVER", "VERSION", "Entry", "Event", "Journal"]
