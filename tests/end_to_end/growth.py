"""How the processor time of a piece of work grows with what it is given. Nothing here looks at the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMES = 8
"""Each measurement compares a size with one eight times as large."""
ALLOWED = TIMES * 4
"""Linear work grows by 8, quadratic work by 64."""


def growth(work: Callable[[int], object], size: int) -> float:
    """Time for ``size * TIMES`` over time for ``size``, of this thread's processor, the best of several each."""
    return _least(work, size * TIMES) / _least(work, size)


def _least(work: Callable[[int], object], size: int) -> float:
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        work(size)
        took = time.thread_time() - began
        best = min(best, took)
        if took > 1:  # long enough to be told from noise
            break
    return max(best, 1e-4)  # shorter times are noise, and no attack
