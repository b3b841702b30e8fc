"""A few documents of the corpus, in the suite; `nox -s schemas` does all of them, beside the stock generator."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.campaigns.schemas.one import main
from tests.campaigns.schemas.run import CORPUS


@pytest.mark.parametrize("name", ["fastapi.json", "springdoc.json", "odata.json", "shopify.graphql"])
def test_a_document_is_generated_whole_imported_and_called(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    found = main(CORPUS / name, tmp_path)
    assert (found.get("failed"), found.get("notes")) == (None, [])
    assert found["operations"] == (found["declared"] or 6)
    assert (found["import"], found["call"]) == ("ok", "ok")
