"""SQLite and Redis follow the very rules of the pure book: same asks at the same times, same answers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import counted
from tests.typedpipes.limits.redis_server import RedisServer
from tests.typedpipes.limits.turned_clock import DAY, START, ToldRedis, Turned
from typedpipes._core.flow import SyncIO, drive
from typedpipes.limits.ask import Ask, Bound, BudgetEntry, Granted, Note, Reply, Retry, WindowEntry
from typedpipes.limits.stores import MemoryStore, Store
from typedpipes.limits.stores.sqlite import SqliteStore


def window(name: str, allowance: int | None, hold: int, weight: int) -> WindowEntry:
    return WindowEntry(name, f"acc:{name}", allowance, hold, weight, 0, name != "wide")


def bound_of(weight: int, kinds: str) -> Bound:
    windows = {
        "w": window("wide", 6, 3_000_000, weight),
        "n": window("narrow", 2, 2_000_000, 1),
        "p": window("pause", None, 1_000_000, 1),
    }
    chosen = tuple(windows[kind] for kind in kinds if kind in windows)
    budgets = (BudgetEntry("day", "acc:day", 15, "day", weight, 0.8, True),) if "b" in kinds else ()
    return Bound("acc", chosen, budgets, True)


STEP = st.tuples(
    st.sampled_from(
        [
            "ask",
            "ask",
            "ask",
            "settle",
            "abandon",
            "release",
            "unsent",
            "block",
            "state",
            "daily",
            "gone",
            "view",
            "forget",
        ]
    ),
    st.integers(0, 7),
    st.integers(1, 4),
    st.sampled_from(["w", "wn", "wb", "wnb", "n", "wp", "p"]),
    st.sampled_from([0, 7, 1_000, 400_000, 1_999_999, 3_000_001, 9_000_000, DAY // 3]),
    st.sampled_from([-1, -1, -1, 0, 500_000]),
)


def play(store: Store, clock: Turned, steps: list[tuple[str, int, int, str, int, int]]) -> list[object]:
    """Do the steps and note every answer. Places are renamed in order of appearance, as clocks name them."""
    clock.now = START
    asks: dict[int, Ask] = {}
    held: dict[int, Ask] = {}
    names: dict[int, int] = {}
    seen: list[object] = []
    io = SyncIO()
    for turn, (what, who, weight, kinds, later, patience) in enumerate(steps):
        clock.now += later + 10
        if what == "ask" and who not in held:
            before = asks.get(who)
            bound = before.bound if before else bound_of(weight, kinds)
            lease = before.lease if before else f"lease{turn}"
            ask = Ask(bound, lease, 5_000_000, patience, before.place if before else None)
            reply: Reply = drive(store.reserve(ask), io)
            if isinstance(reply, Granted):
                held[who] = ask
                asks.pop(who, None)
            elif isinstance(reply, Retry) and reply.place is not None:
                asks[who] = Ask(bound, lease, 5_000_000, patience, reply.place)
                name = names.setdefault(reply.place, len(names))
                reply = Retry(reply.wait, reply.limit, name)
            else:
                asks.pop(who, None)
            seen.append(reply)
        elif what in ("settle", "block", "state", "daily", "gone") and who in held:
            ask = held.pop(who)
            notes: tuple[Note, ...] = ()
            if what == "block":
                notes = tuple(Note("block", entry.key, 700_000) for entry in ask.bound.windows)
            elif what == "state":
                notes = tuple(Note("window", entry.key, 900_000, weight + 1, weight) for entry in ask.bound.windows)
            elif what == "daily":
                notes = tuple(Note("budget", entry.key, 0, 12, weight) for entry in ask.bound.budgets)
            elif what == "gone":
                notes = tuple(Note("exhausted", entry.key) for entry in ask.bound.budgets)
            drive(store.settle(ask.bound, ask.lease, notes), io)
        elif what == "abandon" and who in held:
            ask = held.pop(who)
            drive(store.settle(ask.bound, ask.lease, (), 1_200_000), io)
        elif what == "unsent" and who in held:
            store.release(held.pop(who), True).sync()
        elif what == "release" and who in asks:
            store.release(asks.pop(who), False).sync()
        elif what == "forget":
            drive(store.forget(bound_of(1, kinds)), io)
        elif what == "view":
            seen.append(drive(store.view(bound_of(1, "wnpb")), io))
    return seen


@counted(50, 1500)
def test_stores_agree(examples: int, redis_process: RedisServer) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(steps=st.lists(STEP, min_size=5, max_size=40))
    def holds(steps: list[tuple[str, int, int, str, int, int]]) -> None:
        clock = Turned()
        expected = play(MemoryStore(clock=clock), clock, steps)
        with tempfile.TemporaryDirectory() as folder:
            clock = Turned()
            file = SqliteStore(Path(folder) / "limits.db", clock=clock)
            got = play(file, clock, steps)
            file.close()
        assert got == expected
        redis_process.flush()
        clock = Turned()
        shared = ToldRedis(redis_process, clock)
        got = play(shared, clock, steps)
        shared.close()
        assert got == expected

    holds()
