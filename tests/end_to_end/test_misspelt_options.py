"""A misspelt keyword is a TypeError that says what was meant, wherever options are taken; nothing is sent."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Final

import pytest

from tests.typedpipes._core.http.wire_server import WireServer
from typedpipes._core.options import ClientOptions
from typedpipes.declared.clients import AsyncRestApiClient, RestApiClient
from typedpipes.declared.declaration import Declaration
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

SHARED: Final = {
    "timout": "timeout",
    "dead_line": "deadline",
    "retry": "retries",
    "max_wait_": "max_wait",
    "limit": "limits",
    "polcy": "policy",
    "unreacheable": "unreachable",
    "strct": "strict",
    "on_evnt": "on_event",
    "tokencache": "token_cache",
    "acount": "account",
    "httpclient": "http_client",
}
OWN: Final = {
    "pipefy": {"journl": "journal", "organisation_id": "organization_id", "alowance": "allowance", "plam": "plan"},
    "pipedream": {"enviroment": "environment", "projectid": "project_id", "figure": "figures"},
    "pipedrive": {"seat": "seats", "company": "company_domain", "api_tokn": "api_token", "plam": "plan"},
}
FACTORY: Final = {"profil": "profile", "configuration": "config", "envfile": "env_file"}
ENVIRONMENT: Final = {
    "PIPEFY_TOKEN": "token-planted",
    "PIPEDREAM_API_KEY": "key-planted",
    "PIPEDRIVE_API_TOKEN": "token-planted",
}
CLIENTS: Final[list[tuple[str, Any]]] = [
    ("pipefy", Pipefy),
    ("pipefy", AsyncPipefy),
    ("pipedream", Pipedream),
    ("pipedream", AsyncPipedream),
    ("pipedrive", Pipedrive),
    ("pipedrive", AsyncPipedrive),
]
_MISSPELT: Final = [
    pytest.param(client, wrong, meant, id=f"{client.__name__}-{wrong}")
    for vendor, client in CLIENTS
    for wrong, meant in (SHARED | OWN[vendor]).items()
]


@pytest.mark.parametrize(("client", "wrong", "meant"), _MISSPELT)
def test_of_a_client(client: Any, wrong: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"{client.__name__}: unexpected argument '{wrong}'; did you mean '{meant}'"):
        client(env=ENVIRONMENT, **{wrong: "x"})


@pytest.mark.parametrize(("client", "wrong", "meant"), _MISSPELT)
def test_of_a_client_from_the_environment(client: Any, wrong: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TypeError, match=f"from_env: unexpected argument '{wrong}'; did you mean '{meant}'"):
        client.from_env(**{wrong: "x"})


@pytest.mark.parametrize("client", [client for _, client in CLIENTS])
@pytest.mark.parametrize(("wrong", "meant"), FACTORY.items())
def test_of_from_env_itself(client: Any, wrong: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"did you mean '{meant}'"):
        client.from_env(**{wrong: "x"})


@pytest.mark.parametrize("client", [client for _, client in CLIENTS])
def test_a_misspelt_credential_is_not_reported_as_missing(client: Any) -> None:
    with pytest.raises(TypeError, match="did you mean 'client_id'"):
        client(clientid="x")


@pytest.mark.parametrize("client", [client for _, client in CLIENTS])
@pytest.mark.parametrize("option", ["proxy", "proxies", "verify", "cert", "transport"])
def test_what_other_libraries_take_is_said_to_belong_to_the_http_client(client: Any, option: str) -> None:
    with pytest.raises(TypeError, match="http_client=httpx"):
        client(env=ENVIRONMENT, **{option: "socks5://x"})


@pytest.mark.parametrize("client", [RestApiClient, AsyncRestApiClient])
def test_of_a_client_of_an_api_of_ones_own(client: Any) -> None:
    declared = Declaration(api="mine", base_url="https://api.example", base_url_env="MINE_BASE_URL")
    options: ClientOptions = {"timout": 3}  # type: ignore[typeddict-unknown-key]  # what a user mistypes
    with pytest.raises(TypeError, match="did you mean 'timeout'"):
        client(declared, {}, base_url=None, servers=None, env=None, options=options)


@pytest.fixture
def server() -> Iterator[WireServer]:
    made = WireServer()
    yield made
    made.close()


Call = Callable[[Any], object]
ROW: Final = {"title": "t", "fields_attributes": []}
PIPEFY_CALLS: Final[dict[str, Call]] = {
    "checkpoint of create_cards": lambda p: p.bulk.create_cards([ROW], pipe_id=1, chekpoint="c.jsonl"),
    "pipe_id of create_cards": lambda p: p.bulk.create_cards([ROW], pipeid=1),
    "table_id of create_records": lambda p: p.bulk.create_records([ROW], tableid=1),
    "checkpoint of update_cards": lambda p: p.bulk.update_cards({"1": {"a": "b"}}, check_point="c.jsonl"),
    "progress of update_records": lambda p: p.bulk.update_records({"1": {"a": "b"}}, progres=print),
    "over_budget of delete_cards": lambda p: p.bulk.delete_cards(["1"], overbudget=True),
    "resume of delete_records": lambda p: p.bulk.delete_records(["1"], resum=None),
    "timeout of me": lambda p: p.me(timout=3),
    "id of card": lambda p: p.card(idd="1", id="1"),
    "deadline of find_organization": lambda p: p.find_organization("1", dead_line=3),
    "timeout of execute": lambda p: p.execute("{ me { id } }", timout=3),
    "operation_name of execute": lambda p: p.execute("{ me { id } }", operationname="x"),
    "email of webhooks.create": lambda p: p.webhooks.create(
        name="n", url="https://x.example", actions=["card.create"], pipe_id=1, emial="e"
    ),
    "pipe_id of pipe_report": lambda p: p.exports.pipe_report(pipe_id=1, pipe_report_id=2, colums=["a"]),
}
PIPEDREAM_CALLS: Final[dict[str, Call]] = {
    "body of workflows.invoke": lambda p: p.workflows.invoke("enabc123", bodyy={}),
    "headers of workflows.invoke": lambda p: p.workflows.invoke("enabc123", header={}),
    "method of workflows.invoke_for_external_user": lambda p: p.workflows.invoke_for_external_user(
        "enabc123", "u1", metod="POST"
    ),
    "retries of proxy.get": lambda p: p.proxy.get("https://x.example", external_user_id="u", account_id="a", retrys=1),
    "body of proxy.post": lambda p: p.proxy.post("https://x.example", external_user_id="u", account_id="a", bodyy={}),
    "timeout of proxy.stream": lambda p: _entered(
        p.proxy.stream("GET", "https://x.example", external_user_id="u", account_id="a", timout=1)
    ),
    "org_id of users.me": lambda p: p.rest.users.me(orgid="o_1"),
    "environment of accounts.list": lambda p: p.connect.accounts.list(enviroment="production"),
    "external_user_id of tokens.create": lambda p: p.connect.tokens.create(extrenal_user_id="u1"),
    "app_slug of accounts.create": lambda p: p.connect.accounts.create(
        appslug="slack", cfmap_json="{}", connect_token="c"
    ),
    "app of accounts.list": lambda p: p.connect.accounts.list(aapp="slack"),
    "external_user of snapshot": lambda p: p.limits.snapshot(external_usr="u1"),
}
PIPEDRIVE_CALLS: Final[dict[str, Call]] = {
    "status of deals.list": lambda p: p.v2.deals.list(statuss="open"),
    "title of deals.add": lambda p: p.v2.deals.create(titel="x", title="x"),
    "page_size of deals.iter": lambda p: p.v2.deals.iter(pagesize=3),
    "encoding of persons.list": lambda p: p.v2.persons.list(encodng="json"),
}


def _entered(stream: object) -> object:
    if isinstance(stream, AbstractAsyncContextManager):
        return stream.__aenter__()
    assert isinstance(stream, AbstractContextManager)
    return stream.__enter__()


def _pipefy(kind: Any, url: str) -> Any:
    return kind(token="token-planted", base_url=f"{url}/graphql")


def _pipedream(kind: Any, url: str) -> Any:
    return kind(client_id="c", client_secret="s-planted", base_url=url, project_id="proj_1", environment="production")


def _pipedrive(kind: Any, url: str) -> Any:
    return kind(api_token="token-planted", base_url=url)


_CALLS: Final = [
    pytest.param(make, kinds, name, call, id=name)
    for make, kinds, calls in (
        (_pipefy, (Pipefy, AsyncPipefy), PIPEFY_CALLS),
        (_pipedream, (Pipedream, AsyncPipedream), PIPEDREAM_CALLS),
        (_pipedrive, (Pipedrive, AsyncPipedrive), PIPEDRIVE_CALLS),
    )
    for name, call in calls.items()
]


@pytest.mark.parametrize(("make", "kinds", "name", "call"), _CALLS)
def test_of_a_call(make: Callable[[Any, str], Any], kinds: Any, name: str, call: Call, server: WireServer) -> None:
    told = "unexpected (keyword )?argument"
    with make(kinds[0], server.url) as client, pytest.raises(TypeError, match=told) as caught:
        call(client)
    _check(str(caught.value), name)
    assert server.arrivals == []


@pytest.mark.parametrize(("make", "kinds", "name", "call"), _CALLS)
def test_of_an_asynchronous_call(
    make: Callable[[Any, str], Any], kinds: Any, name: str, call: Call, server: WireServer
) -> None:
    async def run() -> None:
        async with make(kinds[1], server.url) as client:
            result = call(client)
            if inspect.isawaitable(result):
                await _finished(result)

    with pytest.raises(TypeError, match=r"unexpected (keyword )?argument") as caught:
        asyncio.run(run())
    _check(str(caught.value), name)
    assert server.arrivals == []


async def _finished(result: Awaitable[object]) -> None:
    await result


def _check(message: str, name: str) -> None:
    if "keyword argument" not in message:  # Python's own, for a callable without options: it suggests from 3.13 on
        assert f"did you mean '{name.partition(' ')[0]}'?" in message


@pytest.mark.parametrize("kind", [Pipedrive, AsyncPipedrive])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTPS_PROXY"])
def test_a_socks_proxy_without_its_package_names_what_to_install(
    kind: Any, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv(variable, "socks5://user:proxy-planted@127.0.0.1:1")
    with pytest.raises(ConfigurationError, match=r"pip install 'httpx\[socks\]'") as caught:
        kind(api_token="token-planted")
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("kind", [Pipedrive, AsyncPipedrive])
def test_a_proxy_of_an_unknown_scheme_is_named_without_its_password(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://user:proxy-planted@127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        kind(api_token="token-planted")
    assert "planted" not in str(caught.value)
