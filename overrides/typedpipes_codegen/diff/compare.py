"""From two files to a report: read, then compare. Each kind of schema needs its own libraries, loaded when needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import attrs

from typedpipes_codegen.diff.change import Change, Report
from typedpipes_codegen.diff.inputs import Input, find_inputs

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from typedpipes_codegen.diff.inputs import Prepared


@attrs.frozen
class RestPair:
    """Two OpenAPI documents as read, each with what belongs to its file."""

    before: Input
    after: Input
    old: Prepared
    new: Prepared


@attrs.frozen
class GraphQLPair:
    """Two GraphQL schemas as read, each with what belongs to its file."""

    before: Input
    after: Input
    old: GraphQLSchema
    new: GraphQLSchema


Pair: TypeAlias = RestPair | GraphQLPair


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
    return compare(read_pair(old, new, overlays=overlays), operations=operations, api=api)


def read_pair(old: Path, new: Path, *, overlays: Sequence[Path] | None = None) -> Pair:
    """The first half of `diff_documents`: both files, read."""
    before, after = find_inputs(old, new)
    if before.kind == "graphql":
        from typedpipes_codegen.diff.inputs import load_graphql

        return GraphQLPair(before, after, load_graphql(before), load_graphql(after))
    from typedpipes_codegen.diff.inputs import load_rest

    return RestPair(before, after, load_rest(before, overlays), load_rest(after, overlays))


def compare(pair: Pair, *, operations: Path | None = None, api: str | None = None) -> Report:
    """The second half of `diff_documents`. Leaves the documents as they are."""
    changes = _graphql(pair, operations) if isinstance(pair, GraphQLPair) else _openapi(pair)
    return Report.of(api or pair.before.name, pair.before.kind, changes)


def _graphql(pair: GraphQLPair, operations: Path | None) -> list[Change]:
    from typedpipes_codegen.diff.graphql import graphql_changes
    from typedpipes_codegen.diff.saved_operations import SavedOperations

    folder = operations or (pair.before.api.operations if pair.before.api is not None else None)
    return graphql_changes(pair.old, pair.new, None if folder is None else SavedOperations.read(folder))


def _openapi(pair: RestPair) -> list[Change]:
    from typedpipes_codegen.diff.inputs import lost_targets
    from typedpipes_codegen.diff.openapi import openapi_changes
    from typedpipes_codegen.diff.site import Findings, Site

    findings = Findings(openapi_changes(pair.old.document, pair.new.document))
    for target in lost_targets(pair.old, pair.new):
        site = Site(None, None, path=f"overlay: {target}", place=target)
        findings.add("overlay-action-unmatched", site, f"the overlay's {target} matches nothing", direction="none")
    return findings.changes
