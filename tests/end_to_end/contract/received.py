"""What reached the sandbox, byte for byte, and two judges of it that share no code with sandbox or client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from graphql import GraphQLSchema, OperationDefinitionNode, get_variable_values, parse, validate
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from typedpipes_sandbox import Sandbox
from typedpipes_sandbox.wire.arrivals import Arrival
from typedpipes_sandbox.wire.messages import Request

_STRANGE: Final = re.compile(r"[^A-Za-z0-9._~$:-]")


@dataclass
class Received:
    """One request as openapi-core wants to see it."""

    request: Request
    parameters: RequestParameters = field(init=False)
    """Query and headers; the judge adds those of the path."""

    def __post_init__(self) -> None:
        pairs = parse_qsl(self.request.query_string, keep_blank_values=True)
        headers = Headers(list(self.request.headers.items()))
        self.parameters = RequestParameters(query=ImmutableMultiDict(pairs), header=headers)

    @property
    def host_url(self) -> str:
        """A stand-in for scheme and host, which no schema says anything about."""
        return "http://received"

    @property
    def path(self) -> str:
        """The path as sent, each strange character as one plain one: the judge counts and knows no escapes."""
        segments = map(unquote, self.request.path.split("/"))
        return "/".join("_" * len(text) if text in (".", "..") else _STRANGE.sub("_", text) for text in segments)

    @property
    def method(self) -> str:
        """The method in lower case."""
        return self.request.method.lower()

    @property
    def content_type(self) -> str:
        """The media type with its parameters."""
        return self.request.headers.get("content-type", "")

    @property
    def body(self) -> bytes | None:
        """The body, None where there is none."""
        return self.request.body or None


@contextmanager
def received(sandbox: Sandbox) -> Iterator[list[Request]]:
    """Every request that reaches ``sandbox``, in order, unmasked."""
    arrived: list[Request] = []
    record = sandbox.log.record

    def keep(request: Request) -> Arrival:
        arrived.append(request)
        return record(request)

    sandbox.log.record = keep  # type: ignore[method-assign]  # undone below
    try:
        yield arrived
    finally:
        sandbox.log.record = record  # type: ignore[method-assign]  # as it was


class RestJudge:
    """openapi-core over one document."""

    def __init__(self, document: dict[str, Any], prefix: str) -> None:
        served = {**document, "servers": [{"url": f"http://received{prefix}"}], "paths": _own_paths(document)}
        self._judge = OpenAPI.from_dict(served, config=Config(spec_validator_cls=None))

    def fault(self, request: Request) -> str:
        """What is wrong with a request, empty when nothing."""
        if "multipart/" in request.headers.get("content-type", ""):  # openapi-core takes no bytes for a string in 3.1
            return "" if request.body.endswith(b"--\r\n") else "a multipart body without its end"
        try:
            self._judge.validate_apicall_request(Received(request))
        except OpenAPIError as error:
            cause = error.__cause__
            details = [f"{list(each.path)}: {each.message}"[:200] for each in getattr(cause, "schema_errors", ())]
            return f"{type(error).__name__}: {error} {cause or ''} {details[:3]}"[:600]
        return ""


def _own_paths(document: dict[str, Any]) -> dict[str, Any]:
    """The paths, every operation at the one server the sandbox is."""
    verbs = ("get", "put", "post", "delete", "patch")
    return {
        path: {key: {**node, "servers": None} if key in verbs else node for key, node in item.items()}
        if any("servers" in item.get(verb, {}) for verb in verbs)
        else item
        for path, item in document["paths"].items()
    }


def graphql_fault(schema: GraphQLSchema, request: Request) -> str:
    """What graphql-core finds wrong with a request's document and variables, empty when nothing."""
    body = json.loads(request.body)
    document = parse(body["query"])
    errors = list(validate(schema, document))
    definitions = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if not errors and len(definitions) != 1:
        return f"{len(definitions)} operations in one document"
    if not errors:
        variables = get_variable_values(schema, list(definitions[0].variable_definitions), body.get("variables") or {})
        errors = variables if isinstance(variables, list) else []
    return "; ".join(error.message for error in errors)


__all__ = ["Received", "RestJudge", "graphql_fault", "received"]
