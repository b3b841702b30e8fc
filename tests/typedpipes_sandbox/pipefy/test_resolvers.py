"""Connections come in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
MakeSandbox = Callable[..., Sandbox]


def test_cards_are_paged_by_relay_cursors_of_at_most_fifty(sandbox: Sandbox, graphql: GraphQL) -> None:
    query = """query ($after: String) { cards(pipe_id: 301, first: 500, after: $after) {
      edges { node { id } } pageInfo { hasNextPage endCursor } totalCount } }"""
    sizes, seen, after = [], set(), None
    while True:
        page = graphql(sandbox, query, after=after)["data"]["cards"]
        sizes.append(len(page["edges"]))
        seen |= {edge["node"]["id"] for edge in page["edges"]}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sizes == [50, 50, 20]
    assert len(seen) == page["totalCount"] == 120


def test_phase_cards_come_thirty_at_a_time(make_sandbox: MakeSandbox, graphql: GraphQL) -> None:
    sb = make_sandbox(pipefy_cards=200)
    query = "{ pipe(id: 301) { phases { cards(first: 50) { edges { node { id } } totalCount } } } }"
    phases = graphql(sb, query)["data"]["pipe"]["phases"]
    assert all(len(each["cards"]["edges"]) == min(30, each["cards"]["totalCount"]) for each in phases)
    assert max(each["cards"]["totalCount"] for each in phases) > 30
