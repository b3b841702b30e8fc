"""One bad spot does not refuse all: a run names every spot at once, and ``lenient`` leaves them out by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typedpipes_codegen.own.packages import importable
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.own import OwnPackage, write_own

DOCUMENT = """
openapi: 3.0.3
info: {title: t, version: '1'}
servers: [{url: 'https://api.example'}]
x-answer: &answer {description: ok}
paths:
  /silent: {get: {operationId: silent, tags: [a]}}
  /good:
    get:
      operationId: good
      tags: [a]
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}}
  /things/{id}: {get: {operationId: lost, tags: [a], responses: {'200': {description: ok}}}}
  /merged: {get: {operationId: merged, tags: [a], responses: {'200': {<<: *answer}}}}
  /place: {get: {operationId: placed, tags: [a], parameters: [{name: x, in: body, schema: {}}],
    responses: {'200': {description: ok}}}}
components:
  schemas:
    Thing:
      type: object
      required: [kind]
      properties:
        kind: {type: string, enum: []}
        gone: {$ref: '#/components/schemas/Nowhere'}
        both: {allOf: [{type: string}, {type: integer}]}
        pet: {$ref: '#/components/schemas/Pet'}
    Pet:
      oneOf: [{$ref: '#/components/schemas/Cat'}]
      discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}}
    Cat: {type: object, properties: {kind: {type: string}}}
"""
SPOTS = [
    "line 14: YAML merge keys are not part of YAML 1.2",
    "#/paths/~1silent/get: the operation declares no response",
    "#/paths/~1things~1{id}/get: the path parameter {id} is not declared",
    "#/components/schemas/Thing/properties/kind/enum: an enum without values accepts nothing",
    "#/components/schemas/Thing/properties/gone/$ref: $ref '#/components/schemas/Nowhere' points at nothing",
    "#/components/schemas/Pet/discriminator/mapping/dog: the discriminator mapping '#/components/schemas/Dog' names",
    "#/paths/~1place/get/parameters/0: parameter 'x' is in 'body': not path, query, header, cookie",
    "#/components/schemas/ThingBoth: allOf joins schemas that exclude each other",
]


def wanted(folder: Path, *, lenient: bool, toml: str = "") -> OwnPackage:
    (folder / "spots.yaml").write_text(DOCUMENT, encoding="utf-8")
    (folder / "spots.toml").write_text(toml, encoding="utf-8")
    return OwnPackage(
        schema=folder / "spots.yaml", output=folder / "spots", config=folder / "spots.toml", lenient=lenient
    )


def test_all_bad_spots_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as caught:
        write_own(wanted(tmp_path, lenient=False))
    said = str(caught.value)
    assert f"{len(SPOTS)} places cannot be generated" in said
    for spot in SPOTS:
        assert spot in said
    assert "--lenient" in caught.value.remedy
    assert not (tmp_path / "spots").exists()


def test_lenient_leaves_them_out_and_names_each(tmp_path: Path) -> None:
    made = write_own(wanted(tmp_path, lenient=True))
    assert made.operations == 2
    assert len(made.notes) == len(SPOTS)
    for spot in SPOTS:
        assert any(note.startswith(f"left out: {spot}") for note in made.notes), spot
    with importable(tmp_path, "spots") as package:
        assert set(package.Thing.__annotations__) == {"kind", "gone", "both", "pet"}


def test_an_overlay_may_remove_them(tmp_path: Path) -> None:
    removed = [
        "$.paths['/silent']",
        "$.paths['/things/{id}']",
        "$.paths['/merged']",
        "$.paths['/place']",
        "$.components.schemas.Thing.properties.kind.enum",
        "$.components.schemas.Thing.properties.gone",
        "$.components.schemas.Thing.properties.both",
        "$.components.schemas.Pet.discriminator.mapping.dog",
    ]
    actions = "".join(f'  - target: "{target}"\n    remove: true\n' for target in removed)
    (tmp_path / "o.yaml").write_text(
        f"overlay: 1.0.0\ninfo: {{title: o, version: '1'}}\nactions:\n{actions}", encoding="utf-8"
    )
    package = wanted(tmp_path, lenient=False, toml='overlays = ["o.yaml"]\n')
    text = DOCUMENT.replace("<<: *answer", "description: ok")
    (tmp_path / "spots.yaml").write_text(text, encoding="utf-8")
    made = write_own(package)
    assert (made.operations, made.notes) == (1, ())


def test_doubled_fields_of_an_sdl_are_named_or_left_out_and_no_temporary_folder_is(tmp_path: Path) -> None:
    sdl = "type Query {\n  a: Int\n  b: K\n  a: String\n}\nenum K {\n  X\n  X\n}\n"
    (tmp_path / "doubled.graphql").write_text(sdl, encoding="utf-8")
    (tmp_path / "doubled.toml").write_text('base_url = "https://api.example/graphql"\n[auth.a]\ntype = "none"\n')
    schema, config, output = tmp_path / "doubled.graphql", tmp_path / "doubled.toml", tmp_path / "doubled"
    with pytest.raises(SchemaError) as caught:
        write_own(OwnPackage(schema=schema, config=config, output=output))
    assert "doubled.graphql:2:3: Field 'Query.a' can only be defined once." in str(caught.value)
    assert "doubled.graphql:7:3: Enum value 'K.X' can only be defined once." in str(caught.value)
    made = write_own(OwnPackage(schema=schema, config=config, output=output, lenient=True))
    assert made.notes == (
        "left out: line 4: Query.a, defined twice",
        "left out: line 8: K.X, defined twice",
    )


def test_what_the_renderer_refuses_names_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "bad.graphql").write_text(
        "type Query { a(x: Options): Int }\ninput Options { a: Int }\nenum Client { A }"
    )
    (tmp_path / "bad.toml").write_text('base_url = "https://api.example/graphql"\n[auth.a]\ntype = "none"\n')
    with pytest.raises(SchemaError) as caught:
        write_own(OwnPackage(schema=tmp_path / "bad.graphql", config=tmp_path / "bad.toml", output=tmp_path / "bad"))
    assert str(caught.value).startswith(str(tmp_path / "bad.graphql"))
    assert ".typedpipes" not in str(caught.value)
    assert "typedpipes-operations" not in str(caught.value)
