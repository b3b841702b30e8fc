"""Every response model of every API against every single departure: null, wrong type, unknown enum, extra, absence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from tests.typedpipes._core.decoding.mutations import (
    Case,
    cases,
    fields_of,
    graphql_models,
    is_response,
    object_of,
    rest_models,
)
from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.decoding.builders import plan_for
from typedpipes._core.decoding.model import Model
from typedpipes._core.graphql.results import decode_result, wire_name
from typedpipes.errors import ResponseMismatch
from typedpipes.events import SchemaDrift

REST = {"pipedream": 400, "connect": 1000, "pipedrive_v1": 6000, "pipedrive_v2": 1900}
GRAPHQL = {"pipefy": 6000, "pipefy_documented": 40}
"""Packages, and how many departures there are at least: the test cannot pass by finding no models."""

Decode = Callable[[type, Any, Decoding], Any]


def rest_decode(model: type, data: Any, decoding: Decoding) -> Any:
    return plan_for(model).convert(data, decoding, Node(None, None))


def graphql_decode(model: type, data: Any, decoding: Decoding) -> Any:
    return decode_result(cast("Any", model), data, decoding)


def attribute_of(model: type, wire: str) -> str | None:
    """The Python name of a wire name."""
    if issubclass(model, Model):
        return next((name for name in model._fields_ if model._wire_.get(name, name) == wire), None)
    fields = cast("Any", model).model_fields
    return next((name for name, field in fields.items() if wire_name(name, field) == wire), None)


def judge(model: type, case: Case, decode: Decode) -> None:
    """Tolerant: nothing raises, the rest is intact, the value is as received. Strict: the place is named."""
    heard: list[SchemaDrift] = []
    built = decode(model, case.data, Decoding("campaign", report=heard.append))
    label = f"{model.__module__}.{model.__qualname__}: {case.kind} at {case.wire}"
    assert heard, f"{label}: nothing was reported"
    assert heard[0].path.replace("[*]", "").startswith(case.expected_path or "$"), f"{label}: {heard}"
    assert "planted" not in "".join(drift.expected + drift.got for drift in heard), label
    for field in fields_of(model):
        if field.wire == case.wire:
            continue
        name = attribute_of(model, field.wire)
        assert name is not None
        getattr(built, name)
    name = attribute_of(model, case.wire)
    if case.kind == "absent":
        assert name is not None
        with pytest.raises(ResponseMismatch) as read:
            getattr(built, name)
        assert read.value.path == case.expected_path, label
    elif name is not None:
        assert getattr(built, name) == case.data[case.wire], label
    with pytest.raises(ResponseMismatch) as caught:
        decode(model, case.data, Decoding("campaign", strict=True))
    assert caught.value.path == case.expected_path, label
    assert caught.value.operation == "campaign", label


def run(models: Sequence[type], decode: Decode) -> int:
    count = 0
    for model in models:
        decode(model, object_of(model), Decoding("campaign", strict=True))
        for case in cases(model):
            judge(model, case, decode)
            count += 1
    return count


@pytest.mark.parametrize(("package", "least"), REST.items())
def test_every_rest_model_survives_every_single_departure(package: str, least: int) -> None:
    assert run([model for model in rest_models(package) if is_response(model)], rest_decode) >= least


@pytest.mark.parametrize(("package", "least"), GRAPHQL.items())
def test_every_graphql_result_survives_every_single_departure(package: str, least: int) -> None:
    assert run(graphql_models(package), graphql_decode) >= least
