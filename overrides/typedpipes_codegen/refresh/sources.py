"""The ``[[api.source]]`` rows of ``apis.toml``, rewritten in place: comments, order and every other row stay."""

from __future__ import annotations

import json
from typing import Any, Final

from typedpipes_codegen.documents.toml_reader import parse_toml
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.refresh.fetched import Fetched

_FILE: Final = "apis.toml"


def with_source(text: str, fetched: Fetched, *, keep: bool) -> str:
    """``text`` of ``apis.toml`` with a row for ``fetched``, below the rows that the package has already.

    Only a row of the same document is replaced: what the other ones say may still come from nowhere else. ``keep``:
    that row stays, too, because operations that only the earlier edition had are kept. Raises `SchemaError` if the
    file is not laid out as one ``[[api]]`` table with its ``[[api.source]]`` tables after the other.
    """
    lines = text.splitlines()
    start, end = _block(lines, fetched.package)
    starts = [number for number in range(start + 1, end) if lines[number].strip() == "[[api.source]]"]
    result = lines[: starts[0] if starts else end]
    while result and not result[-1].strip():
        result.pop()
    tail = [""]
    for at, following in zip(starts, [*starts[1:], end], strict=True):
        row = lines[at:following]
        tail = []
        while row and not row[-1].strip():
            tail.append(row.pop())
        if keep or not _describes(row, fetched):
            result += ["", *row]
    fresh = [f"{key} = {json.dumps(value)}" for key, value in source_row(fetched).items()]
    written = "\n".join([*result, "", "[[api.source]]", *fresh, *tail, *lines[end:]]) + "\n"
    _check(text, written, fetched, keep=keep)
    return written


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


def _describes(row: list[str], fetched: Fetched) -> bool:
    """Whether a row is about an earlier edition of the same document."""
    source: Any = parse_toml("\n".join(row).replace("[[api.source]]", "[source]"), _FILE)["source"]
    return bool(source.get("document") == fetched.document)


def _check(before: str, after: str, fetched: Fetched, *, keep: bool) -> None:
    """Nothing but the sources of the one package may differ."""
    wanted: dict[str, Any] = parse_toml(before, _FILE)
    for row in wanted["api"]:
        if row.get("package") == fetched.package:
            rows = row.get("source", [])
            kept = [one for one in rows if keep or one.get("document") != fetched.document]
            row["source"] = [*kept, source_row(fetched)]
    if parse_toml(after, _FILE) != wanted:
        raise SchemaError(
            f"the source rows of {fetched.package!r} cannot be rewritten in place",
            file=_FILE,
            remedy="lay the row out as one [[api]] table followed by its [[api.source]] tables",
        )
