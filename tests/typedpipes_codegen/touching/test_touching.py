"""``--touching`` names every line that a change reaches, and no other. Contract test of mypy's build interface too."""

from __future__ import annotations

import copy
import functools
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from tests.support import forked
from typedpipes_codegen.diff.change import Report
from typedpipes_codegen.diff.graphql import graphql_changes
from typedpipes_codegen.diff.openapi import openapi_changes
from typedpipes_codegen.diff.saved_operations import SavedOperations
from typedpipes_codegen.documents.apis import load_apis
from typedpipes_codegen.documents.overlay import effective_document
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.touching import touching
from typedpipes_codegen.touching.documents import mentions
from typedpipes_codegen.touching.generated import Generated, read_generated
from typedpipes_codegen.touching.match import Matcher
from typedpipes_codegen.touching.uses import Program, read_program

pytestmark = pytest.mark.mypy
ROOT = Path(__file__).parents[3]
PROGRAMS = Path(__file__).parent / "programs"
APIS = {api.package: api for api in load_apis(ROOT / "schemas")}
Mutation = Callable[[Any], object]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's cache directory; one cold run of mypy fills it."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def cache(home: Path) -> Path:
    return home / "typedpipes" / "mypy"


def marked(name: str) -> dict[int, set[str]]:
    """Line to the changes that a program's comments say reach it."""
    lines = (PROGRAMS / name).read_text(encoding="utf-8").splitlines()
    found = {number: re.search(r"# reached: (.*)$", line) for number, line in enumerate(lines, 1)}
    return {number: set(match[1].split(", ")) for number, match in found.items() if match}


def expected(name: str, label: str) -> list[tuple[str, int]]:
    return [(name, line) for line, labels in marked(name).items() if label in labels]


Touched = Callable[..., list[tuple[str, int]]]


@pytest.fixture(scope="module")
def touched(cache: Path) -> Touched:
    """The lines that a report's changes reach; programs and packages are read once."""
    programs: dict[str, tuple[Program, Generated]] = {}

    def find(report: Report, schema: GraphQLSchema | None = None) -> list[tuple[str, int]]:
        package = f"typedpipes_api.{report.api}"
        if package not in programs:
            programs[package] = read_program([PROGRAMS], package, cache=cache), read_generated(package, schema)
        program, generated = programs[package]
        own = mentions(program.documents, schema) if schema else ()
        matcher = Matcher(package, program, generated, schema, own)
        found = [touch for change in report.changes for touch in matcher.touches(change)]
        return sorted({(Path(touch.file).name, touch.line) for touch in found})

    return find


@functools.cache
def effective(package: str) -> Any:
    return effective_document(APIS[package].schema, APIS[package].overlays)


def rest(package: str, mutate: Mutation) -> Report:
    old = effective(package)
    new = copy.deepcopy(old)
    mutate(new)
    report = Report.of(package, "openapi", openapi_changes(old, new))
    assert report.worst == "breaking", "the mutation is one that breaks"
    return report


def drop_parameter(path: str, name: str) -> Mutation:
    def mutate(document: Any) -> None:
        parameters = document["paths"][path]["get"]["parameters"]
        parameters.remove(next(item for item in parameters if item.get("name") == name))

    return mutate


def drop_property(component: str, name: str) -> Mutation:
    return lambda document: document["components"]["schemas"][component]["properties"].pop(name)


def require(component: str, name: str) -> Mutation:
    return lambda document: document["components"]["schemas"][component].setdefault("required", []).append(name)


def drop_value(component: str, value: str) -> Mutation:
    return lambda document: document["components"]["schemas"][component]["enum"].remove(value)


REST: list[tuple[str, str, Mutation, str]] = [
    ("pipedrive_v2", "lost_reason gone", drop_property("Deal", "lost_reason"), "deal_sync.py"),
    ("pipedrive_v2", "sort_by gone", drop_parameter("/deals", "sort_by"), "deal_sync.py"),
    ("pipedrive_v2", "status won gone", drop_value("DealStatus", "won"), "deal_sync.py"),
    ("pipedrive_v2", "followers withdrawn", lambda d: d["paths"]["/deals/{id}/followers"].pop("post"), "deal_sync.py"),
    ("pipedrive_v2", "visible_to required", require("DealCreateRequest", "visible_to"), "deal_sync.py"),
    ("connect", "healthy gone", drop_property("Account", "healthy"), "connect_backend.py"),
    ("connect", "origins gone", drop_property("CreateTokenOpts", "allowed_origins"), "connect_backend.py"),
]
NOT_USED: list[tuple[str, Mutation]] = [
    ("pipedrive_v2", drop_property("Person", "first_name")),
    ("pipedrive_v2", drop_property("Deal", "channel_id")),
    ("pipedrive_v2", drop_property("DealCreateRequest", "lost_time")),
    ("pipedrive_v2", drop_parameter("/deals/archived", "owner_id")),
    ("pipedrive_v2", lambda d: d["paths"]["/persons"].pop("get")),
    ("pipedrive_v2", drop_value("DealInstallmentSortBy", "id")),
    ("connect", drop_property("App", "name_slug")),
]


@pytest.mark.parametrize(
    ("package", "label", "mutate", "name"), REST, ids=lambda item: item if isinstance(item, str) else ""
)
def test_every_use_that_breaks_is_named_and_no_other(
    package: str, label: str, mutate: Mutation, name: str, touched: Touched
) -> None:
    wanted = expected(name, label)
    assert wanted
    assert touched(rest(package, mutate)) == wanted


@pytest.mark.parametrize(("package", "mutate"), NOT_USED)
def test_a_break_of_what_the_program_does_not_use_is_not_reported(
    package: str, mutate: Mutation, touched: Touched
) -> None:
    assert touched(rest(package, mutate)) == []


@functools.cache
def pipefy() -> tuple[str, GraphQLSchema, SavedOperations]:
    api = APIS["pipefy"]
    assert api.operations is not None
    text = api.schema.read_text(encoding="utf-8")
    return text, build_schema(text), SavedOperations.read(api.operations)


def graphql(edit: Callable[[str], str]) -> tuple[Report, GraphQLSchema]:
    text, old, saved = pipefy()
    assert edit(text) != text
    return Report.of("pipefy", "graphql", graphql_changes(old, build_schema(edit(text)), saved)), old


def without(kind: str, field: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        start = re.search(rf"^(type|input) {kind}\b", text, re.MULTILINE).start()  # type: ignore[union-attr]  # it is there
        end = text.index("\n}", start)
        return text[:start] + re.sub(rf"\n  {field}[:(].*", "", text[start:end], count=1) + text[end:]

    return edit


GRAPHQL = [
    ("due_date gone", without("Card", "due_date")),
    ("cards_count gone", without("Pipe", "cards_count")),
    ("input due", without("CreateCardInput", "due_date")),
    ("card gone", without("Query", "card")),
]


@pytest.mark.parametrize(("label", "edit"), GRAPHQL, ids=[label for label, _ in GRAPHQL])
def test_every_use_of_a_graphql_field_that_went_is_named(
    label: str, edit: Callable[[str], str], touched: Touched
) -> None:
    assert touched(*graphql(edit)) == expected("card_report.py", label)


def test_a_graphql_break_elsewhere_is_not_reported(touched: Touched) -> None:
    assert touched(*graphql(without("Webhook", "headers"))) == []


def test_the_report_keeps_only_what_reaches_the_program(cache: Path) -> None:
    report = rest(
        "connect", lambda document: [drop_property("Account", name)(document) for name in ("healthy", "dead")]
    )
    kept = touching(report, [PROGRAMS / "connect_backend.py"], cache=cache)
    assert {change.field for change in report.changes} == {"healthy", "dead"}
    assert {change.field for change in kept.report.changes} == {"healthy"}
    assert [touch.source.partition("  #")[0] for touch in kept.touches[kept.report.changes[0]]] == [
        "return [account.id for account in accounts if account.healthy]"
    ]


@pytest.mark.parametrize("text", [None, "def broken(:\n", b"\xff\xfe".decode("latin-1")])
def test_a_program_that_cannot_be_read_is_one_clear_error(text: str | None, tmp_path: Path, cache: Path) -> None:
    program = tmp_path / "program.py"
    if text is not None:
        program.write_text(text, encoding="latin-1")
    with pytest.raises(SchemaError) as error:
        touching(rest("connect", drop_property("Account", "healthy")), [program], cache=cache)
    assert error.value.remedy


def diff(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return forked.run("typedpipes.cli", "schema", "diff", *words, env={**os.environ, "XDG_CACHE_HOME": str(home)})


def test_only_what_reaches_the_program_counts_for_the_exit_code(tmp_path: Path, home: Path) -> None:
    """The program uses what stays, and the package that is installed."""
    old = ROOT / "schemas" / "pipedream" / "connect.yaml"
    new = tmp_path / "connect.yaml"
    text = old.read_text(encoding="utf-8")
    assert "        healthy:\n" in text
    new.write_text(text.replace("        healthy:\n", "        is_healthy:\n"), encoding="utf-8")
    program = tmp_path / "program.py"
    program.write_text(
        "from typedpipes_api.connect.accounts import Account, Accounts\n\n\n"
        "def show(accounts: Accounts) -> None:\n"
        "    for account in accounts.iter():\n"
        "        print(account.name)\n",
        encoding="utf-8",
    )
    words = (old, new, "--touching", program)

    assert diff(home, old, new).returncode == 1
    assert diff(home, *words).returncode == 0
    program.write_text(program.read_text(encoding="utf-8").replace("account.name", "account.healthy"), encoding="utf-8")
    done = diff(home, *words)
    assert done.returncode == 1
    assert f"{program}:6  print(account.healthy)" in done.stdout
