"""Every operation of the four documents, fuzzed by schemathesis over real HTTP: no failure.

``TYPEDPIPES_CAMPAIGN_EXAMPLES`` sets the examples per operation (default 50). Left out, by path:

- ``/oauth/``: Pipedrive's OAuth server is another origin, on another port, with another kind of credential.
- ``/proxy/``: the answer is the upstream's, which no schema describes, and the path is a URL in base64.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.committed_schemas import rest_operations
from tests.typedpipes_sandbox.schema.requests_by_schema import RequestMaker
from typedpipes_sandbox import Limits, Sandbox
from typedpipes_sandbox.schema.schemas import load_openapi

HERE = Path(__file__).resolve().parent
LEFT_OUT = "^/oauth/|/proxy/"
UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
CHECKS = (
    "not_a_server_error,response_schema_conformance,content_type_conformance,negative_data_rejection,"
    "positive_data_acceptance"
)
#: the vendor's form says that the file may be left out, and the vendor refuses an upload without one
CONFIG = """
[[operations]]
include-name = "POST /files"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400]
"""
#: document -> the share of its operations that must have succeeded at least once
SUCCESSES = {
    "pipedrive/v1": 200 / 272,
    "pipedrive/v2": 140 / 158,
    "pipedream/rest": 26 / 30,
    "pipedream/connect": 45 / 63,
}


def place(sandbox: Sandbox, document: str) -> tuple[str, str]:
    """The base URL of a document and the header with a credential for it."""
    if document.startswith("pipedrive"):
        version = document.rpartition("/")[2]
        return f"{sandbox.pipedrive_url}/api/{version}", f"x-api-token: {sandbox.pipedrive.api_token}"
    if document == "pipedream/rest":
        return f"{sandbox.pipedream_url}/v1", f"Authorization: Bearer {sandbox.pipedream.user_api_key}"
    sandbox.pipedream.tokens.add("oauth-for-fuzzing", "oauth", sandbox.pipedream.client_id)
    return f"{sandbox.pipedream_url}/v1/connect", "Authorization: Bearer oauth-for-fuzzing"


def known_ids(sandbox: Sandbox, document: str) -> dict[str, dict[str, list[str]]]:
    """Ids of existing things by operation and path parameter, each with the pattern that parameter has to match."""
    maker = RequestMaker(sandbox, document)
    known: dict[str, dict[str, list[str]]] = {}
    for operation in maker.api.operations:
        if "/proxy/" in operation.path or operation.path.startswith("/oauth/"):
            continue
        patterns = {each["name"]: pattern_of(each) for each in maker.parameters(operation)}
        values = maker.path_values(operation).items()
        known[f"{operation.method} {operation.path}"] = {name: [text, patterns[name]] for name, text in values}
    known.pop("DELETE /projects/{project_id}", None)  # everything else of Connect lives in that project
    return known


def pattern_of(parameter: dict[str, Any]) -> str:
    """What a path parameter has to match."""
    schema = parameter["schema"]
    return UUID if schema.get("format") == "uuid" else str(schema.get("pattern", ""))


def command(folder: Path, url: str, header: str, examples: int) -> list[str]:
    """What to run; schemathesis is installed beside the interpreter that runs this."""
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")]
    words += ["run", str(folder / "document.json"), "--url", url, "-H", header, "--max-examples", str(examples)]
    words += ["--phases", "examples,fuzzing", "--checks", CHECKS, "--continue-on-failure", "--no-color"]
    return [*words, "--generation-database", "none", "--exclude-path-regex", LEFT_OUT]


@pytest.mark.campaign
@pytest.mark.parametrize("document", list(SUCCESSES))
def test_fuzzing_every_operation_finds_nothing(document: str, tmp_path: Path) -> None:
    examples = int(os.environ.get("TYPEDPIPES_CAMPAIGN_EXAMPLES", "50"))
    (tmp_path / "document.json").write_text(json.dumps(load_openapi(document)), encoding="utf-8")
    (tmp_path / "schemathesis.toml").write_text(CONFIG if document == "pipedrive/v1" else "", encoding="utf-8")
    with Sandbox(limits=Limits.off(), log_limit=None) as sandbox:
        (tmp_path / "known.json").write_text(json.dumps(known_ids(sandbox, document)), encoding="utf-8")
        environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "PYTHONPATH": str(HERE),
            "SANDBOX_KNOWN_IDS": str(tmp_path / "known.json"),
        }
        words = command(tmp_path, *place(sandbox, document), examples)
        done = subprocess.run(
            words, env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=3600, check=False
        )
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
        assert sandbox.errors == []
        reached = Counter(each.operation for each in sandbox.log if each.operation)
        worked = {each.operation for each in sandbox.log if each.operation and each.status < 400}
        print(f"{document}: {sandbox.log.total} requests, {len(reached)} operations, {len(worked)} of them succeeded")
        print("never succeeded:", ", ".join(sorted(reached.keys() - worked)))
        expected = {each for each in rest_operations(document) if not re.search(LEFT_OUT, each.partition(" ")[2])}
        assert len(reached) == len(expected)
        assert len(worked) >= SUCCESSES[document] * len(expected)
