"""The names of an own package, kept in a file beside it so that they never move by themselves.

JSON with two maps: ``components`` (JSON pointer into the tidied document -> class) and ``methods`` (request -> method).
Entries stay when what they name is gone; people may edit them to rename things.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import attrs

from typedpipes_codegen.documents import load_document
from typedpipes_codegen.documents.names_lock import checked_name
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi.naming import METHOD_PATH


@attrs.frozen
class OwnLock:
    """The whole file."""

    components: Mapping[str, str] = attrs.field(factory=dict)
    methods: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def load(cls, path: Path) -> OwnLock:
        """Read the file; a missing one is an empty lock. Raises `SchemaError` for anything but names."""
        if not path.exists():
            return cls()
        document = load_document(path)
        sections: dict[str, dict[str, str]] = {"components": {}, "methods": {}}
        for section, rows in document.items():
            if section not in sections or not isinstance(rows, dict):
                raise SchemaError(
                    f"{section!r} is no section of names", file=path, remedy="give another file, or delete this one"
                )
            sections[section] = cast("dict[str, str]", rows)
        for at, name in sections["components"].items():
            checked_name(name, at, path)
        for at, method in sections["methods"].items():
            if not METHOD_PATH.match(str(method)):
                raise SchemaError(
                    f"{method!r} is no method path", file=path, pointer=f"/methods/{at}", remedy="write resource.verb"
                )
        return cls(sections["components"], sections["methods"])

    def text(self, components: Mapping[str, str], methods: Mapping[str, str]) -> str:
        """The file with more names in it."""
        rows = {
            "components": dict(sorted({**self.components, **components}.items())),
            "methods": dict(sorted({**self.methods, **methods}.items())),
        }
        return json.dumps(rows, indent=1, ensure_ascii=True) + "\n"
