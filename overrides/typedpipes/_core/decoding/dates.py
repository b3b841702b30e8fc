"""Dates and times in answers: which texts are read, and the text a value goes back as."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import msgspec

NAIVE: Final = datetime(1970, 1, 1)
AWARE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""``AWARE + (value - NAIVE)`` is a time without a zone as one in UTC, far quicker than ``replace(tzinfo=UTC)``."""
_convert: Final = msgspec.convert


def read_time(text: str) -> datetime | None:
    """The time in RFC 3339, or in ``YYYY-MM-DD HH:MM:SS``, which is UTC. None for any other text."""
    try:
        value = _convert(text, datetime)
    except ValueError:
        return None
    return value if value.tzinfo is not None else AWARE + (value - NAIVE)


def read_date(text: str) -> date | None:
    """The date in ``YYYY-MM-DD``. None for any other text."""
    try:
        return _convert(text, date)
    except ValueError:
        return None


def as_received(value: date, text: object) -> bool:
    """Whether ``text`` is what ``value`` was read from: then it goes back to the server as it came."""
    read = read_time if isinstance(value, datetime) else read_date
    return isinstance(text, str) and read(text) == value


__all__ = ["AWARE", "NAIVE", "as_received", "read_date", "read_time"]
