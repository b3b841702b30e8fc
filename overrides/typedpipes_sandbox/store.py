"""The records of the REST stand-ins: named collections of records with ids in the vendor's style."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from typedpipes_sandbox.data import words


@dataclass(slots=True)
class Record:
    """One remembered thing. ``values`` holds what is known; the rest of an answer is synthesised from ``key``."""

    id: Any
    key: str
    values: dict[str, Any]
    revision: int = 0
    projections: dict[int, tuple[int, Any]] = field(default_factory=dict, repr=False)

    def update(self, values: dict[str, Any]) -> None:
        """Change some values; cached answers are forgotten."""
        self.values.update(values)
        self.touch()

    def touch(self) -> None:
        """Say that the values changed."""
        self.revision += 1
        self.projections.clear()


class Collection:
    """Records in the order made, found by id or by any value."""

    def __init__(self, name: str, new_id: Callable[[int], Any]) -> None:
        self.name = name
        self._new_id = new_id
        self._made = 0
        self._records: dict[str, Record] = {}

    def add(self, values: dict[str, Any], record_id: Any = None) -> Record:
        """Remember a new record; its id is put into the values."""
        self._made += 1
        if record_id is None:
            record_id = self._new_id(self._made)
            while str(record_id) in self._records:
                self._made += 1
                record_id = self._new_id(self._made)
        record = Record(record_id, f"{self.name}/{record_id}", {"id": record_id, **values})
        self._records[str(record_id)] = record
        return record

    def get(self, wanted: Any, by: str = "id") -> Record | None:
        """The record with that id, or whose value ``by`` is that."""
        found = self._records.get(str(wanted))
        if found is not None or by == "id":
            return found
        return next((record for record in self if str(record.values.get(by)) == str(wanted)), None)

    def remove(self, record: Record) -> None:
        """Forget a record."""
        self._records.pop(str(record.id), None)

    def clear(self) -> int:
        """Forget every record; returns how many there were."""
        count = len(self._records)
        self._records.clear()
        return count

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)


def counting(start: int = 1) -> Callable[[int], int]:
    """Ids 1, 2, 3 …"""
    return lambda made: start + made - 1


def prefixed(prefix: str, seed: int) -> Callable[[int], str]:
    """Ids such as ``apn_7hG2kQ``."""
    return lambda made: f"{prefix}{words.token(f'{seed}:{prefix}:{made}', 7)}"


class CollectionSet:
    """Collections by name, filled with example records when first asked for."""

    def __init__(self, make: Callable[[str], Collection]) -> None:
        self._make = make
        self._collections: dict[str, Collection] = {}

    def __getitem__(self, name: str) -> Collection:
        collection = self._collections.get(name)
        if collection is None:
            collection = self._collections[name] = self._make(name)
        return collection

    def __contains__(self, name: str) -> bool:
        return name in self._collections

    def drop_under(self, prefix: str) -> None:
        """Forget the collections that belong to something deleted."""
        for name in [name for name in self._collections if name.startswith(prefix)]:
            del self._collections[name]
