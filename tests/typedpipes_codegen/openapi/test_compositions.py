"""Compositions that multiply: all of it where it is within the bounds, else JSON and a note that names the place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.typedpipes_codegen.canonical.test_schemas import document, value_type
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.openapi import prepared
from typedpipes_codegen.openapi.build import build_api
from typedpipes_codegen.output.deep_stack import with_deep_stack


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def single(name: str, kind: str = "string") -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind}}}


def canonical(made: dict[str, Any]) -> dict[str, Any]:
    result = canonicalize(made, {}).document
    assert fidelity(made, result).losses == []
    return {**result}


def test_a_choice_of_33_objects_beside_a_property_is_33_classes() -> None:
    schema = {**single("base"), "oneOf": [single(f"p{number}") for number in range(33)]}
    api = build_api(canonical(document(schema)))
    assert api.notes == ()
    assert value_type(canonical(document(schema))).count("(base, p") == 33


def test_choices_that_multiply_beyond_the_bound_are_json_and_noted() -> None:
    pairs = {f"C{number}": {"oneOf": [single(f"a{number}"), single(f"b{number}", "integer")]} for number in range(20)}
    made = canonical(document({"allOf": [reference(name) for name in pairs]}, **pairs))
    assert value_type(made) == "JSON"
    (note,) = build_api(made).notes
    assert note == "#/components/schemas/ThingValue: a composition of 1048576 alternatives; it is JSON"


@pytest.mark.parametrize("word", ["allOf", "anyOf"])
def test_components_that_double_at_each_step_take_no_longer_than_they_are(word: str) -> None:
    chain: dict[str, Any] = {}
    for number in range(40):
        twice = [reference(f"A{number + 1}"), {"allOf": [reference(f"A{number + 1}")]}]
        chain[f"A{number}"] = {word: twice}
    made = document(reference("A0"), **chain, A40=single("x"))
    assert value_type(made).endswith("(x)")
    assert value_type(canonical(made)).endswith("(x)")


@pytest.mark.parametrize(
    "inner", [lambda name: reference(name), lambda name: {"type": "array", "items": reference(name)}]
)
def test_a_long_chain_of_components_ends(inner: Any) -> None:
    chain = {f"A{number}": inner(f"A{number + 1}") for number in range(200)}
    made = document(reference("A0"), **chain, A200=single("x"))
    assert "A200(x)" in value_type(made)
    assert "A200(x)" in with_deep_stack(lambda: value_type(canonical(made)))


def test_components_that_join_each_other_in_their_properties_end_within_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prepared, "MOST_INLINE", 200)  # ten times as many take two seconds
    nodes = {}
    for number in range(6):
        joined = {f"c{other}": {"allOf": [reference(f"N{other}"), single(f"e{number}{other}")]} for other in range(6)}
        nodes[f"N{number}"] = {"type": "object", "properties": joined}
    api = build_api(document(reference("N0"), **nodes))
    assert "more than 100 inline objects within each other, or 2" in api.notes[0]
    assert len(api.components) < 400


def test_a_large_enum_is_read_in_one_pass() -> None:
    values = [f"value-{number}" for number in range(20_000)]
    made = canonical(document({"type": "string", "enum": values}))
    assert value_type(made) == "ThingValue"
