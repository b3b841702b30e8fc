"""Limits of one query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]


def test_depth_and_complexity_are_limited(sandbox: Sandbox, graphql: GraphQL) -> None:
    deep = "{ organization(id: 123456789) { pipes " + "{ organization { pipes " * 7 + "{ id }" + " } }" * 7 + " } }"
    assert "max depth" in graphql(sandbox, deep)["errors"][0]["message"]
    cards = "{ phases { cards { nodes { pipe %s } } } }"
    wide = "{ pipe(id: 301) " + cards % (cards % (cards % "{ id }")) + " }"
    assert "max complexity" in graphql(sandbox, wide)["errors"][0]["message"]
