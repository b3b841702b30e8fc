"""``python -m typedpipes_codegen operations``: a typed package from somebody's own GraphQL documents."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.output.swap import MARK, plain_name, replacing

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("operations", help="make a typed package from your own GraphQL documents")
    parser.add_argument("--schema", type=Path, required=True, metavar="FILE", help="the GraphQL schema (SDL)")
    parser.add_argument("--operations", type=Path, required=True, metavar="DIR", help="folder of *.graphql documents")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the package; replaced")
    parser.add_argument("--package", metavar="NAME", help="its import name; default: the name of the folder")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises `SchemaError`, which `main` prints, before the old package is touched."""
    output: Path = arguments.output
    write_operations(arguments.schema, arguments.operations, output, package=arguments.package or output.resolve().name)
    print(f"generated: {output}")  # noqa: T201 - a command's output
    return 0


def write_operations(schema: Path, operations: Path, output: Path, *, package: str) -> None:
    """Make ``output`` the package of the documents under ``operations``, or leave it as it is.

    Raises `SchemaError` with file and line of everything wrong in the documents, and for an ``output`` that holds
    files which are not ours.
    """
    from typedpipes_codegen.graphql import render

    for path, is_there in ((schema, schema.is_file()), (operations, operations.is_dir())):
        if not is_there:
            raise SchemaError("there is no such " + ("file" if path is schema else "folder"), file=path)
    with replacing(output) as fresh:
        header = (
            f"{MARK.removeprefix('# ')}from {plain_name(schema.name)} and the documents in "
            f"{plain_name(operations.name)}. Do not edit: generate it again."
        )
        render(schema, operations, fresh, package=package, header=header, complete=False)
