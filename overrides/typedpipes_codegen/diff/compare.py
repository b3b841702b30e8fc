"""One call from two files to a report. The two kinds of schema need different libraries, loaded when needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from typedpipes_codegen.diff.change import Change, Report
from typedpipes_codegen.diff.inputs import Input, find_inputs


def diff_documents(
    old: Path,
    new: Path,
    *,
    overlays: Sequence[Path] | None = None,
    operations: Path | None = None,
    api: str | None = None,
) -> Report:
    """Compare two schemas of one API, each change rated for a client.

    ``old`` and ``new`` are OpenAPI 3.0 or 3.1 documents (vendor's or canonical, YAML or JSON), GraphQL SDL, or
    introspection answers as JSON. For a file named in the ``apis.toml`` of its folder, names, overlays and saved
    operations are found there, and serve the other file too.

    ``overlays`` replace those found; ``()`` is none. ``operations`` is a folder of GraphQL operation documents that is
    checked against ``new`` instead of the one found. ``api`` names the report; default: the package, else the file.

    Raises SchemaError for a file that cannot be read as what it is.
    """
    before, after = find_inputs(old, new)
    graphql = before.kind == "graphql"
    changes = _graphql(before, after, operations) if graphql else _openapi(before, after, overlays)
    return Report.of(api or before.name, before.kind, changes)


def _graphql(before: Input, after: Input, operations: Path | None) -> list[Change]:
    from typedpipes_codegen.diff.graphql import graphql_changes
    from typedpipes_codegen.diff.graphql_input import load_graphql
    from typedpipes_codegen.diff.saved_operations import SavedOperations

    folder = operations or (before.api.operations if before.api is not None else None)
    saved = None if folder is None else SavedOperations.read(folder)
    return graphql_changes(load_graphql(before), load_graphql(after), saved)


def _openapi(before: Input, after: Input, overlays: Sequence[Path] | None) -> list[Change]:
    from typedpipes_codegen.diff.openapi import openapi_changes
    from typedpipes_codegen.diff.rest_input import load_rest, lost_targets
    from typedpipes_codegen.diff.site import Findings, Site

    one, other = load_rest(before, overlays), load_rest(after, overlays)
    findings = Findings(openapi_changes(one.document, other.document))
    for target in lost_targets(one, other):
        site = Site(None, None, path=f"overlay: {target}", place=target)
        findings.add("overlay-action-unmatched", site, f"the overlay's {target} matches nothing", direction="none")
    return findings.changes


__all__ = ["diff_documents"]
