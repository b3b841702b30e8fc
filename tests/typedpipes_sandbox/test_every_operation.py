"""Every operation of the four documents answers a request made from its own schema with what the schema allows."""

from __future__ import annotations

import httpx
import pytest

from tests.support.committed_schemas import rest_operations
from tests.typedpipes_sandbox.schema.requests_by_schema import DOCUMENTS, NOTHING_THERE, RequestMaker
from typedpipes_sandbox import Limits, Sandbox
from typedpipes_sandbox.schema.openapi import Operation


@pytest.mark.parametrize("document", list(DOCUMENTS))
def test_every_operation_answers_within_its_schema(document: str) -> None:
    sandbox = Sandbox(limits=Limits.off())
    maker = RequestMaker(sandbox, document)
    served = [f"{operation.method} {operation.path}" for operation in maker.api.operations]
    assert sorted(served) == sorted(rest_operations(document))
    failures: list[str] = []
    with httpx.Client(transport=sandbox.transport()) as client:
        for operation in maker.in_a_safe_order():
            response = maker.send(client, operation)
            answered = _verdict(operation, response)
            if answered:
                failures.append(f"{operation.method} {operation.path}: {answered}")
    assert sandbox.errors == []
    assert failures == []


def _verdict(operation: Operation, response: httpx.Response) -> str:
    if (operation.method, operation.path) in NOTHING_THERE:
        return "" if response.status_code == 404 else f"{response.status_code} instead of 404"
    if response.status_code != operation.status:
        return f"{response.status_code} instead of {operation.status}: {response.text[:200]}"
    if operation.response_schema is None or "/proxy/" in operation.path:
        return ""
    return operation.check_response(response.json()) or ""
