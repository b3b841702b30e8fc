"""Encodes GraphQL calls and reads their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import msgspec

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding import Decoding, DriftLog
from typedpipes._core.decoding.json_body import check_weight, parse_json, too_deep
from typedpipes._core.decoding.model import JSON
from typedpipes._core.flow import Flow, forget_frames
from typedpipes._core.graphql import GraphQLOperation, R, encode_variables, operation_variables
from typedpipes._core.graphql.outcome import telling
from typedpipes._core.http import OnWire, Stamp, WireRequest, WireResponse
from typedpipes._core.redaction import Redactor
from typedpipes._core.rest import CALL_OPTIONS, CallOptions, Safety
from typedpipes._core.values import json_bytes, wire_of
from typedpipes.errors import APIError, ConfigurationError, TypedPipesError

if TYPE_CHECKING:
    from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient


_PER_OBJECT: Final = 1536
"""Bytes that an object of a result takes at most, if it lacks what the schema promises."""


class GraphQLCalls(msgspec.Struct, frozen=True, kw_only=True):
    """Encodes and reads the calls of one client.

    Requests name their operation: vendors group usage statistics by it.
    """

    base_url: str
    redactor: Redactor
    strict: bool = False
    drift: DriftLog | None = None
    api: str
    kinds: tuple[str, ...]
    """Kinds of credential, in order of preference; empty: none is sent."""
    tokens: frozenset[str] = frozenset()
    """Headers that the client's credentials set."""

    def request(
        self,
        document: str,
        name: str | None,
        variables: Mapping[str, JSON],
        safety: Safety,
        options: CallOptions,
        on_wire: OnWire | None = None,
    ) -> WireRequest:
        """The wire request of one operation. Raises TypeError for an option there is not."""
        if options:
            check_options(name or "execute", options, CALL_OPTIONS, variables)
        headers = {"content-type": "application/json"}
        extra = options.get("extra_headers")
        if extra:
            from typedpipes._core.http.headers import add_headers

            add_headers(headers, extra, "extra_headers", tokens=self.tokens)
        body: dict[str, JSON] = {"query": document, "variables": dict(variables)}
        if name is not None:
            body["operationName"] = name
        return WireRequest(
            method="POST",
            url=self.base_url,
            headers=headers,
            content=json_bytes(body, name or "execute", body["variables"]),
            stamp=Stamp.of_call(
                options,
                api=self.api,
                operation=name or "anonymous",
                safety=safety,
                credentials=self.kinds,
                read_failure=partial(self._failure, safety),
                on_wire=on_wire,
            ),
        )

    def _failure(self, safety: Safety, error: APIError, body: bytes) -> APIError:
        from typedpipes._core.graphql.errors import failed_answer

        return failed_answer(error, body, self.redactor, safety)

    def operation(
        self, operation: GraphQLOperation[object], variables: Mapping[str, object], options: CallOptions
    ) -> WireRequest:
        """The wire request of a generated operation. Raises `ConfigurationError` for an id that is null or empty."""
        wire = operation_variables(operation, variables)
        operation.check(wire)
        return self.request(operation.document, operation.name, wire, operation.safety, options)

    def run(
        self,
        http: PolicyClient,
        operation: GraphQLOperation[R],
        variables: Mapping[str, object],
        options: CallOptions,
    ) -> R:
        """Send a generated operation through ``http``; its result."""
        request = self.operation(operation, variables, options)
        with telling(operation.safety):
            return self.result(operation, http.exchange(request))

    async def arun(
        self,
        http: AsyncPolicyClient,
        operation: GraphQLOperation[R],
        variables: Mapping[str, object],
        options: CallOptions,
    ) -> R:
        """The asynchronous twin of `run`."""
        request = self.operation(operation, variables, options)
        with telling(operation.safety):
            return self.result(operation, await http.exchange(request))

    def own(
        self,
        document: str,
        variables: Mapping[str, object] | None,
        operation_name: str | None,
        options: CallOptions,
    ) -> tuple[WireRequest, Callable[[WireResponse], dict[str, JSON]], Safety]:
        """The wire request of a caller's own document, what reads its answer's ``data``, and its safety."""
        check_options("execute", options, CALL_OPTIONS, ("document", "variables", "operation_name"))
        name, safety = document_kind(document, operation_name)
        request = self.request(
            document, name, encode_variables({} if variables is None else variables), safety, options
        )
        return request, lambda response: self.data(name, response, safety, document), safety

    def result(self, operation: GraphQLOperation[R], response: WireResponse) -> R:
        """The decoded ``data``. Raises what `data` raises, and `ResponseMismatch` for a departure when strict.

        A query's answer is decoded from its bytes in one pass; whatever that cannot take is looked at in detail, and
        so is every mutation, whose payload may report failure.
        """
        decoding = self.decoding(operation.name)
        check_weight(response.content, decoding, response.most, _PER_OBJECT)
        try:
            if operation.kind == "query":
                result = operation.decode_body(response.content, decoding)
                if result is not None:
                    return result
            data = self.data(operation.name, response, operation.safety, operation.document)
            return operation.decode(data, decoding)
        except RecursionError:
            raise too_deep(decoding) from None
        except TypedPipesError as error:
            forget_frames(error)
            raise

    def data(self, name: str | None, response: WireResponse, safety: Safety, document: str = "") -> dict[str, JSON]:
        """The answer's ``data``. Raises `GraphQLError`, or `PartialFailure` for a mutation that reports failure."""
        from typedpipes._core.graphql.errors import answer_data, check_payloads

        operation = f"{self.api}.{name or 'anonymous'}"
        decoding = self.decoding(name or "anonymous")
        check_weight(response.content, decoding, response.most)
        answer = parse_json(response.content, decoding)
        try:
            data = answer_data(operation, answer, response, self.redactor)
            if safety != "safe":
                check_payloads(operation, data, response, document)
        except RecursionError:  # where words of it were to be told
            raise too_deep(decoding) from None
        except TypedPipesError as error:
            answer = None
            forget_frames(error)
            raise
        return data

    def decoding(self, name: str) -> Decoding:
        """How results are decoded."""
        return Decoding(f"{self.api}.{name}", strict=self.strict, report=self.drift)


def document_kind(document: str, operation_name: str | None) -> tuple[str | None, Safety]:
    """Name and safety of the operation a document would run. Raises `ConfigurationError` if that is not one.

    Found by the words before the selections, so no GraphQL library is needed; a document that starts with ``{`` is a
    query without a name. Anything else at the top but fragments is refused: keywords are written in small letters.
    """
    if not isinstance(document, str):
        raise ConfigurationError(
            f"document is the text of a GraphQL document, not {type(document).__name__}", setting="document"
        )
    found = _operations(document)
    if operation_name is not None:
        found = [entry for entry in found if entry[1] == operation_name]
    if len(found) != 1:
        what = "no operation" if not found else f"{len(found)} operations"
        raise ConfigurationError(
            f"the document holds {what}{f' named {operation_name}' if operation_name else ''}; "
            "pass a document with one, or operation_name=",
            setting="operation_name",
        )
    kind, name = found[0]
    if kind == "subscription":
        raise ConfigurationError("subscriptions are not offered over HTTP", setting="document")
    return name, "safe" if kind == "query" else "unsafe"


def _operations(document: str) -> list[tuple[str, str | None]]:
    """(kind, name) of each operation at the top level of a document."""
    found: list[tuple[str, str | None]] = []
    depth = 0
    words: list[str] = []
    for token in _tokens(document):
        if token in "{([":
            if depth == 0 and token == "{" and words[:1] != ["fragment"]:
                kind = words[0] if words else "query"
                if kind not in ("query", "mutation", "subscription"):
                    raise ConfigurationError(
                        f"the document holds {' '.join(words[:2])!r}, which is no operation; one begins with query or "
                        "mutation",
                        setting="document",
                    )
                found.append((kind, words[1] if len(words) > 1 and words[1][0] not in "@" else None))
            depth += 1
        elif token in "})]":
            depth -= 1
            if depth == 0 and token == "}":
                words = []
        elif depth == 0:
            words.append(token)
    return found


def _tokens(document: str) -> list[str]:
    import re

    # A string without an end goes to the end of its text: it is not tried anew at each quotation mark within.
    pattern = re.compile(
        r'"""(?:\\"""|[^"]|"(?!""))*+(?:""")?|"(?:\\.|[^"\\\n])*+"?|#[^\n]*|[{}()\[\]]|[A-Za-z_@$][\w]*'
    )
    return [token for token in pattern.findall(document) if token[0] not in '"#']


class WirePort:
    """Sends documents as flows on a client's wire: for exports, bulk work and attachments."""

    __slots__ = ("_calls", "_http")

    def __init__(self, calls: GraphQLCalls, http: PolicyClient | AsyncPolicyClient) -> None:
        self._calls = calls
        self._http = http

    def execute(
        self,
        document: str,
        operation_name: str,
        variables: Mapping[str, object],
        *,
        safe: bool,
        deadline: float | None = None,
        on_wire: OnWire | None = None,
    ) -> Flow[Mapping[str, object]]:
        """Perform one request and return the answer's data (see `typedpipes.pipefy.exports.jobs.GraphQLPort`)."""
        options: CallOptions = {} if deadline is None else {"deadline": max(deadline, 0.001)}
        wire = cast("Mapping[str, JSON]", wire_of(variables, operation_name))
        safety: Safety = "safe" if safe else "unsafe"
        request = self._calls.request(document, operation_name, wire, safety, options, on_wire)
        with telling(safety):
            response = yield from self._http.flow(request)
            return self._calls.data(operation_name, response, safety, document)
