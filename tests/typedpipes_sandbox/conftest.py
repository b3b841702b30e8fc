"""Fixtures of the sandbox tests: the plugin's own, and a plain HTTP client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from typedpipes_sandbox import Sandbox
from typedpipes_sandbox.pytest_plugin import make_sandbox, sandbox, sandbox_env, sandbox_offline, sandbox_state

__all__ = ["make_sandbox", "sandbox", "sandbox_env", "sandbox_offline", "sandbox_state"]

GraphQL = Callable[..., dict[str, Any]]


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """A client that knows nothing of the sandbox."""
    with httpx.Client(timeout=30) as client:
        yield client


@pytest.fixture
def graphql(http: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Send one GraphQL document with the personal token; returns the decoded body of a 200."""

    def send(sb: Sandbox, query: str, **variables: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {sb.pipefy.personal_token}"}
        body = {"query": query, "variables": variables}
        response = http.post(f"{sb.pipefy_url}/graphql", json=body, headers=headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    return send
