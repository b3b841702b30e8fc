"""The command line, ``typedpipes`` (extra ``cli``: Typer and rich).

Data goes to stdout, messages to stderr. Exit codes are `typedpipes.cli.failures.ExitCode`. An error is two lines: what
happened, and what to do; ``--debug`` shows the traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_NEEDED = frozenset({"rich", "typer"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. ``arguments`` default to those of the process."""
    try:
        from typedpipes.cli.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        from typedpipes.errors import MissingExtra

        sys.stderr.write(
            f"error: the command line needs {error.name}, which is not installed\n  do: {MissingExtra.how('cli')}\n"
        )
        return 3
    except KeyboardInterrupt:
        return 130
    return run(list(sys.argv[1:] if arguments is None else arguments))


__all__ = ["main"]
