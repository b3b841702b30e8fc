"""The effective document: canonical form plus overlays. Everything downstream reads this."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from typedpipes_codegen.documents import load_document
from typedpipes_codegen.documents.overlay import apply_overlay


def effective_document(schema: Path, overlays: Sequence[Path]) -> dict[str, object]:
    """Load ``schema`` and apply ``overlays`` in order; an action that matches nothing is a `SchemaError`."""
    document = load_document(schema)
    for path in overlays:
        document = apply_overlay(document, load_document(path), file=path)
    return {**document}
