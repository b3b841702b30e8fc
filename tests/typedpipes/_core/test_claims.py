"""What a job costs is asked with the client's own methods."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

pytestmark = pytest.mark.filterwarnings("error")


def test_an_operation_is_costed_by_what_its_schema_says() -> None:
    with Pipedrive(api_token="t0k") as crm:
        amounts = {row.name: row.amount for row in crm.limits.cost(crm.v2.deals.update, 10_000).rows}
        assert amounts == {"pipedrive.burst": 10_000, "pipedrive.tokens_per_day": 50_000}
        searched = {row.name: row.amount for row in crm.limits.cost(crm.v2.deals.search, 3).rows}
        assert searched["pipedrive.search"] == 3
        both = crm.limits.cost({crm.v2.deals.update: 10, crm.v2.deals.raw.update: 10, crm.v2.deals.iter: 1})
        assert {row.name: row.amount for row in both.rows} == {"pipedrive.burst": 21, "pipedrive.tokens_per_day": 110}
        deprecated = getattr(crm.v1.deals, "get")  # noqa: B009 - the type checker warns of it
        assert crm.limits.cost(deprecated).rows, "without a warning: nothing is called"


def test_asynchronous_operations_are_costed_the_same() -> None:
    async def main() -> list[tuple[str, int]]:
        async with AsyncPipedrive(api_token="t0k") as crm, AsyncPipefy(token="t0k") as pipefy:
            deals = await crm.limits.cost(crm.v2.deals.raw.update, 2)
            cards = await pipefy.limits.cost(pipefy.card, 7)
        return [(row.name, row.amount) for row in (*deals.rows, *cards.rows)]

    expected = [("pipedrive.burst", 2), ("pipedrive.tokens_per_day", 10), ("pipefy.requests", 7)]
    assert anyio.run(main) == expected


def test_every_kind_of_graphql_call_counts_once() -> None:
    with Pipefy(token="t0k") as pipefy:
        for method in (pipefy.card, pipefy.iter_cards, pipefy.execute, pipefy.query):
            assert [row.amount for row in pipefy.limits.cost(method, 501).rows] == [501]


def test_limits_for_each_external_user_are_costed_as_if_for_one() -> None:
    with Pipedream(client_id="i", client_secret="s", project_id="proj_x", environment="development") as pd:
        rows = {row.name: row for row in pd.limits.cost(pd.connect.tokens.create, 150).rows}
    assert (rows["connect.tokens"].amount, rows["connect.tokens"].remaining) == (150, 100)
    assert rows["connect.tokens"].seconds > 59


def test_what_is_no_operation_of_the_client_is_refused() -> None:
    with Pipedrive(api_token="t0k") as crm, Pipedrive(api_token="t1k") as other, Pipefy(token="t0k") as pipefy:
        wrong: list[Any] = [len, crm.close, crm.v2.deals, pipefy.exports.automation_jobs, Pipefy.card, "deals.update"]
        for each in wrong:
            with pytest.raises(ConfigurationError, match="no operation of a client"):
                crm.limits.cost(each, 3)
        for foreign in (other.v2.deals.get, pipefy.card):
            with pytest.raises(ConfigurationError, match="of another client"):
                crm.limits.cost(foreign)
        for times in (-1, 2.5, "10"):
            with pytest.raises(ConfigurationError, match="times"):
                crm.limits.cost(crm.v2.deals.get, times)  # type: ignore[arg-type]  # what is refused
