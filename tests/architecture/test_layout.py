"""The layout of the house: floors, circles, and what lies in the root. Lazy and type-only imports count."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.import_graph import circles, import_graph, modules

ROOT: Final = Path(__file__).parents[2]
OVERRIDES: Final = ROOT / "overrides"
GRAPH: Final = import_graph(OVERRIDES)

ROOT_ENTRIES: Final = 16

ALLOWED_CIRCLES: Final = [
    # Unpickling a model decodes it anew: `Model.__reduce__` names `from_wire`, which builds models.
    [
        "typedpipes._core.decoding.answers",
        "typedpipes._core.decoding.builders",
        "typedpipes._core.decoding.model",
        "typedpipes._core.decoding.records",
    ],
]

LEAVES: Final = frozenset(
    f"typedpipes.{name}"
    for name in (
        "errors events tracing rows _core.addresses _core.arguments _core.disk _core.file_lock _core.flow _core.forks "
        "_core.json_reader _core.own_files _core.redaction _core.http.retry_after"
    ).split()
)
"""Modules that import nothing of ours but each other."""

FLOORS: Final = {
    "limits": 1,
    "configuration": 1,
    "_core": 2,
    "runtime": 3,
    "graphql_runtime": 3,
    "pipefy": 4,
    "pipedream": 4,
    "pipedrive": 4,
    "declared": 4,
    "cli": 5,
}
"""Entries of ``typedpipes`` from the ground up. Imports point to the same floor or down."""

SHORT: Final = 40
SHORT_FOR_A_REASON: Final = {
    "typedpipes.cli.__main__": "makes ``python -m`` work",
    "typedpipes.cli.schema": "joins three commands under one name",
    "typedpipes.cli.sandbox": "one command; the only module of the client that names the sandbox",
    "typedpipes._core.decoding.dates": "one mechanism, below the models, builders and records",
    "typedpipes._core.forks": "one mechanism with no neighbour",
    "typedpipes.pipedream.options": "types for callers, which no call loads",
    "typedpipes.pipedrive.options": "types for callers, which no call loads",
    "typedpipes.pipefy.options": "types for callers, which no call loads",
    "typedpipes_codegen.__main__": "makes ``python -m`` work",
    "typedpipes_codegen.diff.operation": "what every part of the diff calls an operation",
    "typedpipes_codegen.documents.json_reader": "one mechanism: JSON with our messages",
    "typedpipes_codegen.output.formatting": "the only module that runs ruff",
    "typedpipes_sandbox.checks": "one check, used by settings and faults",
    "typedpipes_sandbox.pipedream.workspace": "the state of one vendor, below its handlers",
    "typedpipes_sandbox.pipedrive.workspace": "the state of one vendor, below its handlers",
}


def floor(module: str) -> int:
    return 0 if module in LEAVES else FLOORS[module.split(".")[1]]


def edges(package: str) -> list[tuple[str, str]]:
    inner = f"{package}."
    return [
        (module, target)
        for module, targets in GRAPH.items()
        if module.startswith(inner)
        for target in sorted(targets)
        if target.startswith(inner)
    ]


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(GRAPH) == ALLOWED_CIRCLES


def test_the_root_of_the_client_has_few_entries() -> None:
    entries = {path.name for path in (OVERRIDES / "typedpipes").iterdir() if path.name != "__pycache__"}
    assert len(entries - {"py.typed"}) <= ROOT_ENTRIES, sorted(entries)


def test_imports_of_the_client_point_down() -> None:
    assert [edge for edge in edges("typedpipes") if floor(edge[1]) > floor(edge[0])] == []


def test_vendors_and_declared_clients_do_not_know_each_other() -> None:
    top = FLOORS["pipefy"]
    sideways = [
        (module, target)
        for module, target in edges("typedpipes")
        if floor(module) == floor(target) == top and module.split(".")[1] != target.split(".")[1]
    ]
    assert sideways == []


def test_leaves_import_leaves_only() -> None:
    assert GRAPH.keys() >= LEAVES
    assert [edge for edge in edges("typedpipes") if edge[0] in LEAVES and edge[1] not in LEAVES] == []


@pytest.mark.parametrize("package", ["typedpipes", "typedpipes_codegen", "typedpipes_sandbox"])
def test_a_short_module_has_a_reason(package: str) -> None:
    """A file is one idea; a file that exists to keep another one short is a fault."""
    short = {
        name
        for name, path in modules(OVERRIDES).items()
        if name.startswith(f"{package}.")
        and path.name != "__init__.py"
        and len(path.read_text(encoding="utf-8").splitlines()) < SHORT
    }
    assert short == {name for name in SHORT_FOR_A_REASON if name.startswith(f"{package}.")}


def test_modules_that_a_package_lists_exist() -> None:
    """A list in the docstring of an ``__init__`` names modules of the package, lower case, in backquotes."""
    wrong = []
    for name, path in modules(OVERRIDES).items():
        text = (
            (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "") if path.name == "__init__.py" else ""
        )
        _, bullet, listed = text.partition("\n- `")
        here = {entry.stem for entry in path.parent.iterdir()}
        wrong += [
            f"{name}: {word}" for word in re.findall(r"(?<!`)`([a-z_]+)`(?!`)", bullet + listed) if word not in here
        ]
    assert wrong == []


def test_the_graph_sees_lazy_and_type_only_imports(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def late():\n    import b\n")
    (tmp_path / "b.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import late\n")
    (tmp_path / "c.py").write_text("import a\n")
    graph = import_graph(tmp_path)
    assert graph == {"a": {"b"}, "b": {"a"}, "c": {"a"}}
    assert circles(graph) == [["a", "b"]]
