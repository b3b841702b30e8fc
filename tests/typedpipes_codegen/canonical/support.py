"""What the canonicaliser's tests share: small documents, the command as people run it, deep edits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import forked
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object

DOCUMENTS = Path(__file__).parent


def run_codegen(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``python -m typedpipes_codegen`` as a process; as a new one if Python is to see ``environment``."""
    if not environment:
        return forked.run("typedpipes_codegen", *arguments)
    return subprocess.run(
        [sys.executable, "-m", "typedpipes_codegen", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def answering(schema: Json, **operation: Json) -> JsonObject:
    """An operation whose 200 answer is ``schema``."""
    content: JsonObject = {"application/json": {"schema": schema}}
    return {**operation, "responses": {"200": {"description": "", "content": content}}}


def document(paths: JsonObject, components: JsonObject | None = None) -> JsonObject:
    """A 3.1 document; each path item given as ``{method: operation}``."""
    result: JsonObject = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    if components:
        result["components"] = components
    return result


def schemas_of(canonical: JsonObject) -> JsonObject:
    return as_object(as_object(canonical["components"], "/components")["schemas"], "/components/schemas")


def dig(node: Json, *keys: str | int) -> Json:
    for key in keys:
        if isinstance(node, dict):
            node = node[str(key)]
        else:
            assert isinstance(node, list)
            node = node[int(key)]
    return node


def dig_object(node: Json, *keys: str | int) -> JsonObject:
    found = dig(node, *keys)
    assert isinstance(found, dict)
    return found
