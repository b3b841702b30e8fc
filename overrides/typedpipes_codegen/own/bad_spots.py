"""The places of a document that cannot be generated: all of them in one error, or left out one by one.

What is known to be wrong in many documents is looked for first, in one walk. Whatever a later step refuses is left out
of a copy as well, and the step repeated, so that one run names everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from typedpipes_codegen.documents import DATA_KEYS, NAME_MAPS, resolve
from typedpipes_codegen.documents.tree import METHODS, Json, JsonObject, as_list, as_object, clone, pointer, tokens
from typedpipes_codegen.errors import SchemaError

MOST: Final = 50
"""Places that later steps may refuse; each repeats the step."""
_KEYWORDS: Final = frozenset(
    "$ref additionalProperties allOf anyOf const default discriminator enum format items not oneOf prefixItems "
    "properties required type".split()
)
_TEMPLATE: Final = re.compile(r"\{([^{}]*)\}")

Result = TypeVar("Result")


class BadSpots:
    """Collects the bad spots of one file. ``lenient``: they are left out; else `finish` raises them all."""

    def __init__(self, file: Path, *, lenient: bool) -> None:
        self.found: list[SchemaError] = []
        self._file = file
        self._lenient = lenient
        self._places: set[str] = set()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, a line each."""
        return tuple(f"left out: {_line(error)}" for error in self.found)

    def survey(self, document: JsonObject) -> None:
        """Find what is often wrong, and take it out of ``document``."""
        for error in [*_bad_operations(document), *_bad_schemas(document)]:
            if error.pointer is not None and self._leave_out(document, error.pointer):
                self.found.append(error)

    def without(self, document: JsonObject, step: Callable[[JsonObject], Result]) -> Result:
        """The result of ``step`` for the document, less what it refuses. ``step`` gets copies. Raises `SchemaError`."""
        for _ in range(MOST):
            try:
                return step(as_object(clone(document), ""))
            except SchemaError as error:
                where = error.pointer or ""
                ours = error.file is not None or "/x-" in where  # what the TOML or an overlay says
                if ours or not self._leave_out(document, where):
                    if not self.found:
                        raise
                    self.found.append(error)
                    break
                self.found.append(error)
        raise self._all()

    def finish(self) -> None:
        """Raise `SchemaError` for everything found, unless it may be left out."""
        if self.found and not self._lenient:
            raise self._all()

    def _all(self) -> SchemaError:
        first = self.found[0]
        if len(self.found) == 1:
            return first.in_file(self._file)
        lines = "\n".join(f"  {_line(error)}" for error in self.found)
        return SchemaError(
            f"{len(self.found)} places cannot be generated:\n{lines}",
            file=self._file,
            remedy="correct them, remove them with an overlay, or add --lenient to leave them out",
        )

    def _leave_out(self, document: JsonObject, where: str) -> bool:
        """Take the smallest part at ``where`` out: an entry, a schema, else the operation. False if nothing helps."""
        parts = tokens(where)
        for length in range(len(parts), 0, -1):
            here = parts[:length]
            place = pointer(*here)
            holder, node = _at(document, here)
            if holder is None or place in self._places:
                continue
            if _is_operation(here) or here[-2:-1] == ["mapping"] or here[-1] == "enum":
                self._places.add(place)
                del holder[here[-1]]
                return True
            if isinstance(node, dict) and _is_schema(here):
                self._places.add(place)
                node.clear()
                return True
        return False


def _line(error: SchemaError) -> str:
    place = f"#{error.pointer}" if error.pointer is not None else f"line {error.line}"
    return f"{place}: {error.message}"


def _at(document: JsonObject, parts: list[str]) -> tuple[JsonObject | None, Json]:
    """The object that holds a place, and what is there."""
    holder: Json = document
    node: Json = document
    for part in parts:
        holder = node
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return None, None
    return (holder, node) if isinstance(holder, dict) else ({}, node)


def _is_operation(parts: list[str]) -> bool:
    return len(parts) == 3 and parts[0] == "paths" and parts[2] in METHODS


def _is_schema(parts: list[str]) -> bool:
    if parts[-1] in _KEYWORDS and parts[-2:-1] != ["properties"]:
        return False
    return "schema" in parts or (parts[:2] == ["components", "schemas"] and len(parts) > 2)


def _bad_operations(document: JsonObject) -> Iterator[SchemaError]:
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in METHODS if isinstance(item, dict) and not path.startswith("x-") else ():
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                where = pointer("paths", path, method)
                if not operation.get("responses"):
                    yield SchemaError("the operation declares no response", pointer=where)
                for name in _undeclared(document, path, item, operation):
                    yield SchemaError(f"the path parameter {{{name}}} is not declared", pointer=where)


def _undeclared(document: JsonObject, path: str, *holders: Json) -> list[str]:
    declared: set[Json] = set()
    for holder in holders:
        for one in as_list((holder.get("parameters") if isinstance(holder, dict) else None) or [], ""):
            node = one
            if isinstance(node, dict) and isinstance(node.get("$ref"), str):
                try:
                    node = resolve(document, str(node["$ref"]))
                except SchemaError:
                    return []  # found by itself
            if isinstance(node, dict) and node.get("in") == "path":
                declared.add(str(node.get("name")))
    return [name for name in _TEMPLATE.findall(path) if name not in declared]


def _bad_schemas(document: JsonObject) -> Iterator[SchemaError]:
    """Empty enums, and references and mappings that point at nothing."""
    schemas = _at(document, ["components", "schemas"])[1]
    known = schemas if isinstance(schemas, dict) else {}
    stack: list[tuple[str, Json, bool]] = [("", document, False)]
    while stack:
        where, node, named = stack.pop()
        if isinstance(node, list):
            stack += [(f"{where}/{index}", item, False) for index, item in enumerate(node)]
            continue
        if not isinstance(node, dict):
            continue
        if not named:
            yield from _bad_schema(document, node, where, known)
        for key, value in node.items():
            if named or not (key in DATA_KEYS or key.startswith("x-")):
                stack.append((f"{where}{pointer(key)}", value, not named and key in NAME_MAPS))


def _bad_schema(document: JsonObject, node: JsonObject, where: str, known: JsonObject) -> Iterator[SchemaError]:
    if node.get("enum") == []:
        yield SchemaError("an enum without values accepts nothing", pointer=f"{where}/enum")
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        try:
            resolve(document, reference, f"{where}/$ref")
        except SchemaError as error:
            yield error
    teller = node.get("discriminator")
    mapping = teller.get("mapping") if isinstance(teller, dict) else None
    for tag, target in mapping.items() if isinstance(mapping, dict) else ():
        name = tokens(target)[-1] if isinstance(target, str) and target.startswith("#/") else target
        if name not in known:
            yield SchemaError(
                f"the discriminator mapping {str(target)[:200]!r} names no schema component",
                pointer=f"{where}{pointer('discriminator', 'mapping', tag)}",
            )
