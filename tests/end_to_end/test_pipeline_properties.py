"""Documents the pipeline was not tuned to, all the way: canonical form, package, import, samples there and back.

Each of them canonicalises to a fixed point without loss, has an operation in the package for each of its own and a
class for each set of properties, and what it describes is decoded strictly and encoded unchanged.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.end_to_end.pipeline_checks import check, check_sdl, generated, operations_of
from tests.end_to_end.pipeline_documents import openapi_documents, sdls
from tests.support.mypy import mypy
from typedpipes_codegen.documents.tree import Json, JsonObject
from typedpipes_codegen.own import OwnPackage, write_own

ROOT = Path(__file__).parents[2]
REACHED = (
    "discriminator 'nullable': 'anyOf' 'allOf' deepObject matrix 'cookie' 'default': 'const' multipart 3.0.3".split()
)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def some(count: int, *, derandomize: bool) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=derandomize,
        database=None,
        suppress_health_check=SLOW,
        phases=[Phase.generate] if derandomize else [Phase.generate, Phase.shrink],
    )


def everything_holds(document: JsonObject) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return check(document, Path(folder))


def everything_holds_of_sdl(text: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return check_sdl(text, Path(folder))


def test_any_openapi_document_becomes_a_package_without_loss() -> None:
    samples: list[int] = []
    told: list[str] = []

    @some(18, derandomize=True)
    @given(openapi_documents())
    def run(document: JsonObject) -> None:
        told.append(str(document))
        samples.append(everything_holds(document))

    run()
    assert sum(samples) > 4 * len(samples), samples  # contradictory schemas have no sample; most are none
    # Strategies that never make a thing prove nothing about it.
    assert [word for word in REACHED if word not in "".join(told)] == []


def test_any_sdl_becomes_a_package_without_loss() -> None:
    @some(8, derandomize=True)
    @given(sdls())
    def run(text: str) -> None:
        everything_holds_of_sdl(text)

    run()


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_objects_with_the_same_keys_are_told_apart_by_their_values(version: str) -> None:
    """Maps of objects, and maps of the same objects that may be null: the keys of both are the same."""
    null: JsonObject = {"nullable": True} if version == "3.0.3" else {"type": ["object", "null"]}

    def holder(extra: JsonObject) -> JsonObject:
        entry: JsonObject = {"type": "object", "properties": {"a": {"type": "string"}}, **extra}
        values: JsonObject = {"type": "object", "additionalProperties": entry}
        return {"type": "object", "properties": {"values": values}}

    either: JsonObject = {"anyOf": [holder({}), holder(null)]}
    answer: JsonObject = {"200": {"description": "", "content": {"application/json": {"schema": either}}}}
    document: JsonObject = {
        "openapi": version,
        "info": {"title": "Either", "version": "1"},
        "servers": [{"url": "https://either.example"}],
        "paths": {"/things": {"get": {"operationId": "read", "responses": answer}}},
    }
    assert everything_holds(document) == 3


@pytest.mark.campaign
def test_hundreds_of_openapi_documents_become_packages_without_loss() -> None:
    @some(400, derandomize=False)
    @given(openapi_documents())
    def run(document: JsonObject) -> None:
        everything_holds(document)

    run()


@pytest.mark.campaign
def test_hundreds_of_sdls_become_packages_without_loss() -> None:
    @some(200, derandomize=False)
    @given(sdls())
    def run(text: str) -> None:
        everything_holds_of_sdl(text)

    run()


def large(operations: int) -> JsonObject:
    """A document with many operations over components that refer to each other."""
    reference: JsonObject = {"$ref": "#/components/schemas/Node"}
    paths: JsonObject = {}
    for number in range(operations // 2):
        body: JsonObject = {"content": {"application/json": {"schema": reference}}}
        answer: JsonObject = {"200": {"description": "", "content": {"application/json": {"schema": reference}}}}
        name = f"group{number % 25}"
        paths[f"/{name}/items{number}"] = {
            "get": {"operationId": f"read{number}", "tags": [name], "responses": answer},
            "post": {"operationId": f"write{number}", "tags": [name], "requestBody": body, "responses": answer},
        }
    children: JsonObject = {"type": "array", "items": reference}
    node: JsonObject = {"type": "object", "properties": {"id": {"type": "integer"}, "children": children}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Large", "version": "1"},
        "servers": [{"url": "https://large.example"}],
        "paths": paths,
        "components": {"schemas": {"Node": node}},
    }


def test_a_document_of_a_thousand_operations_has_a_method_for_each(tmp_path: Path) -> None:
    with generated(large(1000), tmp_path) as (name, _, made):
        assert made == 1000
        found = operations_of(name)
        assert len({operation.name for operation in found}) == len(found) == 1000


def typed_packages(folder: Path, documents: list[JsonObject], texts: list[str]) -> list[str]:
    """Packages of samples, for mypy."""
    names = []
    for number, document in enumerate(documents):
        (folder / f"rest_{number}.json").write_text(json.dumps(document), encoding="utf-8")
        write_own(OwnPackage(schema=folder / f"rest_{number}.json", output=folder / f"rest_{number}"))
        names.append(f"rest_{number}")
    for number, text in enumerate(texts):
        (folder / f"graph_{number}.graphql").write_text(text, encoding="utf-8")
        (folder / "graph.toml").write_text('base_url = "https://api.example/graphql"\n', encoding="utf-8")
        write_own(
            OwnPackage(
                schema=folder / f"graph_{number}.graphql",
                config=folder / "graph.toml",
                output=folder / f"graph_{number}",
            )
        )
        names.append(f"graph_{number}")
    return names


def typed_strictly(folder: Path, names: list[str]) -> str:
    """What mypy says against the packages."""
    done = mypy(*(word for name in names for word in ("-p", name)), cwd=folder)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def sampled(count: int, strategy: st.SearchStrategy[JsonObject] | st.SearchStrategy[str]) -> list[Json]:
    """The first ``count`` values hypothesis makes."""
    values: list[Json] = []

    @some(count, derandomize=True)
    @given(strategy)
    def run(value: Json) -> None:
        values.append(value)

    run()
    return values


@pytest.mark.campaign
def test_packages_of_samples_are_strictly_typed(tmp_path: Path) -> None:
    documents = sampled(60, openapi_documents())
    texts = sampled(30, sdls())
    names = typed_packages(tmp_path, documents, texts)  # type: ignore[arg-type]  # by strategy
    assert typed_strictly(tmp_path, names) == ""


@pytest.mark.mypy
def test_packages_of_a_few_samples_are_strictly_typed(tmp_path: Path) -> None:
    documents = sampled(6, openapi_documents())
    names = typed_packages(tmp_path, documents, [])  # type: ignore[arg-type]  # by strategy
    assert typed_strictly(tmp_path, names) == ""
