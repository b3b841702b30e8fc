"""The promise: a server that counts arrivals never sees more than the allowance in any window, and sees nearly all."""

from __future__ import annotations

import random
from typing import Literal, TypeAlias

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import counted
from tests.typedpipes.limits.simulation import Judge, Simulation, Task, VirtualClock
from typedpipes._core.flow import Flow, Sleep
from typedpipes.limits import Claim, Lease, Policy, StoreLimiter, Window
from typedpipes.limits.ask import GRACE
from typedpipes.limits.stores import MemoryStore

Fate: TypeAlias = Literal["answered", "replayed", "redirected", "unanswered", "unsent", "cancelled", "timed out"]
DEADLINE = 30.0


@attrs.frozen
class Caller:
    """One call: when it comes, what it costs, how long its bytes travel, and what becomes of it."""

    at: float
    weight: int
    there: float
    back: float
    fate: Fate
    patience: float
    late: float = 1.0
    """How much of the grace the server takes to read what it accepted, once the connection is closed."""


CALLERS = st.builds(
    Caller,
    at=st.floats(0, 12, allow_nan=False).map(lambda x: round(x, 3)),
    weight=st.integers(1, 4),
    there=st.sampled_from([0.0, 0.001, 0.05, 0.5, 2.5, 7.0]),
    back=st.sampled_from([0.0, 0.001, 0.05, 0.5, 2.5]),
    fate=st.sampled_from(
        [
            *("answered", "answered", "answered", "replayed", "redirected"),
            *("unanswered", "unsent", "cancelled", "cancelled", "timed out"),
        ]
    ),
    patience=st.floats(0.01, 10, allow_nan=False),
    late=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
)


class OnTheWire:
    """A request under way. It arrives when its bytes do, or, if they were sent off, in the grace after the close."""

    def __init__(self, world: World, caller: Caller) -> None:
        self._world = world
        self._caller = caller
        self._open = True
        self._arrived = False
        world.simulation.at(world.clock.now + caller.there, self._arrive_open)

    def _arrive_open(self) -> None:
        if self._open:
            self._arrive()

    def _arrive(self) -> None:
        if not self._arrived:
            self._arrived = True
            self._world.judge.arrive(self._world.clock.now, self._caller.weight)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._world.simulation.at(self._world.clock.now + self._caller.late * GRACE, self._arrive)


class World:
    """A limiter, a judge, and a count of what went out."""

    def __init__(self, allowance: int, window: float) -> None:
        self.clock = VirtualClock()
        self.simulation = Simulation(self.clock)
        self.judge = Judge(allowance, window)
        row = Window(name="w", allowance=allowance, seconds=window, scope="user", unit="token")
        policy = Policy(vendor="test", account="user", windows=(row,))
        self.store = MemoryStore(clock=self.clock)
        self.limiter = StoreLimiter(policy, self.store, identity={"user": "u"}, clock=self.clock)
        self.granted = 0
        self.sent = 0
        self.unsent = 0

    def call(self, caller: Caller) -> Flow[None]:
        """A call with all its wire requests: the first, and those that a 401 or a redirect adds."""
        claim = Claim("test", "call", token_cost=caller.weight)
        until = self.clock.now + DEADLINE
        for _ in range({"replayed": 2, "redirected": 3}.get(caller.fate, 1)):
            lease = yield from self.limiter.acquire(claim, until=None, max_wait=None)
            self.granted += 1
            if caller.fate == "unsent":
                self.unsent += 1
                yield from lease.unsent()
                return
            self.sent += 1
            if caller.fate == "unanswered":
                # As late as a request can arrive that nobody waits for any more.
                arrival = max(self.clock.now + caller.there, min(until, self.clock.now + 60) + GRACE)
                self.simulation.at(arrival, lambda: self.judge.arrive(self.clock.now, caller.weight))
                return
            yield from self.exchange(caller, lease)

    def exchange(self, caller: Caller, lease: Lease) -> Flow[None]:
        """One wire request, until it is answered or its connection is closed."""
        wire = OnTheWire(self, caller)
        try:
            if caller.fate == "timed out" and caller.patience < caller.there + caller.back:
                yield Sleep(caller.patience)
                wire.close()
                yield from lease.abandoned()
            else:
                yield Sleep(caller.there + caller.back)
                yield from lease.settle(200, {})
        finally:
            wire.close()
            lease.end_of_flow()

    def start(self, caller: Caller) -> Task:
        when = self.clock.now + caller.at
        task = self.simulation.start(self.call(caller), when)
        if caller.fate == "cancelled":
            self.simulation.at(when + caller.patience, task.cancel)
        return task

    @property
    def held(self) -> tuple[int, int, int]:
        """Units in flight, settled, and waiters, when everything is over."""
        (entry,) = self.limiter.bind(Claim("test", "call", token_cost=1)).windows
        state = self.store._book.windows.get(entry.key)
        if state is None:
            return 0, 0, 0
        state.expire(round(self.clock.now * 1_000_000))
        return state.flying, state.settled, len(state.order)


@counted(100, 3000)
def test_no_window_ever_holds_more_than_the_allowance(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(
        callers=st.lists(CALLERS, min_size=1, max_size=60),
        allowance=st.integers(4, 12),
        window=st.sampled_from([0.5, 2.0, 5.0]),
    )
    def holds(callers: list[Caller], allowance: int, window: float) -> None:
        world = World(allowance, window)
        tasks = [world.start(caller) for caller in callers]
        world.simulation.run()
        assert not world.judge.violated, f"{world.judge.most()} of {allowance}"
        assert all(task.done and task.error is None for task in tasks), "somebody starved"
        assert len(world.judge.arrivals) == world.sent == world.granted - world.unsent
        world.clock.now += DEADLINE + 60 + GRACE + 2 * window + 10
        assert world.held == (0, 0, 0)

    holds()


@pytest.mark.parametrize("fate", ["cancelled", "timed out"])
def test_what_is_read_at_the_end_of_the_grace_is_still_counted(fate: Fate) -> None:
    """And not a moment longer: the account goes on one window after it."""
    world = World(5, 1.0)
    begin = world.clock.now
    for _ in range(5):
        world.start(Caller(0, 1, 60, 0, fate, patience=0.1, late=1.0))
    for _ in range(20):
        world.start(Caller(0.2, 1, 0, 0, "answered", 0))
    world.simulation.run()
    arrivals = [at - begin for at, _ in world.judge.arrivals]
    assert arrivals[:5] == pytest.approx([0.1 + GRACE] * 5)
    assert arrivals[5:10] == pytest.approx([0.1 + GRACE + 1.0] * 5, abs=0.01)
    assert world.judge.most() == 5


@pytest.mark.parametrize("seed", range(25))
def test_a_saturated_limit_holds_while_calls_are_given_up(seed: int) -> None:
    dice = random.Random(seed)
    world = World(6, dice.choice([0.5, 2.0]))
    fates: list[Fate] = ["answered", "answered", "cancelled", "timed out", "unsent"]
    for _ in range(250):
        world.start(
            Caller(
                at=dice.uniform(0, 40),
                weight=dice.choice([1, 1, 2]),
                there=dice.choice([0.001, 0.3, 3.0]),
                back=dice.choice([0.001, 0.3]),
                fate=dice.choice(fates),
                patience=dice.uniform(0.05, 40),
                late=dice.choice([0.0, 0.5, 1.0]),
            )
        )
    world.simulation.run()
    assert world.judge.most() == 6


@pytest.mark.parametrize("latency", [0.005, 0.05, 0.5])
def test_the_allowance_is_used(latency: float) -> None:
    """Saturated, at least 98 % of N / (window + latency) gets through."""
    allowance, window, seconds = 50, 3.0, 60.0
    world = World(allowance, window)

    def worker(number: int) -> Flow[None]:
        while world.clock.now < begin + seconds:
            jitter = 0.25 + 1.5 * ((number * 7919 + world.sent * 104_729) % 1000) / 1000
            yield from world.call(Caller(0, 1, latency * jitter / 2, latency * jitter / 2, "answered", 0))

    begin = world.clock.now
    for number in range(3 * allowance):
        world.simulation.start(worker(number), begin)
    world.simulation.run(begin + seconds)
    mean = latency  # of a jitter of 0.25 to 1.75
    cycle = window + mean
    # The first window opens full, so whole cycles are compared.
    cycles = int(seconds / cycle)
    inside = sum(1 for at, _ in world.judge.arrivals if at < begin + cycles * cycle)
    assert not world.judge.violated
    assert inside >= 0.98 * allowance * cycles


def test_first_come_first_served() -> None:
    world = World(2, 1.0)
    order: list[int] = []

    def waiter(number: int) -> Flow[None]:
        lease = yield from world.limiter.acquire(Claim("test", "call", token_cost=1))
        order.append(number)
        yield Sleep(0.01)
        yield from lease.settle(200, {})

    for number in range(40):
        world.simulation.start(waiter(number), world.clock.now + number / 1000)
    world.simulation.run()
    assert order == list(range(40))


def test_an_expensive_request_is_not_starved_by_cheap_ones() -> None:
    world = World(10, 1.0)
    grants: list[tuple[str, float]] = []

    def call(name: str, weight: int) -> Flow[None]:
        lease = yield from world.limiter.acquire(Claim("test", name, token_cost=weight))
        grants.append((name, world.clock.now))
        yield from lease.settle(200, {})

    start = world.clock.now
    for number in range(10):
        world.simulation.start(call("cheap", 1), start + number / 10)
    world.simulation.start(call("expensive", 10), start + 1.0)
    for number in range(200):
        world.simulation.start(call("cheap", 1), start + 1.001 + number / 20)
    world.simulation.run()
    granted_at = next(at for name, at in grants if name == "expensive")
    # All ten units come free one window after the last of the first ten was granted.
    assert granted_at - start < 0.9 + 1.0 + 0.1
    assert len(grants) == 211


def test_the_window_itself_is_tight() -> None:
    """Not even at an edge: the unit after N comes one window later, not a moment before."""
    world = World(5, 1.0)
    for _ in range(6):
        world.start(Caller(0, 1, 0, 0, "answered", 0))
    world.simulation.run()
    arrivals = [at for at, _ in world.judge.arrivals]
    assert arrivals[4] - arrivals[0] < 0.001
    assert 1.0 < arrivals[5] - arrivals[0] <= 1.0 * 1.001 + 0.002
