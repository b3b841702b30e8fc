"""The policy of bulk jobs: one request at a time, an outcome per item, nothing created twice."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypedDict

import attrs

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding.model import JSON
from typedpipes._core.flow import Call, Flow, Sleep, call, hold, tell
from typedpipes._core.graphql.calls import WirePort
from typedpipes._core.graphql.outcome import nothing_executed
from typedpipes.errors import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    GraphQLError,
    GraphQLValidationError,
    NotFound,
    PartialFailure,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    ResponseMismatch,
    TransportError,
    TypedPipesError,
)
from typedpipes.limits.policy import Claim
from typedpipes.limits.snapshot import Cost, take_snapshot, work_out
from typedpipes.pipefy.bulk.checkpoint import UNANSWERED, Checkpoint
from typedpipes.pipefy.bulk.ledger import BulkWork, Ledger
from typedpipes.pipefy.bulk.report import BulkItem, BulkProgress, BulkReport, BulkStopped, Status, progress_of
from typedpipes.pipefy.exports.answers import identifier

if TYPE_CHECKING:
    from typedpipes.limits.limiter import StoreLimiter


class BulkOptions(TypedDict, total=False):
    """Options of every bulk job."""

    progress: Callable[[BulkProgress], Awaitable[object] | None]
    """Called after each item; of an asynchronous client it may be ``async``. Raising stops the job: `BulkStopped`."""
    on_cost: Callable[[Cost], Awaitable[object] | None]
    """Told what the job takes before anything is sent; raise to call it off."""
    over_budget: bool
    """Begin even if the month's calls do not suffice for all of it. Default: raise `QuotaExhausted` first."""
    checkpoint: str | os.PathLike[str]
    """Checkpoint: a file with which the same call continues after its process ended, of a list that may have grown."""
    resume: BulkReport
    """Report of an earlier run: what it lists as done is not repeated."""


FAILURES_IN_A_ROW: Final = 5
"""So many items in a row that fail alike, each by no fault of its own, stop the job."""
_PAUSE_EVERY: Final = 500
"""Items that are read before other tasks of the program get their turn."""
_OPTIONS: Final = frozenset(BulkOptions.__annotations__)


@attrs.frozen(kw_only=True)
class BulkJob:
    """A kind of job as data."""

    name: str
    operation: str
    document: str
    payload: str
    """Root field of the answer."""
    node: str | None = None
    """Object in the payload whose ``id`` is the item's."""
    repeatable: bool = False
    """Doing it twice is the same as once: what was ambiguous is done again when resumed."""
    removes: bool = False


def check_bulk(job: BulkJob, options: BulkOptions) -> None:
    """Raise TypeError for an option that there is not."""
    check_options(f"bulk.{job.name}", options, _OPTIONS, ("pipe_id", "table_id"))


def cost_of(limiter: StoreLimiter | None, requests: int) -> Flow[Cost]:
    """What ``requests`` calls take of every limit."""
    if limiter is None:
        return Cost(rows=(), seconds=0.0)
    return (yield from work_out(limiter, [(Claim("pipefy", "bulk"), requests)]))


class BulkRun:
    """One run of a job, as a flow; `report` says at any time what is known of its items."""

    def __init__(
        self,
        port: WirePort,
        limiter: StoreLimiter | None,
        job: BulkJob,
        work: Iterable[BulkWork],
        options: BulkOptions,
    ) -> None:
        check_bulk(job, options)
        self._port = port
        self._limiter = limiter
        self._job = job
        self._work = work
        self._options = options
        self._ledger = Ledger()
        self._checkpoint: Checkpoint | None = None
        self._began = False
        self._sent: BulkItem | None = None
        """What was known of the item on the wire before it was sent."""
        self._streak: list[object] = []

    def report(self) -> BulkReport:
        """What is known now."""
        if self._sent is not None:
            before, self._sent = self._sent, None
            self._ledger.update(_unanswered(before), before.status)
        return BulkReport(job=self._job.name, items=self._ledger)

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Whatever ends the block, once items are sent, carries the report: see `BulkReport.of`."""
        try:
            yield
        except BaseException as error:
            if self._began and not isinstance(error, BulkStopped):
                with suppress(AttributeError):  # an exception that takes no attribute
                    error.report = self.report()  # type: ignore[attr-defined]  # any exception; read by BulkReport.of
                error.add_note("BulkReport.of(error) has the report of the bulk job; resume= continues with it.")
            raise

    def flow(self) -> Flow[BulkReport]:
        """Do what is left, in order. Raises `BulkStopped` with the report if it cannot continue."""
        job, ledger = self._job, self._ledger
        yield from self._load()
        yield from self._recall()
        left: tuple[Status, ...] = ("pending", "error", *(("ambiguous",) if job.repeatable else ()))
        yield from self._announce(ledger.calls(left))
        self._began = True
        for before, inputs in ledger.left(left):
            item = yield from self._one(before, inputs)
            if "progress" in self._options:
                try:
                    yield from tell(self._options["progress"], progress_of(job.name, ledger.counts, item))
                except Exception as error:
                    raise self._stopped(error, "the progress callback raised ") from error
        return self.report()

    def _load(self) -> Flow[None]:
        """All items, each looked at, before anything is sent."""
        try:
            for number, entry in enumerate(self._work):
                self._ledger.add(entry)
                if number % _PAUSE_EVERY == _PAUSE_EVERY - 1:
                    yield Sleep(0)
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"the items do not fit into the folder for temporary files ({error}); nothing was sent. Make room, or "
                "name another folder by SQLITE_TMPDIR",
                setting="SQLITE_TMPDIR",
            ) from error

    def _recall(self) -> Flow[None]:
        """What earlier runs did."""
        job, options = self._job, self._options
        if "resume" in options:
            if options["resume"].job != job.name:
                raise ConfigurationError(
                    f"the report is of {options['resume'].job}, not of {job.name}; give the report of this job",
                    setting="resume",
                )
            for item in options["resume"].items:
                self._ledger.learn(item)
        if "checkpoint" in options:
            self._checkpoint = Checkpoint(options["checkpoint"], job.name)
            yield from hold(Call(self._checkpoint.close, blocking=True))
            yield from call(partial(self._checkpoint.open, self._ledger.learn), blocking=True)
        strangers = self._ledger.strangers()
        if strangers:
            setting = "checkpoint" if "checkpoint" in options else "resume"
            raise ConfigurationError(
                f"{strangers} items that an earlier run sent are not in this list, which is of other items or has "
                f"changed ones; nothing was sent. Give the same items (more may follow), keys ({{key: item}}) by which "
                f"a changed item is known again, or another {setting}",
                setting=setting,
            )

    def _announce(self, requests: int) -> Flow[None]:
        options = self._options
        cost = yield from cost_of(self._limiter, requests)
        if "on_cost" in options:
            yield from tell(options["on_cost"], cost)
        if cost.fits or options.get("over_budget") or self._limiter is None:
            return
        row = next(row for row in cost.rows if row.fits is False)
        snapshot = yield from take_snapshot(self._limiter, {}, self._limiter.clock.wall())
        resets_at = snapshot[row.name].resets_at or datetime.now(UTC)
        raise QuotaExhausted(
            f"the job takes {row.amount} calls and {row.remaining} are left of {row.name} until {resets_at:%Y-%m-%d}; "
            "nothing was sent. over_budget=True begins anyway",
            limit=row.name,
            resets_at=resets_at,
        )

    def _one(self, before: BulkItem, inputs: list[JSON]) -> Flow[BulkItem]:
        """One item's requests and outcome, which is recorded. Raises `BulkStopped` if the next would fare no better."""
        job = self._job
        clean = before
        if before.status != "pending":
            clean = attrs.evolve(before, status="pending", message=None, code=None)
        item, cause = clean, None
        try:
            for wanted in inputs:
                data = yield from self._port.execute(
                    job.document, job.operation, {"input": wanted}, safe=False, on_wire=partial(self._on_wire, before)
                )
                done = _done(job, data, before.key)
                if done is None:
                    message = "the answer does not say that it was done"
                    item = attrs.evolve(clean, status="ambiguous", message=message)
                    break
                item = attrs.evolve(clean, status="ok", id=done)
        except TypedPipesError as error:
            cause = error
            item = _outcome(job, clean, error, seen=before.status == "ambiguous")
            if _concerns_all(error) and nothing_executed(error):
                item = before  # the next run begins with it
        except (OSError, sqlite3.Error) as error:
            raise self._stopped(error, f"the checkpoint or the temporary file cannot be written: {error}; ") from error
        try:
            self._sent = None
            self._ledger.update(item, before.status)
            if self._checkpoint is not None:
                yield from call(partial(self._checkpoint.end, item), blocking=True)
        except (OSError, sqlite3.Error) as error:
            raise self._stopped(error, f"the checkpoint or the temporary file cannot be written: {error}; ") from error
        if cause is not None and _concerns_all(cause):
            raise self._stopped(cause) from cause
        if self._in_a_row(item, cause):
            raise self._stopped(cause, f"{FAILURES_IN_A_ROW} failures in a row, the last: ") from cause
        return item

    def _on_wire(self, before: BulkItem, sending: bool) -> Flow[None]:
        """The item's request is about to be sent; or was refused unexecuted, and waits for its turn again."""
        if not sending:
            self._sent = None
        if self._checkpoint is not None:
            write = self._checkpoint.begin if sending else self._checkpoint.end
            yield from call(partial(write, before), blocking=True)
        if sending:  # last: until here the item can still be taken back
            self._sent = before

    def _in_a_row(self, item: BulkItem, cause: TypedPipesError | None) -> bool:
        """Whether so many items ended alike, by no fault of their own, that the next will, too."""
        kind: object = None
        if item.status == "ambiguous":
            kind = "ambiguous"
        elif isinstance(cause, APIError) and item.status == "error":
            refused = isinstance(cause, (GraphQLError, PartialFailure)) and not isinstance(
                cause, GraphQLValidationError
            )
            kind = None if refused else (type(cause), cause.status)
        if kind is None or kind not in self._streak:
            self._streak.clear()
        if kind is not None:
            self._streak.append(kind)
        return len(self._streak) >= FAILURES_IN_A_ROW

    def _stopped(self, error: BaseException | None, why: str = "") -> BulkStopped:
        report = self.report()
        told = "no answer said that it was done" if error is None else f"{type(error).__name__}: {error}"
        return BulkStopped(f"{report}; stopped by {why}{told}; continue with resume=, or the checkpoint", report=report)


def _unanswered(item: BulkItem) -> BulkItem:
    return attrs.evolve(item, status="ambiguous", message=UNANSWERED, code=None)


def _concerns_all(error: TypedPipesError) -> bool:
    """Whether the next item would fare no better."""
    if isinstance(error, TransportError):
        return error.sent is False
    if isinstance(error, GraphQLError):
        return isinstance(error, (AuthenticationError, PermissionDenied))
    if isinstance(error, APIError):
        return isinstance(error, (AuthenticationError, PermissionDenied, RateLimited))
    return not isinstance(error, ResponseMismatch)


def _outcome(job: BulkJob, item: BulkItem, error: TypedPipesError, *, seen: bool) -> BulkItem:
    """What an error says about the item: failed only where the answer proves that nothing was executed."""
    code = error.code if isinstance(error, APIError) else None
    told = attrs.evolve(item, message=str(error), code=code)
    if isinstance(error, (GraphQLError, PartialFailure)):
        identity = _done(job, error.data, item.key)
        if identity is not None:  # done, with something to say about it
            return attrs.evolve(told, status="ok", id=identity)
    if not nothing_executed(error):
        return attrs.evolve(told, status="ambiguous")
    if isinstance(error, NotFound) and isinstance(error, GraphQLError) and job.removes and seen:
        return attrs.evolve(item, status="ok", id=item.key)
    return attrs.evolve(told, status="error")


def _done(job: BulkJob, data: object, key: str | None) -> str | None:
    """The item's id if the answer is evidence that it was done: what was made, or ``success: true``."""
    payload = data.get(job.payload) if isinstance(data, Mapping) else None
    if not isinstance(payload, Mapping):
        return None
    if job.node is None:
        return key if payload.get("success") is True else None
    node = payload.get(job.node)
    return identifier(node.get("id")) or None if isinstance(node, Mapping) else None


__all__ = ["BulkJob", "BulkOptions", "BulkRun", "check_bulk", "cost_of"]
