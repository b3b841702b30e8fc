"""``typedpipes sandbox``: the only place of this package that knows the sandbox."""

from __future__ import annotations

import typer

from typedpipes.cli.failures import CommandError, ExitCode
from typedpipes.cli.session import session
from typedpipes.errors import MissingExtra

_NEEDED = frozenset({"typedpipes_sandbox", "uvicorn", "httptools", "graphql"})


def sandbox(context: typer.Context) -> int:
    """Serve a local imitation of all three vendors until Ctrl-C (extra ``sandbox``)."""
    try:
        from typedpipes_sandbox.__main__ import main as serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise CommandError(
            f"the sandbox needs {error.name}, which is not installed",
            MissingExtra.how("sandbox"),
            ExitCode.CONFIGURATION,
        ) from error
    arguments = [word for word in context.args if word != "--"]
    if session(context).json and "--json" not in arguments:
        arguments.append("--json")
    try:
        return serve(arguments)
    except SystemExit as stop:  # argparse has had its say
        return stop.code if isinstance(stop.code, int) else ExitCode.FAILURE
    except OSError as error:
        raise CommandError(
            f"the sandbox cannot listen: {error.strerror or error}", "give another --port, or none for free ones"
        ) from error


__all__ = ["sandbox"]
