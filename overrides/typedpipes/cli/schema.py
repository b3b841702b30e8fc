"""``typedpipes schema``: what to do when a vendor changes a schema. Each command has a module of its own."""

from __future__ import annotations

from typing import Final

import typer

from typedpipes.cli.schema_diff import DIFF_EXIT_CODES, diff
from typedpipes.cli.schema_refresh import CHECK_EXIT_CODES, REFRESH_EXIT_CODES, check, refresh

schema: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Compare, fetch and check the schemas that packages are generated from (extra codegen).",
)
schema.command("diff", epilog=DIFF_EXIT_CODES)(diff)
schema.command("refresh", epilog=REFRESH_EXIT_CODES)(refresh)
schema.command("check", epilog=CHECK_EXIT_CODES)(check)

__all__ = ["schema"]
