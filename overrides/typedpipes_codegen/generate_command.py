"""``python -m typedpipes_codegen generate``: bring the generated packages up to date, or check that they are."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

SHOWN = 20


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("generate", help="make the typed packages from the schemas")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="only these; default: all")
    parser.add_argument("--check", action="store_true", help="change nothing; fail and name each file that differs")
    parser.add_argument("--schemas", type=Path, default=Path("schemas"), help="folder with apis.toml")
    parser.add_argument("--target", type=Path, default=Path("generated/typedpipes_api"), help="folder to write")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 if ``--check`` found a difference. Imports the generators only when something must be made."""
    from typedpipes_codegen.output import generate

    if arguments.check:
        problems = generate.check(arguments.schemas, arguments.target, arguments.packages)
        for problem in problems[:SHOWN]:
            print(problem, file=sys.stderr)  # noqa: T201 - a command's output
        if len(problems) > SHOWN:
            print(f"... and {len(problems) - SHOWN} more", file=sys.stderr)  # noqa: T201
        if problems:
            print(f"{arguments.target} is not what the schemas give: run `nox -s generate`", file=sys.stderr)  # noqa: T201
        return 1 if problems else 0
    outcome = generate.generate(arguments.schemas, arguments.target, arguments.packages)
    for kind, names in (("generated", outcome.rendered), ("unchanged", outcome.unchanged)):
        if names:
            print(f"{kind}: {', '.join(names)}")  # noqa: T201
    return 0
