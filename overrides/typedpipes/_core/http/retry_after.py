"""Parses Retry-After. Never raises, whatever the header holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = 10 * 365 * 86_400.0
"""Waits are cut to ten years, so that they can be added to a date."""

_SECONDS: Final = re.compile(r"[0-9]{1,400}(?:\.[0-9]{0,30})?", re.ASCII)


def parse_retry_after(value: str | None, *, wall: float, date: str | None = None) -> float | None:
    """Seconds to wait according to a ``Retry-After`` value; None if it says nothing intelligible.

    Accepts seconds and HTTP dates. A date counts from the server's own ``Date`` header where there is one (then our
    clock need not be right), else from ``wall``. The past is 0, the far future `LONGEST`.
    """
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST)
    until = _http_date(value)
    if until is None:
        return None
    server_now = _http_date(date.strip()) if date is not None else None
    return min(max(0.0, until - (wall if server_now is None else server_now)), LONGEST)


def server_wait(headers: Mapping[str, str], *, wall: float) -> float | None:
    """Seconds the server asks to wait, from an answer's headers (lower-case names); None if it does not say."""
    return parse_retry_after(headers.get("retry-after"), wall=wall, date=headers.get("date"))


def resume_at(wait: float, *, wall: float) -> datetime:
    """The moment (UTC) at which a wait of ``wait`` seconds from ``wall`` is over."""
    try:
        return datetime.fromtimestamp(wall, UTC) + timedelta(seconds=min(max(wait, 0.0), LONGEST))
    except (OverflowError, OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def _http_date(value: str) -> float | None:
    if len(value) > 64 or not value.isascii():
        return None
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


__all__ = ["LONGEST", "parse_retry_after", "resume_at", "server_wait"]
