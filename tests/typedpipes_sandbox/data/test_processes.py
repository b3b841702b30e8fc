"""The example organization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
MakeSandbox = Callable[..., Sandbox]


def test_the_same_seed_gives_the_same_world(make_sandbox: MakeSandbox, graphql: GraphQL) -> None:
    query = "{ cards(pipe_id: 302, first: 5) { nodes { id title created_at fields { value } } } me { email } }"
    first, second = graphql(make_sandbox(), query), graphql(make_sandbox(), query)
    assert first == second
    assert graphql(make_sandbox(seed=2), query) != first
