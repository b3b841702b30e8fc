"""The committed packages: what the schemas give, complete, small, and imported piece by piece."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.committed_schemas import GRAPHQL, REST, all_root_fields, rest_operations
from typedpipes._core.rest import Operation
from typedpipes_codegen.output.digests import tree_files
from typedpipes_codegen.output.generate import check, generate

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "generated" / "typedpipes_api"


def test_generated_is_what_the_schemas_give_byte_for_byte() -> None:
    assert check(ROOT / "schemas", TARGET) == []


def test_the_folder_that_generation_works_in_changes_no_byte(tmp_path: Path) -> None:
    target = tmp_path / ".nox" / "build" / "typedpipes_api"
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nextend-exclude = ['*']\nline-length = 80\n")
    generate(ROOT / "schemas", target, only=["connect", "pipefy_documented"])
    for package in ("connect", "pipefy_documented"):
        made, committed = target / package, TARGET / package
        assert {path.relative_to(made): path.read_bytes() for path in tree_files(made)} == {
            path.relative_to(committed): path.read_bytes() for path in tree_files(committed)
        }


@pytest.mark.parametrize("package", REST)
def test_every_rest_operation_of_the_schema_is_stamped_once(package: str) -> None:
    requests: set[str] = set()
    found: dict[str, str] = {}
    for path in sorted((TARGET / package).glob("*.py")):
        module = importlib.import_module(f"typedpipes_api.{package}.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, Operation):
                found[value.id] = value.name
                requests.add(f"{value.method} {value.path}")
    assert requests == rest_operations(REST[package])
    assert len(found) == len(set(found.values())) == len(requests)


def test_every_root_field_of_both_pipefy_schemas_has_a_method() -> None:
    for package, form in GRAPHQL.items():
        served: set[str] = set()
        for path in sorted((TARGET / package / "operations").glob("*.py")):
            operation = getattr(
                importlib.import_module(f"typedpipes_api.{package}.operations.{path.stem}"), "OPERATION", None
            )
            if operation is not None:
                served |= set(operation.roots)
        assert served == all_root_fields(form)


def test_pipedrive_takes_at_most_250_files_and_5_megabytes() -> None:
    files = [path for package in ("pipedrive_v1", "pipedrive_v2") for path in tree_files(TARGET / package)]
    assert len(files) <= 250
    assert sum(path.stat().st_size for path in files) <= 5_000_000


def test_every_rest_operation_stands_in_its_packages_listing() -> None:
    for package, document in REST.items():
        rows = (TARGET / package / "OPERATIONS.md").read_text(encoding="utf-8").splitlines()[5:]
        listed = {row.split(" | ")[0].removeprefix("| "): row for row in rows}
        assert {row.split(" | ")[1] for row in rows} == rest_operations(document)
        assert len(listed) == len(rows)
        for path in sorted((TARGET / package).glob("*.py")):
            module = importlib.import_module(f"typedpipes_api.{package}.{path.stem}")
            for value in vars(module).values():
                if isinstance(value, Operation):
                    assert f"{value.method} {value.path}" in listed[value.name]
                    assert value.id in listed[value.name]


CALL = """
import json, sys
from typedpipes_api.{package} import {api}
class Caller:
    def call(self, operation, arguments, options): return operation.name
    def pages(self, *args): raise AssertionError
client = {api}(Caller())
assert client.{call} == "{name}"
print(json.dumps(sorted(name for name in sys.modules if name.startswith("typedpipes_api."))))
"""


@pytest.mark.parametrize(
    ("package", "api", "call", "name", "tag"),
    [
        ("pipedrive_v2", "PipedriveV2Api", "deals.get(1)", "deals.get", "deals"),
        ("pipedrive_v1", "PipedriveV1Api", "notes.get(1)", "notes.get", "notes"),
        ("connect", "ConnectApi", "accounts.get('apn_1')", "accounts.get", "accounts"),
        ("pipedream", "PipedreamApi", "users.me()", "users.me", "users"),
    ],
)
def test_a_call_imports_its_tag_and_the_shared_module_and_nothing_else(
    package: str, api: str, call: str, name: str, tag: str
) -> None:
    code = CALL.format(package=package, api=api, call=call, name=name)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    home = f"typedpipes_api.{package}"
    assert set(json.loads(done.stdout)) <= {home, f"{home}._shared", f"{home}.{tag}"}
    assert f"{home}.{tag}" in done.stdout
