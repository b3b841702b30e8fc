"""Strange but permitted arguments of every Pipefy operation arrive as given, sync and async and both schemas.

What reached the sandbox is judged by graphql-core against the checked-in SDL: the document, and the variables against
their types. The example data knows few of the things asked for, so refusals are fine; badly formed requests are not.
"""

from __future__ import annotations

import inspect
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
)

from tests.end_to_end.contract.edge_values import FORMATS, STRANGE
from tests.end_to_end.contract.received import graphql_fault, received
from tests.end_to_end.contract.test_every_graphql_operation import Recorded
from tests.support.committed_schemas import all_root_fields
from typedpipes._core.graphql import GraphQLOperation
from typedpipes.errors import APIError, GraphQLError, NotFound, PermissionDenied, TypedPipesError
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_api.pipefy import client as live
from typedpipes_api.pipefy.async_client import AsyncClient as LiveAsync
from typedpipes_api.pipefy_documented import client as documented
from typedpipes_api.pipefy_documented.async_client import AsyncClient as DocumentedAsync
from typedpipes_sandbox import Limits, Sandbox

ROOT = Path(__file__).parents[3]
FORMS: dict[str, tuple[Any, Any]] = {
    "live": (live.Client, LiveAsync),
    "documented": (documented.Client, DocumentedAsync),
}
INTEGERS = (0, 1, -1, 2**31 - 1, -(2**31))
FLOATS = (0.0, -0.5, 1e-7, 1.5e300)


class Method(NamedTuple):
    """A method with its operation and argument on the wire -> parameter name."""

    name: str
    operation: GraphQLOperation[Any]
    places: dict[str, str]


def methods(client: type) -> Iterator[Method]:
    class Recording(client):  # type: ignore[misc]  # whichever generated client it is
        def _run(self, operation: Any, variables: Any, options: Any) -> Any:
            raise Recorded(operation, variables)

    recording = Recording()
    for name, method in inspect.getmembers(recording, inspect.ismethod):
        if name.startswith(("_", "iter_")):
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


class Values:
    """Values at the edges of GraphQL input types."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, kind: Any, depth: int = 0) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, depth)
        if isinstance(kind, GraphQLList):
            return [self.value(kind.of_type, depth + 1) for _ in range(self.random.choice((0, 1, 3)))]
        if isinstance(kind, GraphQLInputObjectType):
            return {
                name: self.value(field.type, depth + 1)
                for name, field in kind.fields.items()
                if isinstance(field.type, GraphQLNonNull) or (depth < 3 and self.random.random() < 0.5)
            }
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(sorted(kind.values))
        return self._scalar(kind.name)

    def _scalar(self, name: str) -> Any:
        if name == "Int":
            return self.random.choice(INTEGERS)
        if name == "Float":
            return self.random.choice(FLOATS)
        if name == "Boolean":
            return self.random.random() < 0.5
        if "Date" in name:
            return self.random.choice(FORMATS["date-time"])
        texts = ("", "ü" * 2000, *STRANGE)
        return self.random.choice([text for text in texts if text.strip()] if name == "ID" else texts)

    def arguments(self, schema: GraphQLSchema, method: Method) -> dict[str, Any]:
        """Arguments by wire name: those that are needed, and half of the rest."""
        kind = schema.query_type if method.operation.kind == "query" else schema.mutation_type
        assert kind is not None
        given = {}
        for wire, argument in kind.fields[method.operation.roots[0]].args.items():
            if wire in method.places and (isinstance(argument.type, GraphQLNonNull) or self.random.random() < 0.5):
                given[wire] = self.value(argument.type)
        return given


class Round:
    """One call of every operation of one form."""

    def __init__(self, form: str, seed: int) -> None:
        sync, asynchronous = FORMS[form]
        self.clients = {"sync": sync, "async": asynchronous}
        text = (ROOT / "schemas" / "pipefy" / form / "schema.graphql").read_text(encoding="utf-8")
        self.schema = build_schema(text)
        self.methods = [one for one in methods(sync) if len(one.operation.roots) == 1]
        self.values = Values(seed)
        self.failures: list[str] = []
        self.answered = 0

    def next(self, method: Method) -> tuple[dict[str, Any], dict[str, Any]]:
        """Variables, and the same by parameter name."""
        variables = self.values.arguments(self.schema, method)
        return variables, {method.places[wire]: value for wire, value in variables.items()}

    def judged(self, method: Method, variables: dict[str, Any], arrived: list[Any], error: Exception | None) -> None:
        requests = [request for request in arrived if request.path.endswith("/graphql")]
        if error is not None and not isinstance(error, GraphQLError | NotFound | PermissionDenied | APIError):
            self.failures.append(f"{method.name}: {error!r} for {str(variables)[:300]}")
        elif len(requests) != 1:
            self.failures.append(f"{method.name}: {len(requests)} requests arrived")
        else:
            sent = json.loads(requests[0].body).get("variables") or {}
            if {name: sent.get(name) for name in variables} != variables or set(sent) != set(variables):
                self.failures.append(f"{method.name}: {str(sent)[:300]} instead of {str(variables)[:300]}")
            if fault := graphql_fault(self.schema, requests[0]):
                self.failures.append(f"{method.name}: {fault[:400]}")
        self.answered += error is None


def check(form: Any, mode: str, seed: int) -> None:
    round_ = Round(form, seed)
    assert {method.operation.roots[0] for method in round_.methods} == all_root_fields(form)
    options: dict[str, Any] = {"limits": "off", "retries": 0}
    with (
        Sandbox(limits=Limits.off(), exports={"pace": "once"}, pipefy_form=form) as sandbox,
        received(sandbox) as arrived,
    ):
        env = sandbox.environment()
        if mode == "sync":
            with Pipefy(env=env, **options) as pipefy:
                bound: Any = pipefy if form == "live" else pipefy.bind(round_.clients["sync"])
                for method in round_.methods:
                    variables, given = round_.next(method)
                    del arrived[:]
                    error: Exception | None = None
                    try:
                        getattr(bound, method.name)(**given)
                    except TypedPipesError as caught:
                        error = caught
                    round_.judged(method, variables, arrived, error)
        else:

            async def main() -> None:
                async with AsyncPipefy(env=env, **options) as pipefy:
                    bound: Any = pipefy if form == "live" else pipefy.bind(round_.clients["async"])
                    for method in round_.methods:
                        variables, given = round_.next(method)
                        del arrived[:]
                        error: Exception | None = None
                        try:
                            await getattr(bound, method.name)(**given)
                        except TypedPipesError as caught:
                            error = caught
                        round_.judged(method, variables, arrived, error)

            anyio.run(main)
        assert sandbox.errors == []
    assert not round_.failures, "\n".join(round_.failures)
    if form == "live":
        assert round_.answered >= 0.1 * len(round_.methods), "some of them find what they ask for"


@pytest.mark.parametrize(("form", "mode", "seed"), [*zip(FORMS, ["sync", "async"], [1, 2], strict=True)])
def test_strange_arguments_arrive_as_given_and_fit_the_schema(form: str, mode: str, seed: int) -> None:
    check(form, mode, seed)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 120))
@pytest.mark.parametrize("form", FORMS)
def test_many_strange_arguments_arrive_as_given(form: str, seed: int) -> None:
    check(form, "async" if seed % 2 else "sync", seed)
