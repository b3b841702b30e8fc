"""Ready clients of own packages over real HTTP: every way to sign, limits, retries, paging, and no secret shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.typedpipes_codegen.own.bookshop_server import EXAMPLES, KEY, Bookshop, bookshop
from tests.typedpipes_codegen.own.packages import made
from typedpipes.errors import AuthenticationError, ConfigurationError, NotFound, RateLimited, ServerError

SCHEMA = (EXAMPLES / "bookshop.yaml").read_text(encoding="utf-8")
TOML = (EXAMPLES / "bookshop.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with made(tmp_path_factory.mktemp("clients"), "clients_shop", SCHEMA, TOML) as module:
        yield module


@pytest.fixture
def shop() -> Iterator[Bookshop]:
    with bookshop(books=7) as running:
        yield running


def test_sync_and_async_decode_the_same_and_send_the_key(package: ModuleType, shop: Bookshop) -> None:
    async def read() -> Any:
        async with package.AsyncBookshop(api_key=KEY, base_url=f"{shop.url}/v1") as client:
            return [book.title async for book in client.books.iter(page_size=3)], await client.books.get(2)

    with package.Bookshop(api_key=KEY, base_url=f"{shop.url}/v1") as client:
        titles, book = [book.title for book in client.books.iter(page_size=3)], client.books.get(2)
    assert (titles, book) == asyncio.run(read())
    assert titles == [f"Book {number}" for number in range(1, 8)]
    assert isinstance(book, package.Book)
    assert (book.genre, type(book.genre).__name__, book.class_) == ("history", "Genre", "A1")
    assert {one.headers["x-shop-key"] for one in shop.requests} == {KEY}


def test_an_operation_without_security_carries_no_credential(package: ModuleType, shop: Bookshop) -> None:
    with package.Bookshop(api_key=KEY, base_url=f"{shop.url}/v1") as client:
        assert client.shop.opening_hours() == {"monday": "9-17"}
    assert "x-shop-key" not in shop.requests[0].headers


def test_a_missing_key_is_named_before_anything_is_sent(package: ModuleType, shop: Bookshop) -> None:
    with package.Bookshop(base_url=f"{shop.url}/v1") as client:
        client.shop.opening_hours()
        with pytest.raises(ConfigurationError, match="api_key=, or BOOKSHOP_API_KEY in the environment") as caught:
            client.books.get(1)
    assert caught.value.setting == "api_key=, or BOOKSHOP_API_KEY in the environment"
    assert len(shop.requests) == 1


def test_a_refused_key_is_an_authentication_error_that_does_not_show_it(package: ModuleType, shop: Bookshop) -> None:
    with (
        package.Bookshop(api_key="wrong-key-999", base_url=f"{shop.url}/v1") as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.books.get(1)
    assert "wrong-key-999" not in repr(caught.value) + str(caught.value.__dict__)


def test_safe_calls_are_retried_and_unsafe_ones_are_not(package: ModuleType, shop: Bookshop) -> None:
    with package.Bookshop(api_key=KEY, base_url=f"{shop.url}/v1") as client:
        shop.failures = [500]
        assert client.books.get(1).id == 1
        shop.failures = [500]
        with pytest.raises(ServerError):
            client.books.create(title="Twice", genre="fiction", price=1.0)
        with pytest.raises(NotFound, match=r"clients_shop\.books\.get"):
            client.books.get(99)
    assert [one.method for one in shop.requests] == ["GET", "GET", "POST", "GET"]


def test_declared_limits_hold_and_are_seen(package: ModuleType, shop: Bookshop) -> None:
    with package.Bookshop(api_key=KEY, base_url=f"{shop.url}/v1") as client:
        for _ in range(5):
            client.orders.create(book_id=1, delivery={"kind": "pickup", "branch": "north"})
        snapshot = client.limits.snapshot()
        assert (snapshot["clients_shop.orders"].remaining, snapshot["clients_shop.requests"].remaining) == (0, 45)
        with pytest.raises(RateLimited) as caught:
            client.orders.cancel(1, max_wait=0)
        assert caught.value.retry_after is not None
        client.books.get(1)
    assert len(shop.requests) == 6


def test_unions_are_told_apart_by_their_constant(package: ModuleType, shop: Bookshop) -> None:
    with package.Bookshop(api_key=KEY, base_url=f"{shop.url}/v1", strict=True) as client:
        parcel = client.orders.create(book_id=1, delivery=package.ParcelInput(kind="parcel", address="x", express=True))
        pickup = client.orders.create(book_id=1, delivery={"kind": "pickup", "branch": "north"})
    assert (type(parcel.delivery).__name__, parcel.delivery.express) == ("Parcel", True)
    assert (type(pickup.delivery).__name__, pickup.delivery.branch) == ("Pickup", "north")
    assert parcel.state == package.OrderState.PLACED


def small(security: str, schemes: str, parameters: str = "[]") -> str:
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "security": json.loads(security),
            "paths": {
                "/opening-hours": {
                    "get": {
                        "operationId": "hours",
                        "parameters": json.loads(parameters),
                        "responses": {
                            "200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}
                        },
                    }
                }
            },
            "components": {"securitySchemes": json.loads(schemes)},
        }
    )


BASE = 'base_url = "https://api.bookshop.example/v1"\n'
ODD_KEY = "a&b=c/d+e%f"
SIGNED = [
    pytest.param(
        '{"k": {"type": "http", "scheme": "bearer"}}', {"token": KEY}, "authorization", f"Bearer {KEY}", id="bearer"
    ),
    pytest.param(
        '{"k": {"type": "http", "scheme": "basic"}}',
        {"username": "me", "password": "pass word"},
        "authorization",
        "Basic bWU6cGFzcyB3b3Jk",
        id="basic",
    ),
    pytest.param('{"k": {"type": "apiKey", "in": "header", "name": "X-K"}}', {"api_key": KEY}, "x-k", KEY, id="header"),
    pytest.param(
        '{"k": {"type": "apiKey", "in": "cookie", "name": "sid"}}',
        {"api_key": KEY},
        "cookie",
        f"sid={KEY}",
        id="cookie",
    ),
    pytest.param(
        '{"k": {"type": "openIdConnect", "openIdConnectUrl": "https://x.example"}}',
        {"token": KEY},
        "authorization",
        f"Bearer {KEY}",
        id="oidc",
    ),
]


@pytest.mark.parametrize(("schemes", "settings", "header", "value"), SIGNED)
def test_each_scheme_signs_as_the_document_says(
    tmp_path: Path, shop: Bookshop, schemes: str, settings: dict[str, str], header: str, value: str
) -> None:
    with made(tmp_path, "signed", small('[{"k": []}]', schemes), BASE, ".json") as package:
        with package.Signed(base_url=f"{shop.url}/v1", **settings) as client:
            client.opening_hours.list()
        variables = {f"SIGNED_{name.upper()}": word for name, word in settings.items()}
        with package.Signed(env={**variables, "SIGNED_BASE_URL": f"{shop.url}/v1"}) as client:
            client.opening_hours.list()
        with pytest.raises(ConfigurationError, match="signed needs a credential"):
            package.Signed(env={})
    assert [one.headers[header] for one in shop.requests] == [value, value]


def test_a_key_in_the_query_is_sent_and_shown_nowhere(tmp_path: Path, shop: Bookshop) -> None:
    schemes = '{"k": {"type": "apiKey", "in": "query", "name": "key"}}'
    parameters = '[{"name": "day", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}]'
    events: list[object] = []
    with made(tmp_path, "queried", small('[{"k": []}]', schemes, parameters), BASE, ".json") as package:
        shop.failures = [503, 400]
        with package.Queried(api_key=ODD_KEY, base_url=f"{shop.url}/v1", on_event=events.append) as client:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - what it says is looked at
                client.opening_hours.list(day=["a b", "c&d"])
            client.opening_hours.list()
    assert [one.query["key"] for one in shop.requests] == [[ODD_KEY]] * 3
    assert shop.requests[0].query["day"] == ["a b", "c&d"]
    told = repr(events) + repr(caught.value) + str(caught.value.__dict__) + repr(caught.value.__cause__)
    assert ODD_KEY not in told
    assert "a%26b" not in told


def test_schemes_wanted_together_are_both_sent_and_an_optional_one_may_be_missing(
    tmp_path: Path, shop: Bookshop
) -> None:
    schemes = (
        '{"app": {"type": "apiKey", "in": "header", "name": "X-App"}, '
        '"user": {"type": "apiKey", "in": "header", "name": "X-User"}}'
    )
    with made(tmp_path, "joined", small('[{"app": [], "user": []}, {}]', schemes), BASE, ".json") as package:
        with package.Joined(app="app-key-123", user="user-key-123", base_url=f"{shop.url}/v1") as client:
            client.opening_hours.list()
        with package.Joined(base_url=f"{shop.url}/v1") as client:
            client.opening_hours.list()
    first, second = (one.headers for one in shop.requests)
    assert (first["x-app"], first["x-user"]) == ("app-key-123", "user-key-123")
    assert not {"x-app", "x-user"} & second.keys()


def test_client_credentials_fetch_one_token_and_renew_it_when_it_is_refused(tmp_path: Path, shop: Bookshop) -> None:
    schemes = '{"o": {"type": "oauth2", "flows": {"clientCredentials": '
    schemes += '{"tokenUrl": "/oauth/token", "scopes": {"read": ""}}}}}'
    with (
        made(tmp_path, "granted", small('[{"o": ["read"]}]', schemes), BASE, ".json") as package,
        package.Granted(client_id="shop", client_secret="s3cret-value", base_url=f"{shop.url}/v1") as client,
    ):
        client.opening_hours.list()
        shop.failures = [401]
        client.opening_hours.list()
    tokens = [one for one in shop.requests if one.path == "/oauth/token"]
    assert [one.body for one in tokens] == [b"grant_type=client_credentials&scope=read"] * 2
    calls = [one.headers["authorization"] for one in shop.requests if one.path != "/oauth/token"]
    assert calls == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_credential_does_not_leave_the_addresses_it_was_declared_for(tmp_path: Path, shop: Bookshop) -> None:
    document = json.loads(small('[{"k": []}]', '{"k": {"type": "http", "scheme": "bearer"}}'))
    document["paths"]["/opening-hours"]["get"]["servers"] = [{"url": "https://other.bookshop.example/v1"}]
    with made(tmp_path, "pinned", json.dumps(document), BASE, ".json") as package:
        other = "https://other.bookshop.example/v1"
        with package.Pinned(token=KEY, servers={other: f"{shop.url}/v1"}) as client:
            client.opening_hours.list()
        with pytest.raises(ConfigurationError, match="no operation names the server"):
            package.Pinned(token=KEY, servers={"https://evil.example": shop.url})
    assert shop.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_graphql_clients_run_operations_walk_pages_and_report_errors(tmp_path: Path, shop: Bookshop) -> None:
    schema = (EXAMPLES / "bookshop.graphql").read_text(encoding="utf-8")
    toml = (EXAMPLES / "bookshop-graphql.toml").read_text(encoding="utf-8")
    with made(tmp_path, "graph", schema, toml, ".graphql") as package:

        async def read() -> list[str]:
            async with package.AsyncBookshopGraph(token=KEY, base_url=f"{shop.url}/graphql") as client:
                return [book.title async for book in client.iter_books(page_size=2)]

        with package.BookshopGraph(token=KEY, base_url=f"{shop.url}/graphql") as client:
            assert client.book(id="2").author.name == "A. Uthor"
            assert [book.title for book in client.iter_books(page_size=2)] == asyncio.run(read())
            assert client.limits.snapshot()["graph.requests"].remaining == 41
            from typedpipes.errors import GraphQLError

            with pytest.raises(GraphQLError, match=r"graph\.Book"):
                client.book(id="none")
    queries = [json.loads(one.body)["operationName"] for one in shop.requests]
    assert queries == ["Book", *["Books"] * 8, "Book"]
