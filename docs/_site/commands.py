"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import typer

from typedpipes.cli.app import app
from typedpipes_sandbox.__main__ import _parser

PROGRAM: Final = "typedpipes"


def commands() -> dict[str, Any]:
    """Every command that does something, by its full name; groups are left out."""
    return dict(_below(PROGRAM, typer.main.get_command(app)))


def reference() -> str:
    """A section for each command: usage, what it does, arguments and options."""
    return "\n".join(line for name, command in commands().items() for line in _section(name, command))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, child in inner.items():
        if not child.hidden:
            yield from _below(f"{name} {word}", child)


def _section(name: str, command: Any) -> Iterator[str]:
    context = typer.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"\n## {name}\n\n```text\n{name} {usage}\n```\n"
    yield _plain((command.help or command.short_help or "").strip()) + "\n"
    rows = [_row(parameter, context) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if rows:
        yield "\n| argument or option | meaning |\n|---|---|"
        yield from rows
    if name == f"{PROGRAM} sandbox":
        yield f"\n```text\n{_parser().format_help()}```"


def _row(parameter: Any, context: typer.Context) -> str:
    record = parameter.get_help_record(context)
    names, text = record if record is not None else (parameter.make_metavar(context), "")
    return f"| `{_cell(names)}` | {_plain(_cell(text))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to do."""
    return text.replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


__all__ = ["commands", "reference"]
