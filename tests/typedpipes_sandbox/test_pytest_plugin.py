"""The plugin's fixtures keep what a test's clients remember away from the user."""

from __future__ import annotations

from pathlib import Path

import httpx

from typedpipes.configuration.folders import user_folder
from typedpipes.pipefy import Pipefy
from typedpipes_sandbox import Sandbox


def test_clients_keep_their_state_in_a_temporary_folder(sandbox_offline: Sandbox, sandbox_state: Path) -> None:
    assert user_folder("state") == sandbox_state
    with (
        httpx.Client(transport=sandbox_offline.transport()) as http,
        Pipefy(env=sandbox_offline.environment(), plan="starter", http_client=http) as pipefy,
    ):
        pipefy.me()
        assert pipefy.limits.snapshot().store == f"sqlite:///{sandbox_state}/limits.db"
    assert (sandbox_state / "limits.db").exists()
