"""Every field of Pipefy's schema through the builder: what it writes is valid, what it sends is accepted."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema, get_named_type, parse, validate
from graphql.execution.values import get_variable_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.committed_schemas import field_count
from tests.typedpipes._core.graphql.select.choosing import Chooser, facts, field_of, is_leaf, paths, required
from tests.typedpipes_sandbox.schema.documents_by_schema import Documents
from typedpipes._core.graphql.select.document import write
from typedpipes._core.graphql.select.fields import FieldFacts, TypeFacts
from typedpipes.events import Event, SchemaDrift
from typedpipes.pipefy import Pipefy
from typedpipes_api.pipefy import select
from typedpipes_sandbox import Limits, Sandbox


def first(_: int) -> int:
    """The choice of a chooser that does not choose."""
    return 0


def plain_below(chooser: Chooser, type_: TypeFacts, token: Any) -> Any:
    """``token`` with one leaf below, found as near as possible."""
    leaf = next((one for one in type_.fields.values() if is_leaf(one) and not one.required), None)
    if leaf is not None:
        return token.fields(chooser.field(leaf, 1))
    if not type_.fields:
        return token.fields()
    nested = next(one for one in type_.fields.values() if not one.required)
    inner = getattr(nested.owner.holder, nested.attribute)
    inner = inner(**chooser.given(nested)) if nested.arguments else inner
    return token.fields(plain_below(chooser, facts(nested.named), inner))


def everything_of(chooser: Chooser, type_: TypeFacts, *, arguments: bool) -> list[Any]:
    """Every field of a type, with one leaf below each that is an object."""
    chosen = []
    for field in type_.fields.values():
        token: Any = getattr(type_.holder, field.attribute)
        if field.arguments and (arguments or field.required or "first" in field.arguments):
            token = token(**chooser.given(field, everything=arguments))
        chosen.append(token if is_leaf(field) else plain_below(chooser, facts(field.named), token))
    return chosen


def wrapped(chooser: Chooser, way: tuple[tuple[str, str], ...], target: TypeFacts, chosen: list[Any]) -> list[Any]:
    """``chosen`` of the type at the end of a way, as what is selected of the root."""
    inner: list[tuple[TypeFacts, list[Any]]] = [(target, chosen)]
    for owner, name in reversed(way):
        type_ = facts(owner)
        held, selections = inner.pop()
        if not name:  # a member of a union: noted, and selected with `on` one step further out
            inner.append((type_, [(held.holder, selections)]))
            continue
        field = next(one for one in type_.fields.values() if one.name == name)
        token: Any = getattr(type_.holder, field.attribute)
        token = token(**chooser.given(field)) if field.arguments else token
        if selections and isinstance(selections[0], tuple):
            made = token.on(selections[0][0], *selections[0][1])
        else:
            made = token.fields(*selections)
        inner.append((type_, [made]))
    return inner[0][1]


def faults(schema: GraphQLSchema, kind: Any, selections: list[Any]) -> list[str]:
    """What graphql-core says against the document and against the variables."""
    _, document, variables, *_ = write(kind, selections, None, page_limit=lambda _: 50, deepest=15)
    parsed = parse(document)
    problems = [f"{error.message}\n{document}" for error in validate(schema, parsed)]
    operation: Any = parsed.definitions[0]
    coerced = get_variable_values(schema, operation.variable_definitions, variables)
    if isinstance(coerced, list):
        problems += [f"{error.message}\n{document}" for error in coerced]
    return problems


@pytest.mark.parametrize("arguments", [False, True], ids=["required arguments", "all arguments"])
def test_every_field_of_the_schema_can_be_selected_in_a_valid_document(documents: Documents, arguments: bool) -> None:
    schema = documents.schema
    chooser = Chooser(documents, first)
    selected = 0
    problems: list[str] = []
    reachable = paths(schema)
    composites = {
        name for name, type_ in schema.type_map.items() if hasattr(type_, "fields") or hasattr(type_, "types")
    }
    assert reachable.keys() == {
        name for name in composites if not name.startswith("__") and "Input" not in type(schema.type_map[name]).__name__
    }
    for name, (kind, way) in reachable.items():
        target = facts(name)
        if not way:  # the root itself: one request for each field
            for chosen in everything_of(chooser, target, arguments=arguments):
                selected += 1
                problems += faults(schema, kind, [chosen])
            continue
        chosen = everything_of(chooser, target, arguments=arguments)
        selected += len(target.fields) - target.is_abstract
        problems += faults(schema, kind, wrapped(chooser, way, target, chosen))
    assert problems == []
    assert selected == field_count("live")


def test_names_arguments_and_types_are_those_of_the_schema(documents: Documents) -> None:
    for name in paths(documents.schema):
        type_ = facts(name)
        fields = [one for one in type_.fields.values() if one.name != "__typename"]
        assert [one.name for one in fields] == list(getattr(documents.schema.type_map[name], "fields", {}))
        for field in fields:
            definition = field_of(documents.schema, field)
            assert field.type == str(definition.type)
            assert field.named == get_named_type(definition.type).name
            assert dict(field.arguments.values()) == {key: str(one.type) for key, one in definition.args.items()}
            assert {field.arguments[one][0] for one in field.required} == required(documents.schema, field)


def roots() -> list[tuple[str, FieldFacts]]:
    """Every field of a request; what deletes comes last."""
    found = [("query", one) for one in facts("Query").fields.values()]
    found += [("mutation", one) for one in facts("Mutation").fields.values()]
    return sorted(found, key=lambda one: one[1].name.startswith(("delete", "remove")))


def test_every_root_field_runs_and_its_answer_decodes_without_drift() -> None:
    heard: list[Event] = []
    problems: list[str] = []
    with Sandbox(limits=Limits.off(), exports={"pace": "once"}) as sandbox:
        chooser = Chooser(Documents(sandbox), first)
        with Pipefy(env=sandbox.environment(), limits="off", retries=0, on_event=heard.append) as client:
            for kind, field in roots():
                token: Any = getattr(field.owner.holder, field.attribute)
                token = token(**chooser.given(field)) if field.arguments else token
                target = facts(field.named) if not is_leaf(field) else None
                chosen = token if target is None else token.fields(*everything_of(chooser, target, arguments=False))
                row = client.query(chosen) if kind == "query" else client.mutate(chosen)
                assert chosen in row
                problems += [str(event) for event in heard if isinstance(event, SchemaDrift)]
                heard.clear()
        assert sandbox.errors == []
    assert problems == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_selection_is_valid_runs_and_decodes(shared: Sandbox, documents: Documents, data: st.DataObject) -> None:
    run_drawn(shared, documents, data)


@pytest.mark.campaign
@settings(max_examples=3000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_thousands_of_selections_are_valid_run_and_decode(
    shared: Sandbox, documents: Documents, data: st.DataObject
) -> None:
    run_drawn(shared, documents, data)


def run_drawn(sandbox: Sandbox, documents: Documents, data: st.DataObject) -> None:
    """Draw one to three queries of up to five levels, with aliases, and run them as one request."""
    random = data.draw(st.randoms(use_true_random=False))
    chooser = Chooser(documents, random.randrange)
    fields = list(facts("Query").fields.values())
    chosen = [
        made.alias(f"a{number}")
        for number in range(random.randint(1, 3))
        if (made := chooser.field(random.choice(fields), 5)) is not None
    ]
    if not chosen:
        return
    assert faults(documents.schema, "query", chosen) == []
    heard: list[Event] = []
    with Pipefy(env=sandbox.environment(), limits="off", retries=0, on_event=heard.append) as client:
        row = client.query(*chosen)
    assert [str(event) for event in heard if isinstance(event, SchemaDrift)] == []
    for token in chosen:
        assert token in row
        assert compare(row[token], row.json[token.key]), token


def compare(value: Any, received: Any) -> bool:
    """Whether a decoded value stands for what was received."""
    if isinstance(received, list):
        return len(value) == len(received) and all(map(compare, value, received))
    if isinstance(received, dict) and hasattr(value, "json"):
        return bool(value.json == received)
    return bool(value == received)


def test_the_example_of_the_design_reads_typed_values(shared: Sandbox) -> None:
    with Pipefy(env=shared.environment(), limits="off") as pipefy:
        row = pipefy.query(select.Query.card(id="5016").fields(select.Card.title, select.Card.done))
        card = row[select.Query.card]
        assert card is not None
        assert card[select.Card.title] == row.json["card"]["title"]  # type: ignore[index,call-overload]  # an object
