"""``names.lock``: JSON pointer to component name, so that names never move by themselves.

One JSON object per API (``"pipedrive/v1"``), keys sorted. Pointers lead into the plain document: the vendor's, with
``allOf`` merged, no prose, and nothing hoisted yet; a parameter is addressed as ``<in>.<name>``, because its index
moves when another one is added. Entries stay when the vendor removes what they point at: a name once given is never
given to something else.

People may edit it: a new value renames a component; one value for pointers in two tags makes one component of two
equal shapes; ``/components/...`` pointers rename what the vendor named (schemas and security schemes).
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from pathlib import Path

from typedpipes_codegen.documents import load_document, write_atomically
from typedpipes_codegen.errors import SchemaError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


class NamesLock:
    """The whole file. ``names[api][pointer]`` is a component name."""

    def __init__(self, names: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.names: dict[str, dict[str, str]] = {api: dict(rows) for api, rows in (names or {}).items()}

    @classmethod
    def load(cls, path: Path) -> NamesLock:
        """Read the file; a missing one is an empty lock. Raises SchemaError for anything but names by pointer."""
        if not path.exists():
            return cls()
        lock = cls()
        for api, rows in load_document(path).items():
            if not isinstance(rows, dict):
                raise SchemaError(f"{api}: expected names by JSON pointer", file=path)
            lock.names[api] = {at: checked_name(name, at, path) for at, name in rows.items()}
        return lock

    def of(self, api: str) -> dict[str, str]:
        return self.names.get(api, {})

    def with_names(self, api: str, names: Mapping[str, str]) -> NamesLock:
        """A lock that also holds ``names``. Rows of other APIs, and of pointers that are gone, stay."""
        lock = NamesLock(self.names)
        if names:
            lock.names[api] = {**self.of(api), **names}
        return lock

    def text(self) -> str:
        ordered = {api: dict(sorted(rows.items())) for api, rows in sorted(self.names.items())}
        return json.dumps(ordered, indent=1, ensure_ascii=True) + "\n"

    def save(self, path: Path) -> None:
        write_atomically(path, self.text())


def checked_name(name: object, pointer: str, path: Path) -> str:
    if not isinstance(name, str) or not _NAME.match(name) or keyword.iskeyword(name):
        raise SchemaError(
            f"{name!r} cannot be a component name",
            file=path,
            pointer=pointer,
            remedy="letters, digits and underscores, starting with a letter; no Python keyword",
        )
    return name
