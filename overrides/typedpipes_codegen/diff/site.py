"""The place that is compared, and the collector that rates each change found there."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from typedpipes_codegen.diff.breaking import rating_of, sentence
from typedpipes_codegen.diff.change import Change, Direction

Role: TypeAlias = Literal["request", "response"]


@attrs.frozen
class Site:
    """One place of an operation. ``error`` marks what belongs to a response that is no success."""

    operation: str | None
    method: str | None
    role: Role = "request"
    error: bool = False
    place: str = ""
    path: str = ""
    component: str | None = None
    model: str | None = None
    field: str | None = None
    argument: str | None = None
    optional: bool = False
    """Whether it is an optional property: None is a possible value already."""

    def at(self, place: str, path: str | None = None) -> Site:
        """The same, seen at another place."""
        return attrs.evolve(self, place=place, path=self.path if path is None else path)

    def of_property(self, name: str, place: str, *, optional: bool) -> Site:
        """The place of a property."""
        top = self.role == "request" and self.argument is None
        return attrs.evolve(
            self,
            place=place,
            path=self.step(f".{name}"),
            field=name,
            argument=name if top else self.argument,
            optional=optional,
        )

    def inside(self, step: str, place: str) -> Site:
        """The place of what a list or map holds, or of one form of a union."""
        return attrs.evolve(self, place=place, path=self.step(step), optional=False)

    def in_component(self, component: str, model: str) -> Site:
        """The same place, known to be a component of its own."""
        return attrs.evolve(self, component=component, model=model, field=None)

    def step(self, text: str) -> str:
        """The path, one step on: ``response 200`` and ``.data`` give ``response 200: data``."""
        return f"{self.path}{text}" if ": " in self.path else f"{self.path}: {text.removeprefix('.')}"


@attrs.define
class Findings:
    """Collects changes."""

    changes: list[Change] = attrs.field(factory=list)

    def add(
        self, kind: str, site: Site, what: str, *, value: str | None = None, direction: Direction | None = None
    ) -> None:
        """Record a change; ``what`` is the first half of its message."""
        self.changes.append(
            Change(
                rating=rating_of(kind, error=site.error),
                kind=kind,
                operation=site.operation,
                place=site.place,
                path=site.path,
                direction=direction or site.role,
                message=sentence(kind, what),
                method=site.method,
                component=site.component,
                model=site.model,
                field=site.field,
                argument=site.argument,
                value=value,
            )
        )
