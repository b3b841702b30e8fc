"""Many flows on one virtual clock, and a server that judges by its own arrival log."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Generator
from typing import Any

from typedpipes._core.flow import Call, Effect, Flow, Hold, Sleep


class VirtualClock:
    """Time that moves only when the simulation moves it."""

    def __init__(self, start: float = 1_000.0, wall: float = 1_795_000_000.0) -> None:
        self.now = start
        self._offset = wall - start

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + self._offset


class Judge:
    """Counts arrivals as a vendor would: at most ``allowance`` units in any ``window`` seconds."""

    def __init__(self, allowance: int, window: float) -> None:
        self.allowance = allowance
        self.window = window
        self.arrivals: list[tuple[float, int]] = []

    def arrive(self, at: float, weight: int = 1) -> None:
        self.arrivals.append((at, weight))

    def most(self) -> int:
        """The largest sum of weights in any window."""
        recent: deque[tuple[float, int]] = deque()
        total = most = 0
        for at, weight in sorted(self.arrivals):
            recent.append((at, weight))
            total += weight
            while recent[0][0] <= at - self.window:
                total -= recent.popleft()[1]
            most = max(most, total)
        return most

    @property
    def violated(self) -> bool:
        return self.most() > self.allowance


class Task:
    """One flow in the simulation; `cancel` does what a driver does: close it, then run what it registered."""

    def __init__(self, flow: Generator[Any, Any, Any]) -> None:
        self.flow = flow
        self.holds: list[Call[None]] = []
        self.done = False
        self.error: BaseException | None = None
        self.result: Any = None

    def cancel(self) -> None:
        if not self.done:
            self.done = True
            self.flow.close()
            self.release()

    def release(self) -> None:
        for call in reversed(self.holds):
            call.sync()
        self.holds.clear()


class Simulation:
    """A discrete-event scheduler: flows sleep in virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), action))

    def start(self, flow: Flow[Any], when: float) -> Task:
        task = Task(flow)
        self.at(when, lambda: self._step(task, lambda: next(task.flow)))
        return task

    def _step(self, task: Task, advance: Callable[[], Effect]) -> None:
        while not task.done:
            try:
                effect = advance()
            except StopIteration as stop:
                task.done, task.result = True, stop.value
                task.release()
                return
            except Exception as error:
                task.done, task.error = True, error
                task.release()
                return
            value: Any = None
            if isinstance(effect, Sleep):
                self.at(self.clock.now + effect.seconds, lambda: self._step(task, lambda: task.flow.send(None)))
                return
            if isinstance(effect, Hold):
                task.holds.append(effect.release)
            elif isinstance(effect, Call):
                value = effect.sync()
            advance = self._sender(task, value)

    @staticmethod
    def _sender(task: Task, value: Any) -> Callable[[], Effect]:
        def send() -> Effect:
            effect: Effect = task.flow.send(value)
            return effect

        return send

    def run(self, until: float = float("inf")) -> None:
        while self._events and self._events[0][0] <= until:
            when, _, action = heapq.heappop(self._events)
            self.clock.now = max(self.clock.now, when)
            action()
