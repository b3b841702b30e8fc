"""What changed between two schemas of one API, rated for a client.

- `change`: `Change` and `Report`; `breaking`: every kind of change with its rating, the whole policy in one table.
- `compare`: from two files to a `Report`; `inputs` finds what belongs to a file.
- `openapi` compares two documents in memory: `operations`, `parameters`, `addresses` (servers, credentials), and
  `schemas` (with `bounds`) on the shapes that `shape` reads.
- `graphql` compares two schemas (`graphql_sites`: what a place in one belongs to); `saved_operations` checks documents
  against the new one.
- `site` collects and rates what is found. `verdict` joins everything and renders it for a terminal, a pull request or a
  program (`reports`); `surface` compares the Python names, `release` advises on the version.
"""

from __future__ import annotations

from typedpipes_codegen.diff.breaking import RULES, Rule
from typedpipes_codegen.diff.change import RATINGS, WHOLE_API, Change, Direction, Rating, Report
from typedpipes_codegen.diff.compare import diff_documents

__all__ = ["RATINGS", "RULES", "WHOLE_API", "Change", "Direction", "Rating", "Report", "Rule", "diff_documents"]
