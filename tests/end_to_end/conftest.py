"""A token server of the tests' own."""

from __future__ import annotations

from tests.typedpipes._core.auth.conftest import server

__all__ = ["server"]
