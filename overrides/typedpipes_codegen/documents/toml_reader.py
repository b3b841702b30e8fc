"""Reading TOML, with messages that are ours whichever version of the parser is installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from typedpipes_codegen.documents.nesting import check_nesting
from typedpipes_codegen.errors import SchemaError

_LINE = re.compile(r"\bat line (\d+)")


def read_toml(file: Path, *, remedy: str) -> dict[str, object]:
    """The tables of a file. Raises `SchemaError` with file and line; ``remedy`` is for a file that cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SchemaError(f"cannot be read: {reason}", file=file, remedy=remedy) from None
    return parse_toml(text, file)


def parse_toml(text: str, file: str | Path) -> dict[str, object]:
    """The tables of a text that stands in ``file``. Raises `SchemaError` with file and line."""
    try:
        check_nesting(text, "toml")
    except SchemaError as error:
        raise error.in_file(file) from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # The parser's words differ from version to version; the line is what they agree on.
        found = _LINE.search(str(error))
        line = getattr(error, "lineno", None) or (int(found[1]) if found else text.count("\n") + 1)
        shown = (text.splitlines()[line - 1 : line] or [""])[0].strip()
        raise SchemaError(
            f"not valid TOML{f', at {shown[:80]!r}' if shown else ''}",
            file=file,
            line=line,
            remedy="mend the place it names: strings stand in quotes, brackets are closed, each key is given once",
        ) from error


__all__ = ["parse_toml", "read_toml"]
