"""What the schema says and refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.committed_schemas import root_fields
from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]


def test_a_field_the_schema_does_not_have_is_refused_before_anything_runs(sandbox: Sandbox, graphql: GraphQL) -> None:
    answer = graphql(sandbox, "query Q { me { nope } }")
    assert "data" not in answer
    error = answer["errors"][0]
    assert error["extensions"] == {"code": "undefinedField", "fieldName": "nope", "typeName": "User"}
    assert error["path"] == ["query Q"]


def test_introspection_works(sandbox: Sandbox, graphql: GraphQL) -> None:
    answer = graphql(sandbox, "{ __schema { queryType { fields { name } } } }")
    told = {field["name"] for field in answer["data"]["__schema"]["queryType"]["fields"]}
    assert told == root_fields("live", "Query")
