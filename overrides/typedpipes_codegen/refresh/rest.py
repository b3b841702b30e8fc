"""An OpenAPI document of a vendor as the canonical schema that is checked in, with its names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.examples import with_examples, without_examples
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.documents import load_document, load_openapi
from typedpipes_codegen.documents.apis import Api
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.documents.overlay import apply_overlay
from typedpipes_codegen.documents.tree import JsonObject, child, operations, pointer
from typedpipes_codegen.documents.yaml_writer import write_yaml
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.refresh.fetched import check_removals
from typedpipes_codegen.refresh.withdrawn import with_withdrawn


@attrs.frozen
class RestResult:
    """The canonical text, the lock that goes with it, and the operations the vendor took away by this document."""

    text: str
    lock: NamesLock
    withdrawn: tuple[str, ...]
    shown: tuple[str, ...] = ()
    """``Component.property`` of what only examples show."""


def refresh_rest(api: Api, source: Path, lock: NamesLock, key: str, *, accept_removals: bool) -> RestResult:
    """The canonical form of the document in ``source``, proven to lose nothing of it, with overlays that all match.

    ``key`` is the API's in ``names.lock``. Raises `SchemaError`; nothing is written here.
    """
    newer, committed = load_openapi(source), load_openapi(api.schema)
    gone = _gone(newer, committed)
    check_removals(gone, sum(1 for _ in _live(committed)), "operations", accept=accept_removals)
    names, older = lock.of(key), None
    try:
        united = newer
        if api.keep_withdrawn:
            united, older = with_withdrawn(newer, without_examples(committed), names)
        result = canonicalize(united, names)
        document, shown = with_examples(
            result.document, [newer] if api.examples else [], api.overlays, api.denied, earlier=committed
        )
    except SchemaError as error:
        raise error.in_file(source) from None
    report = fidelity(newer, document, older)
    if report.losses:
        raise SchemaError(
            f"canonicalising would lose {len(report.losses)} facts, first {report.losses[0]}",
            file=source,
            remedy="this is a fault of the canonicaliser; nothing was written",
        )
    _check_overlays(api, document)
    kept = () if older is None else tuple(pointer("paths", path, method) for path, method, _, _ in operations(older))
    # A kept operation has its names already; its shapes, once more inline, would only add other spellings of them.
    given = {at: name for at, name in result.names.items() if at in names or not _below(at, kept)}
    given |= _vendors_own(document, {**names, **given})
    return RestResult(write_yaml(document), lock.with_names(key, given), gone, tuple(shown))


def _vendors_own(document: JsonObject, rows: Mapping[str, str]) -> dict[str, str]:
    """Rows for components the vendor named itself, where others were named by us: so that each name is known."""
    if not rows:
        return {}
    named = set(rows.values())
    schemas = child(child(document, "components", ""), "schemas", "/components")
    return {pointer("components", "schemas", name): name for name in schemas if name not in named}


def _check_overlays(api: Api, document: JsonObject) -> None:
    for path in api.overlays:
        document = apply_overlay(document, load_document(path), file=path)


def _gone(newer: JsonObject, committed: JsonObject) -> tuple[str, ...]:
    there = {(path, method) for path, method, _, _ in operations(newer)}
    return tuple(f"{method.upper()} {path}" for path, method in _live(committed) if (path, method) not in there)


def _live(document: JsonObject) -> list[tuple[str, str]]:
    """Operations the vendor still had."""
    return [(path, method) for path, method, facts, _ in operations(document) if not facts.get("x-withdrawn")]


def _below(at: str, kept: tuple[str, ...]) -> bool:
    return any(at.startswith(f"{start}/") for start in kept)
