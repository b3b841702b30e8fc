"""Following circles of schemas once: which pairs are being compared, and which are known to be equal."""

from __future__ import annotations

from collections import Counter
from typing import Final, TypeAlias

import attrs

from typedpipes_codegen.diff.shape import Key

Pair: TypeAlias = tuple[Key, Key, str, bool, bool | None]
"""Two schemas by what they are made of, and what else a finding depends on."""
MOST_PLACES: Final = 50
"""How often a changed pair of schemas is told about in one operation; a schema can be made to repeat one forever."""


@attrs.define
class Circles:
    """The pairs of schemas met in one operation.

    A pair that is met again on the way down from itself differs in nothing but what is told already. So a circle is
    equal when nothing in it differs; that is known where it was entered, for all of its pairs at once (Tarjan's
    strongly connected components).
    """

    _count: int = 0
    _open: dict[Pair, int] = attrs.field(factory=dict)
    """The way down to here: the number of each pair, in the order of entry."""
    _outer: list[tuple[int, int]] = attrs.field(factory=list)
    """For each open pair: ``_lowest``, and the length of ``_unsure``, as they were before."""
    _lowest: int = 0
    """The least number that what was compared leans on; -1 for what is no longer told."""
    _unsure: list[Pair] = attrs.field(factory=list)
    """Pairs without a difference that lean on one still open."""
    _numbers: dict[Pair, int] = attrs.field(factory=dict)
    """The numbers of those."""
    _equal: set[Pair] = attrs.field(factory=set)
    _met: Counter[Pair] = attrs.field(factory=Counter)

    def enter(self, pair: Pair) -> bool:
        """Whether a pair has to be compared. If so, `leave` follows."""
        if pair in self._equal:
            return False
        number = self._open.get(pair, self._numbers.get(pair))
        if number is None and self._met[pair] >= MOST_PLACES:
            number = -1
        if number is not None:
            self._lowest = min(self._lowest, number)
            return False
        self._met[pair] += 1
        self._outer.append((self._lowest, len(self._unsure)))
        self._lowest = self._open[pair] = self._count
        self._count += 1
        return True

    def leave(self, pair: Pair, *, changed: bool) -> None:
        """End the comparison of a pair. ``changed``: a difference was found in it or below."""
        number = self._open.pop(pair)
        outer, start = self._outer.pop()
        closed = self._lowest == number
        if not changed:
            self._unsure.append(pair)
            self._numbers[pair] = number
            if closed:
                self._equal.update(self._unsure[start:])
        if changed or closed or not self._open:
            for one in self._unsure[start:]:
                del self._numbers[one]
            del self._unsure[start:]
        self._lowest = min(outer, self._lowest)
