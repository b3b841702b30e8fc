"""What a caller may add to a call is one rule for every kind of call: REST, GraphQL, workflows, the proxy, webhooks."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.rest import Arguments, Operation
from typedpipes._core.rest.caller import Rest, RestCaller
from typedpipes.cli.operations import find, operations
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

Act = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[WireServer]:
    made = WireServer(lambda arrival: Reply(body=b'{"data": {}}', headers={"content-type": "application/json"}))
    yield made
    made.close()


MODES: Final = [
    pytest.param((Pipefy, Pipedream, Pipedrive), id="sync"),
    pytest.param((AsyncPipefy, AsyncPipedream, AsyncPipedrive), id="async"),
]

EXTRA: Final[dict[str, Act]] = {
    "rest v1": lambda fy, pd, crm, **given: crm.v1.users.me(**given),
    "rest v2": lambda fy, pd, crm, **given: crm.v2.deals.get(1, **given),
    "a listing": lambda fy, pd, crm, **given: next(iter(crm.v2.deals.iter(**given))),
    "pipedream rest": lambda fy, pd, crm, **given: pd.rest.users.me(**given),
    "connect": lambda fy, pd, crm, **given: pd.connect.accounts.list(**given),
    "graphql": lambda fy, pd, crm, **given: fy.me(**given),
    "execute": lambda fy, pd, crm, **given: fy.execute("{ me { id } }", **given),
    "webhooks": lambda fy, pd, crm, **given: fy.webhooks.create(
        name="n", url="https://example.com/hook", actions=["card.move"], pipe_id="1", **given
    ),
}
RELAYED: Final[dict[str, Act]] = {
    "workflow": lambda fy, pd, crm, **given: pd.workflows.invoke("enabc123", **given),
    "proxy": lambda fy, pd, crm, **given: pd.proxy.get(
        "https://example.com/x", external_user_id="u1", account_id="apn_1", **given
    ),
}
REFUSED: Final = (
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "X-Api-Token",
    "x-api-token ",
    "Host",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
)


def perform(classes: tuple[Any, Any, Any], server: WireServer, act: Act, **given: object) -> None:
    """Make one call with clients of one mode, each with a token that does not expire."""
    fy_class, pd_class, crm_class = classes
    fy = fy_class(token="t0k", base_url=f"{server.url}/graphql", retries=0)
    pd = pd_class(
        api_key="k3y",
        connect_token="ct0k",
        project_id="proj_x",
        environment="development",
        base_url=f"{server.url}/v1",
        workflows_url=f"{server.url}/w",
        retries=0,
    )
    crm = crm_class(api_token="t0k", base_url=server.url, retries=0)
    if fy_class is Pipefy:
        with fy, pd, crm:
            act(fy, pd, crm, **given)
        return

    async def main() -> None:
        async with fy, pd, crm:
            made = act(fy, pd, crm, **given) if act is not EXTRA["a listing"] else _first(crm, given)
            if inspect.isawaitable(made):
                await made

    anyio.run(main)


async def _first(crm: AsyncPipedrive, given: Any) -> None:
    async for _ in crm.v2.deals.iter(**given):
        return


@pytest.mark.parametrize("classes", MODES)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((kind, "X-Api-Token") for kind in EXTRA),
        *((kind, name) for kind in ("rest v2", "graphql") for name in REFUSED),
    ],
)
def test_headers_that_the_client_sets_are_refused_on_every_kind_of_call(
    server: WireServer, classes: tuple[Any, Any, Any], kind: str, name: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"extra_headers may not set {name}") as caught:
        perform(classes, server, EXTRA[kind], extra_headers={name: "planted"})
    assert caught.value.setting == "extra_headers"
    assert "planted" not in str(caught.value)
    assert server.arrivals == []


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Token", "Content-Length", "X-PD-Environment"])
@pytest.mark.parametrize("classes", MODES)
def test_a_workflow_is_given_the_type_of_its_body_and_no_other_header_of_the_client(
    server: WireServer, classes: tuple[Any, Any, Any], name: str
) -> None:
    def act(fy: Any, pd: Any, crm: Any, headers: dict[str, str]) -> Any:
        return pd.workflows.invoke("enabc123", auth="none", body=b"a;b", headers=headers)

    with pytest.raises(ConfigurationError, match=f"headers may not set {name}"):
        perform(classes, server, act, headers={name: "planted"})
    assert server.arrivals == []
    perform(classes, server, act, headers={"Content-Type": "text/csv"})
    assert [arrival.headers["content-type"] for arrival in server.arrivals] == ["text/csv"]


@pytest.mark.parametrize("classes", MODES)
def test_a_header_that_an_argument_sets_is_not_set_twice(server: WireServer, classes: tuple[Any, Any, Any]) -> None:
    with pytest.raises(ConfigurationError, match="X-PD-Environment"):
        perform(classes, server, EXTRA["connect"], extra_headers={"X-PD-Environment": "production"})
    assert server.arrivals == []


@pytest.mark.parametrize("act", ["rest v2", "graphql"])
@pytest.mark.parametrize("classes", MODES)
def test_other_headers_arrive(server: WireServer, classes: tuple[Any, Any, Any], act: str) -> None:
    answers = {"GET": b'{"success": true, "data": {"id": 1}}', "POST": b'{"data": {"me": {"id": "1"}}}'}
    server.script = lambda arrival: Reply(body=answers[arrival.method], headers={"content-type": "application/json"})
    perform(classes, server, EXTRA[act], extra_headers={"X-Trace": "abc"})
    assert [arrival.headers["x-trace"] for arrival in server.arrivals] == ["abc"]


@pytest.mark.parametrize("classes", MODES)
@pytest.mark.parametrize("act", [*EXTRA.values(), *RELAYED.values()], ids=[*EXTRA, *RELAYED])
def test_an_idempotency_key_is_refused_wherever_the_schema_declares_none(
    server: WireServer, classes: tuple[Any, Any, Any], act: Act
) -> None:
    with pytest.raises(ConfigurationError, match="idempotency_key would protect nothing") as caught:
        perform(classes, server, act, idempotency_key="k1")
    assert caught.value.setting == "idempotency_key"
    assert server.arrivals == []


PAY: Final = Operation[bytes](
    id="pay",
    api="shop",
    name="payments.create",
    method="POST",
    path="/payments",
    module=__name__,
    returns="bytes",
    safety="unsafe",
)


def pay(server: WireServer, argument: str | None = None, **options: Any) -> None:
    arguments = Arguments(headers={"Idempotency-Key": argument}, body={"amount": 5})
    with PolicyClient() as http:
        RestCaller(http, Rest(base_url=server.url)).call(PAY, arguments, options)  # type: ignore[arg-type]  # any option


@pytest.mark.parametrize("given", [{"idempotency_key": "k1"}, {"argument": "k1"}], ids=["option", "argument"])
def test_a_declared_key_is_sent_and_makes_the_write_repeatable(server: WireServer, given: dict[str, Any]) -> None:
    server.script_of(Reply(500), Reply(body=b"paid"))
    pay(server, **given)
    assert [arrival.headers["idempotency-key"] for arrival in server.arrivals] == ["k1", "k1"]
    assert [json.loads(arrival.body) for arrival in server.arrivals] == [{"amount": 5}] * 2


def test_a_key_given_twice_is_refused(server: WireServer) -> None:
    with pytest.raises(ConfigurationError, match="both given"):
        pay(server, "k1", idempotency_key="k2")
    assert server.arrivals == []


def test_the_command_line_offers_no_key_that_would_be_refused() -> None:
    """No document of the three vendors declares one."""
    named = find("pipedrive.v2.deals.create")
    assert named is not None
    assert "extra_headers" in named.call.parameters
    assert [each.name for each in operations() if "idempotency_key" in each.call.parameters] == []
