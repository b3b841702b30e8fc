"""What a caller gives arrives as what it is: an enum member as its value, a number that is none not at all."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes.errors import ConfigurationError, TypedPipesError
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

TLS = httpx.create_ssl_context()
"""Shared: making one costs more than a test."""


class Text(str, Enum):  # noqa: UP042 - that is the test
    """The way enums of text were written before `enum.StrEnum`."""

    EUR = "EUR"


class Whole(int, Enum):
    SEVEN = 7


class Ordinal(IntEnum):
    SEVEN = 7


class Plain(Enum):
    EUR = "EUR"
    SEVEN = 7


class Loud(str):
    """A text that prints as something else."""

    __slots__ = ()

    def __str__(self) -> str:
        return "loud"


class Gap(datetime):
    """A missing date as data frames hold it: it equals nothing and prints as ``NaT``."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = datetime.__hash__

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        return "NaT"


TEXTS: list[Any] = [Text.EUR, Plain.EUR, Loud("EUR")]
WHOLES: list[Any] = [Whole.SEVEN, Ordinal.SEVEN, Plain.SEVEN]
NO_NUMBERS = [float("nan"), float("inf"), float("-inf")]


@pytest.fixture(scope="module")
def shared() -> Iterator[WireServer]:
    with closing(WireServer(answer)) as made:
        yield made


@pytest.fixture
def server(shared: WireServer) -> WireServer:
    shared.arrivals.clear()
    return shared


def answer(arrival: Arrival) -> Reply:
    if arrival.path.endswith("/oauth/token"):
        return Reply(body=b'{"access_token":"a","token_type":"Bearer","expires_in":3600}')
    return Reply(body=b'{"success":true,"data":{}}')


@contextmanager
def crm_of(server: WireServer) -> Iterator[Pipedrive]:
    with (
        httpx.Client(verify=TLS) as http,
        Pipedrive(api_token="t" * 40, base_url=server.url, http_client=http, limits="off", retries=0) as crm,
    ):
        yield crm


@contextmanager
def pipefy_of(server: WireServer) -> Iterator[Pipefy]:
    with (
        httpx.Client(verify=TLS) as http,
        Pipefy(token="t" * 20, base_url=server.url, http_client=http, limits="off", retries=0) as pipefy,
    ):
        yield pipefy


@contextmanager
def pipedream_of(server: WireServer, **settings: Any) -> Iterator[Pipedream]:
    common: dict[str, Any] = {"base_url": server.url, "limits": "off", "retries": 0, "project_id": "proj_x"}
    common |= {"client_id": "c" * 20, "client_secret": "s" * 20, "environment": "development"}
    with httpx.Client(verify=TLS) as http, Pipedream(http_client=http, **common, **settings) as made:
        yield made


def sent(server: WireServer) -> Arrival:
    """The last request but those for tokens."""
    return [arrival for arrival in server.arrivals if not arrival.path.endswith("/oauth/token")][-1]


def query_of(arrival: Arrival) -> dict[str, list[str]]:
    return parse_qs(urlsplit(arrival.path).query)


@pytest.mark.parametrize("seven", WHOLES, ids=repr)
@pytest.mark.parametrize("eur", TEXTS, ids=repr)
def test_an_enum_member_travels_as_its_value_in_bodies_and_keys(server: WireServer, eur: Any, seven: Any) -> None:
    nested: dict[str, Any] = {eur: [eur, {eur: seven}], "other": (eur,)}
    with crm_of(server) as crm:
        crm.v2.deals.create(title=eur, currency=eur, owner_id=seven, label_ids=[seven], custom_fields=nested)
    assert json.loads(sent(server).body) == {
        "title": "EUR",
        "currency": "EUR",
        "owner_id": 7,
        "label_ids": [7],
        "custom_fields": {"EUR": ["EUR", {"EUR": 7}], "other": ["EUR"]},
    }


@pytest.mark.parametrize("seven", WHOLES, ids=repr)
@pytest.mark.parametrize("eur", TEXTS, ids=repr)
def test_an_enum_member_travels_as_its_value_in_queries_paths_and_headers(
    server: WireServer, eur: Any, seven: Any
) -> None:
    with crm_of(server) as crm:
        crm.v2.deals.list(status=eur, ids=[seven, seven], owner_id=seven, extra_headers={"x-note": eur})
        assert query_of(sent(server)) == {"status": ["EUR"], "ids": ["7,7"], "owner_id": ["7"]}
        assert sent(server).headers["x-note"] == "EUR"
        crm.v2.deals.get(seven)
        assert urlsplit(sent(server).path).path.endswith("/deals/7")


@pytest.mark.parametrize("eur", TEXTS, ids=repr)
def test_an_enum_member_travels_as_its_value_in_forms_and_multipart(server: WireServer, eur: Any) -> None:
    with crm_of(server) as crm:
        crm.v1.webhooks.create(
            encoding="form", subscription_url="https://h.example/", event_action=eur, event_object=eur, name=eur
        )
        assert parse_qs(sent(server).body.decode())["event_action"] == ["EUR"]
        crm.v1.files.upload(file=("x.txt", io.BytesIO(b"x")), deal_id=Whole.SEVEN)
        assert b'name="deal_id"\r\n\r\n7\r\n' in sent(server).body


@pytest.mark.parametrize("eur", TEXTS, ids=repr)
def test_an_enum_member_travels_as_its_value_in_variables(server: WireServer, eur: Any) -> None:
    with pipefy_of(server) as pipefy, suppress(TypedPipesError):  # the answer does not matter
        pipefy.execute("query Q($a: ID!) { card(id: $a) { id } }", {"a": eur, "b": {eur: [eur]}})
    assert json.loads(sent(server).body)["variables"] == {"a": "EUR", "b": {"EUR": ["EUR"]}}
    with pipefy_of(server) as pipefy, suppress(TypedPipesError):  # the answer does not matter
        pipefy.create_card(input={"pipe_id": "1", "title": eur})
    assert json.loads(sent(server).body)["variables"]["input"]["title"] == "EUR"


@pytest.mark.parametrize("eur", TEXTS, ids=repr)
def test_an_enum_member_travels_as_its_value_through_connect(server: WireServer, eur: Any) -> None:
    with pipedream_of(server) as pd:
        pd.connect.actions.run(id=eur, external_user_id=eur, configured_props={eur: eur})
        assert json.loads(sent(server).body) == {
            "id": "EUR",
            "external_user_id": "EUR",
            "configured_props": {"EUR": "EUR"},
        }
        pd.proxy.post(
            "https://a.example/x", external_user_id=eur, account_id=eur, headers={"x-a": eur}, body={"a": eur}
        )
        arrival = sent(server)
        assert json.loads(arrival.body) == {"a": "EUR"}
        assert arrival.headers["x-pd-proxy-x-a"] == "EUR"
        assert query_of(arrival) == {"external_user_id": ["EUR"], "account_id": ["EUR"]}


REFUSED: dict[str, tuple[Callable[[Pipedrive, Any], object], str]] = {
    "a field": (lambda crm, value: crm.v2.deals.create(title="x", value=value), "value"),
    "a custom field": (
        lambda crm, value: crm.v2.deals.create(title="x", custom_fields={"f": {"amount": value}}),
        "custom_fields.f.amount",
    ),
    "an item of a list": (
        lambda crm, value: crm.v2.deals.create(title="x", custom_fields={"f": [1, value]}),
        "custom_fields.f[1]",
    ),
    "a query": (lambda crm, value: crm.v2.deals.list(owner_id=value), "owner_id"),
    "an item of a query": (lambda crm, value: crm.v2.deals.list(ids=[1, value]), "ids[1]"),
    "a path": (lambda crm, value: crm.v2.deals.get(value), "id"),
    "a header": (lambda crm, value: crm.v2.deals.list(extra_headers={"x-note": value}), "x-note"),
    "a form": (
        lambda crm, value: crm.v1.webhooks.create(
            encoding="form", subscription_url=value, event_action="*", event_object="*", name="x"
        ),
        "subscription_url",
    ),
    "multipart": (lambda crm, value: crm.v1.files.upload(file=("x.txt", io.BytesIO(b"x")), deal_id=value), "deal_id"),
}


@pytest.mark.parametrize("value", [*NO_NUMBERS, Gap(2026, 1, 1)], ids=repr)
@pytest.mark.parametrize("place", REFUSED)
def test_a_number_that_is_none_is_refused_with_its_path_and_nothing_is_sent(
    server: WireServer, place: str, value: Any
) -> None:
    call, path = REFUSED[place]
    with crm_of(server) as crm, pytest.raises(ConfigurationError) as caught:
        call(crm, value)
    assert caught.value.setting == path
    assert path in str(caught.value)
    assert server.arrivals == []


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_a_number_that_is_none_is_refused_in_variables(server: WireServer, value: float) -> None:
    given: dict[str, Any] = {"input": {"values": [{"fieldId": "f", "value": value}]}}
    with pipefy_of(server) as pipefy:
        with pytest.raises(ConfigurationError) as caught:
            pipefy.execute("mutation M($input: X!) { m(input: $input) { id } }", given)
        assert caught.value.setting == "input.values[0].value"
        with pytest.raises(ConfigurationError) as caught:
            pipefy.create_card(input={"pipe_id": "1", "fields_attributes": [{"field_id": "f", "field_value": [value]}]})
        assert caught.value.setting == "input.fields_attributes[0].field_value[0]"

    async def main() -> None:
        async with AsyncPipefy(token="t" * 20, base_url=server.url, limits="off") as client:
            await client.execute("mutation M($input: X!) { m(input: $input) { id } }", given)

    with pytest.raises(ConfigurationError, match=r"input\.values\[0\]\.value"):
        anyio.run(main)
    assert server.arrivals == []


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_a_number_that_is_none_is_refused_in_actions_the_proxy_and_workflows(server: WireServer, value: float) -> None:
    body: dict[str, Any] = {"rows": [{"n": 1.5}, {"n": value}]}
    with pipedream_of(server) as pd:
        for call, path in (
            (
                lambda: pd.connect.actions.run(id="a", external_user_id="u", configured_props=body),
                "configured_props.rows[1].n",
            ),
            (
                lambda: pd.proxy.post("https://a.example/", external_user_id="u", account_id="a", body=body),
                "body.rows[1].n",
            ),
            (lambda: pd.workflows.invoke("enabc123", body=body), "body.rows[1].n"),
        ):
            with pytest.raises(ConfigurationError) as caught:
                call()
            assert caught.value.setting == path
    assert server.arrivals == []


def test_the_asynchronous_client_refuses_and_sends_the_same(server: WireServer) -> None:
    async def main() -> None:
        async with AsyncPipedrive(api_token="t" * 40, base_url=server.url, limits="off", retries=0) as crm:
            with pytest.raises(ConfigurationError, match=r"custom_fields\.f"):
                await crm.v2.deals.create(title="x", custom_fields={"f": float("nan")})
            assert server.arrivals == []
            await crm.v2.deals.create(title=Text.EUR, custom_fields={Text.EUR: None})

    anyio.run(main)
    assert json.loads(sent(server).body) == {"title": "EUR", "custom_fields": {"EUR": None}}


WITHOUT_FORM: list[Any] = [object(), b"x", {"a": 1}, ["x"], None]


@pytest.mark.parametrize("value", WITHOUT_FORM, ids=["object", "bytes", "dict", "list", "null"])
def test_what_has_no_text_form_is_refused_in_a_list_of_a_query(server: WireServer, value: Any) -> None:
    """It went out as Python prints it: ``None``, ``b'x'``, ``<object object at 0x…>``."""
    with crm_of(server) as crm, pytest.raises(ConfigurationError, match="no text form") as caught:
        crm.v2.deals.list(ids=[1, value])
    assert caught.value.setting == "ids[1]"
    assert server.arrivals == []


def test_a_decimal_that_is_no_number_is_refused_in_a_query(server: WireServer) -> None:
    with crm_of(server) as crm:
        with pytest.raises(ConfigurationError, match="owner_id is NaN"):
            crm.v2.deals.list(owner_id=Decimal("NaN"))  # type: ignore[arg-type]  # that is the test
        assert server.arrivals == []
        crm.v2.deals.list(owner_id=Decimal("1.50"))  # type: ignore[arg-type]  # that is the test
    assert query_of(sent(server)) == {"owner_id": ["1.50"]}


@pytest.mark.parametrize("value", [object(), b"x"], ids=["object", "bytes"])
def test_what_has_no_json_form_is_refused_with_its_path(server: WireServer, value: Any) -> None:
    with crm_of(server) as crm, pytest.raises(ConfigurationError, match="no JSON form") as caught:
        crm.v2.deals.create(title="x", custom_fields={"f": [{"g": value}]})
    assert caught.value.setting == "custom_fields.f[0].g"
    with pipefy_of(server) as pipefy, pytest.raises(ConfigurationError, match="no JSON form") as caught:
        pipefy.execute("query Q { me { id } }", {"a": [value]})
    assert caught.value.setting == "a[0]"
    assert server.arrivals == []


HALF = "\ud83d"
"""Half of an emoji, as a text cut off in the middle has it."""
WITH_HALF: dict[str, Callable[[Any, Any, Any], object]] = {
    "a body": lambda crm, pf, pd: crm.v2.deals.create(title=HALF),
    "a name in a body": lambda crm, pf, pd: crm.v2.deals.create(title="x", custom_fields={HALF: 1}),
    "a query": lambda crm, pf, pd: crm.v2.persons.search(term=HALF),
    "variables": lambda crm, pf, pd: pf.execute("mutation M($t: String) { m(t: $t) { id } }", {"t": HALF}),
    "an item of bulk": lambda crm, pf, pd: pf.bulk.create_cards([{"title": HALF}], pipe_id=1),
    "a field of bulk": lambda crm, pf, pd: pf.bulk.update_cards({"1": {"a": HALF}}),
    "a workflow": lambda crm, pf, pd: pd.workflows.invoke("enabc123", body={"a": HALF}),
    "the proxy": lambda crm, pf, pd: pd.proxy.post(
        "https://a.example/", external_user_id="u", account_id="a", body={"a": HALF}
    ),
    "a header": lambda crm, pf, pd: crm.v2.deals.list(extra_headers={"x-note": HALF}),
    "a header of a workflow": lambda crm, pf, pd: pd.workflows.invoke("enabc123", headers={"x-note": HALF}),
}


@pytest.mark.parametrize("place", WITH_HALF)
def test_half_a_character_is_refused_and_nothing_is_sent(server: WireServer, place: str) -> None:
    with (
        crm_of(server) as crm,
        pipefy_of(server) as pipefy,
        pipedream_of(server) as pd,
        pytest.raises(ConfigurationError, match=r"lone surrogate|not ASCII"),
    ):
        WITH_HALF[place](crm, pipefy, pd)
    assert server.arrivals == []


def test_a_header_that_is_not_ascii_is_refused_by_its_name(server: WireServer) -> None:
    with crm_of(server) as crm, pytest.raises(ConfigurationError, match="'x-note' holds a character") as caught:
        crm.v2.deals.list(extra_headers={"x-note": "caf\u00e9-geheim"})
    assert "geheim" not in str(caught.value)
    assert server.arrivals == []


@pytest.mark.parametrize("name", [object(), b"x", (1, 2)], ids=["object", "bytes", "tuple"])
def test_what_is_no_name_of_a_property_is_refused(server: WireServer, name: Any) -> None:
    """It went out as Python prints it."""
    with crm_of(server) as crm, pytest.raises(ConfigurationError, match="name of a property") as caught:
        crm.v2.deals.create(title="x", custom_fields={name: 1})
    assert caught.value.setting == "custom_fields"
    assert server.arrivals == []
