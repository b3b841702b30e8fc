"""GraphQL packages: a schema and operation documents in, a typed client for each operation out."""

from __future__ import annotations

from typedpipes_codegen.graphql.render import render

__all__ = ["render"]
