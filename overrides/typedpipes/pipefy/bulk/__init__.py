"""Many cards or table records at once: ``pipefy.bulk``.

    report = pipefy.bulk.create_cards(({"title": name} for name in names), pipe_id="301", checkpoint="import.jsonl")

The API has no batch call: each item is a call (an update of more than 30 fields is several), sent one after the other
under the client's limits. Nothing is created twice: an item that was sent without an answer is reported as ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias, Unpack

from typedpipes._core.arguments import check_plain
from typedpipes._core.flow import AsyncIO, SyncIO, adrive, drive
from typedpipes._core.graphql import JsonInput
from typedpipes._core.graphql.calls import WirePort
from typedpipes.limits.snapshot import Cost
from typedpipes.pipefy.bulk import inputs as jobs
from typedpipes.pipefy.bulk.flows import BulkJob, BulkOptions, BulkRun, check_bulk, cost_of
from typedpipes.pipefy.bulk.ledger import BulkWork
from typedpipes.pipefy.bulk.report import BulkReport

if TYPE_CHECKING:
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes_api.pipefy import (
        CreateCardInput,
        CreateCardInputDict,
        CreateTableRecordInput,
        CreateTableRecordInputDict,
    )

    CardInput: TypeAlias = CreateCardInput | CreateCardInputDict | Mapping[str, JsonInput]
    RecordInput: TypeAlias = CreateTableRecordInput | CreateTableRecordInputDict | Mapping[str, JsonInput]


class Bulk:
    """Bulk jobs of a synchronous client.

    Every job takes the options of `BulkOptions` and returns a `BulkReport` with an outcome per item, failures included.
    Items may come from a generator: they are kept in a temporary file, not in memory. Creations take ``{key: item}`` or
    pairs, too: by its key an item is known again in a later run, even if it was changed; without one, by its content.

    Raises `ConfigurationError` for items that cannot be right and `QuotaExhausted` for a job the month's calls do not
    suffice for, both before anything is sent; `BulkStopped`, with the report, when going on is pointless: the next item
    would fail, too; five in a row failed alike; the checkpoint cannot be written; ``progress`` raised. Ctrl-C and a
    cancellation stay what they are, and ``BulkReport.of(error)`` is the report.
    """

    def __init__(self, port: WirePort, io: SyncIO, limiter: StoreLimiter | None) -> None:
        self._port = port
        self._io = io
        self._limiter = limiter

    def cost(self, requests: int) -> Cost:
        """What so many calls take of the limits: of the month's budget, and at least how many seconds."""
        return drive(cost_of(self._limiter, requests), self._io)

    def create_cards(
        self,
        cards: Mapping[str, CardInput] | Iterable[CardInput | tuple[str | int, CardInput]],
        *,
        pipe_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a card for each input; ``pipe_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateCardInput

        check_bulk(jobs.CREATE_CARDS, options)  # first: a misspelt pipe_id would read as one that is missing
        work = jobs.creations(cards, CreateCardInput, "pipe_id", pipe_id)
        return self._run(jobs.CREATE_CARDS, work, options)

    def create_records(
        self,
        records: Mapping[str, RecordInput] | Iterable[RecordInput | tuple[str | int, RecordInput]],
        *,
        table_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a table record for each input; ``table_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateTableRecordInput

        check_bulk(jobs.CREATE_RECORDS, options)
        work = jobs.creations(records, CreateTableRecordInput, "table_id", table_id)
        return self._run(jobs.CREATE_RECORDS, work, options)

    def update_cards(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{card id: {field id: value}}``, 30 fields a call."""
        return self._run(jobs.UPDATE_CARDS, jobs.updates(updates), options)

    def update_records(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{record id: {field id: value}}``, 30 fields a call."""
        return self._run(jobs.UPDATE_RECORDS, jobs.updates(updates), options)

    def delete_cards(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete cards."""
        return self._run(jobs.DELETE_CARDS, jobs.deletions(ids), options)

    def delete_records(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete table records."""
        return self._run(jobs.DELETE_RECORDS, jobs.deletions(ids), options)

    def _run(self, job: BulkJob, work: Iterable[BulkWork], options: BulkOptions) -> BulkReport:
        for name in ("progress", "on_cost"):
            check_plain(name, options.get(name))
        run = BulkRun(self._port, self._limiter, job, work, options)
        with run.reporting():
            return drive(run.flow(), self._io)


class AsyncBulk:
    """The asynchronous twin of `Bulk`."""

    def __init__(self, port: WirePort, io: AsyncIO, limiter: StoreLimiter | None) -> None:
        self._port = port
        self._io = io
        self._limiter = limiter

    async def cost(self, requests: int) -> Cost:
        """What so many calls take of the limits: of the month's budget, and at least how many seconds."""
        return await adrive(cost_of(self._limiter, requests), self._io)

    async def create_cards(
        self,
        cards: Mapping[str, CardInput] | Iterable[CardInput | tuple[str | int, CardInput]],
        *,
        pipe_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a card for each input; ``pipe_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateCardInput

        check_bulk(jobs.CREATE_CARDS, options)  # first: a misspelt pipe_id would read as one that is missing
        work = jobs.creations(cards, CreateCardInput, "pipe_id", pipe_id)
        return await self._run(jobs.CREATE_CARDS, work, options)

    async def create_records(
        self,
        records: Mapping[str, RecordInput] | Iterable[RecordInput | tuple[str | int, RecordInput]],
        *,
        table_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a table record for each input; ``table_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateTableRecordInput

        check_bulk(jobs.CREATE_RECORDS, options)
        work = jobs.creations(records, CreateTableRecordInput, "table_id", table_id)
        return await self._run(jobs.CREATE_RECORDS, work, options)

    async def update_cards(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{card id: {field id: value}}``, 30 fields a call."""
        return await self._run(jobs.UPDATE_CARDS, jobs.updates(updates), options)

    async def update_records(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{record id: {field id: value}}``, 30 fields a call."""
        return await self._run(jobs.UPDATE_RECORDS, jobs.updates(updates), options)

    async def delete_cards(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete cards."""
        return await self._run(jobs.DELETE_CARDS, jobs.deletions(ids), options)

    async def delete_records(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete table records."""
        return await self._run(jobs.DELETE_RECORDS, jobs.deletions(ids), options)

    async def _run(self, job: BulkJob, work: Iterable[BulkWork], options: BulkOptions) -> BulkReport:
        run = BulkRun(self._port, self._limiter, job, work, options)
        with run.reporting():
            return await adrive(run.flow(), self._io)


__all__ = ["AsyncBulk", "Bulk"]
