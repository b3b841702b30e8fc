"""Reports where an answer departs from its schema: the path, the kind, and who is notified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from typedpipes.errors import ResponseMismatch
from typedpipes.events import SchemaDrift

_KINDS: Final = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class Node:
    """A position in the answer: a key below a parent, or the items of a list (``index`` moves along).

    The items of a list share their nodes: `below` makes one per place of an answer, not one per value.
    """

    __slots__ = ("_below", "index", "key", "made", "parent")

    def __init__(self, parent: Node | None, key: str | None) -> None:
        self.parent: Node | None = parent
        self.key: str | None = key
        self.index: int | str = 0
        self.made: dict[str, object] = {}
        """Unknown enum values met here, as they were built."""
        self._below: dict[str | None, Node] = {}

    def below(self, key: str | None) -> Node:
        """The node of ``key``, or of the items, below this one."""
        node = self._below.get(key)
        if node is None:
            node = self._below[key] = Node(self, key)
        return node

    def exact(self) -> str:
        """``$.data[3].owner``: where the object really is."""
        return self._text(exact=True)

    def general(self) -> str:
        """``$.data[*].owner``: the place, whichever item it was."""
        return self._text(exact=False)

    def _text(self, *, exact: bool) -> str:
        parts: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            if node.key is not None:
                parts.append(f".{node.key}")
            elif isinstance(node.index, int):
                parts.append(f"[{node.index if exact else '*'}]")
            else:
                parts.append(f".{node.index}" if exact else ".*")
            node = node.parent
        return "$" + "".join(reversed(parts))


Report: TypeAlias = Callable[[SchemaDrift], None]


class Decoding:
    """What one decoding knows: the operation, how strict it is, and who hears of drift."""

    __slots__ = ("_local", "_report", "looking", "omitted", "operation", "strict")

    def __init__(
        self,
        operation: str,
        *,
        strict: bool = False,
        omitted: bool = False,
        report: Report | None = None,
    ) -> None:
        self.operation: str = operation
        self.strict: bool = strict
        self.omitted: bool = omitted
        """The caller asked the server to leave fields out: absence is no drift."""
        self.looking: bool = True
        """Whether unknown properties are reported: in the first item of each list and map, or anywhere when strict."""
        self._report = report
        self._local: set[object] = set()

    @property
    def heard(self) -> bool:
        """Whether drift is reported at all."""
        return self._report is not None

    def mismatch(self, node: Node, field: str | None, expected: str, value: object) -> None:
        """Report that ``value`` at ``node.field`` is not what was expected; raises `ResponseMismatch` when strict."""
        self.drift(node, field, expected, _KINDS.get(type(value), type(value).__name__))

    def drift(self, node: Node, field: str | None, expected: str, got: str) -> None:
        """Report a departure described in words; raises `ResponseMismatch` when strict."""
        suffix = "" if field is None else f".{field}"
        if self.strict:
            path = node.exact() + suffix
            raise ResponseMismatch(
                f"{self.operation}: {path}: expected {expected}, got {got}", operation=self.operation, path=path
            )
        if self._report is None:
            return
        place = (node.parent or node, node.key, field, got)  # field nodes of one list share their parent
        if place in self._local:
            return
        self._local.add(place)
        self._report(SchemaDrift(self.operation, node.general() + suffix, expected, got))


class DriftLog:
    """Passes each place on once; share one per client."""

    __slots__ = ("_seen", "_sink")

    def __init__(self, sink: Report) -> None:
        self._seen: set[SchemaDrift] = set()
        self._sink = sink

    def __call__(self, drift: SchemaDrift) -> None:
        if drift not in self._seen and len(self._seen) < 10_000:
            self._seen.add(drift)
            self._sink(drift)
