"""A Pipefy of the tests' own, and clients of both colours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.pipefy_server import Colour, PipefyServer


@pytest.fixture
def server() -> Iterator[PipefyServer]:
    with PipefyServer() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def plain(request: pytest.FixtureRequest, server: PipefyServer) -> Iterator[Colour]:
    """A client that asks `server`."""
    with Colour(request.param, server) as made:
        yield made
