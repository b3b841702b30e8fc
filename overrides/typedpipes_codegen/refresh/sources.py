"""The ``[[api.source]]`` rows of ``apis.toml``, rewritten in place: comments, order and every other row stay."""

from __future__ import annotations

import json
from typing import Any, Final

from typedpipes_codegen.documents.toml_reader import parse_toml
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.refresh.fetched import Fetched

_FILE: Final = "apis.toml"


def with_source(text: str, fetched: Fetched, *, keep: bool) -> str:
    """``text`` of ``apis.toml`` in which the facts of a package come from ``fetched``.

    ``keep``: earlier documents stay named, because operations that only they had are kept. Raises `SchemaError` if the
    file is not laid out as one ``[[api]]`` table with its ``[[api.source]]`` tables after the other.
    """
    lines = text.splitlines()
    start, end = _block(lines, fetched.package)
    at = next((n for n in range(start + 1, end) if lines[n].strip() == "[[api.source]]"), end)
    rows = lines[at:end]
    while rows and not rows[-1].strip():
        rows.pop()
    tail = lines[at + len(rows) : end]
    fresh = ["[[api.source]]", *(f"{key} = {json.dumps(value)}" for key, value in source_row(fetched).items())]
    kept = [*rows, ""] if keep and rows else []
    result = "\n".join([*lines[:at], *kept, *fresh, *tail, *lines[end:]]) + "\n"
    _check(text, result, fetched, keep=keep)
    return result


def source_row(fetched: Fetched) -> dict[str, str]:
    """What a row says about a document."""
    return {
        "origin": fetched.origin,
        "document": fetched.document,
        "date": fetched.on.isoformat(),
        "sha256": fetched.sha256,
    }


def _block(lines: list[str], package: str) -> tuple[int, int]:
    """First line of a package's ``[[api]]`` table and the line after its end, comments of the next one excluded."""
    starts = [number for number, line in enumerate(lines) if line.strip() == "[[api]]"]
    for start, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        own: Any = parse_toml("\n".join(lines[start:following]), _FILE).get("api", [{}])
        if own[0].get("package") == package:
            end = following
            while end > start and lines[end - 1].lstrip().startswith("#"):
                end -= 1
            return start, end
    raise SchemaError(f"no [[api]] row makes {package!r}", file=_FILE, remedy="add the row first")


def _check(before: str, after: str, fetched: Fetched, *, keep: bool) -> None:
    """Nothing but the sources of the one package may differ."""
    wanted: dict[str, Any] = parse_toml(before, _FILE)
    for row in wanted["api"]:
        if row.get("package") == fetched.package:
            row["source"] = [*(row.get("source", []) if keep else []), source_row(fetched)]
    if parse_toml(after, _FILE) != wanted:
        raise SchemaError(
            f"the source rows of {fetched.package!r} cannot be rewritten in place",
            file=_FILE,
            remedy="lay the row out as one [[api]] table followed by its [[api.source]] tables",
        )
