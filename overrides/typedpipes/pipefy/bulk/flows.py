"""The policy of bulk jobs: one request at a time, an outcome per item, nothing created twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypedDict

import attrs

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding.model import JSON
from typedpipes._core.flow import Call, Flow, call, hold
from typedpipes._core.graphql.outcome import nothing_executed
from typedpipes.errors import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    GraphQLError,
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
from typedpipes.pipefy.bulk.checkpoint import Checkpoint
from typedpipes.pipefy.bulk.report import BulkItem, BulkProgress, BulkReport, BulkStopped, progress_of
from typedpipes.pipefy.exports.answers import identifier
from typedpipes.pipefy.exports.jobs import GraphQLPort

if TYPE_CHECKING:
    from typedpipes.limits.limiter import StoreLimiter


class BulkOptions(TypedDict, total=False):
    """Options of every bulk job."""

    progress: Callable[[BulkProgress], None]
    """Called after each item."""
    on_cost: Callable[[Cost], None]
    """Told what the job takes before anything is sent; raise to call it off."""
    over_budget: bool
    """Begin even if the month's calls do not suffice for all of it. Default: raise `QuotaExhausted` first."""
    checkpoint: str | os.PathLike[str]
    """Checkpoint: a file with which the same call continues after its process ended."""
    resume: BulkReport
    """Report of an earlier run with the same items: what it lists as done is not repeated."""


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


@attrs.frozen
class BulkWork:
    """One item of work: its id, if the caller gave one, and the input of each request."""

    key: str | None
    inputs: tuple[Mapping[str, JSON], ...]


def check_bulk(job: BulkJob, options: BulkOptions) -> None:
    """Raise TypeError for an option that there is not."""
    check_options(f"bulk.{job.name}", options, _OPTIONS, ("pipe_id", "table_id"))


class BulkFlows:
    """Flows of bulk jobs; they do no I/O themselves."""

    def __init__(self, port: GraphQLPort, limiter: StoreLimiter | None) -> None:
        self._port = port
        self._limiter = limiter

    def cost(self, requests: int) -> Flow[Cost]:
        """What ``requests`` calls take of every limit."""
        if self._limiter is None:
            return Cost(rows=(), seconds=0.0)
        return (yield from work_out(self._limiter, [(Claim("pipefy", "bulk"), requests)]))

    def run(self, job: BulkJob, work: Sequence[BulkWork], options: BulkOptions) -> Flow[BulkReport]:
        """Do what is left of ``work``, in order. Raises `BulkStopped` with the report if it cannot continue."""
        check_bulk(job, options)
        digest = _digest(job, work)
        known = _known(job, digest, options.get("resume"))
        checkpoint = None
        if "checkpoint" in options:
            checkpoint = Checkpoint(options["checkpoint"], job.name, digest)
            yield from hold(Call(checkpoint.close, blocking=True))
            known = {**known, **(yield from call(checkpoint.open, blocking=True))}
        items = [known.get(index, BulkItem(index=index, key=entry.key)) for index, entry in enumerate(work)]
        items = [attrs.evolve(item, key=entry.key) for item, entry in zip(items, work, strict=True)]
        left = [item for item in items if _is_left(job, item)]
        yield from self._announce(sum(len(work[item.index].inputs) for item in left), options)
        counts = Counter(item.status for item in items)
        for before in left:
            item = yield from self._one(job, work[before.index], before, items, digest, checkpoint)
            items[item.index] = item
            counts[before.status] -= 1
            counts[item.status] += 1
            if checkpoint is not None:
                yield from call(partial(checkpoint.end, item), blocking=True)
            if "progress" in options:
                options["progress"](progress_of(job.name, counts, item))
        return BulkReport(job=job.name, digest=digest, items=tuple(items))

    def _announce(self, requests: int, options: BulkOptions) -> Flow[None]:
        cost = yield from self.cost(requests)
        if "on_cost" in options:
            options["on_cost"](cost)
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

    def _one(
        self,
        job: BulkJob,
        work: BulkWork,
        before: BulkItem,
        items: Sequence[BulkItem],
        digest: str,
        checkpoint: Checkpoint | None,
    ) -> Flow[BulkItem]:
        """One item's requests and outcome."""
        if checkpoint is not None:
            yield from call(partial(checkpoint.begin, before.index), blocking=True)
        clean = attrs.evolve(before, status="pending", message=None, code=None)
        identity = work.key
        try:
            for wanted in work.inputs:
                data = yield from self._port.execute(job.document, job.operation, {"input": wanted}, safe=False)
                identity = _done(job, data, work.key)
                if identity is None:
                    message = "the answer does not say that it was done"
                    return attrs.evolve(clean, status="ambiguous", message=message)
        except TypedPipesError as error:
            outcome = _outcome(job, clean, error, seen=before.status == "ambiguous")
            if not _concerns_all(error):
                return outcome
            if nothing_executed(error):
                outcome = clean  # the next run begins with it
            if checkpoint is not None:
                yield from call(partial(checkpoint.end, outcome), blocking=True)
            now = [outcome if item.index == outcome.index else item for item in items]
            report = BulkReport(job=job.name, digest=digest, items=tuple(now))
            raise BulkStopped(f"{report}; stopped by {type(error).__name__}: {error}", report=report) from error
        return attrs.evolve(clean, status="ok", id=identity)


def _concerns_all(error: TypedPipesError) -> bool:
    """Whether the next item would fare no better."""
    if isinstance(error, TransportError):
        return error.sent is False
    if isinstance(error, GraphQLError):
        return isinstance(error, AuthenticationError)
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


def _is_left(job: BulkJob, item: BulkItem) -> bool:
    return item.status in ("pending", "error") or (item.status == "ambiguous" and job.repeatable)


def _known(job: BulkJob, digest: str, report: BulkReport | None) -> dict[int, BulkItem]:
    if report is None:
        return {}
    if (report.job, report.digest) != (job.name, digest):
        raise ConfigurationError(
            f"the report is of {report.job} with other items; resume the job with the same items in the same order",
            setting="resume",
        )
    return {item.index: item for item in report.items}


def _digest(job: BulkJob, work: Sequence[BulkWork]) -> str:
    state = hashlib.sha256(job.name.encode())
    for entry in work:
        state.update(json.dumps([entry.key, entry.inputs], sort_keys=True).encode())
    return state.hexdigest()


__all__ = ["BulkFlows", "BulkJob", "BulkOptions", "BulkWork", "check_bulk"]
