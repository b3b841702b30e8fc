"""Every Pipefy operation, called through the public client against the sandbox, sync and async.

The client's methods are enumerated, so a new operation is covered without being listed. The sandbox executes the
document over the checked-in SDL with graphql-core, which refuses what does not fit; the answer must decode without
drift.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import anyio
from graphql import GraphQLNonNull, parse_value
from graphql.utilities import value_from_ast_untyped

from tests.support.committed_schemas import all_root_fields
from tests.typedpipes_sandbox.schema.documents_by_schema import Documents
from typedpipes._core.graphql import GraphQLOperation
from typedpipes.errors import TypedPipesError
from typedpipes.events import Event, SchemaDrift
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_api.pipefy.client import Client
from typedpipes_sandbox import Limits, Sandbox


class Recorded(Exception):
    """What a method asked its client to run."""

    def __init__(self, operation: GraphQLOperation[Any], variables: dict[str, object]) -> None:
        self.operation = operation
        self.variables = variables


class RecordingClient(Client):
    """Runs nothing."""

    def _run(self, operation: Any, variables: Any, options: Any) -> Any:
        raise Recorded(operation, variables)


class Method(NamedTuple):
    """A method, its operation, and argument on the wire -> parameter name."""

    name: str
    operation: GraphQLOperation[Any]
    places: dict[str, str]


def methods() -> Iterator[Method]:
    client = RecordingClient()
    for name, method in inspect.getmembers(client, inspect.ismethod):
        if name.startswith(("_", "iter_")) or name in (
            "query",
            "mutate",
        ):  # selections of one's own: tests/typedpipes/_core/graphql/select
            continue
        parameters = inspect.signature(method).parameters.values()
        if any(one.kind is one.VAR_POSITIONAL for one in parameters):
            continue  # the builder's, which has no operation of its own
        markers = {one.name: f"marker-{one.name}" for one in parameters if one.kind is not one.VAR_KEYWORD}
        try:
            method(**markers)
        except Recorded as recorded:
            back = {marker: parameter for parameter, marker in markers.items()}
            places = {wire: back[str(value)] for wire, value in recorded.variables.items() if value in back}
            yield Method(name, recorded.operation, places)


def arguments_of(method: Method, documents: Documents) -> dict[str, Any]:
    """Required arguments, made from the schema, about things the example data has."""
    root = method.operation.roots[0]
    schema = documents.schema
    kind = schema.query_type if method.operation.kind == "query" else schema.mutation_type
    assert kind is not None
    given = {}
    for wire, argument in kind.fields[root].args.items():
        if isinstance(argument.type, GraphQLNonNull) and wire in method.places:
            literal = documents.value(argument.type, wire, root)
            given[method.places[wire]] = value_from_ast_untyped(parse_value(literal))
    return given


def ordered() -> list[Method]:
    found = [method for method in methods() if len(method.operation.roots) == 1]
    return sorted(found, key=lambda one: one.operation.roots[0].startswith(("delete", "remove")))


def verdict(method: Method, error: TypedPipesError | None, heard: list[Event]) -> list[str]:
    drift = [str(event) for event in heard if isinstance(event, SchemaDrift)]
    return [f"{method.name}: {error or drift}"] if error or drift else []


def test_every_root_field_has_a_method() -> None:
    assert {method.operation.roots[0] for method in methods()} == all_root_fields("live")


def test_every_operation_runs_and_its_answer_decodes() -> None:
    heard: list[Event] = []
    failures: list[str] = []
    with Sandbox(limits=Limits.off(), exports={"pace": "once"}) as sandbox:
        documents = Documents(sandbox)
        with Pipefy(env=sandbox.environment(), limits="off", retries=0, on_event=heard.append) as client:
            for method in ordered():
                heard.clear()
                error = None
                try:
                    getattr(client, method.name)(**arguments_of(method, documents))
                except TypedPipesError as caught:
                    error = caught
                failures += verdict(method, error, heard)
        assert sandbox.errors == []
    assert not failures, "\n".join(failures)


def test_every_operation_works_asynchronously_too() -> None:
    async def run() -> list[str]:
        heard: list[Event] = []
        failures: list[str] = []
        with Sandbox(limits=Limits.off(), exports={"pace": "once"}) as sandbox:
            documents = Documents(sandbox)
            async with AsyncPipefy(env=sandbox.environment(), limits="off", retries=0, on_event=heard.append) as client:
                for method in ordered():
                    heard.clear()
                    error = None
                    try:
                        await getattr(client, method.name)(**arguments_of(method, documents))
                    except TypedPipesError as caught:
                        error = caught
                    failures += verdict(method, error, heard)
        return failures

    failures = anyio.run(run)
    assert not failures, "\n".join(failures)
