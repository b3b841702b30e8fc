"""``typedpipes call``: any operation by name."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from json import dumps as as_json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from typedpipes._core.decoding.model import JSON
from typedpipes._core.paging import Pages
from typedpipes.cli.answers import plain
from typedpipes.cli.arguments import Call
from typedpipes.cli.clients import Limits, open_client
from typedpipes.cli.failures import UsageError
from typedpipes.cli.operations import Named, find, near, operations
from typedpipes.cli.session import Config, Debug, EnvFile, Profile, emit, emit_text, say, session
from typedpipes.cli.streams import STDOUT, output_file
from typedpipes.errors import ConfigurationError

MANY: Final = 12
"""Names that are listed in one message at most."""


def complete_name(incomplete: str) -> Iterator[tuple[str, str]]:
    """Completion of an operation's name."""
    for operation in operations(incomplete):
        yield operation.name, operation.summary


def complete_argument(context: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Completion of an argument's name, ``=`` included."""
    operation = find(str(context.params.get("operation") or ""))
    if operation is None or "=" in incomplete:
        return
    for parameter in operation.call.parameters.values():
        if parameter.name.startswith(incomplete):
            yield f"{parameter.name}=", parameter.shown


def call(
    context: typer.Context,
    operation: Annotated[
        str, typer.Argument(metavar="API.RESOURCE.METHOD", autocompletion=complete_name, help="Such as pipefy.card.")
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            autocompletion=complete_argument,
            help="key=value by the argument's type, again for a list, key:=JSON, key.below=value for objects, "
            "key=@FILE for files.",
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option("--json", metavar="OBJECT", help="Arguments as one JSON object; @FILE or - (stdin) reads it."),
    ] = None,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Do not mask secrets of the answer.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="File to write the answer to.")
    ] = None,
    describe: Annotated[
        bool, typer.Option("--describe", help="Show what the operation takes, and send nothing.")
    ] = False,
    limits: Limits = None,
    env_file: EnvFile = None,
    config: Config = None,
    profile: Profile = None,
    debug: Debug = False,
) -> None:
    """Call any operation; the answer goes to stdout as JSON, one line per item for `iter` methods.

    With --json before `call` (typedpipes --json call …) an error is JSON on stdout too.
    Names: pipefy.*, pipedream.rest.*, pipedream.connect.*, pipedrive.v1.*, pipedrive.v2.*, as in Python.
    """
    run = session(context)
    settings = run.environment()
    named = _named(operation)
    parsed = named.call
    if describe:
        if run.json:
            emit(_record(named, parsed))
        else:
            emit_text(_description(named, parsed))
        return
    given = parsed.arguments(arguments or [], json)
    with ExitStack() as stack:
        write = None if output is None else stack.enter_context(output_file(output))
        client = stack.enter_context(open_client(named.api.vendor, settings, limits))
        answer = _answer(named, client, given, parsed)
        if write is not None:
            _write(answer, write, secrets=show_secrets)
        elif isinstance(answer, bytes):
            _pass_on(answer)
        elif isinstance(answer, Pages):
            for item in answer:
                emit(plain(item, secrets=show_secrets), line=True)
        else:
            emit(plain(answer, secrets=show_secrets))
    if output is not None and str(output) not in STDOUT:
        emit_text(str(output))


def _named(name: str) -> Named:
    named = find(name)
    if named is not None:
        return named
    meant = near(name)
    if not meant:
        raise UsageError(f"there is no operation {name!r}", "press Tab after `typedpipes call ` to see the names")
    more = f" and {len(meant) - MANY} more" if len(meant) > MANY else ""
    listed = ", ".join(meant[:MANY]) + more
    if meant[0].startswith(name + "."):
        raise UsageError(f"{name} is not an operation, but these are below it", listed)
    raise UsageError(f"there is no operation {name!r}", f"did you mean {listed}?")


def _answer(named: Named, client: object, given: dict[str, Any], parsed: Call) -> object:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DeprecationWarning)
            answer: object = named.bound_to(client)(**given)
    except ConfigurationError as error:
        about = parsed.parameters.get(error.setting or "")
        if about is not None:  # it is about what was typed
            option = f" {about.name}=…" if about.option else ""
            raise UsageError(str(error), parsed.usage + option) from error
        raise
    for warning in caught:
        if issubclass(warning.category, DeprecationWarning):
            say(f"note: {warning.message}")
    return answer


def _pass_on(content: bytes) -> None:
    if sys.stdout.isatty():
        raise UsageError("the answer is the content of a file, which is not for a terminal", "give --output FILE")
    sys.stdout.buffer.write(content)


def _write(answer: object, write: Callable[[bytes], object], *, secrets: bool) -> None:
    """Write the content of a file as it is, anything else as JSON, a line per item of a listing."""
    if isinstance(answer, bytes):
        write(answer)
    elif isinstance(answer, Pages):
        for item in answer:
            write(f"{as_json(plain(item, secrets=secrets), ensure_ascii=False)}\n".encode(errors="surrogatepass"))
    else:
        text = as_json(plain(answer, secrets=secrets), ensure_ascii=False, indent=2)
        write(f"{text}\n".encode(errors="surrogatepass"))


def _description(named: Named, parsed: Call) -> str:
    lines = [parsed.usage, "", *(line.strip() for line in (named.function.__doc__ or "").strip().splitlines()), ""]
    for parameter in parsed.parameters.values():
        mark = "option" if parameter.option else "required" if parameter.required else ""
        lines.append(f"  {parameter.name:24} {parameter.shown:16} {mark}".rstrip())
    return "\n".join(lines)


def _record(named: Named, parsed: Call) -> JSON:
    parameters: list[JSON] = [
        {
            "name": each.name,
            "types": [*sorted(each.kinds)],
            "required": each.required,
            "option": each.option,
        }
        for each in parsed.parameters.values()
    ]
    return {"name": named.name, "description": (named.function.__doc__ or "").strip(), "parameters": parameters}


__all__ = ["call"]
