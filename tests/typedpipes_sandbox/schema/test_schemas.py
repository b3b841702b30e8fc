"""Where the sandbox finds the documents it answers by."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from typedpipes_sandbox.schema.schemas import FILES, SchemaMissing, read_document

OFFLINE = """
import sys
sys.modules["yaml"] = None  # an import of it fails
import typedpipes_sandbox
ours = {name.partition(".")[0] for name in sys.modules if name.startswith("typedpipes")}
assert ours == {"typedpipes_sandbox"}, ours
typedpipes_sandbox.Sandbox().warm()
clients = {name for name in sys.modules if name.startswith(("typedpipes.", "typedpipes_codegen", "typedpipes_api."))}
assert clients == set(), clients
"""


def test_the_sandbox_needs_no_yaml_and_loads_no_client() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", OFFLINE], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_document_is_installed_with_the_clients() -> None:
    for name in FILES.values():
        text = read_document(name)
        assert json.loads(text)["paths"] if name.endswith(".json") else "type Query" in text, name


def test_a_folder_of_ones_own_comes_first_and_what_it_lacks_is_taken_from_the_installed_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipefy").mkdir()
    (tmp_path / "pipefy" / "schema.graphql").write_text("type Query { mine: Int }")
    monkeypatch.setenv("TYPEDPIPES_SANDBOX_SCHEMAS", str(tmp_path))
    assert read_document("pipefy/schema.graphql") == "type Query { mine: Int }"
    assert json.loads(read_document("pipedrive_v2/openapi.json"))["paths"]
    with pytest.raises(SchemaMissing, match=r"pipefy/nothing\.graphql not found in .* TYPEDPIPES_SANDBOX_SCHEMAS"):
        read_document("pipefy/nothing.graphql")
