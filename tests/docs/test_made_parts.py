"""What the site makes from the code is complete, and what is written by hand names everything there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from docs._site import commands, errors, limits, operations, settings

from tests.docs.blocks import DOCS, ROOT
from typedpipes._core.options import AsyncClientOptions, ClientOptions
from typedpipes._core.rest import CallOptions, OffsetPageOptions
from typedpipes.configuration.settings import ACCOUNTS, BY_VARIABLE


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_errors_page_describes_every_error_and_what_to_do() -> None:
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", read("guide/errors.md"), re.MULTILINE | re.DOTALL))
    assert sorted(sections) == sorted(errors.classes())
    for name, text in sections.items():
        assert f"<!-- made: error {name} -->" in text
        assert re.search(r"\*\*What to do\.\*\* \S", text), name
        assert errors.description(name).strip()


def test_the_tree_of_errors_shows_each_below_what_it_derives_from() -> None:
    lines = errors.tree().splitlines()
    assert {name for line in lines for name in re.findall(r"`(\w+)`", line)} == set(errors.classes())
    assert lines[0].startswith("- [`TypedPipesError`]")
    assert "        - [`NotFound`](#notfound)" in lines


@pytest.mark.parametrize("package", [package.name for package in operations.PACKAGES])
def test_the_operations_pages_hold_what_generation_made(package: str) -> None:
    listed = (ROOT / "generated" / "typedpipes_api" / package / "OPERATIONS.md").read_text(encoding="utf-8")
    expected = set(re.findall(r"^\| (\w[\w.]*) \| (?!performs|request)", listed, re.MULTILINE))
    page = operations.pages()[package]
    found = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert f"{len(found)} " in page


def test_costs_and_limits_of_an_operation_are_shown() -> None:
    pages = operations.pages()
    assert re.search(r"^\| `deals.search` \| GET `/deals/search` \| `searchDeals` \| 20 \| 10 per 2 s and token \|",
                     pages["pipedrive_v2"], re.MULTILINE)  # fmt: skip
    assert re.search(r"^\| `tokens.create` .* 100 per 60 s and external user \|", pages["connect"], re.MULTILINE)


def test_the_command_reference_holds_every_command_and_option() -> None:
    text = commands.reference()
    for name, command in commands.commands().items():
        assert f"## {name}\n" in text
        for parameter in command.params:
            assert max(parameter.opts, key=len) in text or parameter.param_type_name == "argument"


def test_exit_codes_of_the_page_are_those_of_the_program() -> None:
    from typedpipes.cli.failures import ExitCode

    shown = re.findall(r"^\| (\d+) \|", read("reference/commands.md"), re.MULTILINE)
    assert [int(code) for code in shown] == [int(code) for code in ExitCode]


def test_the_configuration_page_names_every_variable_and_option() -> None:
    text = read("configuration.md") + "".join(settings.table(vendor) for vendor in ACCOUNTS)
    assert [name for name in sorted(BY_VARIABLE) if f"`{name}`" not in text] == []
    options = {*ClientOptions.__annotations__, *AsyncClientOptions.__annotations__}
    assert [name for name in sorted(options) if f"| `{name}` |" not in text] == []
    assert [name for name in CallOptions.__annotations__ if f"`{name}`" not in text] == []
    assert [name for name in OffsetPageOptions.__annotations__ if f"`{name}`" not in text] == []


def test_the_page_of_events_names_every_event() -> None:
    from typing import get_args

    from typedpipes import events

    text = read("guide/observability.md")
    assert [kind.__name__ for kind in get_args(events.Event) if f"| `{kind.__name__}` |" not in text] == []


@pytest.mark.parametrize("name", [*limits.POLICIES, "pipefy.plans", "pipedrive.plans"])
def test_each_table_of_limits_is_on_the_page_and_has_rows(name: str) -> None:
    assert f"<!-- made: limits {name} -->" in read("guide/limits.md")
    assert len(limits.table(name).splitlines()) > 3


@pytest.mark.parametrize("page", ["docs/index.md", "README.md"])
def test_every_extra_is_named(page: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [name for name in extras if f"`{name}`" not in text] == []


def test_every_wish_of_a_page_is_one_that_can_be_fulfilled() -> None:
    made = {"commands", "error", "error_tree", "limits", "operations", "settings"}
    for page in sorted(Path(DOCS).rglob("*.md")):
        wishes = re.findall(r"<!-- made: (\w+)", page.read_text(encoding="utf-8"))
        assert set(wishes) <= made, page
