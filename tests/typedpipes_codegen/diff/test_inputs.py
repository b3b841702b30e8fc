"""What is found for a file: its kind, its API's overlays, names and saved operations; raw and canonical forms."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from graphql import build_schema, introspection_from_schema

from tests.typedpipes_codegen.diff.corpus_support import base_document, base_sdl, inside
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.diff import Report, diff_documents
from typedpipes_codegen.diff.inputs import at_revisions
from typedpipes_codegen.diff.openapi import openapi_changes
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.documents.tree import JsonObject, operations
from typedpipes_codegen.documents.yaml_writer import write_yaml
from typedpipes_codegen.errors import SchemaError

SCHEMAS = Path(__file__).parents[3] / "schemas"
APIS = """
[[api]]
package = "shop"
generator = "openapi"
schema = "shop/v1.yaml"
overlays = ["shop/overlay.yaml"]
base_url = "https://shop.example/v1"
[[api.source]]
origin = "made up"
document = "shop.yaml"
date = "2026-11-21"
sha256 = "0"
"""
OVERLAY = """
overlay: 1.0.0
info: {title: Names, version: 1.0.0}
actions:
  - {target: "$.paths['/books'].get", update: {x-method: books.all}}
  - {target: "$.paths['/books/{id}'].delete", update: {x-method: books.drop}}
  - {target: $.components.schemas.Receipt.properties.total, update: {x-secret: true}}
"""


def plain() -> JsonObject:
    """The shop as a vendor would publish it: without anything of ours."""
    document = base_document()
    for _, _, operation, _ in operations(document):
        for key in [key for key in operation if key.startswith("x-") and key != "x-token-cost"]:
            del operation[key]
    return document


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of schemas with one API."""
    (tmp_path / "schemas/shop").mkdir(parents=True)
    canonical = canonicalize(plain())
    (tmp_path / "schemas/apis.toml").write_text(APIS, encoding="utf-8")
    (tmp_path / "schemas/shop/v1.yaml").write_text(write_yaml(canonical.document), encoding="utf-8")
    (tmp_path / "schemas/shop/overlay.yaml").write_text(OVERLAY, encoding="utf-8")
    NamesLock().with_names("shop/v1", canonical.names).save(tmp_path / "schemas/names.lock")
    return tmp_path


def vendor_file(project: Path, document: JsonObject) -> Path:
    path = project / "upstream.yaml"
    path.write_text(write_yaml(document), encoding="utf-8")
    return path


def kinds(report: Report) -> list[tuple[str, str | None, str | None]]:
    return [(change.kind, change.operation, change.method) for change in report.changes]


def test_a_raw_document_is_no_change_of_its_canonical_form_with_overlays(project: Path) -> None:
    report = diff_documents(project / "schemas/shop/v1.yaml", vendor_file(project, plain()))

    assert (report.api, report.changes) == ("shop", ())


def test_overlays_of_the_one_serve_the_other_and_give_the_methods(project: Path) -> None:
    document = plain()
    del inside(document, "paths")["/books/{id}"]

    there = diff_documents(project / "schemas/shop/v1.yaml", vendor_file(project, document))
    back = diff_documents(vendor_file(project, document), project / "schemas/shop/v1.yaml")

    # That the overlay's action for it matches nothing is part of the same fact.
    assert kinds(there) == [("operation-removed", "DELETE /books/{id}", "books.drop")]
    assert kinds(back) == [("operation-added", "DELETE /books/{id}", "books.drop")]


def test_a_correction_that_no_longer_applies_is_dangerous(project: Path) -> None:
    document = plain()
    del inside(document, "components", "schemas", "Receipt", "properties")["total"]

    report = diff_documents(project / "schemas/shop/v1.yaml", vendor_file(project, document))

    lost = [change for change in report.changes if change.kind == "overlay-action-unmatched"]
    assert [(change.rating, change.place) for change in lost] == [
        ("dangerous", "$.components.schemas.Receipt.properties.total")
    ]
    assert {change.kind for change in report.changes} == {"overlay-action-unmatched", "response-property-removed"}


def test_overlays_given_replace_those_found(project: Path) -> None:
    old, new = project / "schemas/shop/v1.yaml", vendor_file(project, plain())

    assert diff_documents(old, new, overlays=()).changes == ()
    removed = plain()
    del inside(removed, "paths")["/books/{id}"]
    report = diff_documents(old, vendor_file(project, removed), overlays=())
    assert kinds(report) == [("operation-removed", "DELETE /books/{id}", "books.delete")]


def test_sdl_and_an_introspection_answer_are_compared(tmp_path: Path) -> None:
    old, new = tmp_path / "old.graphql", tmp_path / "new.json"
    old.write_text(base_sdl(), encoding="utf-8")
    schema = build_schema(base_sdl().replace("pages: Int added", "added"))
    answer = introspection_from_schema(schema, directive_is_repeatable=True, input_value_deprecation=True)
    new.write_text(json.dumps({"data": answer}), encoding="utf-8")

    report = diff_documents(old, new)

    assert [(change.kind, change.place) for change in report.changes] == [("field-removed", "Book.pages")]


def test_files_of_two_kinds_are_an_error() -> None:
    with pytest.raises(SchemaError, match=r"schema\.graphql is a GraphQL schema, v1\.yaml an OpenAPI document"):
        diff_documents(SCHEMAS / "pipefy/live/schema.graphql", SCHEMAS / "pipedrive/v1.yaml")


@pytest.mark.parametrize("name", ["pipedream/rest.yaml", "pipefy/live/schema.graphql"])
def test_the_committed_schemas_are_no_change_of_themselves(name: str) -> None:
    assert diff_documents(SCHEMAS / name, SCHEMAS / name).changes == ()


def test_a_git_revision_is_compared_with_its_own_overlays(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *words], cwd=project, check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    overlay = project / "schemas/shop/overlay.yaml"
    overlay.write_text(OVERLAY.replace("books.all", "books.list"), encoding="utf-8")
    monkeypatch.chdir(project)

    with at_revisions("HEAD:schemas/shop/v1.yaml", "schemas/shop/v1.yaml") as (old, new):
        report = diff_documents(old, new)

    assert kinds(report) == [("method-renamed", "GET /books", "books.all")]
    assert "`books.list` instead of `books.all`" in report.changes[0].message
    for wrong in ("nowhere:schemas/shop/v1.yaml", "--output=x:schemas/shop/v1.yaml", "HEAD:absent.yaml"):
        with pytest.raises(SchemaError), at_revisions(wrong, "schemas/shop/v1.yaml") as (old, new):
            diff_documents(old, new)
    assert not (project / "x").exists()


def test_a_chain_of_components_without_end_is_refused_in_words() -> None:
    document = base_document()
    schemas = inside(document, "components", "schemas")
    for number in range(900):
        below: JsonObject = {"$ref": f"#/components/schemas/Link{number + 1}"}
        schemas[f"Link{number}"] = {"type": "object", "properties": {"below": below}}
    schemas["Link900"] = {"type": "string"}
    inside(schemas, "Book", "properties")["chain"] = {"$ref": "#/components/schemas/Link0"}

    with pytest.raises(SchemaError, match="nested too deeply to be compared"):
        openapi_changes(document, document)


def test_a_schema_made_to_repeat_itself_is_compared_in_no_time() -> None:
    """Forty components, each of which holds the next one eight times: 8 to the 40th places."""

    def document(last: str) -> JsonObject:
        made = base_document()
        schemas = inside(made, "components", "schemas")
        for number in range(40):
            below: JsonObject = {"$ref": f"#/components/schemas/Link{number + 1}"}
            schemas[f"Link{number}"] = {"type": "object", "properties": {f"at{i}": below for i in range(8)}}
        schemas["Link40"] = {"type": last}
        inside(schemas, "Book", "properties")["chain"] = {"$ref": "#/components/schemas/Link0"}
        return made

    started = time.process_time()
    changes = openapi_changes(document("string"), document("integer"))

    assert {change.kind for change in changes} == {"response-type-changed"}
    assert 1 <= len(changes) <= 50
    assert openapi_changes(document("string"), document("string")) == []
    assert time.process_time() - started < 10
