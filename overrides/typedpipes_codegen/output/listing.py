"""``OPERATIONS.md`` of a package: every operation of the API and the method that performs it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

LISTING: Final = "OPERATIONS.md"


def rest_listing(document: dict[str, object], header: str) -> str:
    """Method, request, operationId and remarks of each operation of an effective document, by method."""
    from typedpipes_codegen.openapi.methods import named_operations

    rows = []
    for name, operation in named_operations(document).items():
        facts = operation.node
        remarks = [f"{facts['x-token-cost']} tokens"] if facts.get("x-token-cost") else []
        if facts.get("x-paging"):
            remarks.append("paged")
        if facts.get("deprecated"):
            remarks.append(f"deprecated: {facts.get('x-replacement') or 'by the vendor'}")
        request = f"{operation.method.upper()} {operation.path}"
        rows.append((name, request, str(facts.get("operationId", "")), ", ".join(remarks)))
    return _table(header, ("method", "request", "operationId", "remarks"), sorted(rows))


def graphql_listing(package: Path, header: str) -> str:
    """Method and root field of each operation, read from the rendered synchronous client."""
    module = ast.parse((package / "client.py").read_text(encoding="utf-8"))
    rows = []
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            rows.append((node.name, first.rstrip(".").replace("`", "")))
    return _table(header, ("method", "performs"), sorted(rows))


def _table(header: str, titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"<!-- {header} -->", f"{len(rows)} methods.", ""]
    lines += [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: str) -> str:
    """A value from a schema, as text: it may neither end the cell nor become markup."""
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
