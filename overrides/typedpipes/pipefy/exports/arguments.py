"""What callers give to exports, checked before anything is sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from typedpipes.errors import ConfigurationError

Period: TypeAlias = Literal["current_month", "last_month", "last_3_months"]
"""Period filters of the automation jobs export (seed 004)."""

PERIODS: Final[tuple[str, ...]] = get_args(Period)

_ORGANIZATION_PATH: Final = re.compile(r"/organizations/([0-9]{1,20})(?:/.*)?", re.ASCII)


def check_period(period: str) -> str:
    """``period`` if it is one of `PERIODS`. Raises `ConfigurationError`."""
    if period not in PERIODS:
        raise ConfigurationError(f"period must be one of {', '.join(PERIODS)}, not {period!r}", setting="period")
    return str(period)


def organization_number(organization: str | int) -> str:
    """The number of an organization given as number or as the URL the browser shows (seed 004, step 1).

    Raises `ConfigurationError` for anything else.
    """
    if isinstance(organization, bool) or not isinstance(organization, str | int):
        raise _no_organization(type(organization).__name__)
    text = str(organization).strip()
    if re.fullmatch(r"[0-9]{1,20}", text, re.ASCII) and int(text) > 0:
        return str(int(text))
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        host = (url.hostname or "").lower()
    except ValueError as error:
        raise _no_organization(text) from error
    match = _ORGANIZATION_PATH.fullmatch(url.path)
    if url.scheme in ("https", "http") and (host == "pipefy.com" or host.endswith(".pipefy.com")) and match:
        return match[1]
    raise _no_organization(text)


def month_of(wall: float) -> str:
    """The UTC calendar month of a Unix time: what ``last_month`` means depends on it."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m")


def _no_organization(given: str) -> ConfigurationError:
    shown = given if len(given) <= 80 else given[:80] + "…"
    return ConfigurationError(
        f"organization_id must be the organization's number or its URL "
        f"(https://app.pipefy.com/organizations/123456789), not {shown!r}",
        setting="organization_id",
    )
