"""What a request holds after its answer, to the microsecond."""

from __future__ import annotations

from typedpipes.limits.ask import Ask, Bound, WindowEntry
from typedpipes.limits.book import GRANTED, Book

HOLD, ANSWER_BY, GRACE = 30_000_000, 60_000_000, 5_000_000
ENTRY = WindowEntry(name="w", key="k", allowance=2, hold=HOLD, weight=2, block=0, bucket=False)
BOUND = Bound(account="a", windows=(ENTRY,), budgets=(), counted=True)


def ask(lease: str) -> Ask:
    return Ask(bound=BOUND, lease=lease, answer_by=ANSWER_BY, patience=0)


def test_a_settled_request_holds_its_units_for_the_window_from_its_answer_on() -> None:
    for grace in (0, GRACE):
        book = Book()
        book.now = 1_000
        assert book.reserve(ask("a-1")) == GRANTED
        book.now = 9_000
        book.settle(BOUND, "a-1", (), grace)
        free = 9_000 + grace + HOLD
        view = book.view(BOUND).windows[0]
        assert (view.used, view.in_flight, view.all_free_in) == (2, 0, free - book.now)
        book.now = free
        assert book.reserve(ask("a-2")) != GRANTED
        book.now = free + 1
        assert book.reserve(ask("a-2")) == GRANTED


def test_an_answer_is_counted_although_the_store_forgot_the_request() -> None:
    book = Book()
    book.now = 9_000
    book.settle(BOUND, "a-1", ())
    assert list(book.windows) == ["k"]
    assert book.view(BOUND).windows[0].used == 2
    book.now = 9_000 + HOLD
    assert book.reserve(ask("a-2")) != GRANTED


def test_an_answer_goes_to_the_window_of_its_own_key() -> None:
    book = Book()
    other = Bound("b", (WindowEntry("w", "other", 2, HOLD, 2, 0, bucket=False),), (), counted=True)
    assert book.reserve(ask("a-1")) == GRANTED
    assert book.reserve(Ask(bound=other, lease="b-1", answer_by=ANSWER_BY, patience=0)) == GRANTED
    book.settle(BOUND, "a-1", ())
    assert [(key, state.flying, state.settled) for key, state in book.windows.items()] == [("k", 0, 2), ("other", 2, 0)]
