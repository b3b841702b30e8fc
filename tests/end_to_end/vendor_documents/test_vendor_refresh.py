"""Refreshing the committed schemas from the vendors' own documents. Run as the others here."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from typedpipes_codegen.refresh import Fetched, prepare

SCHEMAS = Path(__file__).parents[3] / "schemas"
ROWS = {
    "pipedrive_v1": "pipedrive/v1-2026-08.upstream.yaml",
    "pipedrive_v2": "pipedrive/v2-2026-08.upstream.yaml",
    "pipedream": "pipedream/rest.facts.yaml",
    "connect": "pipedream/connect.facts.yaml",
}


def fetched(package: str, name: str) -> Fetched:
    folder = os.environ.get("TYPEDPIPES_VENDOR_DOCUMENTS")
    assert folder, "set TYPEDPIPES_VENDOR_DOCUMENTS to the folder that holds the vendors' documents"
    return Fetched(package, (Path(folder) / name).read_bytes(), Path(name).name, "given", date(2026, 11, 21))


@pytest.mark.parametrize("package", ROWS)
def test_the_document_the_schema_was_made_from_changes_no_byte(package: str) -> None:
    """For v1 this unites the newer document with the committed union instead of the older document."""
    prepared = prepare(SCHEMAS, [fetched(package, ROWS[package])])
    assert prepared.changes == ()


def test_the_older_document_ends_at_the_overlay_that_no_longer_matches() -> None:
    from typedpipes_codegen.errors import SchemaError

    with pytest.raises(SchemaError, match="matches nothing") as caught:
        prepare(SCHEMAS, [fetched("pipedrive_v1", "pipedrive/v1-2026-03.upstream.yaml")])
    assert caught.value.file is not None
    assert caught.value.file.endswith("overlay-v1.yaml")
