"""Tolerant and strict decoding: what survives, what is reported, what raises and when."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.decoding import decode
from tests.typedpipes._core.decoding import shapes
from tests.typedpipes._core.decoding.shapes import AppProp, Circle, Deal, DealPage, Owner, Square, Status
from typedpipes._core.decoding import Decoding, DriftLog, Node, builders
from typedpipes._core.decoding.answers import build, from_wire
from typedpipes._core.decoding.model import JSON, extras, is_set, to_wire
from typedpipes._core.redaction import MASK
from typedpipes.errors import ResponseMismatch
from typedpipes.events import SchemaDrift
from typedpipes.runtime import Model

DEAL: dict[str, JSON] = {
    "id": 1,
    "title": "Cañón",
    "value": 12.5,
    "won": True,
    "status": "open",
    "owner": {"id": 7, "name": "Ann", "boss": {"id": 8}},
    "labels": ["a"],
    "statuses": ["won"],
    "members": [{"id": 9}],
    "counts": {"x": 1},
    "owners": {"a": {"id": 10}},
    "free": {"k": [1]},
    "anything": [None],
    "prop": {"type": "app", "app": "slack"},
    "shape": {"side": 2},
    "text_or_list": ["t"],
    "code_raw": "one",
    "codeRaw": "two",
    "class": "c",
    "token": "s3cret",
}


def read(value: object, *, strict: bool = False, omitted: bool = False) -> tuple[DealPage, list[SchemaDrift]]:
    drifts: list[SchemaDrift] = []
    decoding = Decoding("demo.list", strict=strict, omitted=omitted, report=drifts.append)
    page = decode("DealPage", shapes.__name__, json.dumps(value).encode(), decoding)
    assert isinstance(page, DealPage)
    return page, drifts


def one(changes: dict[str, Any], *, strict: bool = False) -> tuple[Deal, list[SchemaDrift]]:
    page, drifts = read({"success": True, "data": [{**DEAL, **changes}]}, strict=strict)
    assert page.data is not None
    return page.data[0], drifts


def test_a_fitting_answer_decodes_typed_and_without_drift_even_when_strict() -> None:
    deal, drifts = one({}, strict=True)
    assert drifts == []
    assert (deal.id, deal.title, deal.value, deal.won) == (1, "Cañón", 12.5, True)
    assert deal.status is Status.OPEN
    assert deal.owner is not None
    assert deal.owner.boss is not None
    assert deal.owner.boss.id == 8
    assert deal.members is not None
    assert deal.members[0].id == 9
    assert deal.statuses == [Status.WON]
    assert deal.owners is not None
    assert isinstance(deal.owners["a"], Owner)
    assert isinstance(deal.prop, AppProp)
    assert isinstance(deal.shape, Square)
    assert (deal.code_raw, deal.code_raw_2, deal.class_) == ("one", "two", "c")


@pytest.mark.parametrize(
    ("changes", "path", "read_back"),
    [
        ({"title": None}, "$.data[*].title", lambda d: d.title is None),
        ({"title": 5}, "$.data[*].title", lambda d: d.title == 5),
        ({"id": True}, "$.data[*].id", lambda d: d.id is True),
        ({"value": "12"}, "$.data[*].value", lambda d: d.value == "12"),
        ({"status": "lost"}, "$.data[*].status", lambda d: d.status == "lost" and isinstance(d.status, Status)),
        ({"status": 3}, "$.data[*].status", lambda d: d.status == 3),
        ({"statuses": ["lost"]}, "$.data[*].statuses[*]", lambda d: d.statuses == ["lost"]),
        ({"owner": "Ann"}, "$.data[*].owner", lambda d: d.owner == "Ann"),
        ({"owner": {"id": "x"}}, "$.data[*].owner.id", lambda d: d.owner.id == "x"),
        ({"labels": "a"}, "$.data[*].labels", lambda d: d.labels == "a"),
        ({"labels": ["a", 1]}, "$.data[*].labels[*]", lambda d: d.labels == ["a", 1]),
        ({"members": {}}, "$.data[*].members", lambda d: d.members == {}),
        ({"members": [3]}, "$.data[*].members[*]", lambda d: d.members == [3]),
        ({"counts": {"x": "1"}}, "$.data[*].counts.*", lambda d: d.counts == {"x": "1"}),
        ({"counts": 1}, "$.data[*].counts", lambda d: d.counts == 1),
        ({"free": []}, "$.data[*].free", lambda d: d.free == []),
        ({"prop": {"type": "new"}}, "$.data[*].prop", lambda d: d.prop == {"type": "new"}),
        ({"prop": {"type": ["x"]}}, "$.data[*].prop", lambda d: d.prop == {"type": ["x"]}),
        ({"prop": 3}, "$.data[*].prop", lambda d: d.prop == 3),
        ({"text_or_list": 3}, "$.data[*].text_or_list", lambda d: d.text_or_list == 3),
        ({"surprise": 1}, "$.data[*].surprise", lambda d: extras(d) == {"surprise": 1}),
    ],
)
def test_what_does_not_fit_is_kept_reported_once_and_raises_when_strict(
    changes: dict[str, Any], path: str, read_back: Any
) -> None:
    deal, drifts = one(changes)
    assert read_back(deal)
    assert deal.labels is not None, "the rest of the answer is intact"
    assert [drift.path for drift in drifts] == [path]
    with pytest.raises(ResponseMismatch) as caught:
        one(changes, strict=True)
    where = path.replace("[*].statuses[*]", "[0].statuses[0]").replace("[*].members[*]", "[0].members[0]")
    where = where.replace("[*].labels[*]", "[0].labels[1]").replace("counts.*", "counts.x").replace("[*]", "[0]")
    assert caught.value.path == where
    assert caught.value.operation == "demo.list"


def test_a_missing_required_field_costs_nothing_until_it_is_read() -> None:
    page, drifts = read({"success": True, "data": [{"id": 1}, {"id": 2, "title": "t"}]})
    assert page.data is not None
    assert page.data[0].id == 1
    assert page.data[1].title == "t"
    with pytest.raises(ResponseMismatch, match=r"\$\.data\[0\]\.title.*Deal \(demo\.list\)") as caught:
        _ = page.data[0].title
    assert (caught.value.operation, caught.value.path) == ("demo.list", "$.data[0].title")
    assert [(drift.path, drift.got) for drift in drifts] == [("$.data[*].title", "nothing")]
    assert repr(page.data[0]) == "Deal(id=1)"
    with pytest.raises(ResponseMismatch):
        read({"success": True, "data": [{"id": 1}]}, strict=True)


def test_fields_the_caller_left_out_are_no_drift_in_strict_mode_either() -> None:
    page, drifts = read({"success": True, "data": [{"id": 1}]}, strict=True, omitted=True)
    assert drifts == []
    assert page.data is not None
    with pytest.raises(ResponseMismatch):
        _ = page.data[0].title


def test_custom_field_keys_are_extras_and_no_drift() -> None:
    key = "9b5ec6d2fbd5bd4d7c2a1e0d93c1a1c0ffee0000"
    deal, drifts = one({key: "x", f"{key}_currency": "EUR"}, strict=True)
    assert extras(deal) == {key: "x", f"{key}_currency": "EUR"}
    assert drifts == []


def test_absent_and_null_are_told_apart() -> None:
    deal = from_wire(Deal, {"id": 1, "title": "t", "value": None})
    assert deal.value is None
    assert deal.owner is None
    assert is_set(deal, "value")
    assert not is_set(deal, "owner")
    with pytest.raises(AttributeError, match="no field 'nothing'"):
        is_set(deal, "nothing")


def test_each_place_is_passed_on_once_per_client_across_answers() -> None:
    heard: list[SchemaDrift] = []
    log = DriftLog(heard.append)
    for _ in range(3):
        body = json.dumps({"success": True, "data": [{**DEAL, "status": "lost"}] * 50}).encode()
        decode("DealPage", shapes.__name__, body, Decoding("demo.list", report=log))
    assert len(heard) == 1


def test_drift_never_carries_the_value() -> None:
    _, drifts = one({"token": {"planted": "hunter2"}, "status": "hunter2"})
    assert len(drifts) == 2
    assert "hunter2" not in repr(drifts)


def test_truncated_or_foreign_bodies_raise_one_typed_error() -> None:
    for body in (b'{"success": tr', b"<html>", b"", b"\xff\xfe"):
        with pytest.raises(ResponseMismatch, match="not valid JSON"):
            decode("DealPage", shapes.__name__, body, Decoding("demo.list"))


def test_a_page_that_is_no_object_is_kept_as_received() -> None:
    drifts: list[SchemaDrift] = []
    value = decode("DealPage", shapes.__name__, b"[1]", Decoding("demo.list", report=drifts.append))
    assert value == [1]
    assert [(drift.path, drift.got) for drift in drifts] == [("$", "array")]


def test_models_are_known_to_attrs_copy_compare_pickle_and_hide_secrets() -> None:
    deal, _ = one({"extra_thing": [1]})
    assert attrs.has(Deal)
    assert pickle.loads(pickle.dumps(deal)) == deal
    assert is_set(pickle.loads(pickle.dumps(deal)), "owner")
    assert copy.deepcopy(deal) == deal
    assert copy.copy(deal).owner is deal.owner
    evolved: Any = attrs.evolve  # mypy lets classes of attrs itself into it only; `typedpipes.evolve` is typed
    changed = evolved(deal, title="other")
    assert (changed.title, deal.title) == ("other", "Cañón")
    assert "s3cret" not in repr(deal)
    assert f"token={MASK!r}" in repr(deal) or f"token={MASK}" in repr(deal)
    with pytest.raises(TypeError):
        hash(deal)


def test_unions_without_a_tag_go_by_required_keys() -> None:
    deal, _ = one({"shape": {"radius": 1, "colour": "red"}})
    assert isinstance(deal.shape, Circle)


class Held(Model):
    required: int
    values: dict[str, Owner] | None = None
    left: dict[str, Owner] | None = None


class HeldOrNull(Model):
    required: int | None = None
    values: dict[str, Owner | None] | None = None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"required": 1, "values": {"a": {"id": 1}}}, Held),
        ({"required": 1, "values": {"a": {"id": 1}, "b": None}}, HeldOrNull),
        ({"required": 1, "values": {"a": None}, "left": {}}, Held),
        ({"required": 1, "values": 3}, Held),
    ],
)
def test_unions_whose_classes_know_the_same_keys_go_by_the_values(data: dict[str, JSON], expected: type[Model]) -> None:
    """The likeliest by keys stands where no class fits as a whole, and where another knows fewer of the keys."""
    assert type(build("Held | HeldOrNull", __name__, data, Decoding("demo.get"))) is expected


@pytest.mark.parametrize("tag", [None, 1, [], {}, {"type": "app"}, "gone"])
def test_a_tag_that_no_class_has_leaves_the_object_as_received(tag: JSON) -> None:
    deal, drifts = one({"prop": {"type": tag}})
    assert deal.prop == {"type": tag}
    assert [drift.path for drift in drifts] == ["$.data[*].prop"]


def test_normalising_rules_bring_both_forms_to_the_modelled_one() -> None:
    def read_with(rule: str, value: JSON) -> Any:
        decoding = Decoding("demo")
        return decode("dict[str, object]", "builtins", json.dumps(value).encode(), decoding, (rule,))

    assert read_with("lift data.accounts data", {"data": {"accounts": [1]}}) == {"data": [1]}
    assert read_with("lift data.accounts data", {"data": [1], "page_info": {}}) == {"data": [1], "page_info": {}}
    assert read_with("unwrap data", {"data": {"id": 1}}) == {"id": 1}
    assert read_with("unwrap data", {"id": 1, "data": {"id": 2}}) == {"id": 1, "data": {"id": 2}}
    assert read_with("wrap data", [1]) == {"data": [1]}
    assert read_with("wrap data", {"data": 1}) == {"data": 1}
    assert read_with("first data", {"data": [{"id": 1}]}) == {"data": {"id": 1}}
    assert read_with("first data", {"data": {"id": 1}}) == {"data": {"id": 1}}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(DEAL)) | st.text(max_size=5), json_values, max_size=12))
def test_any_object_decodes_and_round_trips_unchanged(value: dict[str, Any]) -> None:
    deal = from_wire(Deal, value)
    assert to_wire(deal) == value
    assert isinstance(repr(deal), str)


@given(st.sampled_from(sorted(DEAL)), json_values)
def test_strict_decoding_accepts_or_names_the_place_of_the_change(field: str, value: Any) -> None:
    body = json.dumps({**DEAL, field: value}).encode()
    paths = []
    try:
        decode("Deal", shapes.__name__, body, Decoding("demo", strict=True))
    except ResponseMismatch as error:
        paths.append(error.path)
    assert all(path.startswith(f"$.{field}") for path in paths)


def test_strict_and_tolerant_agree_on_what_fits() -> None:
    tolerant, drifts = one({})
    strict, _ = one({}, strict=True)
    assert cast("object", tolerant) == strict
    assert drifts == []


class Fresh(Model):
    """Has a builder only once something was decoded."""

    name: str


def test_a_listing_of_misfits_compiles_the_builder_of_its_records_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """17,000 empty records took 36 s: each compiled the builder of its class anew."""
    made: list[object] = []
    compiled = builders.compile_builder

    def counting(model: type[Model]) -> builders.Convert:
        made.append(model)
        return compiled(model)

    monkeypatch.setattr(builders, "compile_builder", counting)
    plan = builders.plan_for(list[Fresh])
    built = cast("list[Fresh]", plan.convert([{}] * 50 + [{"name": "a"}], Decoding("demo.list"), Node(None, None)))
    assert built[50].name == "a"
    assert made == [Fresh]
