"""The builder costs nothing until it is used, then what is used; and its files stay small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import typedpipes_api

GENERATED = Path(next(iter(typedpipes_api.__path__)))
MOST_BYTES = 600_000


def loaded(program: str) -> set[str]:
    """The modules a program has imported at its end."""
    code = f"{program}\nimport sys\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if "select" in name and name.startswith("typedpipes")}


CLIENT = "from typedpipes.pipefy import Pipefy\npipefy = Pipefy(token='t' * 20, env={})\n"


def test_a_client_that_does_not_select_loads_nothing_of_it() -> None:
    modules = loaded(CLIENT)
    assert ours(modules) == set()
    assert "typedpipes._core.graphql.select.rows" not in modules


def test_selecting_loads_no_model_no_input_and_no_graphql_library() -> None:
    modules = loaded(
        "from typedpipes_api.pipefy.select import Card, Query\nchosen = Query.card(id='1').fields(Card.title)\n"
    )
    assert ours(modules) == {
        "typedpipes_api.pipefy.select",
        "typedpipes._core.graphql.select",
        "typedpipes._core.graphql.select.fields",
    }
    for absent in ("pydantic", "graphql", "httpx", "typedpipes_api.pipefy.inputs", "typedpipes_api.pipefy.enums"):
        assert absent not in modules, absent


def test_only_the_types_that_are_used_are_made() -> None:
    program = (
        "from typedpipes_api.pipefy.select import Card, Query\n"
        "Query.card(id='1').fields(Card.title)\n"
        "assert set(Card._facts_.schema._made) == {'Card', 'Query'}, Card._facts_.schema._made\n"
    )
    loaded(program)


def test_a_selection_is_sent_and_read_without_pydantic() -> None:
    program = CLIENT + (
        "from typedpipes_api.pipefy.select import Card, Query\n"
        "from typedpipes._core.graphql.select.operation import selection_of\n"
        "from typedpipes._core.decoding import Decoding\n"
        "chosen = Query.card(id='1').fields(Card.title)\n"
        "operation, variables = selection_of('query', [chosen], None, pipefy._page_limit, pipefy._depth_limit())\n"
        'row = operation.decode_body(b\'{"data": {"card": {"title": "x"}}}\', Decoding(\'x\'))\n'
        "assert row[Query.card][Card.title] == 'x'\n"
    )
    modules = loaded(program)
    assert "pydantic" not in modules
    assert "graphql" not in modules


def test_the_generated_builder_is_two_files_of_bounded_size() -> None:
    files = sorted(GENERATED.joinpath("pipefy").glob("select*"))
    assert [file.name for file in files] == ["select.py", "select.pyi"]
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
