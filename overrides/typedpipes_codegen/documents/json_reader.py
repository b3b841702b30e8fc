"""Reading JSON, with messages that are ours whichever version of the parser is installed."""

from __future__ import annotations

import json

from typedpipes_codegen.documents.nesting import check_nesting, line_of
from typedpipes_codegen.documents.tree import Json
from typedpipes_codegen.errors import SchemaError


def parse_json(text: str, *, remedy: str) -> Json:
    """The value of a text. Raises `SchemaError` with line and column, and with ``remedy`` if it is no JSON."""
    check_nesting(text, "json")
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = getattr(error, "pos", None)
        if not isinstance(place, int):
            raise SchemaError("not valid JSON", remedy=remedy) from error
        what = "it ends in the middle of a value" if place >= len(text.rstrip()) else "the parser stops here"
        column = place - (text.rfind("\n", 0, place) + 1) + 1
        raise SchemaError(f"not valid JSON: {what}", line=line_of(text, place), column=column, remedy=remedy) from error
    return value


__all__ = ["parse_json"]
