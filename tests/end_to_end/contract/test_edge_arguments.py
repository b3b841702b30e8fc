"""Strange but permitted arguments arrive as they were given, for every REST operation, sync and async.

Values come from the schemas: unicode, separators, percent signs, dots, empty and longest texts, extreme numbers, empty
lists. What reached the sandbox is compared with what was given, and judged by openapi-core against the schema.
"""

from __future__ import annotations

import base64
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import anyio
import pytest

from tests.end_to_end.contract.edge_values import EdgeValues
from tests.end_to_end.contract.effective import document
from tests.end_to_end.contract.every_method import Method, RecordingCaller, methods
from tests.end_to_end.contract.received import RestJudge, received
from tests.end_to_end.contract.test_every_operation import APIS, client_root, reach
from tests.typedpipes_sandbox.schema.requests_by_schema import RequestMaker
from typedpipes.errors import APIError, TypedPipesError
from typedpipes.events import Event, SchemaDrift
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_sandbox import Limits, Sandbox
from typedpipes_sandbox.schema.openapi import Operation
from typedpipes_sandbox.wire.messages import Request

PREFIXES = {"connect": "/v1/connect", "pipedream": "/v1", "pipedrive_v1": "/api/v1", "pipedrive_v2": "/api/v2"}
INSERTED = {"project_id": "proj_x", "org_id": "o_1"}
ADDRESS = "https://example.com/hook?a=%20&b=ü#c"
RULED: dict[str, dict[str, Any]] = {
    "webhooks.create": {"url": ADDRESS},
    "tokens.create": {"webhook_uri": ADDRESS, "environment_name": "development"},
    "triggers.deploy": {"webhook_url": ADDRESS},
    "deployed_triggers.webhooks.update": {"webhook_urls": [ADDRESS]},
    "project_environment.webhook.update": {"url": ADDRESS},
    "sources.events.delete": {"start_id": "1/0"},
    "components.create": {"component_code": "export default {}"},
    "sources.create": {"component_id": "sc_ü"},
    "sources.update": {"component_id": "sc_ü"},
}
"""What rules of the client demand beyond the schemas, kept here and tested with the rules."""


class Call(NamedTuple):
    """One call: the arguments given, and what must arrive because of them."""

    method: Method
    given: dict[str, Any]
    path: dict[str, str]
    query: dict[str, Any]
    body: Any


class Calls:
    """Calls of one API with edge values."""

    def __init__(self, maker: RequestMaker, package: str, seed: int) -> None:
        self.maker = maker
        self.package = package
        self.values = EdgeValues(maker.api.compiler, seed)

    def of(self, method: Method) -> Call:
        """A call of one method."""
        operation = self._operation(method)
        ruled = RULED.get(method.path, {}) if not self.package.startswith("pipedrive") else {}
        inserted = {wire for _, place, wire in method.operation.client_parameters if place == "path"}
        given: dict[str, Any] = {}
        path: dict[str, str] = {}
        query: dict[str, Any] = {}
        index = 0
        for parameter in self.maker.parameters(operation):
            wire, place = parameter["name"], parameter["in"]
            if place == "path" and wire not in inserted:
                continue
            if place == "query" and ("query", wire) in method.places:
                name = method.places["query", wire]
                value = ruled.get(name, self._query_value(parameter, wire))
                if value is not None:
                    given[name] = query[wire] = value
        for wire in re.findall(r"\{([^}]+)\}", operation.path):
            if wire in inserted:
                path[wire] = INSERTED[wire]
                continue
            value = self._path_value(operation, wire)
            given[method.places["path", index]] = value
            path[wire] = str(value)
            index += 1
        body = self._body(method, operation, given, ruled)
        return Call(method, given, path, query, body)

    def _operation(self, method: Method) -> Operation:
        return self.maker.api.find(method.operation.method, method.operation.path)

    def _path_value(self, operation: Operation, wire: str) -> object:
        schema = next(each["schema"] for each in self.maker.parameters(operation) if each["name"] == wire)
        if wire == "url_64":
            return base64.urlsafe_b64encode(b"https://example.com/?\xc3\xbc").decode().rstrip("=")
        flat = self.values.flat(schema)
        kind = flat.get("type")
        if "enum" in flat or kind not in ("string", None):
            found = self.values.value(flat)
            return 7 if found is None else found
        found = self.values.text({**flat, "minLength": max(1, flat.get("minLength", 1))})
        return found if found.strip() else "plain"

    def _query_value(self, parameter: dict[str, Any], wire: str) -> Any:
        if not (parameter.get("required") or self.values.chance(0.7)):
            return None
        if wire == "external_user_id":
            return self.values.text({"minLength": 1, "maxLength": 250})
        flat = self.values.flat(parameter["schema"])
        if wire == "limit":  # what is out of bounds is refused (another test)
            flat = {"minimum": 1, "maximum": 50, **flat}
        # An empty list has no form in a query and is refused (another test); to the judge an empty text is an error.
        return self.values.value({**flat, "minItems": max(1, flat.get("minItems", 1)), "minLength": 1})

    def _body(self, method: Method, operation: Operation, given: dict[str, Any], ruled: dict[str, Any]) -> Any:
        schemas = operation.body_schemas
        media = next(iter(schemas), None)
        if media is None:
            return None
        if media == "multipart/form-data":
            maker_body = self.maker.body(operation)
            given.update(
                {method.places["body", wire]: ("x.bin", b"\x00\xff--") for wire in maker_body.get("files", {})}
            )
            return None
        value = self.values.value(schemas[media])
        if ("body", None) in method.places:
            given[method.places["body", None]] = value
            return value
        if not isinstance(value, dict):
            return None
        body: dict[str, Any] = {}
        names = {name: wire for (place, wire), name in method.places.items() if place == "body"}
        for wire, one in value.items():
            name = method.places.get(("body", wire))
            if name is not None and (wire, one) != ("custom_fields", {}):  # would clear all: refused (another test)
                given[name] = body[wire] = one
        for name, one in ruled.items():
            if name in names:
                given[name] = body[str(names[name])] = one
        if body.get("external_user_id", "x") == "":
            given[method.places["body", "external_user_id"]] = body["external_user_id"] = "ü" * 250
        if media == "application/x-www-form-urlencoded":
            body = {wire: one for wire, one in body.items() if one is not None}
            given.update({method.places["body", wire]: one for wire, one in body.items()})
        for option, place, wire in method.operation.client_parameters:
            if place == "body" and option in INSERTED:
                body.setdefault(wire, INSERTED[option])
        return body


def texts(value: Any) -> list[str]:
    """The texts one query parameter stands for."""
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, Mapping):
        return [json.dumps(value, separators=(",", ":"), ensure_ascii=False)]
    return [str(value)]


def differences(call: Call, request: Request, prefix: str, csv: tuple[str, ...]) -> Iterator[str]:
    """Where what arrived departs from what was given. Reads the wire with the standard library only."""
    template = (prefix + call.method.operation.path).split("/")
    segments = request.path.split("/")
    if len(segments) != len(template):
        yield f"path {request.path!r} is not of the form {'/'.join(template)}"
    wanted = [call.path[part[1:-1]] if part.startswith("{") else part for part in template]
    if [unquote(segment) for segment in segments] != wanted:
        yield f"path {request.path!r} does not say {wanted}"
    arrived: dict[str, list[str]] = {}
    for name, text in parse_qsl(request.query_string, keep_blank_values=True):
        arrived.setdefault(name, []).append(text)
    for name, value in call.query.items():
        found = arrived.get(name, [])
        expected = [",".join(texts(value))] if name in csv and isinstance(value, list) else texts(value)
        if found != expected:
            yield f"query {name}: {found} instead of {expected}"
    media = request.headers.get("content-type", "")
    if call.body is None or media.startswith("multipart/"):
        return
    if media.startswith("application/x-www-form-urlencoded"):
        pairs = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        form = {name: texts(value)[0] for name, value in call.body.items()}
        if pairs != form:
            yield f"form {pairs} instead of {form}"
    elif (json.loads(request.body) if request.body else {}) != call.body:
        yield f"body {request.body[:300]!r} instead of {str(call.body)[:300]}"


class Round:
    """One call of every operation of one API."""

    def __init__(self, package: str, sandbox: Sandbox, seed: int) -> None:
        document_name, api = APIS[package]
        self.package = package
        self.sandbox = sandbox
        self.judge = RestJudge(document(package), PREFIXES[package])
        self.calls = Calls(RequestMaker(sandbox, document_name), package, seed)
        self.methods = [one for one in methods(api(RecordingCaller())) if not one.operation.path.startswith("/oauth/")]
        self.heard: list[Event] = []
        self.failures: list[str] = []
        self.answered = 0

    def judged(self, call: Call, arrived: list[Request], error: TypedPipesError | None) -> None:
        """Note what went wrong with one call."""
        name = call.method.path
        drift = [event for event in self.heard if isinstance(event, SchemaDrift) and event.got != "an unknown property"]
        if error is not None and not (isinstance(error, APIError) and error.status in (400, 401, 403, 404, 409, 422)):
            self.failures.append(f"{name}: {error!r} for {str(call.given)[:300]}")
        elif len(arrived) != 1:
            self.failures.append(f"{name}: {len(arrived)} requests arrived for {str(call.given)[:300]}")
        else:
            csv = call.method.operation.csv
            problems = list(differences(call, arrived[0], PREFIXES[self.package], csv))
            problems += [fault] if (fault := self.judge.fault(arrived[0])) else []
            problems += [str(drift)] if drift and "/proxy/" not in call.method.operation.path else []
            self.failures += [f"{name}: {problem}" for problem in problems]
        self.answered += error is None
        self.heard.clear()


def run_sync(package: str, seed: int) -> Round:
    kind: Any = Pipedrive if package.startswith("pipedrive") else Pipedream
    with Sandbox(limits=Limits.off()) as sandbox, received(sandbox) as arrived:
        round_ = Round(package, sandbox, seed)
        with kind(env=sandbox.environment(), limits="off", retries=0, on_event=round_.heard.append) as client:
            root = client_root(package, client)
            for method in round_.methods:
                call, error = round_.calls.of(method), None
                del arrived[:]
                with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                    try:
                        reach(root, method.path)(**call.given)
                    except TypedPipesError as caught:
                        error = caught
                round_.judged(call, api_requests(arrived), error)
        assert sandbox.errors == []
    return round_


async def run_async(package: str, seed: int) -> Round:
    kind: Any = AsyncPipedrive if package.startswith("pipedrive") else AsyncPipedream
    with Sandbox(limits=Limits.off()) as sandbox, received(sandbox) as arrived:
        round_ = Round(package, sandbox, seed)
        async with kind(env=sandbox.environment(), limits="off", retries=0, on_event=round_.heard.append) as client:
            root = client_root(package, client)
            for method in round_.methods:
                call, error = round_.calls.of(method), None
                del arrived[:]
                with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                    try:
                        await reach(root, method.path)(**call.given)
                    except TypedPipesError as caught:
                        error = caught
                round_.judged(call, api_requests(arrived), error)
        assert sandbox.errors == []
    return round_


def api_requests(arrived: list[Request]) -> list[Request]:
    return [request for request in arrived if "/oauth/" not in request.path]


def check(package: str, mode: str, seed: int) -> None:
    round_ = run_sync(package, seed) if mode == "sync" else anyio.run(run_async, package, seed)
    assert not round_.failures, "\n".join(round_.failures)
    assert round_.answered >= 0.2 * len(round_.methods), "some of them find what they ask for"


@pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # of openapi-core, about oauth2
@pytest.mark.filterwarnings("ignore:Use of allowEmptyValue")  # of openapi-core, about a word of OpenAPI
@pytest.mark.parametrize(("package", "mode", "seed"), [*zip(APIS, ["sync", "async"] * 2, [1, 2] * 2, strict=True)])
def test_strange_arguments_arrive_as_given_and_fit_the_schema(package: str, mode: str, seed: int) -> None:
    check(package, mode, seed)


@pytest.mark.campaign
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # as above
@pytest.mark.filterwarnings("ignore:Use of allowEmptyValue")  # as above
@pytest.mark.parametrize("seed", range(100, 125))
@pytest.mark.parametrize("package", APIS)
def test_many_strange_arguments_arrive_as_given(package: str, seed: int) -> None:
    check(package, "async" if seed % 2 else "sync", seed)
