"""Resets in a forked child what it must not share with its parent: connections, permits, locks, single flights.

Each such thing is registered when it is made and renewed once in the child, before any code of the child runs, so that
no thread can meet it half renewed and no call pays for it. The parent is not touched.
"""

from __future__ import annotations

import os
import weakref
from typing import Final, Protocol


class Forked(Protocol):
    """Something that is renewed in a forked child."""

    def forked(self) -> None:
        """This process is a forked child. Other threads do not exist here; a lock may have been held by one of them."""
        ...


_known: Final[weakref.WeakSet[Forked]] = weakref.WeakSet()


def renew_in_children(thing: Forked) -> None:
    """Call ``thing.forked()`` in every forked child, as long as ``thing`` lives."""
    _known.add(thing)


def _renew() -> None:
    for thing in list(_known):
        thing.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


__all__ = ["Forked", "renew_in_children"]
