"""The page about the architecture shows the rooms and floors that there are."""

from __future__ import annotations

import ast
import re
from typing import Final

from tests.architecture.test_layout import FLOORS, GRAPH, LEAVES, ROOT

PAGE: Final = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_floors_drawn_are_those_that_imports_are_held_to() -> None:
    drawn: dict[str, int] = {}
    leaves: set[str] = set()
    picture = section("Floors").split("```text\n", 1)[1].split("```", 1)[0]
    for line in picture.splitlines():
        prefix = "_core." if line.startswith("   _core:") else ""
        names = line.removeprefix("   _core:").split()
        number = int(names.pop(0)) if names[0].isdigit() else 0
        if number == 0:
            leaves |= {f"typedpipes.{prefix}{name}" for name in names}
        else:
            drawn |= dict.fromkeys(names, number)
    assert drawn == FLOORS
    assert leaves == LEAVES


def test_every_room_has_its_line() -> None:
    named = set(re.findall(r"^\| `([\w.]+)` \|", section("Rooms of `typedpipes`"), re.MULTILINE))
    package = ROOT / "overrides" / "typedpipes"
    entries = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    core = {f"_core.{path.name}" for path in (package / "_core").iterdir() if (path / "__init__.py").exists()}
    assert named == (entries - {"__init__", "_core"}) | core | {"_core.flow"}


def test_modules_the_ways_name_exist() -> None:
    ways = PAGE.split("\n## The way of one request\n", 1)[1]
    named = set(re.findall(r"\b_core\.\w+(?:\.\w+)?|\blimits\.\w+", ways))
    exports = set(re.findall(r"(?<!pipefy\.)\bexports\.\w+", ways))
    modules = {f"typedpipes.{name}" for name in named} | {f"typedpipes.pipefy.{name}" for name in exports}
    assert named
    assert exports
    assert modules - GRAPH.keys() == set()


def test_each_file_of_where_to_find_what_defines_the_name_beside_it() -> None:
    rows = re.findall(r"^\| (.+?) \| `([\w/.]+)` \| `(\w+)` \|$", section("Where to find what"), re.MULTILINE)
    assert len(rows) >= 30
    for question, file, name in rows:
        tree = ast.parse((ROOT / "overrides" / file).read_text(encoding="utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        defined |= {
            node.target.id
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        assert name in defined, (question, file, name)


def test_no_import_leads_from_the_clients_to_generation_or_the_sandbox_but_from_commands() -> None:
    assert {
        module
        for module, targets in GRAPH.items()
        if module.startswith("typedpipes.")
        and any(target.startswith(("typedpipes_codegen", "typedpipes_sandbox")) for target in targets)
        and not module.startswith("typedpipes.cli.")
    } == set()
