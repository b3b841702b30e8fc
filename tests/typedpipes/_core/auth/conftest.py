from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.typedpipes._core.auth.token_server import TokenServer, token_server


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as made:
        yield made
