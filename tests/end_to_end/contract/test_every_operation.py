"""Every REST operation, called through the public client against the sandbox, sync and async.

The schemas are enumerated: a new operation is covered without being listed. The sandbox refuses a request that does
not fit its schema; the answer must decode without drift.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import pytest

from tests.end_to_end.contract.every_method import Method, RecordingCaller, methods
from tests.support.committed_schemas import rest_operations
from tests.typedpipes_sandbox.schema.requests_by_schema import NOTHING_THERE, RequestMaker
from typedpipes.errors import NotFound, TypedPipesError
from typedpipes.events import Event, SchemaDrift
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_api.connect import ConnectApi
from typedpipes_api.pipedream import PipedreamApi
from typedpipes_api.pipedrive_v1 import PipedriveV1Api
from typedpipes_api.pipedrive_v2 import PipedriveV2Api
from typedpipes_sandbox import Limits, Sandbox
from typedpipes_sandbox.rest import open_api
from typedpipes_sandbox.schema.openapi import Operation

APIS: dict[str, tuple[str, Any]] = {
    "connect": ("pipedream/connect", ConnectApi),
    "pipedream": ("pipedream/rest", PipedreamApi),
    "pipedrive_v1": ("pipedrive/v1", PipedriveV1Api),
    "pipedrive_v2": ("pipedrive/v2", PipedriveV2Api),
}
STREAMED = re.compile(r"/proxy/")
"""The proxy's answer is the upstream's: no schema says anything about it."""

RULED: dict[str, dict[str, Any]] = {
    "sources.events.delete": {"start_id": "1-0"},
    "deployed_triggers.webhooks.update": {"webhook_urls": ["https://example.com/hook"]},
    "tokens.create": {"environment_name": "development"},
}
"""Arguments that a rule of the client demands beyond what the schema says."""


def arguments_of(method: Method, maker: RequestMaker) -> dict[str, Any]:
    """Arguments for a generated method, from the values the request maker gives for the same operation."""
    found = next(
        each
        for each in maker.api.operations
        if (each.method, each.path) == (method.operation.method, method.operation.path)
    )
    inserted = {wire for _, location, wire in method.operation.client_parameters if location == "path"}
    names = re.findall(r"\{([^}]+)\}", found.path)
    values = [identifier(maker, found, name) for name in names if name not in inserted]
    given: dict[str, Any] = {method.places["path", index]: value for index, value in enumerate(values)}
    for wire, text in maker.query(found).items():
        if ("query", wire) in method.places:
            given[method.places["query", wire]] = text
    body = maker.body(found)
    if "files" in body:
        given.update({method.places["body", wire]: ("x.bin", b"content") for wire in body["files"]})
    payload = body.get("json", body.get("data"))
    if payload is not None and ("body", None) in method.places:
        given[method.places["body", None]] = payload
    elif isinstance(payload, Mapping):
        for wire, value in payload.items():
            if ("body", wire) in method.places and (wire, value) != ("custom_fields", {}):
                given[method.places["body", wire]] = value
    given.update(RULED.get(method.path, {}))
    return given


def identifier(maker: RequestMaker, operation: Operation, name: str) -> str:
    """An id of something that exists where the call looks for it."""
    kind = operation.path.split("/")[2] if operation.path.count("/") > 2 else ""
    if kind in ("app_overrides", "oauth_apps"):
        # These calls carry no environment, so the sandbox takes its default.
        return str(next(iter(maker.sandbox.pipedream.connect[f"proj_x/production/{kind}"])).id)
    return maker._identifier(operation, name)


def operations(package: str) -> list[Method]:
    """What deletes comes last, and the deepest paths first, so that everything still exists when it is asked for."""
    document, api = APIS[package]
    found = [method for method in methods(api(RecordingCaller())) if not method.operation.path.startswith("/oauth/")]
    order = {(each.method, each.path): index for index, each in enumerate(open_api(document).operations)}

    def rank(one: Method) -> tuple[bool, bool, int, int]:
        verb, path = one.operation.method, one.operation.path
        return verb == "DELETE", path == "/projects/{project_id}", -len(path), order[verb, path]

    return sorted(found, key=rank)


def reach(root: object, path: str) -> Callable[..., Any]:
    for name in path.split("."):
        root = getattr(root, name)
    assert callable(root)
    return root


def verdict(method: Method, error: TypedPipesError | None, heard: list[Event]) -> str:
    facts = method.operation
    drift = [str(event) for event in heard if isinstance(event, SchemaDrift) and event.got != "an unknown property"]
    if (facts.method, facts.path) in NOTHING_THERE:
        return "" if isinstance(error, NotFound) else f"{method.path}: {error!r} instead of NotFound"
    if error is not None:
        return f"{method.path}: {error}"
    return f"{method.path}: {drift}" if drift and not STREAMED.search(facts.path) else ""


def client_root(package: str, client: Any) -> Any:
    return {
        "connect": lambda: client.connect,
        "pipedream": lambda: client.rest,
        "pipedrive_v1": lambda: client.v1,
        "pipedrive_v2": lambda: client.v2,
    }[package]()


@pytest.mark.parametrize("package", APIS)
def test_every_schema_operation_has_one_method(package: str) -> None:
    document, api = APIS[package]
    found = list(methods(api(RecordingCaller())))
    requests = [f"{method.operation.method} {method.operation.path}" for method in found]
    assert sorted(requests) == sorted(rest_operations(document))
    assert len({method.operation.id for method in found}) == len(found)
    assert all(method.path == method.operation.name for method in found)


@pytest.mark.parametrize("package", APIS)
def test_every_operation_is_accepted_and_its_answer_decodes(package: str) -> None:
    document, _ = APIS[package]
    heard: list[Event] = []
    failures: list[str] = []
    with Sandbox(limits=Limits.off()) as sandbox:
        maker = RequestMaker(sandbox, document)
        kind: Any = Pipedrive if document.startswith("pipedrive") else Pipedream
        with kind(env=sandbox.environment(), limits="off", retries=0, on_event=heard.append) as client:
            root = client_root(package, client)
            for method in operations(package):
                heard.clear()
                error = None
                with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                    try:
                        reach(root, method.path)(**arguments_of(method, maker))
                    except TypedPipesError as caught:
                        error = caught
                failures += [text] if (text := verdict(method, error, heard)) else []
        assert sandbox.errors == []
        assert sandbox.violations == []
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("package", APIS)
def test_every_operation_works_asynchronously_too(package: str) -> None:
    document, _ = APIS[package]

    async def run() -> list[str]:
        heard: list[Event] = []
        failures: list[str] = []
        with Sandbox(limits=Limits.off()) as sandbox:
            maker = RequestMaker(sandbox, document)
            kind: Any = AsyncPipedrive if document.startswith("pipedrive") else AsyncPipedream
            async with kind(env=sandbox.environment(), limits="off", retries=0, on_event=heard.append) as client:
                root = client_root(package, client)
                for method in operations(package):
                    heard.clear()
                    error = None
                    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                        try:
                            call: Awaitable[object] = reach(root, method.path)(**arguments_of(method, maker))
                            await call
                        except TypedPipesError as caught:
                            error = caught
                    failures += [text] if (text := verdict(method, error, heard)) else []
        return failures

    failures = anyio.run(run)
    assert not failures, "\n".join(failures)
