"""Time, injected: waits are measured on a monotonic clock, dates on the wall clock."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What the package knows of time."""

    def monotonic(self) -> float:
        """Seconds that never jump; only differences mean something."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, as the machine believes."""
        ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Seconds since an arbitrary point, usually the boot."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()


def timeline(clock: Clock) -> str:
    """Name the origin of ``clock.monotonic()``: equal names mean that values may be compared.

    On Linux that is the boot, so processes can share monotonic times and a jump of the wall clock harms none of them.
    """
    return _boot() if isinstance(clock, SystemClock) else f"{type(clock).__name__}:{id(clock)}"


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        import uuid

        return f"process:{uuid.uuid4()}"


__all__ = ["Clock", "SystemClock", "timeline"]
