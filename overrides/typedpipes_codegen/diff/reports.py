"""What the text and Markdown reports have in common: many like changes become few lines, none is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from typedpipes_codegen.diff.change import RATINGS, WHOLE_API, Change, Rating, Report
from typedpipes_codegen.diff.rules import sentence

_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
FEW: Final = 3
"""So many changes of one kind stand alone; more are one line."""


@attrs.frozen
class Line:
    """One line of a report: one change, or several of one kind in one part of an operation."""

    rating: Rating
    where: str
    """``response 200``; empty where the text says it."""
    text: str
    count: int = 1


@attrs.frozen
class Section:
    """Groups that have the same lines, and those lines."""

    titles: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def worst(self) -> Rating:
        return next(rating for rating in RATINGS if any(line.rating == rating for line in self.lines))

    @property
    def count(self) -> int:
        """Changes it stands for."""
        return len(self.titles) * sum(line.count for line in self.lines)


def sections(report: Report) -> list[Section]:
    """The report's groups, worst first; groups that say the same are one section."""
    found: dict[tuple[Line, ...], list[str]] = {}
    for group, changes in report.by_operation().items():
        found.setdefault(tuple(_lines(changes)), []).append(_title(group, changes[0]))
    return [Section(tuple(titles), lines) for lines, titles in found.items()]


def _title(group: str, change: Change) -> str:
    if group == WHOLE_API:
        return "the whole API"
    named = change.method is not None and change.operation is not None and "/" in change.operation
    return plain(f"{group} ({change.method})" if named else group)


def _lines(changes: Iterable[Change]) -> Iterator[Line]:
    kinds: dict[tuple[str, Rating, str, str | None], list[Change]] = {}
    for change in changes:
        kinds.setdefault((change.kind, change.rating, _where(change), change.component), []).append(change)
    for (kind, rating, where, component), alike in kinds.items():
        if len(alike) <= FEW:
            yield from (Line(rating, where, plain(change.message) + _users(change)) for change in alike)
            continue
        names = ", ".join(f"`{_name(change)}`" for change in alike)
        holder = f" of {component}" if component and where else ""
        told = sentence(kind, f"{kind} ({len(alike)}{holder}): {names}")
        yield Line(rating, where, plain(told) + _users(*alike), len(alike))


def _where(change: Change) -> str:
    """The part of an operation: ``response 200``. A parameter is named by the message itself."""
    head, _, below = change.path.partition(": ")
    return plain(head) if below and change.operation is not None and "/" in change.operation else ""


def _name(change: Change) -> str:
    inside = change.path.partition(": ")[2] or change.argument or change.path
    return f"{inside} = {change.value}" if change.value is not None and "/" in (change.operation or "") else inside


def _users(*changes: Change) -> str:
    users = sorted({name for change in changes for name in change.used_by})
    return f" Used by {', '.join(users)}." if users else ""


def plain(text: str) -> str:
    """Text of a schema as one line that cannot steer a terminal."""
    return _UNFIT.sub(" ", text)


def counted(report: Report) -> str:
    """``2 breaking, 1 dangerous, 0 safe``."""
    return ", ".join(f"{count} {rating}" for rating, count in report.counts.items())
