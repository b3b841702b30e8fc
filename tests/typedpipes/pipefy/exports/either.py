"""Exports in each mode, so that one scenario proves all of them."""

from __future__ import annotations

from typing import Any

from tests.typedpipes.pipefy.exports.fake_time import FakeClock
from typedpipes.pipefy.exports import Exports
from typedpipes.pipefy.exports.async_exports import AsyncExports
from typedpipes.pipefy.exports.flows import ExportSettings
from typedpipes.pipefy.exports.jobs import GraphQLPort


def exports(mode: str, port: GraphQLPort, clock: FakeClock, **settings: Any) -> Any:
    """`Exports` or `AsyncExports` that talk to loopback; results go through `settle`."""
    chosen = ExportSettings(loopback=True, clock=clock, **settings)
    if mode == "sync":
        return Exports(port, clock.sync_io(), chosen)
    return AsyncExports(port, clock.async_io(), chosen)


async def listed(rows: Any) -> list[dict[str, Any]]:
    """All rows of a sync or async iterator."""
    if hasattr(rows, "__aiter__"):
        return [row async for row in rows]
    return list(rows)
