"""What the type checker says about selections: the value of every field, and each mistake in its line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import typedpipes_api
from tests.support.mypy import mypy
from tests.typedpipes._core.graphql.select.workshop import workshop
from typedpipes._core.graphql.select.fields import SelectionSchema, TypeFacts
from typedpipes_api.pipefy import select

ROOT = Path(__file__).parents[3]
GENERATED = Path(next(iter(typedpipes_api.__path__)))

PROGRAM = """
from __future__ import annotations

from typing_extensions import assert_type

from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes._core.paging import AsyncPages, Pages
from typedpipes.graphql_runtime import Leaf, Row, Selection
from typedpipes_api.pipefy.enums import ExportStatus
from typedpipes_api.pipefy.inputs import UpdateCardInput
from typedpipes_api.pipefy.select import (
    AutomationJobsExport, Card, CardConnection, CardEdge, Label, Mutation, Phase, Pipe, Query, RepoTypes, Table,
    UpdateCardPayload, User,
)
from typedpipes_api.pipefy_documented.select import AutomationJobsExport as OtherExport
from typedpipes_api.pipefy_documented.select import Query as OtherQuery


def right(pipefy: Pipefy) -> None:
    cards = Phase.cards(first=5).fields(CardConnection.edges.fields(CardEdge.node.fields(Card.id)))
    data = pipefy.query(
        Query.card(id="123").fields(
            Card.id,
            Card.title,
            Card.assignees.fields(User.name),
            Card.current_phase.fields(Phase.id, cards),
            Card.repo.on(Pipe, Pipe.id).on(Table, Table.name).fields(RepoTypes.typename__),
        ),
        operation_name="Everything",
        timeout=30,
    )
    assert_type(data, Row[Query])
    card = data[Query.card]
    assert_type(card, Row[Card] | None)
    assert card is not None
    assert_type(card[Card.title], str)
    assert_type(card[Card.due_date], str | None)
    assert_type(card[Card.assignees], list[Row[User] | None] | None)
    assert_type(card.each(Card.assignees), list[Row[User]])
    assert_type(data.each(Query.card, Card.assignees), list[Row[User]])
    assert_type(card.at(Card.current_phase, Phase.name), str | None)
    assert_type(data.at(Query.card, Card.current_phase, Phase.cards), Row[CardConnection] | None)
    assert_type(card.each(Card.current_phase, Phase.cards, CardConnection.edges, CardEdge.node), list[Row[Card]])
    repo = card[Card.repo]
    assert repo is not None
    assert_type(repo.on(Pipe), Row[Pipe] | None)
    again = Query.card.alias("again")
    assert_type(pipefy.query(again(id=1).fields(Card.id))[again], Row[Card] | None)
    changed = pipefy.mutate(
        Mutation.update_card(input=UpdateCardInput(id="1")).fields(UpdateCardPayload.card.fields(Card.id)),
        Mutation.update_card(input={"id": "1"}).alias("b").fields(UpdateCardPayload.card.fields(Card.id)),
    )
    assert_type(changed, Row[Mutation])
    export = pipefy.query(Query.automation_jobs_export(id=1).fields(AutomationJobsExport.status))
    assert_type(export.at(Query.automation_jobs_export, AutomationJobsExport.status), ExportStatus | None)


def paged(pipefy: Pipefy, asynchronous: AsyncPipefy) -> None:
    edges = CardConnection.edges.fields(CardEdge.node.fields(Card.id))
    cards = Query.cards(pipe_id="301").fields(edges)
    pages = pipefy.iter_query(cards, Query.cards, CardConnection.edges, CardEdge.node, max_items=5)
    assert_type(pages, Pages[Row[Card]])
    phase = Query.phase(id=1).fields(Phase.cards().fields(edges))
    found = asynchronous.iter_query(phase, Query.phase, Phase.cards, CardConnection.edges, CardEdge.node)
    assert_type(found, AsyncPages[Row[Card]])
    pipefy.iter_query(cards, Query.cards, CardEdge.node)  # wrong: the path has a gap


def reusable(*more: Selection[Card, object]) -> list[Selection[Card, object]]:
    return [Card.id, Card.title, Card.labels.fields(Label.name), *more]


async def awaited(pipefy: AsyncPipefy) -> None:
    data = await pipefy.query(Query.card(id="1").fields(*reusable(Card.done)))
    assert_type(data[Query.card], Row[Card] | None)
    pipefy.query(Query.card(id="1").fields(User.name))  # wrong: User in Card; and not awaited


def wrong(pipefy: Pipefy, row: Row[Card], leaf: Leaf[Card, str], repo: Row[RepoTypes]) -> None:
    pipefy.query(Query.card(id="1").fields(User.name))  # wrong: a field of another type
    pipefy.query(Query.card(id="1").fields(Card.assignees.fields(Card.id)))  # wrong: the same, further down
    pipefy.query(Query.card(id="1"))  # wrong: an object without fields
    pipefy.query(Query.card(id="1").fields(Card.assignees))  # wrong: the same, further down
    pipefy.query(Query.card)  # wrong: the required argument is missing
    Query.card()  # wrong: the required argument is missing
    Query.card(id=1.5)  # wrong: an argument of another type
    Query.card(pipe="x")  # wrong: an unknown argument
    Query.cards(pipe_id=1, first="ten")  # wrong: an argument of another type
    Card.nothing  # wrong: an unknown field
    Card.title()  # wrong: a field without arguments
    row[User.name]  # wrong: reading a field of another type
    row.at(Card.current_phase, User.name)  # wrong: the same, further down
    row.each(Card.title)  # wrong: no objects there
    name: int = row[Card.title]  # wrong: the value has another type
    Card.repo.on(User, User.name)  # wrong: never a User
    Card.repo.on(Pipe, User.name)  # wrong: a field of another type
    Card.assignees.on(Pipe, Pipe.id)  # wrong: no union
    repo.on(User)  # wrong: never a User
    pipefy.mutate(Query.card(id="1").fields(Card.id))  # wrong: a query
    pipefy.query(Mutation.update_card(input={"id": "1"}).fields(UpdateCardPayload.card.fields(Card.id)))  # wrong
    pipefy.query(OtherQuery.automation_jobs_export(id="1").fields(OtherExport.id))  # wrong: of another package
    Mutation.update_card(input={"title": "x"})  # wrong: the required id is missing
    pipefy.query(Query.card(id="1").fields(Card.id), retrys=1)  # wrong: an unknown option
    other: Leaf[User, str] = leaf  # wrong: a field of another type
"""


@pytest.mark.mypy
def test_the_type_checker_knows_every_value_and_reports_every_mistake(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "own").mkdir()
    with workshop(tmp_path / "own"):  # a package of a schema with awkward names must be typed without a fault
        run = mypy(program, tmp_path / "own" / "workshop_api", cwd=tmp_path)
    assert "workshop_api" not in run.stdout
    wrong = [number for number, line in enumerate(PROGRAM.splitlines(), 1) if "# wrong" in line]
    lines = sorted({int(line.split(":")[1]) for line in run.stdout.splitlines() if ": error:" in line})
    assert lines == wrong, run.stdout + run.stderr


def stub_classes(package: str) -> dict[str, dict[str, ast.AnnAssign]]:
    """Class -> its annotated names, as the stub has them."""
    tree = ast.parse((GENERATED / package / "select.pyi").read_text(encoding="utf-8"))
    return {
        node.name: {
            item.target.id: item
            for item in node.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def facts_of(package: str) -> Iterator[TypeFacts]:
    module = __import__(f"typedpipes_api.{package}.select", fromlist=["select"])
    for name in dir(module):
        yield getattr(module, name)._facts_


@pytest.mark.parametrize("package", ["pipefy", "pipefy_documented"])
def test_the_stub_and_the_table_have_the_same_types_and_fields(package: str) -> None:
    stub = stub_classes(package)
    seen = 0
    for facts in facts_of(package):
        assert stub[facts.class_name].keys() == facts.fields.keys()
        for name, annotation in stub[facts.class_name].items():
            seen += 1
            text = ast.unparse(annotation.annotation)
            field = facts.fields[name]
            if field.arguments:
                assert text == f"_{facts.class_name}__{name}"
            else:
                assert text.startswith(("_Leaf[", "_Nested[")), text
                assert text.startswith("_Nested[") == (field.named in facts.schema.classes)
    assert seen > (1900 if package == "pipefy" else 5)


@pytest.mark.parametrize("package", ["pipefy", "pipefy_documented"])
def test_the_stub_has_the_arguments_of_the_table(package: str) -> None:
    tree = ast.parse((GENERATED / package / "select.pyi").read_text(encoding="utf-8"))
    signatures: dict[str, ast.arguments] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    signatures[node.name] = item.args
    found = {}
    for facts in facts_of(package):
        for name, field in facts.fields.items():
            if field.arguments:
                found[f"_{facts.class_name}__{name}"] = field
    assert found.keys() == signatures.keys()
    for name, field in found.items():
        arguments = signatures[name]
        assert {one.arg for one in arguments.kwonlyargs} == field.arguments.keys()
        needed = {
            one.arg for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if not default
        }
        assert needed == set(field.required)


def test_every_class_can_be_imported_and_tells_its_fields() -> None:
    schema: Any = select.Card._facts_.schema  # type: ignore[attr-defined]  # on generated classes
    assert isinstance(schema, SelectionSchema)
    assert "title" in dir(select.Card)
    assert "Fields of `Card`" in str(select.Card.__doc__)
    assert {"Card", "Query", "Mutation"} <= set(dir(select))
    assert repr(select.Query.card(id="1").alias("x")) == "<Query.card(id=…) as x>"
    with pytest.raises(AttributeError, match="Card has no field 'nothing'"):
        getattr(select.Card, "nothing")  # noqa: B009  # mypy would report the plain form
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        getattr(select, "Nothing")  # noqa: B009
