"""Counts in Redis, shared by many machines.

Every operation is one Lua script and one round trip; time is the Redis server's, so clients' clocks do not matter. All
keys of a vendor account carry one hash tag, so a cluster keeps them in one slot.

What a process had in flight when it died is counted as given up when it was found dead (see `heart`). One that was
frozen in between asks again before it sends.

If Redis forgets (flushed, restarted without its data, failed over to a stale replica), clients that saw the counts
before notice it by the generation and grants pause until what was held is over; what this process knew of budgets is
written back. Clients started after the loss cannot know, so up to one allowance may be granted by them before one that
knows asks for the first time.

Under the async driver the client runs in worker threads: redis-py's own async client is bound to asyncio.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.lowlevel
import anyio.to_thread
import msgspec

from typedpipes._core.flow import AsyncIO, Call, Clock, Flow, Sleep, SyncIO, SystemClock, adrive, drive
from typedpipes._core.redaction import without_credentials
from typedpipes.errors import ConfigurationError, LimitStoreError, MissingExtra
from typedpipes.limits.ask import (
    Ask,
    Bound,
    BudgetView,
    Exhausted,
    Granted,
    Note,
    Reply,
    Retry,
    View,
    WindowView,
)
from typedpipes.limits.book import NAP, PLACE_GRACE
from typedpipes.limits.counts import neighbours
from typedpipes.limits.policy import fresh_id, process_name
from typedpipes.limits.stores import LEAST, Announcer, seconds_for
from typedpipes.limits.stores.heart import DEAD, Heart

if TYPE_CHECKING:
    from redis import Redis
    from redis.cluster import RedisCluster
    from redis.commands.core import Script

SCRIPT: Final = Path(__file__).with_name("limits.lua")
KEEP: Final = 86_400_000
"""Milliseconds idle keys are kept, beyond what they hold."""
REMEMBERED: Final = 43_200.0
"""Seconds for which a generation seen is taken to be still there; half of `KEEP`."""
TIMEOUT: Final = 2.0
"""Seconds for one round trip."""
PATIENCE: Final = 6.0
"""Seconds during which a failed operation is repeated before the store counts as unreachable."""
THREADS: Final = 16
_threads: Final[anyio.lowlevel.RunVar[anyio.CapacityLimiter]] = anyio.lowlevel.RunVar("typedpipes redis threads")


class RedisStore(Announcer):
    """The rules of `Book`, run inside Redis. ``client`` takes a ready client instead of the URL, a cluster's too."""

    durable = True

    def __init__(
        self,
        url: str = "redis://",
        *,
        client: Redis | RedisCluster | None = None,
        clock: Clock | None = None,
        patience: float = PATIENCE,
        timeout: float = TIMEOUT,
        script: str | None = None,
    ) -> None:
        super().__init__(without_credentials(url))
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry as NoRetry
        except ImportError:
            raise MissingExtra("a limit store on Redis", extra="redis", setting="limits") from None
        try:
            self._client = client or redis.Redis.from_url(
                url,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                retry=NoRetry(NoBackoff(), 0),
            )
        except (ValueError, TypeError) as error:
            error.__traceback__, error.args = None, ()  # it may quote a part of the password
            raise ConfigurationError(
                f"limits: {self.url} is no address of a Redis server; write redis://:PASSWORD@HOST:PORT/NUMBER, and "
                "percent-encode # / ? @ in the password (%23 %2F %3F %40)",
                setting="limits",
            ) from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._passing: tuple[type[Exception], ...] = (
            redis.ConnectionError,
            redis.TimeoutError,
            OSError,
        )
        self._clock = clock or SystemClock()
        self._patience = patience
        self._timeout = timeout
        self._script: Script = self._client.register_script(script or SCRIPT.read_text("utf-8"))
        self._encode = msgspec.json.Encoder().encode
        self._heart = Heart(self._beat)
        self._generations: dict[str, tuple[str, float]] = {}
        self._seen: dict[str, tuple[int, int]] = {}

    def reserve(self, ask: Ask) -> Flow[Reply]:
        """See `Store`."""
        operation: dict[str, object] = {
            "op": "reserve",
            "lease": ask.lease,
            "answer_by": ask.answer_by,
            "patience": ask.patience,
            "nap": NAP,
            "grace": PLACE_GRACE,
            "keep": KEEP + ask.answer_by // 1000,
            "process": process_name(),
            "dead": round(DEAD * 1_000_000),
            "buried": ask.grace,
        }
        if ask.place is not None:
            operation["place"] = ask.place
        seconds = seconds_for(ask, self._patience)
        reply = yield from self._run(ask.bound, operation, seconds, lambda: self._undo(ask, granted=True))
        kind, bound = reply[0], ask.bound
        if kind == 0:
            longest = max((entry.hold for entry in bound.windows), default=0)
            self._heart.hold(ask.lease, bound.account, (ask.answer_by + longest) / 1_000_000)
            figures = tuple((used, allowance, end) for used, allowance, end in reply[3:])
            for entry, (used, _, end) in zip(bound.budgets, figures, strict=True):
                self._seen[entry.key] = (end, used)
            return Granted(figures)
        if kind == 1:
            _, _, _, index, wait, place = reply
            return Retry(wait, bound.windows[index - 1].name, None if place < 0 else place)
        _, _, _, index, used, allowance, end = reply
        return Exhausted(bound.budgets[index - 1].name, used, allowance, end)

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...], grace: int = 0) -> Flow[None]:
        """See `Store`."""
        self._heart.let_go(lease)
        named = {note.key for note in notes}
        budgets = tuple(budget for budget in bound.budgets if budget.key in named)
        touched = Bound(bound.account, bound.windows, budgets, bound.counted)
        operation = {"op": "settle", "lease": lease, "notes": notes, "grace": grace, "keep": KEEP + grace // 1000}
        yield from self._run(touched, operation)

    def release(self, ask: Ask, granted: bool) -> Call[None]:
        """See `Store`."""
        self._heart.let_go(ask.lease)
        operation = _releasing(ask, granted=granted)
        # A mere place in the queue is worth no wait: it lapses by itself.
        seconds = self._patience if granted else min(LEAST, self._patience)

        async def aundo() -> None:
            await adrive(self._run(ask.bound, operation, seconds), AsyncIO())

        def undo() -> None:
            drive(self._run(ask.bound, operation, seconds), SyncIO())

        return Call(undo, aundo)

    def _undo(self, ask: Ask, *, granted: bool) -> None:
        keys, argument = self._prepare(ask.bound, _releasing(ask, granted=granted))
        with contextlib.suppress(*self._errors):
            self._script(keys=keys, args=[argument])

    def view(self, bound: Bound) -> Flow[View]:
        """See `Store`."""
        reply = yield from self._run(bound, {"op": "view", "keep": KEEP})
        rows = reply[3:]
        count = len(bound.windows)
        windows = tuple(WindowView(*row) for row in rows[:count])
        budgets = tuple(BudgetView(used, observed, bool(gone), end) for used, observed, gone, end in rows[count:])
        return View(windows, budgets)

    def forget(self, bound: Bound) -> Flow[None]:
        """See `Store`."""
        yield from self._run(bound, {"op": "forget", "keep": KEEP})
        for budget in bound.budgets:
            self._seen.pop(budget.key, None)

    def lives(self) -> bool:
        """See `Store`."""
        return self._heart.lives()

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        super().forked()
        if hasattr(self, "_heart"):
            self._heart.forked()

    def _beat(self, accounts: Iterable[str]) -> None:
        for account in accounts:
            operation: dict[str, object] = {"op": "beat", "process": process_name(), "keep": KEEP}
            keys, argument = self._prepare(Bound(account, (), (), True), operation)
            self._script(keys=keys, args=[argument])

    def close(self) -> None:
        """Close the connections; they open again when needed."""
        self._heart.close()
        self._client.close()

    def _run(
        self,
        bound: Bound,
        operation: dict[str, object],
        patience: float | None = None,
        undo: Callable[[], None] | None = None,
    ) -> Flow[Any]:
        """One round trip, repeated for ``patience`` seconds if Redis cannot be reached. All may be repeated.

        ``undo`` is called for an answer that comes too late.
        """
        patience = self._patience if patience is None else patience
        started, delay = self._clock.monotonic(), 0.05
        while True:
            keys, argument = self._prepare(bound, operation)

            def perform(keys: list[str] = keys, argument: bytes = argument) -> Any:
                left = patience - (self._clock.monotonic() - started)
                if left >= self._timeout:
                    return self._script(keys=keys, args=[argument])
                return _in_time(partial(self._script, keys=keys, args=[argument]), max(LEAST, left), undo)

            async def aperform(perform: Any = perform) -> Any:
                return await anyio.to_thread.run_sync(perform, limiter=_thread_limit())

            try:
                reply = yield Call(perform, aperform)
            except self._errors as error:
                self.failed(f"{type(error).__name__}: {error}")
                passing = isinstance(error, self._passing)
                if not passing or self._given_up or self._clock.monotonic() - started + delay > patience:
                    self.gave_up()
                    raise self._broken(error) from error
            else:
                self._note(bound, reply)
                return reply
            yield Sleep(delay)
            delay = min(delay * 2, 1.0)

    def _prepare(self, bound: Bound, operation: dict[str, object]) -> tuple[list[str], bytes]:
        account = f"typedpipes:{{{bound.account}}}"
        keys = [account]
        for entry in bound.windows:
            base = f"{account}:{entry.key}"
            keys += [
                base,
                f"{base}:settled",
                f"{base}:flights",
                f"{base}:places",
                f"{base}:expiries",
            ]
        keys += [f"{account}:{budget.key}" for budget in bound.budgets]
        keys.append(f"{account}:holders")
        generation, at = self._generations.get(bound.account, ("", 0.0))
        if self._clock.monotonic() - at > REMEMBERED:
            generation = ""
        wall = round(self._clock.wall() * 1_000_000)
        operation["fresh"] = fresh_id()
        operation["generation"] = generation
        operation["longest"] = max((entry.hold for entry in bound.windows), default=0)
        operation["windows"] = [
            {
                "key": entry.key,
                "allowance": -1 if entry.allowance is None else entry.allowance,
                "hold": entry.hold,
                "weight": entry.weight,
                "bucket": entry.bucket,
            }
            for entry in bound.windows
        ]
        operation["budgets"] = [
            {
                "key": budget.key,
                "allowance": -1 if budget.allowance is None else budget.allowance,
                "weight": budget.weight,
                "adopt": budget.adopt,
                "periods": neighbours(budget.period, wall),
                "seen_end": self._seen.get(budget.key, (0, 0))[0],
                "seen": self._seen.get(budget.key, (0, 0))[1],
            }
            for budget in bound.budgets
        ]
        return keys, self._encode(operation)

    def _note(self, bound: Bound, reply: Any) -> None:
        self.worked()
        generation = reply[1].decode() if isinstance(reply[1], bytes) else reply[1]
        self._generations[bound.account] = (generation, self._clock.monotonic())
        if reply[2]:
            self.announce(
                "lost",
                "Redis has forgotten its counts; grants pause until what was held is over",
            )

    def _broken(self, error: Exception) -> LimitStoreError:
        return LimitStoreError(
            f"the limit store {self.url} cannot be reached ({type(error).__name__}: {error}); nothing was sent. "
            "Check the server, or choose what to do then (unreachable='local')"
        )


def _releasing(ask: Ask, *, granted: bool) -> dict[str, object]:
    operation: dict[str, object] = {"op": "release", "lease": ask.lease, "granted": granted, "keep": KEEP}
    if ask.place is not None:
        operation["place"] = ask.place
    return operation


def _in_time(perform: Callable[[], Any], seconds: float, undo: Callable[[], None] | None) -> Any:
    """The answer of ``perform``. Raises TimeoutError after so many ``seconds``; what is answered later is undone.

    A client's connections have one timeout each, so a shorter one needs a thread, which is left alone.
    """
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    first = threading.Lock()
    """Taken by whoever comes first: the answer, or the end of patience."""

    def work() -> None:
        try:
            answer = perform()
        except Exception as error:
            answer = error
        if first.acquire(blocking=False):
            answers.put(answer)
        elif undo is not None and not isinstance(answer, Exception):
            undo()

    threading.Thread(target=work, name="typedpipes-redis", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        if first.acquire(blocking=False):
            raise TimeoutError(f"no answer in {seconds:.1f} s") from None
        answer = answers.get()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _thread_limit() -> anyio.CapacityLimiter:
    try:
        return _threads.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(THREADS)
        _threads.set(limiter)
        return limiter


__all__ = ["KEEP", "PATIENCE", "REMEMBERED", "SCRIPT", "THREADS", "TIMEOUT", "RedisStore"]
