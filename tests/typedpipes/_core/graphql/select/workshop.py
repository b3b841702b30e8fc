"""The package of the workshop's schema, rendered once, and a client of it over canned answers."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from graphql import GraphQLSchema, build_schema

from tests.typedpipes_codegen.graphql.packages import Canned, sync_client
from typedpipes_codegen.graphql import render

SCHEMA = Path(__file__).with_name("workshop.graphql")
OPERATIONS = """
query Sizes { places { totalCount } }
mutation Make($input: MakeInput!) { make(input: $input) { success } }
"""


def schema() -> GraphQLSchema:
    """As graphql-core reads it."""
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


@contextmanager
def workshop(where: Path) -> Iterator[ModuleType]:
    """The rendered package, importable."""
    (where / "operations").mkdir()
    (where / "operations" / "all.graphql").write_text(OPERATIONS, encoding="utf-8")
    render(SCHEMA, where / "operations", where / "workshop_api", package="workshop_api", header="x", complete=False)
    sys.path.insert(0, str(where))
    try:
        yield importlib.import_module("workshop_api.select")
    finally:
        sys.path.remove(str(where))
        for name in [name for name in sys.modules if name.partition(".")[0] == "workshop_api"]:
            del sys.modules[name]


def client(data: object, *, strict: bool = False) -> tuple[Any, Canned]:
    """A client that answers ``data`` to everything, and what it was asked."""
    canned = Canned(data, strict=strict)
    return sync_client(importlib.import_module("workshop_api"), canned), canned
