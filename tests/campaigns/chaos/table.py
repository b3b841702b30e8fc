"""What a part of the chaos campaign found, and the one table of all parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from typedpipes.errors import TypedPipesError

LATE: Final = 0.5
"""Seconds by which a call may outlast its deadline."""


@attrs.define
class Row:
    """One part: how many cases, and what must be zero of each."""

    name: str
    cases: int = 0
    violations: int = 0
    """More requests in a window than the limit allows."""
    raw: int = 0
    """Exceptions that are not of `typedpipes.errors`."""
    duplicates: int = 0
    """Writes that reached the server twice."""
    partial: int = 0
    """Files or answers that were cut and passed for whole, and what was left open."""
    overrun: float = 0.0
    """Seconds by which the slowest call outlasted its deadline."""
    notes: str = ""

    def outcome(self, call: Callable[[], object]) -> object:
        """What ``call`` returns, or the error of ours that it raised; anything else is counted as raw."""
        self.cases += 1
        try:
            return call()
        except TypedPipesError as error:
            return error
        except Exception as error:
            self.raw += 1
            self.notes += f" {type(error).__name__}: {str(error)[:80]};"
            return error

    def check(self) -> None:
        """Fail unless what must be zero is."""
        found = (self.violations, self.raw, self.duplicates, self.partial)
        assert found == (0, 0, 0, 0), self
        assert self.overrun <= LATE, self


def show(rows: list[Row]) -> str:
    """All parts, one a line."""
    head = f"{'part':34} {'cases':>7} {'violations':>10} {'raw':>4} {'duplicates':>10} {'partial':>7} {'overrun':>8}"
    lines = [
        f"{row.name:34} {row.cases:7} {row.violations:10} {row.raw:4} {row.duplicates:10} {row.partial:7} "
        f"{row.overrun:7.2f}s  {row.notes.strip()}"
        for row in rows
    ]
    return "\n".join([head, *lines])
