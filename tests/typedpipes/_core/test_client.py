"""What every client is: closed by hand or by a with statement, with limits, and an address to show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from typedpipes._core.client import ApiClient, AsyncApiClient
from typedpipes.declared import AsyncGraphQLApiClient, AsyncRestApiClient, GraphQLApiClient, RestApiClient
from typedpipes.declared.declaration import Declaration
from typedpipes.errors import ConfigurationError
from typedpipes.limits import AsyncLimits, Claim, Limits
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

SYNC: Final[list[Any]] = [Pipefy, Pipedream, Pipedrive, RestApiClient, GraphQLApiClient]
ASYNC: Final[list[Any]] = [AsyncPipefy, AsyncPipedream, AsyncPipedrive, AsyncRestApiClient, AsyncGraphQLApiClient]
SETTINGS: Final = {
    "Pipefy": {"token": "t0k"},
    "Pipedream": {"api_key": "t0k"},
    "Pipedrive": {"api_token": "t0k"},
}
SHARED: Final = "limits close aclose __enter__ __exit__ __aenter__ __aexit__ __repr__".split()


def made(kind: Any, url: str, **options: Any) -> Any:
    """A client of a class that says no more than where it is."""
    own = SETTINGS.get(kind.__name__.removeprefix("Async"))
    if own is not None:
        return kind(base_url=url, **own, **options)
    declaration = Declaration(api="shop", base_url="https://shop.example", base_url_env="SHOP_URL")
    return kind(declaration, {}, base_url=url, servers=None, env=None, options=options)


@pytest.fixture
def server() -> Iterator[WireServer]:
    server = WireServer(
        lambda arrival: Reply(body=b'{"success": true, "data": []}', headers={"content-type": "application/json"})
    )
    yield server
    server.close()


@pytest.mark.parametrize("kind", [*SYNC, *ASYNC])
def test_a_client_leaves_to_its_base_what_all_clients_are(kind: Any) -> None:
    base = AsyncApiClient if kind in ASYNC else ApiClient
    assert issubclass(kind, base)
    for name in SHARED:
        assert getattr(kind, name, None) is getattr(base, name, None), name


@pytest.mark.parametrize("kind", [*SYNC, *ASYNC])
def test_a_client_shows_its_class_and_its_address_and_no_secret(kind: Any) -> None:
    client = made(kind, "https://api.example.com/v1")
    assert repr(client) == f"<{kind.__name__} https://api.example.com/v1>"
    client.__class__ = type("Mine", (kind,), {})
    assert repr(client) == "<Mine https://api.example.com/v1>"


@pytest.mark.parametrize("kind", [*SYNC, *ASYNC])
def test_limits_are_there_unless_they_are_off(kind: Any) -> None:
    client = made(kind, "https://api.example.com", limits="memory://")
    assert isinstance(client.limits, AsyncLimits if kind in ASYNC else Limits)
    assert client.limits is client.limits


@pytest.mark.parametrize("kind", [Pipefy, AsyncPipefy, Pipedrive, RestApiClient])
def test_limits_that_are_off_show_nothing_and_cost_nothing(kind: Any) -> None:
    limits = made(kind, "https://api.example.com", limits="off").limits
    claim = Claim("x", "call")
    if isinstance(limits, AsyncLimits):

        async def told() -> tuple[Any, ...]:
            return await limits.snapshot(), await limits.cost(claim, 9), await limits.reset()

        snapshot, cost, reset = anyio.run(told)
    else:
        snapshot, cost, reset = limits.snapshot(), limits.cost(claim, 9), limits.reset()
    assert (snapshot.limits, snapshot.store, reset.store) == ((), "off", "off")
    assert (cost.rows, cost.seconds) == ((), 0.0)


def test_a_with_statement_closes_and_closing_again_does_no_harm(server: WireServer) -> None:
    with Pipedrive(api_token="t0k", base_url=server.url) as crm:
        crm.v2.deals.raw.list()
    crm.close()
    with pytest.raises(ConfigurationError, match="the client is closed"):
        crm.v2.deals.list()
    assert len(server.arrivals) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_with_statement_closes_and_closing_again_does_no_harm(server: WireServer, backend: str) -> None:
    async def main() -> None:
        async with AsyncPipedrive(api_token="t0k", base_url=server.url) as crm:
            await crm.v2.deals.raw.list()
        await crm.aclose()
        with pytest.raises(ConfigurationError, match="the client is closed"):
            await crm.v2.deals.list()

    anyio.run(main, backend=backend)
    assert len(server.arrivals) == 1
