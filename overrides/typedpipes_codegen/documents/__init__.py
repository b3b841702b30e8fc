"""Loading a schema document: from untrusted bytes to a checked JSON tree.

No network, no code, no path outside the file given. Everything refused is a :class:`SchemaError` that names the file
and the line, or the JSON pointer.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from typedpipes._core.disk import replace, sync_file
from typedpipes_codegen.documents.nesting import MAX_DEPTH
from typedpipes_codegen.documents.tree import Json, JsonObject, kind, pointer, tokens
from typedpipes_codegen.documents.yaml_reader import read_yaml
from typedpipes_codegen.errors import SchemaError

MAX_BYTES = 64 * 1024 * 1024
"""Largest file read. The largest vendor document known has 2.8 MB."""

DATA_KEYS = frozenset(("example", "examples", "enum", "default", "const"))
"""Keys whose value is data: nothing in it is a schema or a reference."""
NAME_MAPS = frozenset(
    "callbacks content dependentSchemas $defs encoding headers parameters paths patternProperties properties "
    "requestBodies responses schemas securitySchemes".split()
)
"""Keys whose value maps names to things: there `default` or `$ref` is a name."""


def load_document(path: Path, merged: list[int | None] | None = None) -> JsonObject:
    """The file's JSON tree (YAML 1.2 or JSON by content). Raises :class:`SchemaError`.

    With a list ``merged``, YAML's merge keys are followed and their lines appended to it; else they are refused.
    """
    try:
        text = _read_text(path)
        tree = _read_json(text) if text.lstrip()[:1] == "{" else read_yaml(text, merged)
        if not isinstance(tree, dict):
            raise SchemaError(f"expected a document with keys at the top, found {kind(tree)}", line=1)
    except SchemaError as error:
        raise error.in_file(path) from None
    return tree


def load_openapi(path: Path) -> JsonObject:
    """An OpenAPI 3.0 or 3.1 document whose references all resolve inside it. Raises :class:`SchemaError`."""
    document = load_document(path)
    try:
        check_version(document)
        check_references(document)
    except SchemaError as error:
        raise error.in_file(path) from None
    return document


def check_version(document: JsonObject) -> None:
    """Refuse what is no OpenAPI 3.0 or 3.1 document with paths."""
    version = document.get("openapi")
    if not (isinstance(version, str) and version.startswith(("3.0.", "3.1."))):
        raise SchemaError(
            f"not an OpenAPI 3.0 or 3.1 document (openapi: {version!r})",
            pointer="/openapi",
            remedy="convert Swagger 2.0 or 3.2 documents first",
        )
    if not isinstance(document.get("paths"), dict):
        raise SchemaError("the document has no paths", pointer="/paths")


def check_references(document: JsonObject) -> None:
    """Refuse every ``$ref`` that is not a string, leaves the document, points at nothing, or only at itself."""
    sound: set[str] = set()
    for where, reference in references(document):
        if not isinstance(reference, str):
            raise SchemaError(f"$ref must be a string, found {kind(reference)}", pointer=where)
        if not reference.startswith("#"):
            raise SchemaError(
                f"$ref {reference[:200]!r} leaves the document; nothing is fetched",
                pointer=where,
                remedy="bundle the document into one file first",
            )
        if reference in sound:
            continue
        seen = {reference}
        target = resolve(document, reference, where)
        while isinstance(target, dict) and isinstance(target.get("$ref"), str):
            reference = str(target["$ref"])
            if reference in seen:
                raise SchemaError(f"$ref {reference!r} points only at itself", pointer=where)
            seen.add(reference)
            if reference in sound:
                break
            target = resolve(document, reference, where)
        sound |= seen


def references(document: JsonObject) -> Iterator[tuple[str, Json]]:
    """``(pointer, $ref)`` of each reference object. Data (examples, enums, defaults, extensions) is not searched."""
    stack: list[tuple[str, Json, bool]] = [("", document, False)]
    while stack:
        where, node, named = stack.pop()
        if isinstance(node, list):
            stack.extend((f"{where}/{index}", item, False) for index, item in enumerate(node))
        elif isinstance(node, dict):
            # Under `properties` (and every other map of names) keys are names: `$ref` and `example` are properties.
            if not named and "$ref" in node:
                yield f"{where}/$ref", node["$ref"]
            for key, value in node.items():
                if named or not (key in DATA_KEYS or key.startswith("x-")):
                    stack.append((f"{where}{pointer(key)}", value, not named and key in NAME_MAPS))


def resolve(document: JsonObject, reference: str, where: str = "") -> Json:
    """What a local reference points at. A dangling one is a :class:`SchemaError` at ``where``."""
    node: Json = document
    for name in tokens(reference):
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        else:
            raise SchemaError(f"$ref {reference[:200]!r} points at nothing", pointer=where)
    return node


def is_component(reference: Json, section: str) -> bool:
    """Whether a reference names a component (``#/components/<section>/<name>``) rather than any other place."""
    parts = tokens(reference) if isinstance(reference, str) else []
    return len(parts) == 3 and parts[:2] == ["components", section]


def write_atomically(path: Path, text: str) -> None:
    """Write the whole file or nothing: temporary file beside it, flushed, then renamed. UTF-8, LF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            sync_file(stream.fileno())
        temporary.chmod(0o644)
        replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SchemaError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise SchemaError(f"larger than {MAX_BYTES // 1024 // 1024} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError("not UTF-8 text", line=data.count(b"\n", 0, error.start) + 1) from None


def _read_json(text: str) -> Json:
    """JSON proper is read by the fast reader; whatever it refuses goes to YAML, which knows lines."""

    def unique(pairs: list[tuple[str, Json]]) -> JsonObject:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("duplicate key")
        return result

    def refuse(constant: str) -> Json:
        raise ValueError(constant)

    try:
        tree: Json = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        return read_yaml(text)
    if _deeper_than(tree, MAX_DEPTH):
        raise SchemaError(f"nested more than {MAX_DEPTH} levels deep", remedy="use named components")
    return tree


def _deeper_than(tree: Json, limit: int) -> bool:
    level: list[Json] = [tree]
    for _ in range(limit + 1):
        if not level:
            return False
        parents = [node for node in level if isinstance(node, dict | list)]
        level = [item for node in parents for item in (node.values() if isinstance(node, dict) else node)]
    return bool(level)
