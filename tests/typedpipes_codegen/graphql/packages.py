"""Renders schemas into packages that can be imported, and clients over canned answers."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql import GraphQLOperation, operation_variables
from typedpipes._core.graphql.clients import AsyncGraphQLClient, GraphQLClient
from typedpipes._core.graphql.results import ResultModel
from typedpipes._core.rest import CallOptions
from typedpipes.events import SchemaDrift
from typedpipes_codegen.graphql import render

HERE = Path(__file__).parent
SCHEMAS = HERE.parents[2] / "schemas" / "pipefy"
LIBRARY = HERE / "library"

_numbers = itertools.count()


def write(folder: Path, schema: str, **documents: str) -> tuple[Path, Path]:
    """Write a schema and operation documents; returns the paths `render` takes."""
    operations = folder / "operations"
    operations.mkdir(parents=True)
    (folder / "schema.graphql").write_text(schema, encoding="utf-8")
    for name, text in documents.items():
        (operations / f"{name}.graphql").write_text(text, encoding="utf-8")
    return folder / "schema.graphql", operations


def render_to(output: Path, folder: Path, *, complete: bool = True) -> Path:
    """Render ``folder``'s schema and operations into ``output``."""
    output.mkdir(parents=True)
    render(
        folder / "schema.graphql",
        folder / "operations",
        output,
        package=f"rendered.{output.name}",
        header=f"Generated from {folder.name}.",
        complete=complete,
    )
    return output


@contextmanager
def imported(folder: Path, where: Path, *, complete: bool = True) -> Iterator[ModuleType]:
    """Render ``folder`` below ``where`` and import the package under a name of its own."""
    name = f"rendered_{next(_numbers)}"
    render_to(where / name, folder, complete=complete)
    sys.path.insert(0, str(where))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(where))
        for module in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[module]


class Canned:
    """What a canned client answers, and what it was asked."""

    def __init__(self, data: object, *, strict: bool = False) -> None:
        self.data = data
        self.strict = strict
        self.asked: list[tuple[GraphQLOperation[ResultModel], dict[str, JSON], Mapping[str, object]]] = []
        self.drift: list[SchemaDrift] = []

    def answer(
        self, operation: GraphQLOperation[ResultModel], variables: Mapping[str, object], options: CallOptions
    ) -> ResultModel:
        """What a client's `_run` returns."""
        self.asked.append((operation, operation_variables(operation, variables), options))
        return operation.decode(self.data, Decoding(operation.name, strict=self.strict, report=self.drift.append))


def sync_client(package: ModuleType, canned: Canned) -> Any:
    """The package's synchronous client over ``canned``."""

    class Client(package.Client):  # type: ignore[name-defined,misc]  # a class made at run time
        def _run(
            self, operation: GraphQLOperation[ResultModel], variables: Mapping[str, object], options: CallOptions
        ) -> ResultModel:
            return canned.answer(operation, variables, options)

    assert issubclass(Client, GraphQLClient)
    return Client()


def async_client(package: ModuleType, canned: Canned) -> Any:
    """The package's asynchronous client over ``canned``."""

    class Client(package.AsyncClient):  # type: ignore[name-defined,misc]  # a class made at run time
        async def _run(
            self, operation: GraphQLOperation[ResultModel], variables: Mapping[str, object], options: CallOptions
        ) -> ResultModel:
            return canned.answer(operation, variables, options)

    assert issubclass(Client, AsyncGraphQLClient)
    return Client()
