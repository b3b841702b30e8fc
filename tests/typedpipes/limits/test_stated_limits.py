"""A figure above the table's that an earlier version left in a store raises nothing."""

from __future__ import annotations

from msgspec.structs import replace

from typedpipes._core.flow import SyncIO, drive
from typedpipes.limits.ask import Ask, Bound, Granted, Note, WindowEntry
from typedpipes.limits.stores import Store

IO = SyncIO()
SEARCH = WindowEntry("search", "acc:search", 3, 3_600_000_000, 1, 0, True)


def bound_of(entry: WindowEntry) -> Bound:
    return Bound("acc", (entry,), (), True)


def granted(store: Store, entry: WindowEntry, times: int) -> int:
    asks = [Ask(bound_of(entry), f"lease{turn}", 60_000_000, 0) for turn in range(times)]
    return sum(isinstance(drive(store.reserve(ask), IO), Granted) for ask in asks)


def test_a_raised_figure_in_a_store_is_not_used(store: Store) -> None:
    anybody = replace(SEARCH, bucket=False)  # counted so, the window takes over whatever is stated
    drive(store.settle(bound_of(anybody), "first", (Note("window", SEARCH.key, 0, 40, -1),)), IO)
    assert drive(store.view(bound_of(anybody)), IO).windows[0].observed == 40
    assert granted(store, SEARCH, 6) == 2, "three, one of which the first answer took"
    assert drive(store.view(bound_of(SEARCH)), IO).windows[0].observed == 3
