"""What a comparison of two schemas answers: changes, each rated for a client, and the report that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

import attrs

Rating: TypeAlias = Literal["breaking", "dangerous", "safe"]
"""``breaking``: a program that was right may now be refused, meet a value it cannot handle, or not type-check.
``dangerous``: it goes on working, but something it may rely on is different. ``safe``: nothing to do."""
Direction: TypeAlias = Literal["request", "response", "both", "none"]
"""Which way the changed thing travels: what the program sends, what it reads, either, or neither (addresses, auth)."""
SchemaKind: TypeAlias = Literal["openapi", "graphql"]

RATINGS: Final[tuple[Rating, ...]] = ("breaking", "dangerous", "safe")
"""Worst first."""
WHOLE_API: Final = ""
"""Group of the changes that belong to no operation and no type."""


@attrs.frozen(kw_only=True)
class Change:
    """One difference between the old and the new schema.

    The facts from ``method`` on are those that lead to symbols of the generated package. All names are the schema's
    own (wire names), not yet made fit for Python; a fact that does not apply is None.
    """

    rating: Rating
    kind: str
    """Stable identifier in kebab case, ``response-property-removed``; `typedpipes_codegen.diff.breaking` lists all."""
    operation: str | None
    """``GET /deals/{id}``; for GraphQL ``Query.card`` for a root field, else None. The old name if it has two."""
    place: str
    """JSON pointer into the canonical document with its overlays (the new one; the old one for what is gone), or the
    GraphQL coordinate (``Card.title``, ``Query.card(id:)``, ``CardState.DONE``)."""
    direction: Direction
    message: str
    """One sentence: what changed and what to do."""
    path: str = ""
    """The same place as a reader of the operation sees it: ``response 200: data[].title``."""

    method: str | None = None
    """Dotted name of the generated method (``x-method``: ``deals.list``); for GraphQL the root field (``createCard``).
    The old name if it has two."""
    component: str | None = None
    """The component (OpenAPI) or type (GraphQL) whose own content changed; the innermost one that has a name."""
    model: str | None = None
    """The name the component's class is given: its ``x-class``, else ``component``."""
    field: str | None = None
    """Wire name of the property or field changed (innermost), of ``component`` or of an inline object."""
    argument: str | None = None
    """Name of the parameter, top-level property of a request body, or GraphQL argument that the change lies in."""
    value: str | None = None
    """The enum value added, removed or deprecated, as text."""
    used_by: tuple[str, ...] = ()
    """GraphQL: names of the saved operations that use what changed, sorted."""
    file: str | None = None
    """File of the saved operation that no longer fits, from the working folder if it lies there."""
    line: int | None = None
    """1-based line in ``file``."""

    @property
    def group(self) -> str:
        """What the report lists the change under: operation, file of a saved operation, GraphQL type, `WHOLE_API`."""
        if self.operation is not None:
            return self.operation
        if self.file is not None:
            return self.file
        return WHOLE_API if self.component is None or self.place.startswith("/") else self.component

    @property
    def order(self) -> tuple[int, str, str, str, str, str]:
        """Sort key within a group: worst first, then by place; the same on every run."""
        return (RATINGS.index(self.rating), self.path, self.place, self.kind, self.value or "", self.message)


@attrs.frozen
class Report:
    """Every change between two schemas of one API, sorted by group, worst first within each."""

    api: str
    """Name of the API: the package of ``apis.toml`` when the file is one named there, else the file's name."""
    schema_kind: SchemaKind
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, api: str, schema_kind: SchemaKind, changes: Iterable[Change]) -> Report:
        """A report in which each change stands once, in the fixed order."""
        unique = dict.fromkeys(changes)
        return cls(api, schema_kind, tuple(sorted(unique, key=lambda change: (change.group, change.order))))

    @property
    def counts(self) -> dict[Rating, int]:
        """How many changes have each rating; all three are there."""
        return {rating: sum(change.rating == rating for change in self.changes) for rating in RATINGS}

    @property
    def worst(self) -> Rating | None:
        """The worst rating; None when nothing changed."""
        return next((rating for rating in RATINGS if self.counts[rating]), None)

    @property
    def exit_code(self) -> int:
        """What a process that only compares ends with: 1 when something breaks, else 0."""
        return 1 if self.worst == "breaking" else 0

    def by_operation(self) -> Mapping[str, tuple[Change, ...]]:
        """The changes by `Change.group`, in order; groups with the worst changes first."""
        groups: dict[str, list[Change]] = {}
        for change in self.changes:
            groups.setdefault(change.group, []).append(change)
        ranked = sorted(groups, key=lambda name: (min(RATINGS.index(item.rating) for item in groups[name]), name))
        return {name: tuple(groups[name]) for name in ranked}

    def only(self, changes: Iterable[Change]) -> Report:
        """The same report with ``changes`` instead of all."""
        return Report.of(self.api, self.schema_kind, changes)
