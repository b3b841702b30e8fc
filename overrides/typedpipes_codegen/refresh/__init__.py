"""Refreshing checked-in schemas from the vendors' documents.

- `fetched`: the bytes to start from; `pipeline`: all steps, on a working copy; `files`: all is written or nothing.
- `rest`, `withdrawn`: OpenAPI. `graphql_schema`, `introspection`, `sdl_form`, `documents`, `mending`: GraphQL.
- `sources`: the rows of ``apis.toml`` that say where facts come from.
- `consistency`: what `typedpipes schema check` finds.
"""

from typedpipes_codegen.refresh.fetched import Fetched
from typedpipes_codegen.refresh.files import recover
from typedpipes_codegen.refresh.pipeline import PackageReport, Prepared, prepare, write

__all__ = ["Fetched", "PackageReport", "Prepared", "prepare", "recover", "write"]
