"""An OpenAPI document from a file: canonical form, names, overlays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.diff.inputs import Input
from typedpipes_codegen.documents import load_document, load_openapi, references, resolve
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.documents.overlay import apply_overlay
from typedpipes_codegen.documents.tree import JsonObject, operations
from typedpipes_codegen.errors import SchemaError

_OPERATION: Final = re.compile(r"\$\.paths\[('[^\]]*')\]\.([a-z]+)\b")
"""The start of an overlay target that lies in one operation, or in those of several paths."""
_COMPONENT: Final = re.compile(r"\$\.components\.(\w+)(?:\.([\w-]+)|\['([^']*)'\])")
"""The start of one that lies in a component."""


@attrs.define
class Prepared:
    """An OpenAPI document in canonical form with its overlays, and the targets of actions that matched nothing."""

    document: JsonObject
    unmatched: list[str] = attrs.field(factory=list)


def load_rest(source: Input, overlays: Sequence[Path] | None) -> Prepared:
    """The document in canonical form, named by ``names.lock`` and with overlays, as far as there are any.

    Actions that match nothing are no error here: that an operation they name is gone is what a comparison is for.
    """
    raw = load_openapi(source.path)
    try:
        document = canonicalize(raw, _names(source)).document
    except SchemaError:
        # A name in the lock may clash with one of the new document. Names are no part of what is compared.
        try:
            document = canonicalize(raw).document
        except SchemaError as error:
            raise error.in_file(source.path) from None
    prepared = Prepared(document)
    for path in overlays if overlays is not None else source.api.overlays if source.api is not None else ():
        prepared.document = apply_overlay(
            prepared.document, load_document(path), file=path, unmatched=prepared.unmatched
        )
    return prepared


def lost_targets(old: Prepared, new: Prepared) -> Iterator[str]:
    """Targets of actions that matched the old document and not the new one.

    Left aside are those that went with their operations: the comparison names the operations.
    """
    kept: set[str] | None = None
    for target in new.unmatched:
        component = _COMPONENT.match(target)
        if target in old.unmatched or _went(target, new.document):
            continue
        if component is not None:
            kept = _kept_components(old.document, new.document) if kept is None else kept
            if f"#/components/{component[1]}/{component[2] or component[3]}" not in kept:
                continue
        yield target


def _went(target: str, document: JsonObject) -> bool:
    """Whether a target lies in operations that are all gone."""
    match = _OPERATION.match(target)
    return match is not None and not any(_has(document, path, match[2]) for path in re.findall(r"'([^']*)'", match[1]))


def _has(document: JsonObject, path: str, verb: str) -> bool:
    paths = document.get("paths")
    item = paths.get(path) if isinstance(paths, dict) else None
    return isinstance(item, dict) and verb in item


def _kept_components(old: JsonObject, new: JsonObject) -> set[str]:
    """References to the components that operations of the old document use which the new one still has."""
    found: set[str] = set()
    waiting = [node for path, verb, node, _ in operations(old) if _has(new, path, verb)]
    while waiting:
        for _, reference in references(waiting.pop()):
            if isinstance(reference, str) and reference not in found:
                found.add(reference)
                target = resolve(old, reference)
                if isinstance(target, dict):
                    waiting.append(target)
    return found


def _names(source: Input) -> dict[str, str]:
    if source.api is None or source.schemas is None:
        return {}
    key = source.api.schema.resolve().relative_to(source.schemas.resolve()).with_suffix("").as_posix()
    return NamesLock.load(source.schemas / "names.lock").of(key)
