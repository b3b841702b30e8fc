"""The server-side filter of cards: found and sorted as asked, and a key that does not exist is never sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.typedpipes.pipefy.either import Either
from typedpipes.errors import ConfigurationError, GraphQLError
from typedpipes_sandbox import Sandbox


@pytest.mark.parametrize("name", ["sync", "async"])
def test_records_are_filtered_sorted_and_paged(name: str, sandbox: Sandbox) -> None:
    with Either(name, sandbox) as either:
        page = either(
            either.client.records(
                repo_id="301",
                where={
                    "and": [{"attribute": "TITLE", "ilike": "%support%"}, {"attribute": "INDEX", "between": {"min": 0}}]
                },
                order_by=[{"attribute": "CREATED_AT", "direction": "DESC"}],
                first=2,
            )
        )
        times = [node.created_at for node in page.nodes]
        assert len(times) == 2 < page.total_count < 120
        assert times == sorted(times, reverse=True)
        assert all("support" in node.title.casefold() for node in page.nodes)

        field = page.nodes[0].fields[0]
        same = either.listed(
            either.client.iter_records(repo_id="301", where={"field": field.field.uuid, "in": [field.value]})
        )
        assert 0 < len(same) < 120
        with pytest.raises(GraphQLError, match="Internal server error"):
            either(either.client.records(repo_id="301", where={"field": "What do you need?", "eq": "x"}))


@pytest.mark.parametrize(
    ("where", "place"),
    [({"atribute": "TITLE"}, "atribute"), ({"or": [{"attribute": "TITLE", "equals": "a"}]}, r"or\.0\.equals")],
)
def test_an_unknown_key_of_a_filter_is_refused_before_sending(where: Any, place: str, sandbox: Sandbox) -> None:
    with Either("sync", sandbox) as either:
        with pytest.raises(ConfigurationError, match=rf"Records: where: {place}: Extra inputs"):
            either(either.client.records(repo_id="301", where=where))
        assert [entry.path for entry in sandbox.log if "graphql" in entry.path] == []
