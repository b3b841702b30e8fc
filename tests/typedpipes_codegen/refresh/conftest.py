"""Fixtures of the refresh tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.typedpipes_codegen.refresh.checkout import Checkout
from tests.typedpipes_codegen.refresh.document_server import DocumentServer
from typedpipes_sandbox import Sandbox


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A small checkout, not generated."""
    return Checkout(tmp_path)


@pytest.fixture
def server() -> Iterator[DocumentServer]:
    """A host that publishes documents, in every way it should not."""
    with DocumentServer() as made:
        yield made


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose Pipefy has the small documented schema."""
    with Sandbox(pipefy_form="documented") as made:
        yield made
