from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.typedpipes._core.files.file_server import FileServer


@pytest.fixture
def host() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server
