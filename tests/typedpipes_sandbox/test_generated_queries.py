"""Generated queries over Pipefy's whole schema, four deep: none is refused, none fails while it runs."""

from __future__ import annotations

import os

import httpx
import pytest
from graphql import GraphQLObjectType, parse
from graphql.language import OperationDefinitionNode
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.typedpipes_sandbox.generated_queries import Query, queries
from tests.typedpipes_sandbox.schema.documents_by_schema import Documents
from typedpipes_sandbox import Limits, Sandbox
from typedpipes_sandbox.pipefy.complexity import MAX_COMPLEXITY, measure


def run_queries(examples: int, *, same_every_time: bool) -> tuple[set[str], int]:
    """Send generated queries; returns the fields they touched and how many queries there were."""
    sandbox = Sandbox(limits=Limits.off(), exports={"pace": "once"})
    documents = Documents(sandbox)
    touched: set[str] = set()
    sent = 0
    headers = {"Authorization": f"Bearer {sandbox.pipefy.personal_token}"}
    with httpx.Client(transport=sandbox.transport(), headers=headers, timeout=60) as client:

        @settings(
            max_examples=examples, suppress_health_check=list(HealthCheck), database=None, derandomize=same_every_time
        )
        @given(st.data())
        def check(data: st.DataObject) -> None:
            nonlocal sent
            query = data.draw(queries(documents))
            assume(cheap_enough(query))
            body = {"query": query.text, "variables": query.variables, "operationName": "Generated"}
            response = client.post("https://api.pipefy.com/graphql", json=body)
            answer = response.json()
            assert response.status_code == 200
            assert "errors" not in answer, (answer["errors"], query.text, query.variables)
            assert isinstance(answer["data"], dict)
            assert answer["data"]
            touched.update(query.touched)
            sent += 1

        check()
    assert sandbox.errors == []
    return touched, sent


def cheap_enough(query: Query) -> bool:
    """Whether the vendor's own complexity limit lets a query through."""
    document = parse(query.text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return measure(document, operation, query.variables)[1] <= MAX_COMPLEXITY


def root_fields() -> set[str]:
    """Every field of the query type, as the strategy notes them."""
    query_type = Sandbox().pipefy.schema.query_type
    assert isinstance(query_type, GraphQLObjectType)
    return {f"Query.{name}" for name in query_type.fields}


def test_generated_queries_run() -> None:
    touched, sent = run_queries(50, same_every_time=True)
    assert sent >= 50
    assert len(touched & root_fields()) >= 15


@pytest.mark.campaign
def test_many_generated_queries_run() -> None:
    """``TYPEDPIPES_CAMPAIGN_QUERIES`` sets how many (default 5,000): every root field, most fields of the schema."""
    examples = int(os.environ.get("TYPEDPIPES_CAMPAIGN_QUERIES", "5000"))
    touched, sent = run_queries(examples, same_every_time=False)
    print(f"{sent} queries touched {len(touched)} fields")
    assert sent >= examples
    assert root_fields() <= touched
