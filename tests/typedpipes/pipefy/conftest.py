"""A sandbox over real HTTP, and clients of both colours behind one way of calling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.typedpipes.pipefy.colours import Colour
from typedpipes_sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
        assert running.errors == []


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Colour]:
    with Colour(str(request.param), sandbox) as made:
        yield made
