"""A sandbox and a server of the tests' own over real HTTP, and sync and async clients behind one way of calling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end import pipefy_server
from tests.typedpipes.pipefy.either import Either
from typedpipes_sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
        assert running.errors == []


@pytest.fixture(params=["sync", "async"])
def either(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Either]:
    with Either(str(request.param), sandbox) as made:
        yield made


@pytest.fixture
def server() -> Iterator[pipefy_server.PipefyServer]:
    with pipefy_server.PipefyServer() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def plain(request: pytest.FixtureRequest, server: pipefy_server.PipefyServer) -> Iterator[pipefy_server.Either]:
    """A client that asks `server`, whose answers the test gives."""
    with pipefy_server.Either(str(request.param), server) as made:
        yield made
