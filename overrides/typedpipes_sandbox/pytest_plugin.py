"""pytest fixtures: put ``pytest_plugins = ["typedpipes_sandbox.pytest_plugin"]`` into a ``conftest.py``.

``sandbox`` serves for one test; ``make_sandbox`` makes sandboxes with settings of your own; ``sandbox_env`` also puts
the environment settings into ``os.environ``, and the token that steers it as ``TYPEDPIPES_SANDBOX_TOKEN``;
``sandbox_offline`` opens no socket. In each of these tests clients keep their state in a temporary folder. A test in
which the sandbox itself failed (not the client) ends as an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from typedpipes_sandbox.sandbox import Sandbox


def check(sandbox: Sandbox) -> None:
    """Fail when the sandbox had an error of its own."""
    if sandbox.errors:
        pytest.fail(f"the sandbox failed: {sandbox.errors[0]!r}")


@pytest.fixture
def sandbox_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder for what clients keep: counts of budgets, tokens, journals. Yours are not touched."""
    folder = tmp_path_factory.mktemp("typedpipes-state")
    monkeypatch.setenv("TYPEDPIPES_STATE", str(folder))
    return folder


@pytest.fixture
def make_sandbox(sandbox_state: Path) -> Iterator[Callable[..., Sandbox]]:
    """Makes running sandboxes from keyword settings; all are stopped when the test ends."""
    made: list[Sandbox] = []

    def make(**settings: Any) -> Sandbox:
        sandbox = Sandbox(**settings)
        sandbox.start()
        made.append(sandbox)
        return sandbox

    yield make
    for sandbox in made:
        sandbox.stop()
    for sandbox in made:
        check(sandbox)


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A running sandbox with the default settings."""
    return make_sandbox()


@pytest.fixture
def sandbox_env(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A running sandbox whose settings are in the environment."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TYPEDPIPES_SANDBOX_TOKEN", sandbox.admin_token)
    return sandbox


@pytest.fixture
def sandbox_offline(sandbox_state: Path) -> Iterator[Sandbox]:
    """A sandbox without sockets; use ``sandbox_offline.transport()`` or ``.apps``."""
    sandbox = Sandbox()
    yield sandbox
    check(sandbox)
