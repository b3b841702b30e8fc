"""The Retry-After parser accepts any string."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typedpipes._core.http.retry_after import LONGEST, parse_retry_after, resume_at

WALL = 1_790_000_000.0
header_like = st.text(alphabet="0123456789-+.eE:, GMTSunJa\t\r\n²٣", max_size=40)


@given(value=st.one_of(st.text(), header_like), date=st.one_of(st.none(), st.text(), header_like), wall=st.floats())
def test_total_on_any_string(value: str, date: str | None, wall: float) -> None:
    wait = parse_retry_after(value, wall=wall, date=date)
    if wait is not None and not math.isnan(wall):
        assert 0 <= wait <= LONGEST
        assert resume_at(wait, wall=wall).tzinfo is UTC


@given(seconds=st.integers(0, 10**9))
def test_seconds(seconds: int) -> None:
    assert parse_retry_after(f" {seconds} ", wall=WALL) == min(seconds, LONGEST)


@given(ahead=st.integers(-(10**6), 10**6), skew=st.floats(-7200, 7200))
def test_dates_do_not_depend_on_our_clock_when_the_server_tells_its_own(ahead: int, skew: float) -> None:
    now = datetime.fromtimestamp(WALL, UTC)
    value = format_datetime(now + timedelta(seconds=ahead), usegmt=True)
    assert parse_retry_after(value, wall=WALL + skew, date=format_datetime(now, usegmt=True)) == max(0, ahead)
    assert parse_retry_after(value, wall=WALL) == max(0, ahead)


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1,5", "0x10", "1e3", "٣", "nan", "inf", "Wed, 99 Foo 2026 25:61:61 GMT", "1" * 401]
)
def test_garbage_says_nothing(value: str) -> None:
    assert parse_retry_after(value, wall=WALL) is None


def test_none_says_nothing() -> None:
    assert parse_retry_after(None, wall=WALL) is None
