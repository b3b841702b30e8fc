"""The committed schemas against the vendors' own documents.

Run by its own nox session with ``TYPEDPIPES_VENDOR_DOCUMENTS`` naming the folder that holds
``pipedrive/*.upstream.yaml`` and ``pipedream/*.facts.yaml``. Those files are the vendors' and are never committed;
without the folder every test here fails, so that a green run means they were there.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from typedpipes_codegen.canonical import Canonical, canonicalize
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.canonical.union import union
from typedpipes_codegen.commands import canonicalize_file
from typedpipes_codegen.documents import load_document, load_openapi
from typedpipes_codegen.documents.apis import load_apis
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, child, fingerprint, operations
from typedpipes_codegen.documents.yaml_writer import write_yaml

SCHEMAS = Path(__file__).parents[3] / "schemas"


@dataclass(frozen=True)
class Row:
    """One committed schema and the vendor's documents it is made from."""

    api: str
    source: str
    operations: int
    older: str | None = None

    def canonicalize(self, vendor: Path, target: Path, lock: Path) -> list[str]:
        """As a refresh does; returns the properties that only examples show."""
        api = next(api for api in load_apis(SCHEMAS) if api.schema == SCHEMAS / f"{self.api}.yaml")
        older = vendor / self.older if self.older else None
        denied = api.denied if api.examples else None
        return canonicalize_file(vendor / self.source, target, older, lock, overlays=api.overlays, denied=denied)


ROWS = (
    Row("pipedrive/v1", "pipedrive/v1-2026-08.upstream.yaml", 275, older="pipedrive/v1-2026-03.upstream.yaml"),
    Row("pipedrive/v2", "pipedrive/v2-2026-08.upstream.yaml", 158),
    Row("pipedream/rest", "pipedream/rest.facts.yaml", 32),
    Row("pipedream/connect", "pipedream/connect.facts.yaml", 68),
)
every_schema = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.api)


@pytest.fixture(scope="session", autouse=True)
def vendor() -> Path:
    folder = os.environ.get("TYPEDPIPES_VENDOR_DOCUMENTS")
    assert folder, "set TYPEDPIPES_VENDOR_DOCUMENTS to the folder that holds the vendors' documents"
    path = Path(folder)
    assert path.is_dir(), f"TYPEDPIPES_VENDOR_DOCUMENTS is no folder: {folder}"
    return path


@every_schema
def test_canonicalising_the_vendors_documents_gives_the_committed_bytes(row: Row, vendor: Path, tmp_path: Path) -> None:
    lock = Path(shutil.copy(SCHEMAS / "names.lock", tmp_path / "names.lock"))
    target = tmp_path / f"{row.api}.yaml"

    row.canonicalize(vendor, target, lock)

    assert target.read_bytes() == (SCHEMAS / f"{row.api}.yaml").read_bytes()
    assert lock.read_bytes() == (SCHEMAS / "names.lock").read_bytes()


@every_schema
def test_a_committed_schema_is_its_own_canonical_form(row: Row, tmp_path: Path) -> None:
    lock = Path(shutil.copy(SCHEMAS / "names.lock", tmp_path / "names.lock"))
    target = tmp_path / "again.yaml"

    canonicalize_file(SCHEMAS / f"{row.api}.yaml", target, names=lock, api=row.api)

    assert target.read_bytes() == (SCHEMAS / f"{row.api}.yaml").read_bytes()
    assert lock.read_bytes() == (SCHEMAS / "names.lock").read_bytes()


@every_schema
def test_nothing_of_the_vendors_documents_is_lost(row: Row, vendor: Path) -> None:
    # Read by PyYAML itself, so that a fault of our own reader would show here.
    source = read_independently(vendor / row.source)
    older = read_independently(vendor / row.older) if row.older else None
    committed = load_openapi(SCHEMAS / f"{row.api}.yaml")

    assert fidelity(source, committed, older).losses == []
    assert len(list(operations(committed))) == row.operations


def test_the_union_lists_62_withdrawn_operations(vendor: Path) -> None:
    newer = {(path, method) for path, method, _, _ in operations(load_document(vendor / str(ROWS[0].source)))}
    committed = list(operations(load_openapi(SCHEMAS / "pipedrive/v1.yaml")))

    withdrawn = {(path, method) for path, method, operation, _ in committed if operation.get("x-withdrawn")}

    assert len(withdrawn) == 62
    assert withdrawn == {(path, method) for path, method, _, _ in committed} - newer
    assert all(operation.get("deprecated") for path, method, operation, _ in committed if (path, method) in withdrawn)


@pytest.mark.parametrize("united", [False, True], ids=["august alone", "union"])
def test_no_name_moves_between_the_two_dated_documents(
    united: bool, vendor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    march, august = load_openapi(vendor / str(ROWS[0].older)), load_openapi(vendor / ROWS[0].source)
    before = canonicalize(march)

    after = canonicalize(union(august, march) if united else august, before.names)

    common = sorted(before.names.keys() & after.names.keys())
    changed = [at for at in common if content(before, at) != content(after, at)]
    moved = {at for at in common if before.names[at] != after.names[at]}
    first: dict[str, str] = {}
    for at in common:
        first.setdefault(before.names[at], at)
    with capsys.disabled():
        print(f"\n{len(common)} common pointers, {len(changed)} changed content, {len(moved)} left a name by a split")
    assert len(changed) == 177
    # Where two pointers of one name now differ, the first keeps the name. Nothing else may change a name.
    assert not moved & set(first.values())
    assert all(content(after, at) != content(after, first[before.names[at]]) for at in moved)
    kept = {before.names[at] for at in common}
    fresh = {after.names[at] for at in after.names.keys() - before.names.keys()}
    assert not fresh & (set(before.names.values()) - kept)


@every_schema
def test_committed_schemas_hold_no_prose(row: Row) -> None:
    text = (SCHEMAS / f"{row.api}.yaml").read_text(encoding="utf-8")
    document = load_openapi(SCHEMAS / f"{row.api}.yaml")

    assert write_yaml(document) == text
    assert longest_text(document) <= 200


def read_independently(path: Path) -> JsonObject:
    def keyed(node: object) -> Json:
        if isinstance(node, dict):
            return {str(key): keyed(value) for key, value in node.items()}
        if isinstance(node, list):
            return [keyed(item) for item in node]
        assert node is None or isinstance(node, str | int | float)
        return node

    with path.open(encoding="utf-8") as stream:
        return as_object(keyed(yaml.safe_load(stream)), "")


def content(canonical: Canonical, at: str) -> str:
    """What the component at a pointer says, the components in it written out."""
    schemas = child(child(canonical.document, "components", ""), "schemas", "")

    def expanded(node: Json) -> Json:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                return expanded(schemas[reference.rpartition("/")[2]])
            return {key: expanded(value) for key, value in node.items()}
        return [expanded(item) for item in node] if isinstance(node, list) else node

    return fingerprint(expanded(schemas[canonical.names[at]]))


def longest_text(node: Json) -> int:
    """Prose is long; names, formats, patterns and enum values are not."""
    if isinstance(node, dict):
        return max([0, *(longest_text(value) for value in node.values())])
    if isinstance(node, list):
        return max([0, *(longest_text(item) for item in node)])
    return len(node) if isinstance(node, str) else 0
