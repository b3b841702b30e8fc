"""The items of a running bulk job, in a temporary database: in memory while they are few, else on disk.

So a job of a hundred thousand rows takes no more memory than one of a hundred. The database has no name and is gone
when it is closed. It is no record of the job: that is the checkpoint.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, overload

import attrs
import msgspec

from typedpipes._core.decoding.model import JSON
from typedpipes._core.redaction import while_whole
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy.bulk.report import BulkItem, Status

_TABLES: Final = """
CREATE TABLE items (place INTEGER PRIMARY KEY, name TEXT, number INTEGER, key TEXT UNIQUE, inputs BLOB, calls INTEGER,
    status TEXT DEFAULT 'pending', id TEXT, message TEXT, code TEXT);
CREATE UNIQUE INDEX identities ON items (name, number);
CREATE TABLE strangers (identity TEXT PRIMARY KEY, status TEXT);
"""
_ITEM: Final = "place, name, number, key, status, id, message, code"
_INSERT: Final = (
    "INSERT OR IGNORE INTO items (place, name, key, inputs, calls, number) "
    "VALUES (:place, :name, :key, :inputs, :calls, {})"
)
_CHUNK: Final = 200


@attrs.frozen
class BulkWork:
    """One item of work: the key the caller gave it, and the input of each request.

    ``name`` tells it from others across runs. Equal names are numbered in the order they are given; an item with a key
    has a name of its own, which begins with ``k``.
    """

    key: str | None
    name: str
    inputs: tuple[JSON, ...]


class Ledger(Sequence[BulkItem]):
    """The items of one job and what became of each. Blocking, but for microseconds."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")
        self.counts: Counter[Status] = Counter()

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # its ``__init__`` may have raised
            self._db.close()

    def add(self, work: BulkWork) -> None:
        """Append an item. Raises `ConfigurationError` for a key that is there already."""
        row = {
            "place": len(self),
            "name": work.name,
            "key": work.key,
            "inputs": msgspec.json.encode(work.inputs),
            "calls": len(work.inputs),
        }
        if self._db.execute(_INSERT.format("1"), row).rowcount == 0:
            if work.key is not None:
                raise ConfigurationError(f"{work.key} is given twice", setting="ids")
            self._db.execute(_INSERT.format("(SELECT max(number) + 1 FROM items WHERE name = :name)"), row)
        self.counts["pending"] += 1

    def learn(self, item: BulkItem) -> None:
        """Take over what an earlier run says of an item. What is once known to be done stays done."""
        name, _, number = item.identity.rpartition("-")
        row = self._db.execute(
            "SELECT place, status FROM items WHERE name = ? AND number = ?", (name, number)
        ).fetchone()
        if row is None:
            self._db.execute("INSERT OR REPLACE INTO strangers VALUES (?, ?)", (item.identity, item.status))
        elif row[1] != "ok":
            self.update(attrs.evolve(item, index=row[0]), row[1])

    def strangers(self) -> int:
        """How many items without a key an earlier run has done, or may have, that are not among these."""
        query = "SELECT count(*) FROM strangers WHERE identity LIKE 'c%' AND status IN ('ok', 'ambiguous')"
        return int(self._db.execute(query).fetchone()[0])

    def update(self, item: BulkItem, before: Status) -> None:
        """What is now known of the item at ``item.index``, whose status was ``before``."""
        self._db.execute(
            "UPDATE items SET status = ?, id = ?, message = ?, code = ? WHERE place = ?",
            (item.status, item.id, item.message, item.code, item.index),
        )
        self.counts[before] -= 1
        self.counts[item.status] += 1

    def calls(self, statuses: Sequence[Status]) -> int:
        """How many requests the items with one of ``statuses`` take."""
        query = f"SELECT coalesce(sum(calls), 0) FROM items WHERE status IN ({_marks(statuses)})"
        return int(self._db.execute(query, statuses).fetchone()[0])

    def left(self, statuses: Sequence[Status]) -> Iterator[tuple[BulkItem, list[JSON]]]:
        """The items that now have one of ``statuses``, each with the inputs of its requests; it may be updated then."""
        query = (
            f"SELECT {_ITEM}, inputs FROM items WHERE place > ? AND status IN ({_marks(statuses)}) "
            f"ORDER BY place LIMIT {_CHUNK}"
        )
        place = -1
        while rows := self._db.execute(query, (place, *statuses)).fetchall():
            for row in rows:
                yield _item(row), msgspec.json.decode(row[-1])
            place = rows[-1][0]

    def __len__(self) -> int:
        return self.counts.total()

    @overload
    def __getitem__(self, index: int) -> BulkItem: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[BulkItem, ...]: ...
    def __getitem__(self, index: int | slice) -> BulkItem | tuple[BulkItem, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = index + len(self) if index < 0 else index
        row = self._db.execute(f"SELECT {_ITEM} FROM items WHERE place = ?", (place,)).fetchone()
        if row is None:
            raise IndexError(index)
        return _item(row)

    def __iter__(self) -> Iterator[BulkItem]:
        query = f"SELECT {_ITEM} FROM items WHERE place >= ? ORDER BY place LIMIT {_CHUNK}"
        for start in range(0, len(self), _CHUNK):
            yield from map(_item, self._db.execute(query, (start,)).fetchall())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Ledger, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    @while_whole
    def __repr__(self) -> str:
        return f"<{len(self)} items>"

    def __reduce__(self) -> tuple[object, ...]:
        return tuple, (tuple(self),)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _item(row: tuple[Any, ...]) -> BulkItem:
    place, name, number, key, status, identity, message, code = row[:8]
    return BulkItem(
        index=place, identity=f"{name}-{number}", key=key, status=status, id=identity, message=message, code=code
    )


__all__ = ["BulkWork", "Ledger"]
