"""``python -m typedpipes_codegen diff OLD NEW``. Exit codes: 0 nothing breaks, 1 something does, 2 error."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typedpipes_codegen.document import write_atomically
from typedpipes_codegen.errors import SchemaError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

ERROR: Final = 2
"""Exit code of a comparison that could not be made."""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("diff", help="what changed between two schemas, rated for a client")
    parser.add_argument("old", metavar="OLD", help="file, or REVISION:PATH of this git repository")
    parser.add_argument("new", metavar="NEW", help="file, or REVISION:PATH of this git repository")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there instead of to stdout")
    parser.add_argument("--operations", type=Path, metavar="DIR", help="GraphQL documents to check against NEW")
    parser.add_argument(
        "--overlay", type=Path, action="append", metavar="FILE", help="lay over both documents instead of those found"
    )
    parser.add_argument(
        "--touching", type=Path, action="append", metavar="PATH", help="only what reaches this program of yours"
    )
    parser.add_argument("--package", metavar="NAME", help="import name of the package; default: typedpipes_api.<api>")
    parser.add_argument("--surface", action="store_true", help="generate both packages and compare their Python names")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it. Every failure ends with 2: 1 means that something breaks, and nothing else."""
    from typedpipes_codegen.diff.revision import at_revisions
    from typedpipes_codegen.verdict import judge, rendered

    try:
        with at_revisions(arguments.old, arguments.new) as (old, new):
            verdict = judge(
                old,
                new,
                overlays=arguments.overlay,
                operations=arguments.operations,
                program=arguments.touching or (),
                package=arguments.package,
                surface=arguments.surface,
            )
        text = rendered(verdict, arguments.format)
        if arguments.output is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            write_atomically(arguments.output, text)
    except Exception as error:
        what, todo = told(error)
        sys.stderr.write(f"error: {what}\n  do: {todo}\n")
        return ERROR
    return verdict.exit_code


def told(error: Exception) -> tuple[str, str]:
    """What happened, and what to do: one line each."""
    if isinstance(error, SchemaError):
        what = f"{error.where}: {error.message}" if error.where else error.message
        return " ".join(what.split()), error.remedy or "correct the file named"
    if isinstance(error, OSError):
        return " ".join(str(error).split()), "correct the path or the permission, then run it again"
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}", "report it with the two schemas"


__all__ = ["ERROR", "register", "run", "told"]
