"""The sandbox in process, without sockets."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from typedpipes_sandbox import Sandbox


def test_without_sockets_the_vendors_own_addresses_answer(sandbox_offline: Sandbox) -> None:
    with httpx.Client(transport=sandbox_offline.transport()) as client:
        headers = {"x-api-token": sandbox_offline.pipedrive.api_token}
        assert client.get("https://acme.pipedrive.com/api/v2/deals?limit=1", headers=headers).status_code == 200
        sandbox_offline.faults.add(reset=True, count=1)
        with pytest.raises(httpx.ReadError):
            client.get("https://acme.pipedrive.com/api/v2/deals", headers=headers)
        with pytest.raises(httpx.ConnectError):
            client.get("https://example.com/")

    async def call() -> int:
        async with httpx.AsyncClient(transport=sandbox_offline.transport()) as client:
            body = {"query": "{ me { id } }"}
            bearer = {"Authorization": f"Bearer {sandbox_offline.pipefy.personal_token}"}
            return (await client.post("https://api.pipefy.com/graphql", json=body, headers=bearer)).status_code

    assert asyncio.run(call()) == 200
