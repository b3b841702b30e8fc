"""Pipefy clients against a sandbox, sync and async."""

from __future__ import annotations

from tests.typedpipes.pipefy.conftest import either, sandbox

__all__ = ["either", "sandbox"]
