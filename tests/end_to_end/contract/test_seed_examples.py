"""Every answer the vendors' pages print decodes into the generated model, every field reachable and typed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.contract.test_seed_index import EXAMPLES, FOLDER
from tests.support.decoding import decode
from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.model import JSON, Model, extras, field_names, to_wire
from typedpipes._core.rest import Operation
from typedpipes.events import SchemaDrift

ROOT = Path(__file__).parents[3]
REST = [example for example in EXAMPLES if example["api"] != "pipefy_documented"]
GRAPHQL = [example for example in EXAMPLES if example["api"] == "pipefy_documented"]


def stamped(package: str, name: str) -> Operation[object]:
    """The generated operation of a method path."""
    folder = ROOT / "generated" / "typedpipes_api" / package
    for path in sorted(folder.glob("*.py")):
        module = importlib.import_module(f"typedpipes_api.{package}.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, Operation) and value.name == name:
                return value
    raise AssertionError(f"{package} has no operation {name}")


def walk(value: object, wire: JSON, path: str = "$") -> list[str]:
    """Paths of what is not reachable as a typed attribute: extras, and objects left as dicts of a typed place."""
    missing: list[str] = []
    if isinstance(value, Model):
        assert isinstance(wire, dict)
        missing += [f"{path}.{key}" for key in extras(value)]
        for name in field_names(type(value)):
            key = type(value)._wire_.get(name, name)
            if key in wire:
                missing += walk(getattr(value, name), wire[key], f"{path}.{key}")
    elif isinstance(value, list):
        assert isinstance(wire, list)
        assert len(value) == len(wire)
        for index, (item, source) in enumerate(zip(value, wire, strict=True)):
            missing += walk(item, source, f"{path}[{index}]")
    else:
        assert to_wire(value) == wire, path
    return missing


@pytest.mark.parametrize("example", REST, ids=lambda example: example["file"].removesuffix(".json"))
def test_a_rest_example_decodes_without_drift_and_with_every_field_typed(example: dict[str, str]) -> None:
    operation = stamped(example["api"], example["operation"])
    body = (FOLDER / example["file"]).read_bytes()
    drifts: list[SchemaDrift] = []
    decoding = Decoding(operation.name, report=drifts.append)
    answer = decode(operation.returns, operation.module, body, decoding, operation.normalize)
    assert drifts == []
    assert answer == {} or not isinstance(answer, dict), f"{operation.returns} is no model"
    wire: Any = json.loads(body)
    normalized: Any = to_wire(answer)
    assert walk(answer, normalized) == []
    assert leaves(normalized) == leaves(wire), "nothing of the example is lost"


def leaves(value: Any) -> list[str]:
    """Every scalar with the name it stands under, in any order: both forms of an envelope hold the same."""

    def found(item: Any, name: str) -> list[str]:
        if isinstance(item, dict):
            return [leaf for key, inner in item.items() for leaf in found(inner, key)]
        if isinstance(item, list):
            return [leaf for inner in item for leaf in found(inner, name)]
        return [f"{'' if name in ('data', 'accounts') else name}={item!r}"]

    return sorted(found(value, ""))


@pytest.mark.parametrize("example", GRAPHQL, ids=lambda example: example["file"].removesuffix(".json"))
def test_a_graphql_example_decodes_with_the_documented_schema(example: dict[str, str]) -> None:
    data = json.loads((FOLDER / example["file"]).read_text(encoding="utf-8"))["data"]
    job = data[example["operation"]]
    stem = "create_automation_jobs_export" if example["operation"].startswith("create") else "automation_jobs_export"
    if "downloadUrl" in job:
        stem += "_download_url"
    operation = importlib.import_module(f"typedpipes_api.pipefy_documented.operations.{stem}").OPERATION
    drifts: list[SchemaDrift] = []
    result = getattr(operation.decode(data, Decoding(stem, report=drifts.append)), operation_field(stem))
    assert [drift.path for drift in drifts if drift.got != "nothing"] == []
    names = {"id": "id", "status": "status", "fileUrl": "file_url", "downloadUrl": "download_url"}
    for key, value in job.items():
        assert getattr(result, names[key]) == value


def operation_field(stem: str) -> str:
    return stem.removesuffix("_download_url")
