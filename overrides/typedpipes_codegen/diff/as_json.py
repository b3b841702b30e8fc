"""A report for a program. The shape is stable: keys are only ever added, and ``format`` rises if one changes meaning.

::

    {"format": 1, "api": "pipedrive_v1", "schema_kind": "openapi", "worst": "breaking",
     "counts": {"breaking": 1, "dangerous": 0, "safe": 0},
     "groups": [{"name": "GET /deals", "changes": [{"rating": "breaking", "kind": "response-property-removed", …}]}]}

``worst`` is null when nothing changed. ``name`` is empty for the whole API. The keys of a change are the fields of
`typedpipes_codegen.diff.Change`; all of them are always there, null where they do not apply.
"""

from __future__ import annotations

from typing import Final

import attrs

from typedpipes_codegen.diff.change import RATINGS, Change, Report
from typedpipes_codegen.documents.tree import JsonObject

FORMAT: Final = 1


def report_object(report: Report) -> JsonObject:
    """The report as a JSON object."""
    return {
        "format": FORMAT,
        "api": report.api,
        "schema_kind": report.schema_kind,
        "worst": report.worst,
        "counts": {rating: report.counts[rating] for rating in RATINGS},
        "groups": [
            {"name": name, "changes": [_change(change) for change in changes]}
            for name, changes in report.by_operation().items()
        ],
    }


def _change(change: Change) -> JsonObject:
    return {**attrs.asdict(change), "used_by": [*change.used_by]}
