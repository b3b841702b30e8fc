from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from typedpipes.pipefy.exports.schedule import PollSchedule

seconds = st.floats(0, 1e6)


def polls_until(schedule: PollSchedule, done_at: float, calls: int) -> list[float]:
    times = [0.0]
    while times[-1] < done_at:
        times.append(times[-1] + schedule.next_poll(times[-1], calls=calls))
    return times[1:]


def test_without_a_budget_it_is_quick_at_first_and_backs_off_to_a_minute() -> None:
    times = polls_until(PollSchedule(), 1800, 1)
    gaps = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
    assert times[0] == 1.0
    assert gaps == sorted(gaps)
    assert max(gaps) == 60.0
    assert len(times) < 45


def test_with_a_budget_a_thirty_minute_export_takes_six_polls_or_five_after_a_form_fallback() -> None:
    schedule = PollSchedule(20)
    assert [round(time, 1) for time in polls_until(schedule, 1800, 1)] == [24, 57.6, 138.2, 331.8, 796.3, 1911]
    assert [round(time, 1) for time in polls_until(schedule, 1800, 2)] == [57.6, 138.2, 331.8, 796.3, 1911]


@given(done_at=st.floats(60, 1e6), calls=st.integers(1, 2))
def test_with_a_budget_completion_is_seen_at_most_2_4_times_late(done_at: float, calls: int) -> None:
    assert polls_until(PollSchedule(20), done_at, calls)[-1] <= done_at * 2.4 * 1.000001


@given(elapsed=seconds, asked=seconds, budget=st.none() | st.integers(0, 10_000))
def test_what_the_server_asks_for_is_never_undercut(elapsed: float, asked: float, budget: int | None) -> None:
    assert PollSchedule(budget).next_poll(elapsed, retry_after=asked) >= asked


@given(elapsed=st.floats(-10, 1e9), calls=st.integers(-1, 50), budget=st.none() | st.integers(0, 10_000))
def test_a_delay_is_never_zero(elapsed: float, calls: int, budget: int | None) -> None:
    assert PollSchedule(budget).next_poll(elapsed, calls=calls) >= 1.0
