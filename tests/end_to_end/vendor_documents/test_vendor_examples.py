"""The vendors' own examples of answers: each is read without drift, and when strict."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.answers import read_answer
from typedpipes._core.rest import Operation
from typedpipes.events import SchemaDrift
from typedpipes_codegen.refresh.pipeline import api_of

SCHEMAS = Path(__file__).parents[3] / "schemas"


@pytest.mark.parametrize(
    ("package", "document", "operations"),
    [("pipedrive_v1", "v1-2026-08.upstream.yaml", 213), ("pipedrive_v2", "v2-2026-08.upstream.yaml", 158)],
)
def test_every_example_of_an_answer_is_read_without_drift_and_when_strict(
    package: str, document: str, operations: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = os.environ.get("TYPEDPIPES_VENDOR_DOCUMENTS")
    assert folder, "set TYPEDPIPES_VENDOR_DOCUMENTS to the folder that holds the vendors' documents"
    text = (Path(folder) / "pipedrive" / document).read_text(encoding="utf-8")
    vendor = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    errors = {name.rpartition(".")[2] for name in api_of(SCHEMAS, package).denied} | {'pagination"'}
    ours, told, read = _operations(package), [], 0

    for request, example in _examples(vendor):
        operation = ours[request]
        content = json.dumps(_without(example, errors), default=str).encode()
        drift: list[SchemaDrift] = []
        for decoding in (Decoding(operation.name, report=drift.append), Decoding(operation.name, strict=True)):
            read_answer(operation.returns, operation.module, content, decoding, operation.normalize)
        told += drift
        read += 1

    without = set(_requests(vendor)) - {request for request, _ in _examples(vendor)}
    with capsys.disabled():
        print(
            f"\n{package}: {read} examples of {operations} operations read, {len(told)} drift; without one: {without}"
        )
    assert told == []
    assert len(list(_requests(vendor))) == operations
    assert without <= {("GET", "/oauth/authorize"), ("GET", "/files/{id}/download")}


def _requests(vendor: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, item in vendor["paths"].items():
        yield from ((verb.upper(), path) for verb in item if verb in ("get", "post", "put", "patch", "delete"))


def _examples(vendor: dict[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    for verb, path in _requests(vendor):
        for status, answer in vendor["paths"][path][verb.lower()]["responses"].items():
            for media in answer.get("content", {}).values() if status.startswith("2") else ():
                found = [holder["example"] for holder in (media, media.get("schema", {})) if "example" in holder]
                found += [one["value"] for one in media.get("examples", {}).values()]
                yield from (((verb, path), example) for example in found)


def _operations(package: str) -> dict[tuple[str, str], Operation[Any]]:
    made = importlib.import_module(f"typedpipes_api.{package}")
    modules = [importlib.import_module(f"{made.__name__}.{one.name}") for one in pkgutil.iter_modules(made.__path__)]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Operation)]
    return {(one.method, one.path): one for one in found}


def _without(value: Any, errors: set[str]) -> Any:
    """The example without what the list of its errors names, where only an error has that name."""
    if isinstance(value, dict):
        schema = isinstance(value.get("type"), str) and "properties" in value  # a schema in place of a value
        return {
            key: _without(held, errors)
            for key, held in value.items()
            if key not in errors - {"type", "description", "properties"} and not (schema and key in errors)
        }
    return [_without(one, errors) for one in value] if isinstance(value, list) else value
