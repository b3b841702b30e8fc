"""What changed between two schemas of one API, rated for a client.

- `change`: `Change` and `Report`; `rules`: every kind of change with its rating, the whole policy in one table.
- `compare`: from two files to a `Report`; `inputs`, `rest_input` and `graphql_input` find what belongs to a file.
- `openapi.openapi_changes` compares two documents in memory: `operations`, `addresses` (servers, credentials),
  `extensions`, and `schemas` (with `bounds`, `variants`) on the shapes that `shape` reads.
- `graphql.graphql_changes` compares two schemas; `saved_operations` checks documents against the new one.
- `text`, `markdown`, `as_json`: a report for a terminal, a pull request, a program. `revision`: files of git revisions.
"""

from __future__ import annotations

from typedpipes_codegen.diff.change import RATINGS, WHOLE_API, Change, Direction, Rating, Report
from typedpipes_codegen.diff.compare import diff_documents
from typedpipes_codegen.diff.rules import RULES, Rule

__all__ = ["RATINGS", "RULES", "WHOLE_API", "Change", "Direction", "Rating", "Report", "Rule", "diff_documents"]
