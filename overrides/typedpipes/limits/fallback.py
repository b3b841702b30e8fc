"""What ``unreachable="local"`` does: a conservative share of every allowance, counted in this process alone.

Entering, nothing is granted for one window, so that what the shared store granted is over. Leaving, what is still held
here is written to the shared store. Budgets get their share of what was last known to be left; of a budget that was
never seen nothing is known, so it still fails.
"""

from __future__ import annotations

import threading

import msgspec

from typedpipes._core.flow import Call, Clock, Flow, SystemClock
from typedpipes._core.forks import renew_in_children
from typedpipes.errors import ConfigurationError, LimitStoreError
from typedpipes.limits.ask import (
    Ask,
    Bound,
    BudgetEntry,
    Granted,
    Note,
    Reply,
    View,
    WindowEntry,
)
from typedpipes.limits.policy import fresh_id
from typedpipes.limits.stores import Listener, MemoryStore, Store, StoreState

PROBE = 5.0
"""Seconds between two attempts to reach the shared store again."""


class FallbackStore:
    """A store that grants a share of its own while ``inner`` cannot be reached."""

    def __init__(self, inner: Store, *, share: float = 0.1, clock: Clock | None = None) -> None:
        if not 0 < share <= 1:
            raise ConfigurationError("share must be more than 0 and at most 1", setting="share")
        self.url: str = inner.url
        self.durable: bool = inner.durable
        self._inner = inner
        self._share = share
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        renew_in_children(self)
        self._local: MemoryStore | None = None
        self._error: LimitStoreError | None = None
        self._probe_at = 0.0
        self._entered: set[str] = set()
        self._used: dict[str, Bound] = {}
        self._leases: set[str] = set()
        self._left: dict[str, tuple[int, int, int]] = {}

    def attach(self, listener: Listener) -> None:
        """See `Store`."""
        self._inner.attach(listener)

    def announce(self, state: StoreState, detail: str = "") -> None:
        """See `Store`."""
        self._inner.announce(state, detail)

    def lives(self) -> bool:
        """See `Store`. What is granted here is of this process alone."""
        return self._local is not None or self._inner.lives()

    def reserve(self, ask: Ask) -> Flow[Reply]:
        """See `Store`."""
        local = self._local
        if local is not None and not self._probing():
            return (yield from self._reserve_here(local, ask))
        # A place in one store's queue means nothing in the other's.
        elsewhere = msgspec.structs.replace(ask, place=None)
        try:
            if local is not None:
                yield from self._return(local)
            reply = yield from self._inner.reserve(ask if local is None else elsewhere)
        except LimitStoreError as error:
            here = self._leave_shared(error)
            return (yield from self._reserve_here(here, ask if here is local else elsewhere))
        if isinstance(reply, Granted):
            for entry, figures in zip(ask.bound.budgets, reply.budgets, strict=True):
                self._left[entry.key] = figures
        return reply

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...], grace: int = 0) -> Flow[None]:
        """See `Store`."""
        local = self._local
        if local is not None and lease in self._leases:
            self._leases.discard(lease)
            yield from local.settle(self._scaled(bound), lease, tuple(self._note(note) for note in notes), grace)
        else:
            # Of a lease granted here, after the shared store came back: it is held there from now on.
            self._leases.discard(lease)
            yield from self._inner.settle(bound, lease, notes, grace)

    def release(self, ask: Ask, granted: bool) -> Call[None]:
        """See `Store`."""
        local = self._local
        if local is not None and (ask.lease in self._leases or not granted):
            self._leases.discard(ask.lease)
            return local.release(msgspec.structs.replace(ask, bound=self._scaled(ask.bound)), granted)
        return self._inner.release(ask, granted)

    def view(self, bound: Bound) -> Flow[View]:
        """See `Store`."""
        local = self._local
        if local is not None:
            return (yield from local.view(self._scaled(bound)))
        return (yield from self._inner.view(bound))

    def forget(self, bound: Bound) -> Flow[None]:
        """See `Store`. Raises `LimitStoreError` while the shared store cannot be reached: its counts are the ones."""
        yield from self._inner.forget(bound)
        if self._local is not None:
            yield from self._local.forget(bound)

    def forked(self) -> None:
        """A child grants for itself; if the shared store is away, it begins with a pause as its parent did."""
        self._lock = threading.Lock()
        self._entered.clear()
        self._used.clear()
        self._leases.clear()

    def close(self) -> None:
        """See `Store`."""
        self._inner.close()

    def _probing(self) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            if now < self._probe_at:
                return False
            self._probe_at = now + PROBE
            return True

    def _leave_shared(self, error: LimitStoreError) -> MemoryStore:
        with self._lock:
            self._error = error
            if self._local is None:
                self._local = MemoryStore(clock=self._clock)
                self._probe_at = self._clock.monotonic() + PROBE
                self._entered.clear()
                self._used.clear()
                entered = True
            else:
                entered = False
            local = self._local
        if entered:
            self._inner.announce("local", f"granting {self._share:.0%} of each allowance in this process")
        return local

    def _reserve_here(self, local: MemoryStore, ask: Ask) -> Flow[Reply]:
        if any(entry.allowance is not None and entry.key not in self._left for entry in ask.bound.budgets):
            raise LimitStoreError(str(self._error)) from self._error
        bound = self._scaled(ask.bound)
        with self._lock:
            fresh = [entry for entry in bound.windows if entry.key not in self._entered]
            self._entered.update(entry.key for entry in fresh)
        for entry in fresh:
            local.pause(entry.key, entry.hold)
        reply = yield from local.reserve(msgspec.structs.replace(ask, bound=bound))
        if isinstance(reply, Granted):
            self._leases.add(ask.lease)
            key = "|".join(entry.key for entry in bound.windows)
            self._used[key] = ask.bound
        return reply

    def _return(self, local: MemoryStore) -> Flow[None]:
        """Write what is still held here to the shared store; raises if it is still away."""
        done: set[str] = set()
        for key, bound in list(self._used.items()):
            view = yield from local.view(self._scaled(bound))
            windows = tuple(
                msgspec.structs.replace(entry, weight=state.used)
                for entry, state in zip(bound.windows, view.windows, strict=True)
                if state.used and entry.key not in done
            )
            budgets = tuple(
                msgspec.structs.replace(entry, weight=account.used)
                for entry, account in zip(bound.budgets, view.budgets, strict=True)
                if account.used and entry.key not in done
            )
            done.update(entry.key for entry in bound.windows)
            done.update(entry.key for entry in bound.budgets)
            if windows:
                # What was abandoned here a moment ago may still arrive: it is held there as long as here.
                free_in = (
                    state.all_free_in - entry.hold for entry, state in zip(bound.windows, view.windows, strict=True)
                )
                held = Bound(bound.account, windows, (), True)
                yield from self._inner.settle(held, fresh_id(), (), max(0, *free_in))
            if budgets:
                charge = Bound(bound.account, (), budgets, True)
                yield from self._inner.reserve(Ask(charge, fresh_id(), 0, 0))
            self._used.pop(key, None)
        yield from self._inner.view(Bound("", (), (), False))
        with self._lock:
            self._local = None

    def _scaled(self, bound: Bound) -> Bound:
        return Bound(
            bound.account,
            tuple(self._window(entry) for entry in bound.windows),
            tuple(self._budget(entry) for entry in bound.budgets),
            bound.counted,
        )

    def _note(self, note: Note) -> Note:
        """What the server stated is everybody's: of a window this process takes its share, of a budget nothing more."""
        limit = max(1, int(note.limit * self._share)) if note.kind == "window" and note.limit else 0
        return msgspec.structs.replace(note, limit=limit)

    def _window(self, entry: WindowEntry) -> WindowEntry:
        if entry.allowance is None:
            return entry
        return msgspec.structs.replace(entry, allowance=max(entry.weight, int(entry.allowance * self._share)))

    def _budget(self, entry: BudgetEntry) -> BudgetEntry:
        if entry.allowance is None:
            return entry
        used, allowance, _ = self._left.get(entry.key, (0, 0, 0))
        return msgspec.structs.replace(entry, allowance=int(max(0, allowance - used) * self._share))


__all__ = ["PROBE", "FallbackStore"]
