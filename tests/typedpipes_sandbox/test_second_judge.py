"""A second judge that shares no code with the sandbox: openapi-core checks what every operation is asked and answers.

The sandbox's own validators are compiled from the same documents; a mistake in them would let wrong answers through
unnoticed. Requests are judged too, or an answer to a request the schema forbids could pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.support.committed_schemas import rest_operations
from tests.typedpipes_sandbox.schema.requests_by_schema import DOCUMENTS, NOTHING_THERE, RequestMaker
from typedpipes_sandbox import Limits, Sandbox


@dataclass
class JudgedRequest:
    """A sent request as openapi-core wants to see it."""

    sent: httpx.Request
    parameters: RequestParameters = field(init=False)

    def __post_init__(self) -> None:
        pairs = parse_qsl(self.sent.url.query.decode(), keep_blank_values=True)
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(pairs), header=Headers(list(self.sent.headers.items()))
        )

    @property
    def host_url(self) -> str:
        """Scheme and host."""
        return f"{self.sent.url.scheme}://{self.sent.url.host}"

    @property
    def path(self) -> str:
        """The path as sent."""
        return urlsplit(str(self.sent.url)).path

    @property
    def method(self) -> str:
        """The method in lower case."""
        return self.sent.method.lower()

    @property
    def content_type(self) -> str:
        """The media type with its parameters."""
        return str(self.sent.headers.get("content-type", ""))

    @property
    def body(self) -> bytes | None:
        """The body, None where there is none."""
        return self.sent.content or None


@dataclass
class JudgedResponse:
    """An answer as openapi-core wants to see it."""

    received: httpx.Response

    @property
    def status_code(self) -> int:
        """The status."""
        return self.received.status_code

    @property
    def content_type(self) -> str:
        """The media type with its parameters."""
        return str(self.received.headers.get("content-type", ""))

    @property
    def headers(self) -> Headers:
        """The headers."""
        return Headers(list(self.received.headers.items()))

    @property
    def data(self) -> bytes | None:
        """The body."""
        return self.received.content or None


def judge_of(maker: RequestMaker, base: str) -> OpenAPI:
    """openapi-core over one document, served where the in-process transport answers."""
    document = {**maker.api.document, "servers": [{"url": base}]}
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))


def verdict(judge: OpenAPI, response: httpx.Response) -> str:
    """What openapi-core finds wrong, empty when nothing."""
    request = JudgedRequest(response.request)
    try:
        if not request.content_type.startswith("multipart/"):  # openapi-core takes no bytes for a string in 3.1
            judge.validate_apicall_request(request)
        if "json" in response.headers.get("content-type", "json"):  # nor for a download
            judge.validate_apicall_response(request, JudgedResponse(response))
    except OpenAPIError as error:
        cause = error.__cause__
        details = [f"{list(each.path)}: {each.message}" for each in getattr(cause, "schema_errors", ())]
        return f"{type(error).__name__}: {error} {cause or ''} {details[:3]}"
    return ""


def judged(request: str) -> bool:
    """Everything but the OAuth server, an origin of its own, and the proxy, whose answer no schema describes."""
    verb, _, path = request.partition(" ")
    return not path.startswith("/oauth/") and "/proxy/" not in path and (verb, path) not in NOTHING_THERE


@pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # of openapi-core, about oauth2
@pytest.mark.parametrize("document", list(DOCUMENTS))
def test_openapi_core_finds_nothing_wrong_with_any_operation(document: str) -> None:
    base = DOCUMENTS[document]
    sandbox = Sandbox(limits=Limits.off())
    maker = RequestMaker(sandbox, document)
    judge = judge_of(maker, base)
    operations = maker.in_a_safe_order()
    problems: list[str] = []
    asked = set()
    with httpx.Client(transport=sandbox.transport()) as client:
        for operation in operations:
            request = f"{operation.method} {operation.path}"
            if not judged(request):
                continue
            response = maker.send(client, operation)
            asked.add(request)
            if problem := verdict(judge, response):
                problems.append(f"{request} {response.status_code}: {problem}"[:400])
    assert problems == []
    assert asked == set(filter(judged, rest_operations(document)))
    assert sandbox.errors == []
