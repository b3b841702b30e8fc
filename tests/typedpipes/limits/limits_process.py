"""One process of a test that needs several: ``python -m tests.typedpipes.limits.limits_process WHAT STORE_URL``.

``race``: calls until the month is used up, prints how many went out. ``hold``: takes every unit, prints since when (by
the machine's monotonic clock) and never comes back; ``hold_long`` does so for ten minutes, ``hold_and_fork`` has a
child besides. ``wait``: queues for a unit that does not come, prints ``waiting``. Those that print ``ready`` first
begin at a line of input.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from typedpipes._core.flow import SyncIO, drive
from typedpipes.errors import QuotaExhausted
from typedpipes.limits import Claim, Policy, StoreLimiter, Window, build_limiter, open_store
from typedpipes.limits.ask import GRACE

ROOT = Path(__file__).parents[3]
CLAIM = Claim("pipefy", "card")
UNITS = 5
WINDOW = 0.5
LAPSE = 0.6
CALLS = 500


def month(url: str) -> StoreLimiter:
    """Pipefy's Business plan: 500 calls a month."""
    return build_limiter("pipefy", identity={"user": "u", "organization": "1"}, plan="business", store_url=url)


def few(url: str, lapse: float = LAPSE, grace: float = 0.0) -> StoreLimiter:
    """A small window whose unanswered requests lapse soon."""
    row = Window(name="own.calls", allowance=UNITS, seconds=WINDOW, scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,))
    return StoreLimiter(policy, open_store(url), identity={"user": "u"}, grace=grace, unanswered=lapse)


def race(url: str) -> None:
    limiter, sent, io = month(url), 0, SyncIO()
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        try:
            lease = drive(limiter.acquire(CLAIM), io)
        except QuotaExhausted:
            print(sent, flush=True)
            return
        sent += 1
        drive(lease.settle(200, {}), io)


def hold(url: str) -> None:
    limiter, began = few(url), time.monotonic()
    for _ in range(UNITS):
        drive(limiter.acquire(CLAIM), SyncIO())
    print(began, flush=True)
    time.sleep(60)


def hold_long(url: str) -> None:
    limiter = few(url, lapse=600.0, grace=GRACE)
    for _ in range(UNITS):
        drive(limiter.acquire(CLAIM), SyncIO())
    print("held", flush=True)
    time.sleep(60)


def hold_and_fork(url: str) -> None:
    """The child lives on, until its input ends."""
    limiter = few(url, lapse=600.0, grace=GRACE)
    for _ in range(UNITS):
        drive(limiter.acquire(CLAIM), SyncIO())
    if os.fork() == 0:
        print("held", flush=True)  # the child, because it has let go of the parent's lock by now
        sys.stdin.read()
    else:
        time.sleep(60)


def wait(url: str) -> None:
    def announce(_: float) -> None:
        print("waiting", flush=True)
        time.sleep(60)

    limiter = few(url)
    print("ready", flush=True)
    sys.stdin.readline()
    drive(limiter.acquire(CLAIM), SyncIO(sleep=announce))


WHAT: dict[str, Callable[[str], None]] = {
    "race": race,
    "hold": hold,
    "hold_long": hold_long,
    "hold_and_fork": hold_and_fork,
    "wait": wait,
}


def start(what: str, url: str) -> subprocess.Popen[str]:
    """Start such a process."""
    command = [sys.executable, "-m", "tests.typedpipes.limits.limits_process", what, url]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


if __name__ == "__main__":
    WHAT[sys.argv[1]](sys.argv[2])
