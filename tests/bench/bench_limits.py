"""Limits under load and their overhead: `python -m tests.bench.bench_limits [--quick] [PART...]`.

Parts: ``table``: processes x latency x store, each process with threads and tasks and clocks wrong by up to 5 s, judged
by the arrival log of a server in a process of its own. ``pipefy``: the real figures, 500 per 30 s. ``unanswered``: 2 %
of the requests are never answered. ``overhead``: beside ``limits``, ``pyrate-limiter`` and ``aiolimiter``. Prints
tables, then one JSON line per figure. The exit code tells whether a limit was violated or missed.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import Figure, report
from tests.typedpipes.limits.load_run import Cell, Outcome, run
from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes._core.flow import Flow, SyncIO, drive
from typedpipes.limits import Claim, StoreLimiter, open_store, pipefy

USED = 0.98
OVERHEAD = 5.0
HEADER = "store    processes  latency  requests    most/N  violations    used  store ms"


def main(arguments: list[str]) -> int:
    """Run the parts named, all by default."""
    quick = "--quick" in arguments
    parts = [part for part in arguments if not part.startswith("-")] or ["overhead", "table", "unanswered", "pipefy"]
    failed = False
    lines: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            if "overhead" in parts:
                lines += overhead(Path(folder), server)
            if "table" in parts:
                failed |= table(Path(folder), server, quick, lines)
            if "unanswered" in parts:
                failed |= unanswered(Path(folder), server, lines)
            if "pipefy" in parts:
                failed |= real_figures(Path(folder), lines)
        finally:
            server.kill()
    return int(report([_figure(line) for line in lines]) or failed)


def _figure(line: dict[str, object]) -> Figure:
    """A row of any part: overheads have a ceiling, what is used of a limit and how much was sent have a floor."""
    name, goal, peer = str(line["name"]), line["limit"], line["peer"]
    overhead = name.startswith("limits.overhead")
    ours = float(str(line["ours"]))
    return Figure(
        name=name,
        what="one uncontended request, reserved and settled" if overhead else "share of the limit used, none violated",
        unit="µs" if overhead else "requests" if name.endswith(".requests") else "",
        ours=ours,
        peer=None if peer is None else float(str(peer)),
        peer_name=str(line.get("peer_name", "")),
        ratio=ours,
        against="ours",
        goal=None if goal is None else float(str(goal)),
        at_least=not overhead,
        n=int(str(line["n"])),
    )


def table(folder: Path, server: RedisServer, quick: bool, lines: list[dict[str, object]]) -> bool:
    """The whole table, or every other cell with fewer cycles."""
    print(f"600 per 3 s (quick: 300); used: share of N/(window + mean latency + store time)\n{HEADER}", flush=True)
    requests, failed = 0, False
    for store in ("memory", "sqlite", "redis"):
        for processes in (1,) if store == "memory" else (1, 4, 16) if quick else (1, 2, 4, 8, 16):
            for latency in (0.05,) if quick else (0.005, 0.05, 0.5):
                cell = Cell(
                    store=store,
                    store_url=url_of(store, folder, server, f"{processes}-{latency}"),
                    processes=processes,
                    latency=latency,
                    allowance=300 if quick else 600,
                    window=3.0,
                    cycles=2 if quick else 4,
                )
                outcome = run(cell)
                requests += outcome.arrivals
                failed |= show(outcome, lines, f"limits.table.{store}.{processes}x{latency * 1000:.0f}ms")
    print(f"{requests} requests in the whole table", flush=True)
    lines.append(
        {"name": "limits.table.requests", "ours": requests, "peer": None, "limit": 100_000, "ratio": None, "n": 1}
    )
    return failed


def unanswered(folder: Path, server: RedisServer, lines: list[dict[str, object]]) -> bool:
    """Two percent are counted by the server and never answered: slots stay held, nothing is exceeded."""
    print(f"2 % never answered (used is lower by design)\n{HEADER}", flush=True)
    failed = False
    for store in ("sqlite", "redis"):
        url = url_of(store, folder, server, "unanswered")
        cell = Cell(
            store=store, store_url=url, processes=4, latency=0.05, allowance=300, window=3.0, cycles=4, unanswered=0.02
        )
        failed |= show(run(cell), lines, f"limits.unanswered.{store}", demand=0.0)
    return failed


def real_figures(folder: Path, lines: list[dict[str, object]]) -> bool:
    """Pipefy's own figures at full size, over more than three windows."""
    window = pipefy.REQUESTS
    assert window.allowance is not None
    print(f"Pipefy: {window.allowance} per {window.seconds:.0f} s\n{HEADER}", flush=True)
    cell = Cell(
        store="sqlite",
        store_url=f"sqlite:///{folder / 'pipefy.db'}",
        processes=4,
        latency=0.2,
        allowance=window.allowance,
        window=window.seconds,
        cycles=3,
        callers=200,
    )
    return show(run(cell), lines, "limits.pipefy_full_size")


def url_of(store: str, folder: Path, server: RedisServer, name: str) -> str:
    """An empty store of the kind."""
    if store == "redis":
        server.flush()
        return server.url
    return "memory://" if store == "memory" else f"sqlite:///{folder / f'{name}.db'}"


def show(outcome: Outcome, lines: list[dict[str, object]], name: str, demand: float = USED) -> bool:
    """Print one row; tells whether it failed."""
    cell = outcome.cell
    print(
        f"{cell.store:8}{cell.processes:>10}{cell.latency * 1000:>7.0f}ms{outcome.arrivals:>10}{outcome.most:>6}/"
        f"{cell.allowance}{outcome.violations:>12}{outcome.used:>8.1%}{outcome.store_time * 1000:>10.2f}",
        flush=True,
    )
    lines.append(
        {
            "name": name,
            "ours": round(outcome.used, 4),
            "peer": None,
            "limit": demand,
            "ratio": None,
            "n": outcome.arrivals,
        }
    )
    return outcome.violations > 0 or outcome.used < demand or outcome.sent != outcome.arrivals


def overhead(folder: Path, server: RedisServer) -> list[dict[str, object]]:
    """One uncontended request each, interleaved: reserve and settle (ours), one hit (peers)."""
    rivals: dict[str, Callable[[], object]] = {"nothing": _driven(_nothing)}
    rivals |= {
        f"ours {kind}": _ours(url_of(kind, folder, server, "overhead")) for kind in ("memory", "sqlite", "redis")
    }
    rivals |= _limits(server.url)
    rivals |= _pyrate(folder / "pyrate.db", server)
    batches = {"aiolimiter memory": _aiolimiter()}
    samples: dict[str, list[float]] = {name: [] for name in (*rivals, *batches)}
    for _ in range(60):
        for name, once in rivals.items():
            repeat = 200 if "memory" in name or name == "nothing" else 20
            began = time.perf_counter()
            for _ in range(repeat):
                once()
            samples[name].append((time.perf_counter() - began) / repeat * 1e6)
        for name, batch in batches.items():
            samples[name].append(batch(200) * 1e6)
    base = min(samples["nothing"])
    best = {name: min(values) - (base if name.startswith("ours") else 0) for name, values in samples.items()}
    print(f"{'per uncontended request':28}{'best us':>10}{'median us':>11}")
    for name, values in samples.items():
        print(f"{name:28}{best[name]:>10.2f}{statistics.median(values):>11.2f}", flush=True)
    peers = {"memory": "limits memory", "sqlite": "pyrate sqlite", "redis": "limits redis"}
    lines: list[dict[str, object]] = []
    for kind, peer in peers.items():
        middle = statistics.median(samples[f"ours {kind}"])
        ours = best["ours memory"] if kind == "memory" else middle
        other = statistics.median(samples[peer])
        limit = OVERHEAD if kind == "memory" else None
        lines.append(
            {
                "name": f"limits.overhead.{kind}_us",
                "ours": round(ours, 2),
                "peer": round(other, 2),
                "peer_name": peer,
                "limit": limit,
                "ratio": round(ours / other, 3),
                "n": 60,
            }
        )
    return lines


def _nothing() -> Flow[None]:
    yield from ()


def _driven(flow: Callable[[], Flow[None]]) -> Callable[[], object]:
    io = SyncIO()
    return lambda: drive(flow(), io)


def _ours(url: str) -> Callable[[], object]:
    """Pipefy's window without a plan, never full: its length is cut so that slots come free at once."""
    from msgspec.structs import replace

    window = replace(pipefy.REQUESTS, seconds=0.001, allowance=500)
    policy = replace(pipefy.policy(), windows=(window,))
    limiter = StoreLimiter(policy, open_store(url), identity={"user": "bench"})
    claim, headers = Claim("pipefy", "card"), dict[str, str]()

    def request() -> Flow[None]:
        lease = yield from limiter.acquire(claim)
        yield from lease.settle(200, headers)

    return _driven(request)


def _limits(url: str) -> dict[str, Callable[[], object]]:
    from limits import RateLimitItemPerSecond
    from limits.storage import MemoryStorage, RedisStorage
    from limits.strategies import MovingWindowRateLimiter

    item = RateLimitItemPerSecond(1_000_000)
    memory, shared = MovingWindowRateLimiter(MemoryStorage()), MovingWindowRateLimiter(RedisStorage(url))
    return {"limits memory": lambda: memory.hit(item, "bench"), "limits redis": lambda: shared.hit(item, "bench")}


def _aiolimiter() -> Callable[[int], float]:
    """Seconds per acquisition of a batch in one event loop; a window that is never full."""
    from aiolimiter import AsyncLimiter

    async def batch(count: int) -> float:
        limiter = AsyncLimiter(1_000_000, 1)
        began = time.perf_counter()
        for _ in range(count):
            await limiter.acquire()
        return (time.perf_counter() - began) / count

    return lambda count: asyncio.run(batch(count))


def _pyrate(path: Path, server: RedisServer) -> dict[str, Callable[[], object]]:
    from pyrate_limiter import InMemoryBucket, Limiter, Rate, RedisBucket, SQLiteBucket

    rates = [Rate(1_000_000, 1000)]
    memory = Limiter(InMemoryBucket(rates))
    file = Limiter(SQLiteBucket.init_from_file(rates, db_path=str(path)))
    shared = Limiter(RedisBucket.init(rates, server.client(), "bench"))
    return {
        "pyrate memory": lambda: memory.try_acquire("bench"),
        "pyrate sqlite": lambda: file.try_acquire("bench"),
        "pyrate redis": lambda: shared.try_acquire("bench"),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
