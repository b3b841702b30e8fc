"""One sandbox for the tests that only read; sync and async clients behind one way of calling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.typedpipes._core.graphql.select.workshop import workshop
from tests.typedpipes.pipefy.either import Either
from tests.typedpipes_sandbox.schema.documents_by_schema import Documents
from typedpipes_sandbox import Limits, Sandbox


@pytest.fixture(scope="package")
def shared() -> Iterator[Sandbox]:
    """A sandbox that tests may read from."""
    with Sandbox(limits=Limits.off(), exports={"pace": "once"}) as running:
        yield running
        assert running.errors == []


@pytest.fixture(scope="package")
def documents(shared: Sandbox) -> Documents:
    """Values for arguments, about things the shared sandbox has."""
    return Documents(shared)


@pytest.fixture(params=["sync", "async"])
def either(request: pytest.FixtureRequest) -> Iterator[Either]:
    """A client of each either, with a sandbox of its own."""
    with Sandbox() as running, Either(str(request.param), running) as made:
        yield made
        assert running.errors == []


@pytest.fixture(scope="package")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module ``select`` of the workshop's package."""
    with workshop(tmp_path_factory.mktemp("workshop")) as module:
        yield module
