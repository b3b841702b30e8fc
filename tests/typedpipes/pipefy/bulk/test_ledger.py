"""Items of a generator are not kept in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from typing import Any, cast

from typedpipes._core.flow import Flow, SyncIO
from typedpipes._core.graphql.calls import WirePort
from typedpipes._core.http import OnWire
from typedpipes.pipefy.bulk import Bulk


class Port:
    """Answers at once."""

    def execute(
        self, document: str, name: str, variables: Mapping[str, Any], *, safe: bool, on_wire: OnWire
    ) -> Flow[Mapping[str, object]]:
        yield from on_wire(True)
        return {"createCard": {"card": {"id": variables["input"]["title"]}}}


def test_memory_does_not_grow_with_the_number_of_items() -> None:
    bulk = Bulk(cast(WirePort, Port()), SyncIO(), None)

    def peak(count: int) -> int:
        rows = ({"title": f"card {number} {'x' * 200}"} for number in range(count))
        tracemalloc.start()
        try:
            report = bulk.create_cards(rows, pipe_id=1)
            found = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert report.complete
        assert report.items[count - 1].id == f"card {count - 1} {'x' * 200}"
        return found

    peak(500)  # what is loaded and made once
    assert peak(2000) < peak(500) + 100_000  # 1,500 rows more are 400 KB of text alone
