"""The generation step as a whole: swap, drift check, digests, and what bad input does (nothing but one message)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import forked
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.output import generate as step
from typedpipes_codegen.output.digests import tree_files

SDL = "type Query { card(id: ID!): Card }\ntype Card { id: ID! title: String }\n"
DOCUMENT = "query Card($id: ID!) {\n  card(id: $id) {\n    id\n    title\n  }\n}\n"
OPENAPI = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: 'https://shop.example/v1'}]
tags: [{name: orders}]
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      tags: [orders]
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200':
          description: OK
          content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
components:
  schemas:
    Order:
      type: object
      required: [id]
      properties: {id: {type: string}, total: {type: number}}
"""
OVERLAY = """\
overlay: 1.0.0
info: {title: ours, version: 1.0.0}
actions:
  - target: $.paths['/orders/{id}'].get
    description: the name a user would guess
    update: {x-method: orders.get}
"""
APIS = """\
[[api]]
package = "shop"
generator = "openapi"
schema = "shop.yaml"
overlays = ["overlay.yaml"]
base_url = "https://shop.example/v1"

[[api.source]]
origin = "test"
document = "none"
date = "2026-01-01"
sha256 = "00"

[[api]]
package = "cards"
generator = "graphql"
schema = "cards/schema.graphql"
operations = "cards/operations"
base_url = "https://cards.example/graphql"

[[api.source]]
origin = "test"
document = "none"
date = "2026-01-01"
sha256 = "00"
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project of one package per generator, generated."""
    root = tmp_path_factory.mktemp("template")
    schemas = root / "schemas"
    (schemas / "cards" / "operations").mkdir(parents=True)
    (schemas / "apis.toml").write_text(APIS)
    (schemas / "shop.yaml").write_text(OPENAPI)
    (schemas / "overlay.yaml").write_text(OVERLAY)
    (schemas / "cards" / "schema.graphql").write_text(SDL)
    (schemas / "cards" / "operations" / "Card.graphql").write_text(DOCUMENT)
    step.generate(schemas, root / "generated" / "typedpipes_api")
    return root


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A copy of the project to change."""
    return Path(shutil.copytree(template, tmp_path / "project"))


def tree(project: Path) -> dict[str, bytes]:
    target = project / "generated" / "typedpipes_api"
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in tree_files(target)}


def run(project: Path) -> step.Outcome:
    return step.generate(project / "schemas", project / "generated" / "typedpipes_api")


def drift(project: Path) -> list[str]:
    return step.check(project / "schemas", project / "generated" / "typedpipes_api")


def test_a_generated_tree_passes_its_check_and_names_schema_and_command_in_each_file(project: Path) -> None:
    assert drift(project) == []
    for name, content in tree(project).items():
        if name.endswith(".py") and "/" in name and content:
            package = name.partition("/")[0]
            first = content.decode().splitlines()[0]
            assert f"nox -s generate -- {package}" in first, name
            assert "schemas/" in first, name


def test_each_package_holds_the_document_it_was_made_from(project: Path) -> None:
    made = tree(project)
    operation = json.loads(made["shop/openapi.json"])["paths"]["/orders/{id}"]["get"]
    assert operation["operationId"] == "getOrder"
    assert operation["x-method"] == "orders.get", "with the overlay"
    assert made["cards/schema.graphql"].decode() == SDL
    (project / "generated" / "typedpipes_api" / "shop" / "openapi.json").write_text("{}")
    assert drift(project) == ["changed: shop/openapi.json"]
    assert run(project).rendered == ("shop",)
    assert drift(project) == []


def test_unchanged_inputs_render_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "render_package", None)
    assert run(project) == step.Outcome((), ("shop", "cards"))


def test_one_changed_input_renders_one_package(project: Path) -> None:
    schema = project / "schemas" / "cards" / "schema.graphql"
    schema.write_text(SDL.replace("title: String", "title: String due: String"))
    assert run(project) == step.Outcome(("cards",), ("shop",))


def test_check_names_a_changed_a_missing_and_an_extra_file(project: Path) -> None:
    target = project / "generated" / "typedpipes_api"
    (target / "shop" / "orders.py").write_text("changed = True\n")
    (target / "cards" / "client.py").unlink()
    (target / "cards" / "stale.py").write_text("")
    (target / "stranger").mkdir()
    problems = drift(project)
    assert "changed: shop/orders.py" in problems
    assert "missing: cards/client.py" in problems
    assert "extra: cards/stale.py" in problems
    assert "extra: stranger" in problems
    assert len(problems) == 4
    run(project)
    assert drift(project) == []
    assert not (target / "stranger").exists()


def test_removing_the_output_and_generating_again_gives_the_same_bytes_in_any_environment(project: Path) -> None:
    before = tree(project)
    elsewhere = project / "a place with spaces" / "ünï"
    elsewhere.mkdir(parents=True)
    shutil.copytree(project / "schemas", elsewhere / "schemas")
    code = (
        "import os, sys; from pathlib import Path; os.umask(0o077);"
        "from typedpipes_codegen.output.generate import generate;"
        "root = Path(sys.argv[1]); generate(root / 'schemas', root / 'generated' / 'typedpipes_api')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C"}
    subprocess.run([sys.executable, "-c", code, str(elsewhere)], check=True, env=environment)
    assert tree(elsewhere) == before


def bad_inputs() -> Iterator[tuple[str, str, str, str]]:
    yield "invalid YAML", "shop.yaml", "openapi: [\n", "shop.yaml:"
    yield (
        "dangling reference",
        "shop.yaml",
        OPENAPI.replace("schemas/Order'}", "schemas/Gone'}"),
        "#/components/schemas/Gone",
    )
    yield (
        "remote reference",
        "shop.yaml",
        OPENAPI.replace("'#/components/schemas/Order'}", "'https://evil.example/x.yaml'}"),
        "evil.example",
    )
    yield (
        "overlay that matches nothing",
        "overlay.yaml",
        OVERLAY.replace("/orders/{id}", "/nothing"),
        "/nothing",
    )
    yield "operation outside the folder", "overlay.yaml", OVERLAY.replace("orders.get", "../../evil.get"), "evil"
    yield "keyword as a method", "overlay.yaml", OVERLAY.replace("orders.get", "orders.class"), "class"
    yield "invalid SDL", "cards/schema.graphql", "type Query {", "schema.graphql:"
    yield "operation that does not fit", "cards/operations/Card.graphql", DOCUMENT.replace("title", "tilte"), "tilte"
    yield "no such schema", "apis.toml", APIS.replace('"shop.yaml"', '"gone.yaml"'), "gone.yaml"
    yield "path outside schemas", "apis.toml", APIS.replace('"shop.yaml"', '"../../shop.yaml"'), "outside"
    yield "package outside the output", "apis.toml", APIS.replace('"shop"', '"../shop"'), "../shop"
    yield "no source", "apis.toml", APIS.replace("[[api.source]]", "[[other]]", 1), "come from"
    yield "two rows of one name", "apis.toml", APIS.replace('"cards"', '"shop"', 1), "shop"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [case[1:] for case in bad_inputs()],
    ids=[case[0].replace(" ", "-") for case in bad_inputs()],
)
def test_bad_input_gives_one_message_exit_code_1_and_leaves_the_old_tree(
    project: Path, file: str, content: str, said: str
) -> None:
    before = tree(project)
    (project / "schemas" / file).write_text(content)
    folders = ("--schemas", project / "schemas", "--target", project / "generated" / "typedpipes_api")
    done = forked.run("typedpipes_codegen", "generate", *folders)
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.strip().splitlines()) <= 4
    assert tree(project) == before
    assert [path.name for path in (project / "generated").iterdir()] == ["typedpipes_api"]


def test_a_failure_while_swapping_puts_every_package_back(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(project)
    (project / "schemas" / "shop.yaml").write_text(OPENAPI.replace("total", "sum"))
    (project / "schemas" / "cards" / "schema.graphql").write_text(SDL.replace("title", "title: String due"))
    rename, count = Path.rename, 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == 4:
            raise OSError("disk full")
        return rename(self, target)

    monkeypatch.setattr("typedpipes_codegen.output.swap.replace", failing)
    with pytest.raises(OSError, match="disk full"):
        run(project)
    assert tree(project) == before


def test_an_unknown_package_is_named_with_the_nearest_one(project: Path) -> None:
    with pytest.raises(SchemaError, match="did you mean shop"):
        step.generate(project / "schemas", project / "generated" / "typedpipes_api", ["shpo"])
