"""Time that passes only when somebody sleeps."""

from __future__ import annotations

import anyio.lowlevel


class FakeTime:
    """A clock and the sleeps that move it; sync and async callers share it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall_offset = 1_790_000_000.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + self.wall_offset

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await anyio.lowlevel.checkpoint()
