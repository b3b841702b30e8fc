"""Generated models: names, types, variants, and that they are attrs classes to whoever asks."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import attrs
import pytest

from tests.typedpipes_codegen.openapi.rendering import imported, shop, small
from typedpipes._core.decoding.answers import from_wire
from typedpipes._core.decoding.model import JSON, UNSET, extras, is_set, to_wire

WIRE: dict[str, JSON] = {
    "id": 7,
    "class": "b2b",
    "code_raw": "a",
    "codeRaw": "b",
    "list": ["x"],
    "_id": "i",
    "12kind": "k",
    "secretToken": "hunter2",
    "status": "brand-new",
    "lines": [{"sku": "s", "amount": None}],
    "payment": {"kind": "transfer", "iban": "DE00"},
    "labels": {"a": "b"},
    "anything": [1, {"x": None}],
    "either": "text",
    "unknown": 1,
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with imported(shop(), tmp_path_factory.mktemp("package")) as module:
        yield module


def test_every_property_survives_under_a_usable_name_and_round_trips(package: ModuleType) -> None:
    order = from_wire(package.Order, WIRE)
    assert (order.code_raw, order.code_raw_2) == ("a", "b")
    assert (order.class_, order.list_, order.id_2, order.field_12kind) == ("b2b", ["x"], "i", "k")
    assert order.payment == from_wire(package.Transfer, {"kind": "transfer", "iban": "DE00"})
    assert order.lines[0].amount is None
    assert is_set(order.lines[0], "amount")
    assert not is_set(order, "parent")
    assert extras(order) == {"unknown": 1}
    assert to_wire(order) == WIRE


def test_a_property_that_is_plain_keeps_its_name_whatever_its_neighbours_are_called(tmp_path: Path) -> None:
    thing = {"type": "object", "properties": {"codeRaw": {"type": "string"}, "code_raw": {"type": "integer"}}}
    with imported(small(Thing=thing), tmp_path) as package:
        assert package.Thing._hints_ == {"code_raw_2": "str | None", "code_raw": "int | None"}


def test_an_unknown_enum_value_stays_raw(package: ModuleType) -> None:
    order = from_wire(package.Order, WIRE)
    assert order.status == "brand-new"
    assert isinstance(order.status, package.OrderStatus)
    assert not order.status.is_known
    assert [str(member) for member in package.OrderStatus.members()] == ["open", "paid", "", "40", "on-hold", "on hold"]
    names = (package.OrderStatus.EMPTY, package.OrderStatus.VALUE_40, package.OrderStatus.ON_HOLD_2)
    assert names == ("", "40", "on hold")


def test_a_secret_is_masked(package: ModuleType) -> None:
    assert "hunter2" not in repr(from_wire(package.Order, WIRE))


def test_requests_and_answers_get_their_own_form_where_they_differ(package: ModuleType) -> None:
    assert package.Order._defaults_["payment"] is None
    assert package.OrderInput._defaults_["payment"] is UNSET
    given = package.OrderInput(id=1, class_="c", lines=[package.LineInput(sku="s")], status="open")
    assert to_wire(given) == {"id": 1, "class": "c", "lines": [{"sku": "s"}], "status": "open"}
    assert package.OrderInput._hints_["status"] == "OrderStatus | OrderStatusLiteral"
    assert package.Order._hints_["flag"] == "Literal[True] | None"
    assert "PageInput" not in package.__all__
    assert "CardInput" in package.__all__


def test_models_are_attrs_classes_to_attrs(package: ModuleType) -> None:
    line, twin = package.Line(sku="s"), package.Line(sku="s", amount=2.5)
    assert attrs.has(package.Line)
    assert [(field.name, field.default) for field in attrs.fields(package.Line)] == [
        ("sku", attrs.NOTHING),
        ("amount", None),
    ]
    assert attrs.asdict(line) == {"sku": "s", "amount": None}
    assert attrs.evolve(line, amount=2.5) == twin
    assert list(inspect.signature(package.Line).parameters) == ["sku", "amount"]


def test_the_constructor_complains_like_a_function(package: ModuleType) -> None:
    with pytest.raises(TypeError, match="lacks the required argument 'sku'"):
        package.Line()
    with pytest.raises(TypeError, match="has no argument 'skuu'"):
        package.Line(sku="s", skuu="t")
    with pytest.raises(AttributeError):
        package.Line(sku="s").skuu = "t"


def test_models_copy_and_pickle(package: ModuleType) -> None:
    order = from_wire(package.Order, WIRE)
    for twin in (copy.copy(order), pickle.loads(pickle.dumps(order))):
        assert to_wire(twin) == WIRE


def test_models_no_operation_uses_are_there_too(package: ModuleType) -> None:
    webhook = from_wire(package.Webhook, {"order": WIRE, "nested": {"next": 1, "extra": "e"}})
    assert isinstance(webhook.order, package.Order)
    assert (webhook.nested.next, webhook.nested.extra) == (1, "e")


def test_a_schema_that_refers_to_itself_only_through_lists_ends_as_any_value(tmp_path: Path) -> None:
    tree = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}]}
    holder = {"type": "object", "properties": {"tree": {"$ref": "#/components/schemas/Tree"}}}
    with imported(small(Holder=holder, Tree=tree), tmp_path) as package:
        assert from_wire(package.Holder, {"tree": ["a", ["b"]]}).tree == ["a", ["b"]]


def test_names_of_the_seam_give_way(tmp_path: Path) -> None:
    thing = {"type": "object", "properties": {"model": {"$ref": "#/components/schemas/Model"}}}
    model = {"type": "object", "properties": {"id": {"type": "integer"}}}
    things = {"type": "object", "properties": {"id": {"type": "integer"}}}
    with imported(small(Thing=thing, Model=model, Things=things), tmp_path) as package:
        assert from_wire(package.Thing, {"model": {"id": 1}}).model == package.ModelSchema(id=1)
        assert package.ThingsResource.__name__ == "ThingsResource"
