"""Checks of a sandbox's settings: a misspelt origin or a number below zero is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

ORIGINS: Final = ("pipefy", "files", "pipedream", "workflows", "pipedrive", "pipedrive_oauth")
"""Names of what a sandbox serves: where a fault strikes, what an arrival belongs to."""


def require_origin(name: str) -> None:
    """Raise ValueError for a name that no request will ever have."""
    if name not in ORIGINS:
        close = get_close_matches(name, ORIGINS, 1)
        meant = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(ORIGINS)}"
        raise ValueError(f"a sandbox has no api {name!r}; {meant}")


def require_from_zero(settings: object, names: Iterable[str], besides: Sequence[str] = ()) -> None:
    """Raise ValueError if one of the fields ``names`` of ``settings``, but for ``besides``, is a number below zero."""
    for name in names:
        value = getattr(settings, name)
        if isinstance(value, (int, float)) and value < 0 and name not in besides:
            raise ValueError(f"{name} must be at least 0, not {value}")


__all__ = ["ORIGINS", "require_from_zero", "require_origin"]
