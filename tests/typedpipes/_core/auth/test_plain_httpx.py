"""Credentials also work as ``auth=`` of a plain httpx client."""

from __future__ import annotations

import anyio
import httpx
import pytest

from tests.typedpipes._core.auth.calls import credential
from tests.typedpipes._core.auth.token_server import TokenServer
from typedpipes.errors import ConfigurationError


def test_sync(server: TokenServer) -> None:
    with httpx.Client(auth=credential(server.url)) as client:
        assert client.get(f"{server.url}/api/x").status_code == 200
        server.expire_all()
        assert client.get(f"{server.url}/api/x").status_code == 200
        server._issue = lambda *, rotating: server.refusal  # type: ignore[method-assign]  # no more tokens
    assert server.token_requests == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async(server: TokenServer, backend: str) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(auth=credential(server.url)) as client:
            assert (await client.get(f"{server.url}/api/x")).status_code == 200
            server.expire_all()
            assert (await client.get(f"{server.url}/api/x")).status_code == 200

    anyio.run(main, backend=backend)
    assert server.token_requests == 2


def test_pinned_there_too(server: TokenServer) -> None:
    with httpx.Client(auth=credential("https://api.example.com")) as client, pytest.raises(ConfigurationError):
        client.get(f"{server.url}/api/x")
    assert server.wire.arrivals == []
