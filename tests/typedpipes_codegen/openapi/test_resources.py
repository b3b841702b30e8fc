"""Generated resources, called: what reaches the client, from which module, with which signature."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import pytest

from tests.typedpipes_codegen.openapi.rendering import AsyncRecorder, Recorder, imported, render_into, shop
from typedpipes._core.decoding.model import UNSET
from typedpipes._core.rest import ApiResponse, CallOptions, ConnectOptions, Incomplete, PageOptions, PipedreamOptions
from typedpipes.errors import ConfigurationError
from typedpipes_codegen.openapi.method_plan import OPTION_NAMES, PAGE_OPTIONS


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with imported(shop(), tmp_path_factory.mktemp("package")) as module:
        yield module


@pytest.fixture
def seen() -> Recorder:
    return Recorder()


@pytest.fixture
def api(package: ModuleType, seen: Recorder) -> Any:
    name = next(name for name in package.__all__ if name.endswith("Api") and not name.startswith("Async"))
    return getattr(package, name)(seen)


def test_the_operation_carries_the_facts_of_the_document(api: Any, seen: Recorder) -> None:
    api.orders.list(status="open", from_="here", timeout_="5", ids=[1, 2], x_shop_region="eu", timeout=1.5)
    operation = seen.operation
    assert (operation.id, operation.name, operation.method, operation.path) == (
        "listOrders",
        "orders.list",
        "GET",
        "/orders",
    )
    assert (operation.safety, operation.credentials, operation.token_cost) == ("safe", ("api_token", "oauth2"), 10)
    assert (operation.buckets, operation.csv, operation.selector) == (("shop.search",), ("ids",), True)
    assert (operation.omittable, operation.normalize) == (("exclude",), ("lift data.orders data",))
    assert operation.client_parameters == (("org_id", "query", "org_id"),)
    assert operation.paging is not None
    assert (operation.paging.style, operation.paging.more, operation.paging.max_size) == ("offset", "page.more", 100)
    query = seen.arguments.query or {}
    assert (query["status"], query["from"], query["timeout"], query["ids"]) == ("open", "here", "5", [1, 2])
    assert "org_id" not in query
    assert seen.arguments.headers == {"X-Shop-Region": "eu"}
    assert seen.options == {"timeout": 1.5}


def test_each_operation_has_its_own_server_security_and_media(api: Any, seen: Recorder) -> None:
    api.files.download("f")
    assert (seen.operation.server, seen.operation.returns) == ("https://files.shop.example", "bytes")
    api.files.upload(file=("x.txt", b"x"))
    assert (seen.operation.media, seen.operation.returns, seen.operation.safety) == (
        "multipart/form-data",
        "str",
        "unsafe",
    )
    api.files.delete("f")
    assert (seen.operation.returns, seen.operation.safety) == ("None", "idempotent")
    api.orders.notes.update(1, "n")
    assert (seen.operation.credentials, seen.operation.server) == ((), None)


def test_several_success_forms_are_a_union(api: Any, seen: Recorder) -> None:
    api.orders.create(id=1, class_="c", lines=[], status="open")
    assert seen.operation.returns == "Order | None"


def test_path_parameters_come_in_the_order_of_the_path_and_collisions_say_where_they_belong(
    api: Any, seen: Recorder
) -> None:
    api.orders.notes.update(5, "n1", text="query", text_body="body", id_body=None, body_="b")
    assert seen.arguments.path == (5, "n1")
    assert seen.arguments.query == {"text": "query"}
    assert seen.arguments.body == {"text": "body", "id": None, "body": "b"}


def test_the_body_is_given_as_fields_or_as_a_model_but_not_both(api: Any, seen: Recorder, package: ModuleType) -> None:
    api.orders.create(id=1, class_="c", lines=[], status="open")
    body = seen.arguments.body
    assert isinstance(body, dict)
    assert {key: value for key, value in body.items() if value is not UNSET} == {
        "id": 1,
        "class": "c",
        "lines": [],
        "status": "open",
    }
    model = package.OrderInput(id=1, class_="c", lines=[], status="open")
    api.orders.create(body=model)
    assert seen.arguments.body is model
    api.orders.create(id=1, class_="c", lines=[], status="open", code_raw="a", code_raw_2="b", field_12kind="k")
    assert isinstance(seen.arguments.body, dict)
    assert [seen.arguments.body[wire] for wire in ("code_raw", "codeRaw", "12kind")] == ["a", "b", "k"]
    with pytest.raises(ConfigurationError, match="id and body are both given"):
        api.orders.create(id=1, body=model)
    api.orders.create(id=1, lines=[], status="open")
    assert isinstance(seen.arguments.body, Incomplete)  # the caller refuses it
    assert seen.arguments.body.lacking == "class"


def test_a_body_that_may_be_left_out_is(api: Any, seen: Recorder) -> None:
    api.orders.notes.update(1, "n")
    assert seen.arguments.body is None


def test_pages_take_the_filters_without_cursor_and_limit(api: Any, seen: Recorder) -> None:
    api.orders.iter(status="paid", max_items=3)
    assert seen.options == {"max_items": 3}
    query = seen.arguments.query or {}
    assert query["status"] == "paid"
    assert not {"start", "limit"} & set(query)
    assert seen.operation.item == "Order"


def test_the_field_selector_takes_names_of_the_model(api: Any, seen: Recorder, package: ModuleType) -> None:
    api.orders.list(fields=["id", "codeRaw"])
    assert seen.arguments.fields == ("id", "codeRaw")
    assert "codeRaw" in package.OrderFieldName.__args__


def test_the_raw_twin_returns_the_envelope_and_keeps_the_signature(api: Any, seen: Recorder) -> None:
    answer = api.orders.raw.list(status="open")
    assert isinstance(answer, ApiResponse)
    assert answer.parsed is seen
    assert inspect.signature(api.orders.raw.list) == inspect.signature(api.orders.list)
    assert isinstance(api.orders.raw.create(id=1, class_="c", lines=[], status="open"), ApiResponse)
    assert inspect.signature(api.orders.raw.create) == inspect.signature(api.orders.create)


def test_the_asynchronous_twins_have_the_same_names_and_signatures(package: ModuleType) -> None:
    classes = [
        (getattr(package, name), getattr(package, f"Async{name}"))
        for name in package.__all__
        if f"Async{name}" in package.__all__ and not name.endswith("Raw")
    ]
    assert len(classes) == 4
    for plain, twin in classes:
        assert {name for name in dir(plain) if name[0] != "_"} == {name for name in dir(twin) if name[0] != "_"}
        for name, function in inspect.getmembers(plain, inspect.isfunction):
            if not name.startswith("_"):
                mirrored = inspect.signature(getattr(twin, name))
                assert inspect.signature(function).parameters == mirrored.parameters
                assert inspect.iscoroutinefunction(getattr(twin, name)) is not name.startswith("iter")


def test_asynchronous_calls_reach_the_caller(package: ModuleType) -> None:
    seen = AsyncRecorder()
    api = getattr(package, next(name for name in package.__all__ if name.startswith("Async") and name.endswith("Api")))

    async def run() -> None:
        await api(seen).orders.list(status="open")
        answer = await api(seen).orders.raw.create(id=1, class_="c", lines=[], status="open")
        assert isinstance(answer, ApiResponse)

    asyncio.run(run())
    assert seen.operation.name == "orders.create"


def test_a_withdrawn_operation_warns_when_called_and_only_then(api: Any, package: ModuleType) -> None:
    message = "orders.search is withdrawn by the vendor: use shop.orders.list"
    for method in (api.orders.search, api.orders.raw.search):
        with pytest.warns(DeprecationWarning, match=message) as caught:
            method(q="x")
        assert caught[0].filename == __file__
    twin = getattr(package, next(name for name in package.__all__ if name.startswith("Async") and name.endswith("Api")))

    async def run() -> None:
        await twin(AsyncRecorder()).orders.search(q="x")

    with pytest.warns(DeprecationWarning, match=message):
        asyncio.run(run())


def test_a_call_imports_the_module_of_its_resource_and_the_shared_one_only(tmp_path: Path) -> None:
    render_into(shop(), tmp_path / "shop")
    program = (
        "import sys, shop\n"
        "class Caller:\n"
        "    def call(self, operation, arguments, options): return None\n"
        "shop.ShopApi(Caller()).files.delete('f')\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] == 'shop'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[0] == "['shop', 'shop._shared', 'shop.files']"


def test_every_public_name_can_be_imported_from_the_package(package: ModuleType) -> None:
    assert len(package.__all__) > 30
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError):
        _ = package.Nonsense


def test_the_option_names_the_renderer_avoids_are_those_of_the_seam() -> None:
    for kind in (CallOptions, PipedreamOptions, ConnectOptions):
        assert set(OPTION_NAMES[kind.__name__]) == set(get_type_hints(kind))
    assert set(get_type_hints(PageOptions)) <= set(PAGE_OPTIONS)


def test_docstrings_hold_the_facts(package: ModuleType) -> None:
    text = inspect.getdoc(package.Orders.list) or ""
    for fact in (
        "List orders.",
        "GET /orders",
        "``listOrders``",
        "Costs 10 tokens",
        "shop.search",
        "api_token or oauth2",
    ):
        assert fact in text
    assert "``x_shop_region``: Region to ask." in text
