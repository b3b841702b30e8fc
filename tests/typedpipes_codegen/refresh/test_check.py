"""`typedpipes schema check`: each kind of inconsistency, provoked, is found with its file and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typedpipes_codegen.refresh.checkout import ROOT, Checkout, document
from typedpipes_codegen.documents.apis import UNFINISHED
from typedpipes_codegen.refresh import prepare, write
from typedpipes_codegen.refresh.consistency import Problem, find_problems


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout with its packages; made once, copied by each test."""
    made = Checkout(tmp_path_factory.mktemp("generated"))
    made.generate()
    return made


@pytest.fixture
def sound(generated: Checkout, tmp_path: Path) -> Checkout:
    """A consistent checkout to be made inconsistent."""
    folder = tmp_path / "copy"
    shutil.copytree(generated.folder, folder)
    copied = object.__new__(Checkout)
    copied.folder, copied.schemas = folder, folder / "schemas"
    copied.target = folder / "generated" / "typedpipes_api"
    return copied


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def petshop(checkout: Checkout) -> Path:
    return checkout.schemas / "petshop" / "pets.yaml"


def lock(checkout: Checkout) -> Path:
    return checkout.schemas / "names.lock"


def operations(checkout: Checkout) -> Path:
    return checkout.schemas / "pipefy" / "documented" / "operations"


def without_names(checkout: Checkout) -> None:
    names = json.loads(lock(checkout).read_text())
    names["petshop/pets"] = {at: name for at, name in names["petshop/pets"].items() if name != "PetKind"}
    lock(checkout).write_text(json.dumps(names, indent=1) + "\n")


def with_contradiction(checkout: Checkout) -> None:
    names = json.loads(lock(checkout).read_text())
    at = "/paths/~1shop/get/responses/200/content/application~1json/schema"
    names["petshop/pets"][at] = "Shop"
    lock(checkout).write_text(json.dumps(names, indent=1) + "\n")


def with_foreign_names(checkout: Checkout) -> None:
    names = json.loads(lock(checkout).read_text())
    lock(checkout).write_text(json.dumps({**names, "zoo/pets": {"/paths/x": "X"}}, indent=1) + "\n")


INLINED = '                "$ref": "#/components/schemas/Pet"\n'
PROVOKED: dict[str, tuple[Callable[[Checkout], object], str, str, str]] = {
    "no rows": (lambda c: (c.schemas / "apis.toml").write_text("[[api]\n"), "rows", "apis.toml", "not valid TOML"),
    "a digest that is none": (
        lambda c: edit(c.schemas / "apis.toml", "0" * 64, "0" * 63),
        "rows",
        "apis.toml",
        "is no SHA-256",
    ),
    "a date that is none": (
        lambda c: edit(c.schemas / "apis.toml", "2026-01-02", "2026-13-02"),
        "rows",
        "apis.toml",
        "is no date",
    ),
    "an unfinished refresh": (lambda c: (c.schemas / UNFINISHED).mkdir(), "rows", "schemas", "killed while it wrote"),
    "a schema that is no document": (lambda c: petshop(c).write_text("openapi: [\n"), "schema", "pets.yaml", "YAML"),
    "a reference to nothing": (
        lambda c: edit(petshop(c), "#/components/schemas/Pet", "#/components/schemas/Cat"),
        "schema",
        "pets.yaml",
        "points at nothing",
    ),
    "a schema edited by hand": (
        lambda c: edit(
            petshop(c), "      operationId: listPets\n", "      summary: All.\n      operationId: listPets\n"
        ),
        "canonical",
        "pets.yaml",
        "not in canonical form",
    ),
    "a GraphQL schema edited by hand": (
        lambda c: edit(c.schemas / "pipefy/documented/schema.graphql", "  id: ID!\n", "  id : ID!\n"),
        "canonical",
        "schema.graphql",
        "not in canonical form",
    ),
    "a GraphQL schema that is none": (
        lambda c: edit(c.schemas / "pipefy/documented/schema.graphql", "  id: ID!\n", "  id: Nowhere!\n"),
        "schema",
        "schema.graphql",
        "Nowhere",
    ),
    "a shape written inline": (
        lambda c: edit(petshop(c), INLINED, "                {type: object, properties: {a: {type: integer}}}\n"),
        "schema",
        "pets.yaml",
        "names.lock calls this shape 'Pet'",
    ),
    "a name that contradicts the schema": (with_contradiction, "names", "names.lock", "it "),
    "names of no API": (with_foreign_names, "names", "names.lock", "zoo/pets"),
    "a lock that is none": (lambda c: lock(c).write_text("{"), "names", "names.lock", "YAML"),
    "an overlay action that matches nothing": (
        lambda c: edit(c.schemas / "petshop/overlay-pets.yaml", "'/pets/{id}'", "'/pets/{no}'"),
        "overlay",
        "overlay-pets.yaml",
        "/pets/{no}",
    ),
    "an overlay that is none": (
        lambda c: edit(c.schemas / "petshop/overlay-pets.yaml", 'overlay: "1.0.0"', 'overlay: "9"'),
        "overlay",
        "overlay-pets.yaml",
        "not an Overlay",
    ),
    "a document that does not fit": (
        lambda c: edit(operations(c) / "queries" / "AutomationJobsExport.graphql", "status", "stature"),
        "documents",
        "AutomationJobsExport.graphql",
        "stature",
    ),
    "a root field without a document": (
        lambda c: shutil.rmtree(operations(c) / "mutations"),
        "documents",
        "operations",
        "createAutomationJobsExport",
    ),
}


def test_a_consistent_checkout_has_no_problems(sound: Checkout) -> None:
    assert find_problems(sound.schemas, sound.target) == []
    assert find_problems(sound.schemas, sound.target, quick=True) == []


@pytest.mark.parametrize("kind", PROVOKED)
def test_an_inconsistency_is_found_with_its_file_and_what_to_do(sound: Checkout, kind: str) -> None:
    provoke, expected, file, message = PROVOKED[kind]
    provoke(sound)
    before = sound.state()

    found = [each for each in find_problems(sound.schemas, sound.target, quick=True) if each.kind == expected]

    assert found, kind
    assert any(
        each.file.partition(":")[0].split(" ")[0].endswith(file) and message in each.message for each in found
    ), found
    assert all(each.todo for each in found)
    assert sound.state() == before


NEW_SHAPE = """\
paths:
  /asked/by/this/test:
    get:
      operationId: asked_by_this_test
      tags: [apps]
      responses:
        "200":
          description: OK
          content:
            application/json:
              schema: {type: object, properties: {asked: {type: string}}}
"""


def test_a_component_that_stands_for_another_is_no_contradiction_after_a_refresh(tmp_path: Path) -> None:
    """Connect's document names its shapes itself, one of them as another; the first shape we name fills its lock."""
    schemas = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", schemas)
    text = (schemas / "pipedream" / "connect.yaml").read_text(encoding="utf-8")
    assert '    GetAppCategoryResponse:\n      "$ref": "#/components/schemas/AppCategory"\n' in text
    write(schemas, prepare(schemas, [document("connect", text.replace("paths:\n", NEW_SHAPE, 1), "connect.yaml")]))
    assert "/paths/~1asked~1by~1this~1test/get" in (schemas / "names.lock").read_text(encoding="utf-8")

    found = find_problems(schemas, ROOT / "generated" / "typedpipes_api", quick=True)

    assert {each.kind for each in found} == {"generated"}


def test_what_the_schemas_do_not_give_is_found_by_generating_anew(sound: Checkout) -> None:
    (sound.target / "petshop" / "pets.py").write_text("x = 1\n")
    (sound.target / "museum" / "pets.py").unlink()
    (sound.target / "zoo").mkdir()
    (sound.target / "digests.txt").unlink()  # nothing may rest on what it says

    found = find_problems(sound.schemas, sound.target)

    assert {each.kind for each in found} == {"generated"}
    told = {Path(each.file).name: each for each in found}
    assert told.keys() == {"petshop", "museum", "zoo", "digests.txt"}
    assert "changed: petshop/pets.py" in told["petshop"].message
    assert "missing: museum/pets.py" in told["museum"].message
    assert told["petshop"].todo == "run nox -s generate -- petshop"


def test_a_name_the_lock_has_lost_is_missed(sound: Checkout) -> None:
    without_names(sound)
    found = [each for each in find_problems(sound.schemas, sound.target, quick=True) if each.kind == "names"]
    assert [(each.package, "PetKind" in each.message) for each in found] == [("petshop", True)]


def test_every_action_that_matches_nothing_is_listed_with_its_own_number(sound: Checkout) -> None:
    overlay = sound.schemas / "petshop" / "overlay-pets.yaml"
    overlay.write_text(overlay.read_text().replace("$.paths", "$.ways") + "- target: $.info\n  update: {x-a: 1}\n")
    found = [each for each in find_problems(sound.schemas, sound.target, quick=True) if each.kind == "overlay"]
    assert [each.file.rpartition("#")[2] for each in found] == ["/actions/0", "/actions/1"]


def test_quick_sees_changed_inputs_and_edited_output_by_their_digests(sound: Checkout) -> None:
    overlay = sound.schemas / "petshop" / "overlay-pets.yaml"
    overlay.write_text(overlay.read_text() + "# a remark\n")
    (sound.target / "museum" / "pets.py").write_text("x = 1\n")
    found: list[Problem] = find_problems(sound.schemas, sound.target, quick=True)
    assert [(each.package, each.kind) for each in found] == [("petshop", "generated"), ("museum", "generated")]
    assert "other inputs" in found[0].message
    assert "after they were generated" in found[1].message


def test_the_command_lists_every_problem_and_ends_with_1(sound: Checkout) -> None:
    edit(operations(sound) / "queries" / "AutomationJobsExport.graphql", "status", "stature")
    edit(sound.schemas / "petshop/overlay-pets.yaml", "'/pets/{id}'", "'/pets/{no}'")
    (sound.target / "museum" / "pets.py").write_text("x = 1\n")

    done = sound.run("check", "--quick")
    told = json.loads(sound.run("check", "--quick", "--json").out)

    assert done.code == 1
    assert [line.strip().startswith("do:") for line in done.out.splitlines()].count(True) == 3
    assert told["consistent"] is False
    assert [each["kind"] for each in told["problems"]] == ["documents", "overlay", "generated"]


def test_the_command_ends_with_0_when_all_is_well_and_with_2_when_it_cannot_tell(sound: Checkout) -> None:
    done = sound.run("check", "--quick")
    assert (done.code, done.out) == (0, ""), done.talk
    assert sound.run("check", "--schemas", "nowhere").code == 2
    assert sound.run("check", "--no-such-option").code == 2


def test_the_committed_schemas_are_consistent() -> None:
    """Generated packages are compared by a test of their own (tests/generation)."""
    problems = find_problems(ROOT / "schemas", ROOT / "generated" / "typedpipes_api", quick=True)
    assert [each for each in problems if each.kind != "generated"] == []
