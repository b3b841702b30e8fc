"""The command line as real processes."""

from __future__ import annotations

from tests.typedpipes.cli.conftest import cli, command_line

__all__ = ["cli", "command_line"]
