"""A value of a setting that cannot be meant is one `ConfigurationError` that names the setting; nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.typedpipes._core.http.wire_server import WireServer
from typedpipes.declared.clients import AsyncRestApiClient, RestApiClient
from typedpipes.declared.declaration import Declaration
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

CREDENTIALS: Final[dict[Any, dict[str, Any]]] = {
    Pipefy: {"token": "token-planted"},
    AsyncPipefy: {"token": "token-planted"},
    Pipedream: {"api_key": "key-planted"},
    AsyncPipedream: {"api_key": "key-planted"},
    Pipedrive: {"api_token": "token-planted"},
    AsyncPipedrive: {"api_token": "token-planted"},
}
PIPEFY: Final = (Pipefy, AsyncPipefy)
PIPEDREAM: Final = (Pipedream, AsyncPipedream)
PIPEDRIVE: Final = (Pipedrive, AsyncPipedrive)
ADDRESSES: Final = (
    "api.pipefy.com/graphql",
    "//api.pipefy.com",
    "ftp://api.pipefy.com",
    "https://",
    "https:///graphql",
    "https://api.example:99999/graphql",
    "https://api.example:0",
    "https://api.example:port",
    "https://api.example/v1?x=1",
    "https://api.example/v1?",
    "https://api.example/v1#f",
    "https://api.example/v1\n",
    "https://api.exa mple",
    "https://user:password-planted@api.example",
    "https://[::1",
    8080,
    b"https://api.example",
)
SETTINGS: Final[list[tuple[str, Any, str, Any]]] = [
    (vendor, kind, setting, value)
    for vendor, kinds, setting in (
        ("PIPEFY", PIPEFY, "base_url"),
        ("PIPEFY", PIPEFY, "token_url"),
        ("PIPEDREAM", PIPEDREAM, "base_url"),
        ("PIPEDREAM", PIPEDREAM, "workflows_url"),
        ("PIPEDRIVE", PIPEDRIVE, "base_url"),
        ("PIPEDRIVE", PIPEDRIVE, "oauth_url"),
    )
    for kind in kinds
    for value in ADDRESSES
]


@pytest.mark.parametrize(("vendor", "kind", "setting", "value"), SETTINGS)
def test_of_an_address(vendor: str, kind: Any, setting: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(**CREDENTIALS[kind], **{setting: value})
    assert caught.value.setting == setting
    assert str(caught.value).startswith(setting)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("vendor", "kind", "setting", "value"),
    [row for row in SETTINGS if isinstance(row[3], str) and not row[3].endswith("\n")],
)
def test_of_an_address_of_the_environment(vendor: str, kind: Any, setting: str, value: str) -> None:
    (credential, secret), *_ = CREDENTIALS[kind].items()
    variable = f"{vendor}_{setting.upper()}"
    with pytest.raises(ConfigurationError) as caught:
        kind(env={f"{vendor}_{credential.upper()}": secret, variable: value})
    assert caught.value.setting == variable


@pytest.mark.parametrize("kind", [RestApiClient, AsyncRestApiClient])
@pytest.mark.parametrize("value", ADDRESSES)
def test_of_the_address_of_an_api_of_ones_own(kind: Any, value: Any) -> None:
    declared = Declaration(api="mine", base_url="https://api.example", base_url_env="MINE_BASE_URL")
    with pytest.raises(ConfigurationError) as caught:
        kind(declared, {}, base_url=value, servers=None, env=None, options={})
    assert caught.value.setting == "base_url"


NUMBERS: Final = [
    *[(kind, "timeout", value) for kind in CREDENTIALS for value in ("30", 0, -1, None, True, float("nan"), [30])],
    *[(kind, "deadline", value) for kind in CREDENTIALS for value in ("30", 0, -1, False)],
    *[(kind, "retries", value) for kind in CREDENTIALS for value in ("3", -1, 1.5, None, True)],
    *[(kind, "max_wait", value) for kind in CREDENTIALS for value in ("0", -1)],
    *[(kind, "strict", value) for kind in CREDENTIALS for value in ("no", 1, None)],
    *[(kind, "account", value) for kind in CREDENTIALS for value in ("", " ", 5)],
    *[(kind, "seats", value) for kind in PIPEDRIVE for value in ("10", 0, -3, 2.5, True)],
    *[(kind, "allowance", value) for kind in PIPEFY for value in ("1000", 0, -3, 2.5)],
]


@pytest.mark.parametrize(("kind", "setting", "value"), NUMBERS)
def test_of_a_number_or_a_flag(kind: Any, setting: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(**CREDENTIALS[kind], **{setting: value})
    assert caught.value.setting == setting


@pytest.fixture
def server() -> Iterator[WireServer]:
    made = WireServer()
    yield made
    made.close()


OF_A_CALL: Final = [("timeout", "3"), ("timeout", 0), ("deadline", "3"), ("retries", "3"), ("retries", -1)]


@pytest.mark.parametrize(("option", "value"), [*OF_A_CALL, ("max_wait", "1"), ("max_wait", -1)])
def test_of_an_option_of_a_call(server: WireServer, option: str, value: Any) -> None:
    wrong: Any = {option: value}
    with (
        Pipedrive(api_token="token-planted", base_url=server.url) as crm,
        Pipefy(token="token-planted", base_url=f"{server.url}/graphql") as pipefy,
    ):
        for call in (crm.v2.deals.list, pipefy.me):
            with pytest.raises(ConfigurationError) as caught:
                call(**wrong)
            assert caught.value.setting == option
    assert server.arrivals == []


@pytest.mark.parametrize(("option", "value"), OF_A_CALL)
def test_of_an_option_of_an_asynchronous_call(server: WireServer, option: str, value: Any) -> None:
    wrong: Any = {option: value}

    async def run() -> None:
        async with AsyncPipedrive(api_token="token-planted", base_url=server.url) as crm:
            await crm.v2.deals.list(**wrong)

    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(run())
    assert caught.value.setting == option
    assert server.arrivals == []


@pytest.mark.parametrize(
    ("kind", "token"),
    [(Pipefy, "token"), (AsyncPipefy, "token"), (Pipedrive, "api_token"), (AsyncPipedrive, "api_token")],
)
def test_a_token_beside_an_oauth_client_is_refused_by_every_client_that_takes_one_of_them(
    kind: Any, token: str
) -> None:
    with pytest.raises(ConfigurationError, match="keep one") as caught:
        kind(client_id="c", client_secret="s-planted", **{token: "token-planted"})
    assert caught.value.setting == token
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/graphql", "http://localhost:9", "https://api.example:443/v1/", "https://[::1]:9/x"]
)
@pytest.mark.parametrize("kind", CREDENTIALS)
def test_addresses_that_are_some_are_taken(kind: Any, address: str) -> None:
    kind(**CREDENTIALS[kind], base_url=address)


IDS: Final[dict[str, tuple[Any, str]]] = {
    "an empty id": (lambda p: p.card(id=""), "id"),
    "a blank id": (lambda p: p.card(id=" "), "id"),
    "no id": (lambda p: p.card(id=None), "id"),
    "an empty id of a listing": (lambda p: p.cards(pipe_id=""), "pipe_id"),
    "an empty id among ids": (lambda p: p.pipes(ids=["1", ""]), "ids"),
    "no ids": (lambda p: p.pipes(ids=None), "ids"),
    "no input": (lambda p: p.create_card(input=None), "input"),
}


@pytest.mark.parametrize(("call", "setting"), IDS.values(), ids=IDS)
def test_of_a_required_variable(server: WireServer, call: Any, setting: str) -> None:
    with (
        Pipefy(token="token-planted", base_url=f"{server.url}/graphql") as pipefy,
        pytest.raises(ConfigurationError) as caught,
    ):
        call(pipefy)
    assert caught.value.setting == setting

    async def run() -> None:
        async with AsyncPipefy(token="token-planted", base_url=f"{server.url}/graphql") as client:
            await call(client)

    with pytest.raises(ConfigurationError):
        asyncio.run(run())
    assert server.arrivals == []


def test_of_an_id_in_a_path_and_of_what_says_what_to_delete(server: WireServer) -> None:
    with Pipedrive(api_token="token-planted", base_url=server.url) as crm:
        calls: list[Any] = [
            lambda: crm.v2.deals.get(""),  # type: ignore[arg-type]  # what is refused
            lambda: crm.v2.deals.get(" "),  # type: ignore[arg-type]  # what is refused
            lambda: crm.v2.deals.get(None),  # type: ignore[arg-type]  # what is refused
            lambda: crm.v2.deals.products.delete_many(1, ids=""),  # type: ignore[arg-type]  # what is refused
            lambda: crm.v2.deals.products.delete_many(1, ids=" , "),  # type: ignore[arg-type]  # what is refused
            lambda: crm.v2.deals.products.delete_many(1, ids=[]),
        ]
        for call in calls:
            with pytest.raises(ConfigurationError, match="empty"):
                call()
    assert server.arrivals == []
