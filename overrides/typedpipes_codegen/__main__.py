"""``python -m typedpipes_codegen``: the generation step's commands. Exit codes: 0 done, 1 refused or lost, 2 usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from typedpipes_codegen import commands, generate_command, operations_command
from typedpipes_codegen.errors import TypedError

REGISTRARS = (commands.register, generate_command.register, operations_command.register)
"""Each adds its commands to the parser; a command sets ``run``, which takes the parsed arguments."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="typedpipes_codegen", description="Schemas in, typed packages out.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for register in REGISTRARS:
        register(subparsers)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except (TypedError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
