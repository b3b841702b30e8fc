"""What a GraphQL answer says: data, or exactly one typed error that keeps code, correlation id and partial data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typedpipes._core.graphql.errors import answer_data, check_payloads
from typedpipes._core.http import WireResponse
from typedpipes._core.redaction import Redactor
from typedpipes.errors import (
    AuthenticationError,
    GraphQLError,
    GraphQLValidationError,
    NotFound,
    PartialFailure,
    PermissionDenied,
    ResponseMismatch,
    TypedPipesError,
)


def read(answer: Any) -> object:
    response = WireResponse(200, {}, json.dumps(answer).encode(), "http://127.0.0.1/graphql")
    return answer_data("pipefy.Card", answer, response, Redactor())


def failure(answer: Any) -> GraphQLError:
    with pytest.raises(GraphQLError) as caught:
        read(answer)
    return caught.value


def test_data_without_errors_is_the_result_and_an_empty_list_is_no_error() -> None:
    assert read({"data": {"card": None}}) == {"card": None}
    assert read({"data": {"card": {}}, "errors": []}) == {"card": {}}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"message": "no", "extensions": {"code": "PERMISSION_DENIED"}, "path": ["card"]}, PermissionDenied),
        ({"message": "no", "extensions": {"code": "FORBIDDEN"}}, PermissionDenied),
        ({"message": "gone", "extensions": {"code": "RESOURCE_NOT_FOUND"}, "path": ["card"]}, NotFound),
        ({"message": "gone", "extensions": {"code": "RECORD_NOT_FOUND"}}, NotFound),
        ({"message": "who", "extensions": {"code": "UNAUTHORIZED"}}, AuthenticationError),
        ({"message": "x", "extensions": {"code": "undefinedField"}, "path": ["query Q", "x"]}, GraphQLValidationError),
        ({"message": "x", "locations": [{"line": 1, "column": 2}]}, GraphQLValidationError),
        ({"message": "x", "path": ["mutation M", "createCard", "title"], "locations": []}, GraphQLValidationError),
        ({"message": "boom", "extensions": {"code": "INTERNAL_SERVER_ERROR"}, "path": ["card"]}, GraphQLError),
        ({"message": "old shape", "code": 404, "type": "NOT"}, GraphQLError),
    ],
)
def test_each_code_becomes_one_typed_error(entry: dict[str, Any], kind: type[TypedPipesError]) -> None:
    error = failure({"errors": [entry]})
    assert isinstance(error, kind)
    assert isinstance(error, GraphQLValidationError) == (kind is GraphQLValidationError)
    assert str(entry["message"]) in str(error)


def test_data_that_is_null_beside_errors_does_not_prove_a_refused_document() -> None:
    """The answer to a document that was not executed has no ``data`` at all; a null may come from a failed field."""
    error = failure({"data": None, "errors": [{"message": "x", "locations": [{"line": 1, "column": 2}]}]})
    assert type(error) is GraphQLError


def test_an_executed_field_that_failed_is_never_taken_for_a_refused_document() -> None:
    error = failure(
        {"data": {"card": None}, "errors": [{"message": "x", "locations": [{"line": 1}], "path": ["card"]}]}
    )
    assert type(error) is GraphQLError


def test_partial_data_code_and_correlation_id_stay_on_the_error() -> None:
    entry = {"message": "slow", "path": ["b"], "extensions": {"code": "TIMEOUT", "correlation_id": "c-1"}}
    error = failure({"data": {"a": 1, "b": None}, "errors": [entry]})
    assert error.data == {"a": 1, "b": None}
    assert (error.code, error.request_id, error.status) == ("TIMEOUT", "c-1", 200)
    assert error.errors == [entry]


def test_something_that_is_no_graphql_answer_says_what_to_check() -> None:
    answers: list[object] = [{}, [], "text", None, {"message": "not found"}]
    for answer in answers:
        with pytest.raises(ResponseMismatch, match="check that base_url"):
            read(answer)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_any_errors_value_gives_one_typed_error(errors: Any) -> None:
    try:
        read({"errors": errors, "data": None})
        pytest.fail("an answer without data is no result")
    except GraphQLError:
        assert errors
    except ResponseMismatch:
        assert not errors


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"success": False}, "success is false"),
        ({"userErrors": [{"field": "title", "message": "too long"}]}, "title too long"),
        ({"errors": ["nobody"]}, "nobody"),
        ({"errors": [{"index": 0, "message": "bad mail"}]}, "bad mail"),
        ({"error_details": {"object_name": "Automation", "messages": ["no"]}}, "Automation"),
    ],
)
def test_a_payload_that_fails_silently_raises_and_keeps_the_data(payload: dict[str, Any], said: str) -> None:
    data = {"change": payload}
    response = WireResponse(200, {}, b"", "")
    with pytest.raises(PartialFailure, match=said) as caught:
        check_payloads("pipefy.Change", data, response)
    assert caught.value.data == data
    assert caught.value.failures


def test_payloads_that_report_nothing_pass() -> None:
    payloads: list[object] = [{"success": True}, {"userErrors": []}, {"errors": None, "card": {"id": "1"}}, None, []]
    for payload in payloads:
        check_payloads("pipefy.Change", {"change": payload}, WireResponse(200, {}, b"", ""))
