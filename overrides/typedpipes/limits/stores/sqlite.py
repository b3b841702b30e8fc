"""Counts in a SQLite file, shared by the processes of one machine.

Every operation is one short ``BEGIN IMMEDIATE`` transaction in WAL mode with ``busy_timeout=0``: a lock somebody else
holds is waited for with `Sleep` effects, never inside SQLite, so an event loop is not blocked.

If the file is removed or replaced while it is used, its counts are carried over into the new one by the first process
that notices, which each transaction does. A process that started in between did not know them.

What a process had in flight when it died is counted as given up when it was found dead (see `holders`), not held until
its deadline.

Time is the machine's monotonic clock, which all its processes share; the file remembers the last reading, so after a
reboot time goes on from there and what was held stays held for the rest of its time. Dates of budgets come from the
wall clock. Not for network file systems, nor for containers with time namespaces of their own.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from typedpipes._core.arguments import check_path
from typedpipes._core.flow import AsyncIO, Call, Clock, Flow, Sleep, SyncIO, SystemClock, adrive, call, drive
from typedpipes.errors import LimitStoreError
from typedpipes.limits.ask import Ask, Bound, Note, Reply, Retry, View
from typedpipes.limits.book import Book
from typedpipes.limits.counts import BudgetState, WindowState
from typedpipes.limits.stores import LEAST, Announcer, seconds_for
from typedpipes.limits.stores.holders import Presence, enter, has_ended, sweep
from typedpipes.limits.stores.pace import Pace

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS limits_state (key TEXT PRIMARY KEY, touched INTEGER NOT NULL, data BLOB NOT NULL)
WITHOUT ROWID
"""
UPSERT = "INSERT OR REPLACE INTO limits_state (key, touched, data) VALUES (?, ?, ?)"
CLOCK = "clock 1"
LINEAGE = "lineage"
"""Key of the row that tells which file's counts these are: those that were carried over are so once."""
PATIENCE = 5.0
"""Seconds to wait for the file's lock before the store counts as unreachable."""
CHECKPOINT = 500
"""Transactions between two checkpoints, which run on a worker thread because they sync to disk."""
_of_parents: list[sqlite3.Connection | None] = []
"""Connections of the processes this one was forked from, kept so that nothing closes them."""
IDLE = 86_400_000_000 * 62
"""Microseconds after which an untouched row is deleted: two months, so that no running budget is lost."""


class SqliteStore(Announcer):
    """A `Book` whose rows live in a file."""

    durable = True

    def __init__(self, path: str | os.PathLike[str], *, clock: Clock | None = None) -> None:
        self.path: Path = check_path("limits", path)
        super().__init__(f"sqlite:///{self.path}")
        self._clock = clock or SystemClock()
        self._holders = self.path.with_name(f"{self.path.name}-holders")
        self._presence: Presence | None = None
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._transactions = 0
        self._pace = Pace()
        self._windows = msgspec.msgpack.Decoder(WindowState)
        self._budgets = msgspec.msgpack.Decoder(BudgetState)
        self._encode = msgspec.msgpack.Encoder().encode

    def reserve(self, ask: Ask) -> Flow[Reply]:
        """See `Store`."""
        # Before the reservation: nothing may come between it and its result, or a cancellation would lose it.
        if self._transactions >= CHECKPOINT:
            self._transactions = 0
            yield from call(self._checkpoint, blocking=True)
        return (yield from self._run(ask.bound, lambda book: self._reserve(book, ask), seconds_for(ask, PATIENCE)))

    def _reserve(self, book: Book, ask: Ask) -> Reply:
        reply = book.reserve(ask)
        if isinstance(reply, Retry) and book.bury(ask, lambda name: has_ended(self._holders, name)):
            ask.place = reply.place
            reply = book.reserve(ask)
        return reply

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...], grace: int = 0) -> Flow[None]:
        """See `Store`."""
        # Budgets were counted when reserved: only what the server said changes them.
        named = {note.key for note in notes}
        budgets = tuple(budget for budget in bound.budgets if budget.key in named)
        touched = Bound(bound.account, bound.windows, budgets, bound.counted)
        return self._run(touched, lambda book: book.settle(touched, lease, notes, grace))

    def release(self, ask: Ask, granted: bool) -> Call[None]:
        """See `Store`."""

        def undo(book: Book) -> None:
            book.release(ask, granted=granted)

        async def aundo() -> None:
            await adrive(self._run(ask.bound, undo, seconds), AsyncIO())

        # A mere place in the queue is worth no wait: it lapses by itself.
        seconds = PATIENCE if granted else LEAST
        return Call(lambda: drive(self._run(ask.bound, undo, seconds), SyncIO()), aundo)

    def view(self, bound: Bound) -> Flow[View]:
        """See `Store`."""
        return self._run(bound, lambda book: book.view(bound))

    def forget(self, bound: Bound) -> Flow[None]:
        """See `Store`."""
        return self._run(bound, lambda book: book.forget(bound))

    def forked(self) -> None:
        """A connection inherited over a fork must not even be closed: it would drop the parent's locks."""
        super().forked()
        _of_parents.append(self._connection)
        self._connection = None
        self._pace = Pace()

    def close(self) -> None:
        """Close the connection; it opens again when needed."""
        with self._lock:
            self._discard()

    def _run(self, bound: Bound, work: Callable[[Book], T], patience: float = PATIENCE) -> Flow[T]:
        """One transaction; sleeps through effects while another process holds the file's lock, ``patience`` seconds."""
        started: float | None = None
        delay = 0.0002
        pause = self._pace.wait(time.perf_counter())
        if pause:
            yield Sleep(pause)
        while True:
            try:
                with self._lock:
                    began = time.thread_time()
                    try:
                        result = self._transaction(bound, work)
                    finally:
                        self._pace.done(time.perf_counter(), time.thread_time() - began)
                self.worked()
                return result
            except sqlite3.OperationalError as error:
                if not _busy(error):
                    self.close()
                    raise self._broken(error) from error
                now = self._clock.monotonic()
                started = now if started is None else started
                if now - started > patience:
                    raise self._broken(error) from error
            except (sqlite3.Error, msgspec.MsgspecError, OSError) as error:
                self.close()
                raise self._broken(error) from error
            yield Sleep(random.uniform(delay / 2, delay))
            delay = min(delay * 1.5, 0.003)

    def _transaction(self, bound: Bound, work: Callable[[Book], T]) -> T:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        if not self._is_current():
            connection = self._carry_over(connection)
        try:
            windows = [entry.key for entry in bound.windows]
            budgets = [budget.key for budget in bound.budgets]
            keys = [CLOCK, *windows, *budgets]
            book, offset = self._load(connection, keys, windows)
            result = work(book)
            self._save(connection, book, offset)
        except BaseException:
            # A failing rollback must not hide the error; the lock ends with the connection then.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        self._transactions += 1
        return result

    def _load(
        self,
        connection: sqlite3.Connection,
        keys: Sequence[str],
        windows: Sequence[str],
    ) -> tuple[Book, int]:
        marks = ",".join("?" * len(keys))
        rows = dict(connection.execute(f"SELECT key, data FROM limits_state WHERE key IN ({marks})", keys))
        last, offset = msgspec.msgpack.decode(rows.pop(CLOCK, b"\x92\x00\x00"), type=tuple[int, int])
        now = round(self._clock.monotonic() * 1_000_000)
        if now + offset < last:  # the machine was started again: go on from where time stood
            offset = last - now
        book = Book()
        book.now = max(now + offset, last + 1)
        book.wall = round(self._clock.wall() * 1_000_000)
        for key, data in rows.items():
            if key in windows:
                book.windows[key] = self._windows.decode(data)
            else:
                book.budgets[key] = self._budgets.decode(data)
        return book, offset

    def _save(self, connection: sqlite3.Connection, book: Book, offset: int) -> None:
        encode = self._encode
        rows = [(CLOCK, book.now, encode((book.now, offset)))]
        rows += [(key, book.now, encode(state)) for key, state in book.windows.items()]
        rows += [(key, book.now, encode(account)) for key, account in book.budgets.items()]
        connection.executemany(UPSERT, rows)

    def _is_current(self) -> bool:
        """Whether the file that is open is still the one of its name."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        return self._file in (None, (there.st_dev, there.st_ino))

    def _carry_over(self, old: sqlite3.Connection) -> sqlite3.Connection:
        """A transaction on the file that has the name now, into which the counts of ``old`` were put."""
        rows = {
            key: (touched, data) for key, touched, data in old.execute("SELECT key, touched, data FROM limits_state")
        }
        self._discard()  # from now on, whoever has ``old`` open sees that it is not the file any more
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._merge(connection, rows)
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return connection

    def _merge(self, connection: sqlite3.Connection, rows: dict[str, tuple[int, bytes]]) -> None:
        found = dict(connection.execute("SELECT key, data FROM limits_state"))
        if LINEAGE not in rows or found.get(LINEAGE) == rows[LINEAGE][1]:
            return
        self.announce("lost", "the file was removed while it was used; its counts were carried over")
        _, before = msgspec.msgpack.decode(rows.get(CLOCK, (0, b"\x92\x00\x00"))[1], type=tuple[int, int])
        clock = found.get(CLOCK)
        after = before if clock is None else msgspec.msgpack.decode(clock, type=tuple[int, int])[1]
        for key, (touched, data) in rows.items():
            mine = found.get(key)
            if mine is None or key == LINEAGE:
                connection.execute(UPSERT, (key, touched, data))
            else:
                with contextlib.suppress(msgspec.ValidationError):  # budgets stay as the others have them
                    state = self._windows.decode(mine)
                    state.absorb(self._windows.decode(data), after - before)
                    connection.execute(UPSERT, (key, touched, self._encode(state)))

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA journal_mode=WAL")
            # Loses nothing when a process dies. After a power cut the last counts may be gone, not the file.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute(SCHEMA)
            if connection.execute("SELECT 1 FROM limits_state WHERE key = ?", (LINEAGE,)).fetchone() is None:
                added = "INSERT OR IGNORE INTO limits_state (key, touched, data) VALUES (?, ?, ?)"
                connection.execute(added, (LINEAGE, 1 << 62, os.urandom(16)))
            there = self.path.stat()
            self._file = (there.st_dev, there.st_ino)
            with contextlib.suppress(OSError):  # then nobody will know of its end, and its leases last longer
                self._presence = enter(self._holders)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _discard(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _checkpoint(self) -> None:
        """Move the log into the file and drop rows nobody has used for long; another time if the file is busy."""
        sweep(self._holders)
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(self.path, timeout=0)) as connection,
        ):
            # Under steady load a passive checkpoint never catches up and the log grows for ever; this one keeps writers
            # out for the moment it takes: the file itself is a few pages.
            connection.execute("PRAGMA busy_timeout=250")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = connection.execute("SELECT touched FROM limits_state WHERE key = ?", (CLOCK,)).fetchone()
            if row is not None:
                connection.execute("DELETE FROM limits_state WHERE touched < ?", (row[0] - IDLE,))
                connection.commit()

    def _broken(self, error: Exception) -> LimitStoreError:
        self.failed(f"{type(error).__name__}: {error}")
        return LimitStoreError(
            f"the limit store {self.url} cannot be used ({type(error).__name__}: {error}); nothing was sent. "
            "Check the file and its folder, or give another store"
        )


def _busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


__all__ = ["CHECKPOINT", "CLOCK", "IDLE", "PATIENCE", "SCHEMA", "UPSERT", "SqliteStore"]
