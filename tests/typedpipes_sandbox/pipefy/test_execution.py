"""Root fields without a resolver of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]


def test_generic_fields_remember_what_was_created(sandbox: Sandbox, graphql: GraphQL) -> None:
    made = graphql(
        sandbox,
        """mutation { createAiAgent(input: {agent: {name: "Triagem", repoUuid: "r1", instruction: "ler"}}) {
          agent { uuid name } } }""",
    )["data"]["createAiAgent"]["agent"]
    assert made["name"] == "Triagem"
    read = graphql(sandbox, "query ($u: ID!) { aiAgent(uuid: $u) { name instruction } }", u=made["uuid"])
    assert read["data"]["aiAgent"] == {"name": "Triagem", "instruction": "ler"}
