"""A user's own documents, generated and run through `Pipefy.bind`: the client's wire, policies and decoding."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.mypy import mypy
from tests.typedpipes.pipefy.either import Either
from typedpipes.errors import ConfigurationError, GraphQLError
from typedpipes_codegen.__main__ import main

ROOT = Path(__file__).parents[3]
DOCUMENTS = """
query Titles($pipe_id: ID!, $first: Int, $after: String) {
  cards(pipe_id: $pipe_id, first: $first, after: $after) {
    edges { node { id title } }
    pageInfo { hasNextPage endCursor }
  }
}

query Some($id: ID!, $more: Boolean = false) {
  card(id: $id) {
    id
    age @include(if: $more)
    ... @include(if: $more) { id title pipe { name } }
    ... on Card @skip(if: $more) { done }
    ...Dates @include(if: $more)
  }
  me @include(if: $more) { id }
}

fragment Dates on Card { due_date late @skip(if: $more) }

mutation Rename($id: ID!, $title: String!) {
  updateCard(input: {id: $id, title: $title}) { card { id title } }
}
"""
PROGRAM = """
from typedpipes.pipefy import AsyncPipefy, Pipefy
from own_titles import AsyncClient, Client

def use(pipefy: Pipefy, asynchronous: AsyncPipefy) -> None:
    mine = pipefy.bind(Client)
    titles: list[str] = [card.title for card in mine.iter_titles(pipe_id="301")]
    print(titles)
    asynchronous.bind(AsyncClient)
    pipefy.bind(AsyncClient)  # wrong
    mine.iter_titles(pipe="301")  # wrong
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ModuleType]]:
    where = tmp_path_factory.mktemp("own")
    (where / "operations").mkdir()
    (where / "operations" / "titles.graphql").write_text(DOCUMENTS, encoding="utf-8")
    arguments = ["--schema", str(ROOT / "schemas/pipefy/live/schema.graphql")]
    arguments += ["--operations", str(where / "operations"), "--output", str(where / "own_titles")]
    assert main(["operations", *arguments]) == 0
    sys.path.insert(0, str(where))
    try:
        yield where, importlib.import_module("own_titles")
    finally:
        sys.path.remove(str(where))
        for name in [name for name in sys.modules if name.partition(".")[0] == "own_titles"]:
            del sys.modules[name]


def test_own_operations_run_over_the_clients_connections(either: Either, package: tuple[Path, ModuleType]) -> None:
    module = package[1]
    mine = either.client.bind(module.AsyncClient if either.asynchronous else module.Client)
    pipe = either.pipe()
    cards = either.listed(mine.iter_titles(pipe_id=pipe))
    assert len({card.id for card in cards}) == 120
    assert either.sent("query.cards") == 3
    renamed = either(mine.rename(id=cards[0].id, title="new"))
    assert renamed.card.title == "new"
    with pytest.raises(GraphQLError):
        either(mine.rename(id="none", title="new"))
    with pytest.raises(ConfigurationError, match="page_size is 1 to 50"):
        mine.iter_titles(pipe_id=pipe, page_size=51)


def test_fields_under_a_condition_are_there_or_none(either: Either, package: tuple[Path, ModuleType]) -> None:
    mine = either.client.bind(package[1].AsyncClient if either.asynchronous else package[1].Client)
    found = either(mine.some(id="5016"))
    card = found.card
    assert (card.id, card.title, card.age, card.pipe, card.due_date, card.late) == ("5016", *[None] * 5)
    assert found.me is None
    assert card.done is False
    more = either(mine.some(id="5016", more=True))
    assert more.card.title
    assert more.card.pipe.name
    assert (more.card.done, more.card.late) == (None, None)
    assert more.me.id


FAULTS = {
    "Two asks for pages of cards and others": """query Two($id: ID!, $after: String, $then: String) {
      cards(pipe_id: $id, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
      others: cards(pipe_id: $id, after: $then) { nodes { id } pageInfo { hasNextPage endCursor } }
    }""",
    "put both into one variable": """query Both($id: ID!, $a: Boolean!, $b: Boolean!) {
      card(id: $id) { ... @include(if: $a) { id @include(if: $b) } }
    }""",
}


@pytest.mark.parametrize("message", FAULTS)
def test_what_cannot_be_generated_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], message: str) -> None:
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "a.graphql").write_text(FAULTS[message], encoding="utf-8")
    arguments = ["--schema", str(ROOT / "schemas/pipefy/live/schema.graphql")]
    arguments += ["--operations", str(tmp_path / "operations"), "--output", str(tmp_path / "out")]
    assert main(["operations", *arguments]) != 0
    assert message in capsys.readouterr().err


def test_only_a_generated_client_of_the_same_mode_can_be_bound(
    either: Either, package: tuple[Path, ModuleType]
) -> None:
    module = package[1]
    for wrong in (
        module.Client if either.asynchronous else module.AsyncClient,
        object,
        either.client,
        type(either.client),
    ):
        with pytest.raises(ConfigurationError, match="bind takes the"):
            either.client.bind(wrong)


def test_a_generated_client_by_itself_says_what_to_do(package: tuple[Path, ModuleType]) -> None:
    with pytest.raises(NotImplementedError, match=r"bind\(Client\)"):
        package[1].Client().titles(pipe_id="1")


@pytest.mark.mypy
def test_bound_clients_are_typed(package: tuple[Path, ModuleType], tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    run = mypy(program, cwd=tmp_path, path=[package[0]])
    wrong = [number for number, line in enumerate(PROGRAM.splitlines(), 1) if "# wrong" in line]
    lines = sorted({int(line.split(":")[1]) for line in run.stdout.splitlines() if ": error:" in line})
    assert lines == wrong, run.stdout + run.stderr
