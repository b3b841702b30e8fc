"""Reading a TOML file with a schema: typed access, unknown keys refused, errors that say what to add."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar, cast

from typedpipes_codegen.documents.toml_reader import read_toml
from typedpipes_codegen.documents.tree import pointer
from typedpipes_codegen.errors import SchemaError

T = TypeVar("T", str, int, float, bool)
_NUMBER: type = float
_WORDS: dict[type, str] = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


class Table:
    """One table of the file."""

    def __init__(self, values: dict[str, object], file: Path, *where: str | int) -> None:
        self.values = values
        self.file = file
        self.where = where

    def fault(self, message: str, remedy: str, *key: str | int) -> SchemaError:
        """An error at a key of this table."""
        return SchemaError(message, file=self.file, pointer=pointer(*self.where, *key) or None, remedy=remedy)

    def known(self, keys: Iterable[str]) -> None:
        """Refuse keys that nothing would read: a misspelt one must not pass silently."""
        names = list(keys)
        for key in self.values:
            if key not in names:
                near = difflib.get_close_matches(key, names, 1)
                remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
                raise self.fault(f"there is no key {key!r}", remedy, key)

    def get(self, key: str, kind: type[T]) -> T | None:
        """A plain value; None if it is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        kinds = {kind, int} if kind is _NUMBER else {kind}
        if type(value) not in kinds:  # not isinstance: True is no number
            raise self.fault(f"{key} is {_WORDS[kind]}, not {value!r}", f"write {key} as {_WORDS[kind]}", key)
        return cast("T", value)

    def need(self, key: str, kind: type[T], remedy: str) -> T:
        """A plain value that must be there."""
        value = self.get(key, kind)
        if value is None:
            raise self.fault(f"{key} is missing", remedy)
        return value

    def choice(self, key: str, options: Iterable[str], default: str | None = None) -> str:
        """One of a few words."""
        value, allowed = self.get(key, str), list(options)
        if value is None and default is not None:
            return default
        if value not in allowed:
            what = f"{key} is missing" if value is None else f"{value!r} is no {key}"
            raise self.fault(what, f"{key} is one of {', '.join(allowed)}", *([] if value is None else [key]))
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; one string is a list of one."""
        value = self.values.get(key, [])
        items = value if isinstance(value, list) else [value]
        found = tuple(item for item in items if isinstance(item, str))
        if len(found) < len(items):
            raise self.fault(f"{key} is a list of strings", 'write ["...", "..."]', key)
        return found

    def tables(self, key: str) -> list[Table]:
        """The tables of an array ``[[key]]``."""
        rows = self.values.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.fault(f"{key} is a list of tables", f"write [[{key}]] above each", key)
        return [Table(row, self.file, *self.where, key, index) for index, row in enumerate(rows)]

    def named(self, key: str) -> dict[str, Table]:
        """The tables below ``[key.NAME]``."""
        rows = self.values.get(key, {})
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            raise self.fault(f"{key} holds tables", f"write [{key}.NAME] above each", key)
        return {str(name): Table(row, self.file, *self.where, key, str(name)) for name, row in rows.items()}


def read_table(file: Path) -> Table:
    """The whole file. Raises `SchemaError` with the line of a mistake."""
    return Table(read_toml(file, remedy="give --config the TOML file"), file)
