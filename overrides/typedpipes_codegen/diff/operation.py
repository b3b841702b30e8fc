"""One operation of a document."""

from __future__ import annotations

import re
from typing import Final

import attrs

from typedpipes_codegen.documents.tree import Json, JsonObject, pointer

TEMPLATE: Final = re.compile(r"\{([^{}]*)\}")


@attrs.frozen
class Operation:
    """One operation of a plain document."""

    path: str
    verb: str
    node: JsonObject
    name: str | None
    """Dotted name of the generated method, when it is known."""

    @property
    def title(self) -> str:
        return f"{self.verb.upper()} {self.path}"

    @property
    def place(self) -> str:
        return pointer("paths", self.path, self.verb)


def as_node(value: Json) -> JsonObject:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
