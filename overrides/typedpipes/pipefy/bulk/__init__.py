"""Many cards or table records at once: ``pipefy.bulk``.

    report = pipefy.bulk.create_cards(({"title": name} for name in names), pipe_id="301", checkpoint="import.jsonl")

The API has no batch call: each item is a call (an update of more than 30 fields is several), sent one after the other
under the client's limits. Nothing is created twice: an item that was sent without an answer is reported as ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Unpack

from typedpipes._core.flow import AsyncIO, SyncIO, adrive, drive
from typedpipes._core.graphql import JsonInput
from typedpipes.limits.snapshot import Cost
from typedpipes.pipefy.bulk import inputs as jobs
from typedpipes.pipefy.bulk.flows import BulkFlows, BulkOptions, check_bulk
from typedpipes.pipefy.bulk.report import BulkReport
from typedpipes.pipefy.exports.jobs import GraphQLPort

if TYPE_CHECKING:
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes_api.pipefy import (
        CreateCardInput,
        CreateCardInputDict,
        CreateTableRecordInput,
        CreateTableRecordInputDict,
    )


class Bulk:
    """Bulk jobs of a synchronous client.

    Every job takes the options of `BulkOptions` and returns a `BulkReport` with an outcome per item, failures included.
    Raises `ConfigurationError` for items that cannot be right and `QuotaExhausted` for a job the month's calls do not
    suffice for, both before anything is sent; `BulkStopped`, with the report, when going on is pointless.
    """

    def __init__(self, port: GraphQLPort, io: SyncIO, limiter: StoreLimiter | None) -> None:
        self._flows = BulkFlows(port, limiter)
        self._io = io

    def cost(self, requests: int) -> Cost:
        """What so many calls take of the limits: of the month's budget, and at least how many seconds."""
        return drive(self._flows.cost(requests), self._io)

    def create_cards(
        self,
        cards: Iterable[CreateCardInput | CreateCardInputDict | Mapping[str, JsonInput]],
        *,
        pipe_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a card for each input; ``pipe_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateCardInput

        check_bulk(jobs.CREATE_CARDS, options)  # first: a misspelt pipe_id would read as one that is missing
        work = jobs.creations(cards, CreateCardInput, "pipe_id", pipe_id)
        return drive(self._flows.run(jobs.CREATE_CARDS, work, options), self._io)

    def create_records(
        self,
        records: Iterable[CreateTableRecordInput | CreateTableRecordInputDict | Mapping[str, JsonInput]],
        *,
        table_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a table record for each input; ``table_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateTableRecordInput

        check_bulk(jobs.CREATE_RECORDS, options)
        work = jobs.creations(records, CreateTableRecordInput, "table_id", table_id)
        return drive(self._flows.run(jobs.CREATE_RECORDS, work, options), self._io)

    def update_cards(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{card id: {field id: value}}``, 30 fields a call."""
        return drive(self._flows.run(jobs.UPDATE_CARDS, jobs.updates(updates), options), self._io)

    def update_records(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{record id: {field id: value}}``, 30 fields a call."""
        return drive(self._flows.run(jobs.UPDATE_RECORDS, jobs.updates(updates), options), self._io)

    def delete_cards(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete cards."""
        return drive(self._flows.run(jobs.DELETE_CARDS, jobs.deletions(ids), options), self._io)

    def delete_records(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete table records."""
        return drive(self._flows.run(jobs.DELETE_RECORDS, jobs.deletions(ids), options), self._io)


class AsyncBulk:
    """The asynchronous twin of `Bulk`."""

    def __init__(self, port: GraphQLPort, io: AsyncIO, limiter: StoreLimiter | None) -> None:
        self._flows = BulkFlows(port, limiter)
        self._io = io

    async def cost(self, requests: int) -> Cost:
        """What so many calls take of the limits: of the month's budget, and at least how many seconds."""
        return await adrive(self._flows.cost(requests), self._io)

    async def create_cards(
        self,
        cards: Iterable[CreateCardInput | CreateCardInputDict | Mapping[str, JsonInput]],
        *,
        pipe_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a card for each input; ``pipe_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateCardInput

        check_bulk(jobs.CREATE_CARDS, options)  # first: a misspelt pipe_id would read as one that is missing
        work = jobs.creations(cards, CreateCardInput, "pipe_id", pipe_id)
        return await adrive(self._flows.run(jobs.CREATE_CARDS, work, options), self._io)

    async def create_records(
        self,
        records: Iterable[CreateTableRecordInput | CreateTableRecordInputDict | Mapping[str, JsonInput]],
        *,
        table_id: str | int | None = None,
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Create a table record for each input; ``table_id`` is for those that name none."""
        from typedpipes_api.pipefy.inputs import CreateTableRecordInput

        check_bulk(jobs.CREATE_RECORDS, options)
        work = jobs.creations(records, CreateTableRecordInput, "table_id", table_id)
        return await adrive(self._flows.run(jobs.CREATE_RECORDS, work, options), self._io)

    async def update_cards(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{card id: {field id: value}}``, 30 fields a call."""
        return await adrive(self._flows.run(jobs.UPDATE_CARDS, jobs.updates(updates), options), self._io)

    async def update_records(
        self,
        updates: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
        **options: Unpack[BulkOptions],
    ) -> BulkReport:
        """Set fields: ``{record id: {field id: value}}``, 30 fields a call."""
        return await adrive(self._flows.run(jobs.UPDATE_RECORDS, jobs.updates(updates), options), self._io)

    async def delete_cards(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete cards."""
        return await adrive(self._flows.run(jobs.DELETE_CARDS, jobs.deletions(ids), options), self._io)

    async def delete_records(self, ids: Iterable[str | int], **options: Unpack[BulkOptions]) -> BulkReport:
        """Delete table records."""
        return await adrive(self._flows.run(jobs.DELETE_RECORDS, jobs.deletions(ids), options), self._io)


__all__ = ["AsyncBulk", "Bulk"]
