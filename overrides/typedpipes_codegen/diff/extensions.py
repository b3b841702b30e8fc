"""What the ``x-`` facts of an operation say before and after.

``x-token-cost`` is the vendor's and always compared. The others are laid on by our overlays and compared only when both
documents carry overlays. Not compared: provenance (``x-seed-path``, ``x-security-inferred``,
``x-response-undocumented``) and prose (``x-summary``, ``x-replacement``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from typedpipes_codegen.documents.tree import Json, JsonObject, fingerprint

_KINDS: Final[dict[str, tuple[str, str, str]]] = {
    # Added, removed, changed.
    "x-paging": ("paging-added", "paging-removed", "paging-changed"),
    "x-field-selector": ("field-selector-added", "field-selector-removed", "field-selector-removed"),
    "x-normalize": ("result-form-changed",) * 3,
    "x-safety": ("replay-safety-changed",) * 3,
    "x-buckets": ("limit-buckets-changed",) * 3,
    "x-omittable": ("omittable-changed",) * 3,
    "x-superseded-by": ("operation-superseded", "extension-changed", "operation-superseded"),
    "x-streaming": ("extension-changed",) * 3,
    "x-workflow-invocation": ("extension-changed",) * 3,
}
_VENDORS: Final = frozenset(("x-superseded-by", "x-streaming", "x-workflow-invocation"))


def extension_changes(old: JsonObject, new: JsonObject, *, dressed: bool) -> Iterator[tuple[str, str]]:
    """Kind and text of each change. ``dressed``: both documents carry overlays."""
    before, after = _cost(old), _cost(new)
    if before != after:
        kind = "token-cost-raised" if after > before else "token-cost-lowered"
        yield kind, f"a call costs {after:g} tokens instead of {before:g}"
    for key, (added, removed, changed) in _KINDS.items():
        one, other = old.get(key), new.get(key)
        # False is what is meant when it is not there.
        one, other = None if one is False else one, None if other is False else other
        if fingerprint(one) != fingerprint(other) and (dressed or key in _VENDORS):
            kind = added if one is None else removed if other is None else changed
            yield kind, f"{key} is {_shown(other)} instead of {_shown(one)}"


def _cost(node: JsonObject) -> float:
    value = node.get("x-token-cost")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
