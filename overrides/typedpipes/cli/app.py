"""The commands, and how a run ends."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import Final, Protocol, cast

import typer

from typedpipes import __version__
from typedpipes._core.decoding.model import JSON
from typedpipes.cli.auth import auth
from typedpipes.cli.call import call
from typedpipes.cli.exports import exports
from typedpipes.cli.failures import EXIT_CODES, REDACTOR, ExitCode, Failure, explain, one_line
from typedpipes.cli.generate import generate
from typedpipes.cli.limits import limits
from typedpipes.cli.sandbox import sandbox
from typedpipes.cli.schema import schema
from typedpipes.cli.session import PROGRAM, Config, Debug, EnvFile, Json, Profile, Session, emit, protect, say

app: Final = typer.Typer(
    name=PROGRAM,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=EXIT_CODES,
    help="Pipefy, Pipedream and Pipedrive from the command line. Data goes to stdout, messages to stderr.",
)
app.add_typer(exports, name="export")
app.command("call", epilog=EXIT_CODES)(call)
app.add_typer(limits, name="limits")
app.add_typer(auth, name="auth")
app.add_typer(schema, name="schema")
app.command("generate", epilog=EXIT_CODES)(generate)
app.command(
    "sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
    short_help="Serve a local imitation of all three vendors until Ctrl-C.",
)(sandbox)


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
    debug: Debug = False,
    env_file: EnvFile = None,
    config: Config = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    pass


class _ParserError(Protocol):
    ctx: typer.Context | None

    def format_message(self) -> str: ...


# The class is not exported; everything the parser complains about derives from it.
PARSER_ERROR: Final[type[Exception]] = typer.BadParameter.__mro__[2]


def run(arguments: list[str]) -> int:
    """Run a command; returns the exit code."""
    arguments = [_text(word) for word in arguments]
    session = Session(json=asks_for_json(arguments))
    protect(os.environ)
    notes = Notes(session)
    logging.getLogger("typedpipes").addHandler(notes)
    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name=PROGRAM, standalone_mode=False, obj=session)
        sys.stdout.flush()
        return result if isinstance(result, int) else ExitCode.OK
    except BrokenPipeError:
        # Whoever read stdout has gone; nothing may be written there any more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILURE
    except PARSER_ERROR as error:
        return _usage(session, cast("_ParserError", error), error)
    except (KeyboardInterrupt, typer.Abort):
        _tell(session, Failure("Interrupted", "interrupted", "run it again", ExitCode.INTERRUPTED))
        return ExitCode.INTERRUPTED
    except Exception as error:
        if session.debug:
            sys.stderr.write(REDACTOR.text(traceback.format_exc()))
        failure = explain(error)
        _tell(session, failure)
        return failure.code
    finally:
        logging.getLogger("typedpipes").removeHandler(notes)


class Notes(logging.Handler):
    """What the library logs, as lines of talk; events and departures from the schema with ``--debug`` only."""

    def __init__(self, session: Session) -> None:
        super().__init__(logging.WARNING)
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one record."""
        event = (
            isinstance(record.args, tuple) and record.args and type(record.args[0]).__module__.startswith("typedpipes.")
        )
        if not event or self._session.debug:
            say(f"note: {record.getMessage()}")


def _text(word: str) -> str:
    """A word as its letters, where the locale could not read them: shells give UTF-8 whatever the locale says."""
    return os.fsencode(word).decode("utf-8", "replace") if not word.isprintable() else word


def asks_for_json(arguments: list[str]) -> bool:
    """Whether ``--json`` is among the words; after ``call`` it is something else. The parser may fail before it."""
    own = arguments[: arguments.index("call")] if "call" in arguments else arguments
    return "--json" in own


def _usage(session: Session, error: _ParserError, exception: Exception) -> int:
    if type(exception).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(error.format_message() + "\n")
        return ExitCode.USAGE
    path = error.ctx.command_path if error.ctx is not None else PROGRAM
    todo = f"see `{path} --help`"
    _tell(session, Failure("UsageError", one_line(error.format_message()), todo, ExitCode.USAGE))
    return ExitCode.USAGE


def _tell(session: Session, failure: Failure) -> None:
    start = "interrupted" if failure.code is ExitCode.INTERRUPTED else "error"
    what = failure.what if failure.what == start else f"{start}: {failure.what}"
    sys.stderr.write(f"{what}\n  do: {failure.todo}\n")
    sys.stderr.flush()
    if session.json:
        told: dict[str, JSON] = {
            "type": failure.kind,
            "message": failure.what,
            "todo": failure.todo,
            "exit_code": int(failure.code),
        }
        emit({"error": {**told, **({"resume": failure.resume} if failure.resume else {})}})


__all__ = ["app", "run"]
