"""The schema commands of ``python -m typedpipes_codegen``: ``canonicalize`` and ``fidelity``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.examples import with_examples
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.canonical.union import union
from typedpipes_codegen.documents import load_openapi, write_atomically
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.documents.yaml_writer import write_yaml
from typedpipes_codegen.errors import SchemaError

MAX_SHOWN = 50
"""Most losses printed."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to a parser."""
    one = commands.add_parser("canonicalize", help="write the canonical form of an OpenAPI document")
    one.add_argument("source", type=Path, metavar="IN", help="OpenAPI 3.0 or 3.1, YAML or JSON")
    one.add_argument("target", type=Path, metavar="OUT", help="canonical document to write")
    one.add_argument("--older", type=Path, help="an older document; the operations only it has are kept as withdrawn")
    one.add_argument("--names", type=Path, help="names.lock to obey and to add new names to")
    one.add_argument("--api", help="the API's key in names.lock; default: OUT's place beside it, without suffix")
    one.add_argument("--examples", action="store_true", help="add what examples of answers show and schemas lack")
    one.add_argument("--overlay", action="append", default=[], type=Path, help="an overlay that may have it already")
    one.add_argument(
        "--deny", action="append", default=[], metavar="NAME", help="a property that is an example's error"
    )
    one.set_defaults(run=run_canonicalize)
    two = commands.add_parser("fidelity", help="prove that a canonical document says all its source says")
    two.add_argument("source", type=Path, metavar="SOURCE")
    two.add_argument("canonical", type=Path, metavar="CANONICAL")
    two.add_argument("--older", type=Path, help="the older document of a union")
    two.set_defaults(run=run_fidelity)


def run_canonicalize(arguments: argparse.Namespace) -> int:
    """Write OUT (and the lock), or nothing at all: the result is proven against its source first."""
    added = canonicalize_file(
        arguments.source,
        arguments.target,
        arguments.older,
        arguments.names,
        arguments.api,
        overlays=arguments.overlay,
        denied=arguments.deny if arguments.examples else None,
    )
    for name in added:
        print(f"from examples: {name}")  # noqa: T201 - a command's output
    return 0


def canonicalize_file(
    source: Path,
    target: Path,
    older: Path | None = None,
    names: Path | None = None,
    api: str | None = None,
    *,
    overlays: Sequence[Path] = (),
    denied: Collection[str] | None = None,
) -> list[str]:
    """Write the canonical form of ``source`` to ``target`` and its new names to ``names``. Raises SchemaError.

    With ``denied``, what examples show and neither the schemas nor ``overlays`` have is added, but for these. Returns
    what was added.
    """
    newer = load_openapi(source)
    before = None if older is None else load_openapi(older)
    key = "" if names is None else api or _api_key(target, names)
    lock = NamesLock() if names is None else NamesLock.load(names)
    try:
        result = canonicalize(newer if before is None else union(newer, before), lock.of(key))
        sources = [] if denied is None else [newer] if before is None else [newer, before]
        document, added = with_examples(result.document, sources, overlays, denied or ())
    except SchemaError as error:
        raise error.in_file(source) from None
    report = fidelity(newer, document, before)
    if report.losses:
        raise SchemaError(
            f"canonicalising would lose {len(report.losses)} facts, first {report.losses[0]}",
            file=source,
            remedy="this is a fault of the canonicaliser; nothing was written",
        )
    if names is not None:
        # First: a lock that knows more names than the document is harmless, a document with unlocked names is not.
        lock.with_names(key, result.names).save(names)
    write_atomically(target, write_yaml(document))
    return added


def run_fidelity(arguments: argparse.Namespace) -> int:
    older = None if arguments.older is None else load_openapi(arguments.older)
    report = fidelity(load_openapi(arguments.source), load_openapi(arguments.canonical), older)
    for loss in report.losses[:MAX_SHOWN]:
        print(f"lost: {loss}", file=sys.stderr)  # noqa: T201 - a command's output
    if len(report.losses) > MAX_SHOWN:
        print(f"... and {len(report.losses) - MAX_SHOWN} more", file=sys.stderr)  # noqa: T201 - a command's output
    print(f"{len(report.losses)} lost")  # noqa: T201 - a command's output
    return 1 if report.losses else 0


def _api_key(target: Path, names: Path) -> str:
    try:
        return target.resolve().relative_to(names.resolve().parent).with_suffix("").as_posix()
    except ValueError:
        raise SchemaError(
            f"{target} is not beside {names}, so its key in it is unknown", remedy="say it with --api"
        ) from None
