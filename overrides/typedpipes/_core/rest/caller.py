"""What generated REST resources call: encode the arguments, send under the policies, decode the answer.

`RestCaller` and `AsyncRestCaller` differ only in how they wait; `Rest` holds everything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar, cast

import msgspec

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding import Decoding, DriftLog, Node
from typedpipes._core.decoding.answers import build, may_be_none, read_answer, read_listing
from typedpipes._core.decoding.json_body import check_weight, parse_json
from typedpipes._core.decoding.model import JSON, UNSET
from typedpipes._core.flow import drive, forget_frames, stoppable
from typedpipes._core.http import Stamp, WireRequest, WireResponse
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes._core.paging import AsyncPages, Pages, Walk
from typedpipes._core.rest import (
    CALL_OPTIONS,
    ApiResponse,
    Arguments,
    CallOptions,
    Incomplete,
    OffsetPageOptions,
    Operation,
    PagedCallOptions,
    PagedOperation,
)
from typedpipes._core.rest.encoding import charset_of, encode
from typedpipes.errors import ConfigurationError, ResponseMismatch, TypedPipesError

if TYPE_CHECKING:
    from typedpipes._core.decoding.left_out import Selection
    from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - item type of a page

_PAGE_OPTIONS: Final = frozenset(OffsetPageOptions.__annotations__)

Scope = Callable[[Operation[object], Arguments, Mapping[str, object]], Mapping[str, str]]
"""The identity each limit is counted against."""
BodyCheck = Callable[[Operation[object], JSON, object, WireResponse], None]
"""Raises if a successful status carries a failure: (operation, JSON, built answer, response)."""


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """One API of one client: where it is, what fills its parameters, how its answers are read."""

    base_url: str
    settings: Mapping[str, object] = msgspec.field(default_factory=dict)
    """The client's values of the options that only this API takes, such as ``project_id``; a call's go before them."""
    strict: bool = False
    drift: DriftLog | None = None
    scope: Scope | None = None
    check: BodyCheck | None = None
    servers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Replacements of servers that operations name themselves, for a sandbox: schema's URL -> ours."""
    tokens: frozenset[str] = frozenset()
    """Headers that the client's credentials set."""

    def request(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> WireRequest:
        """The wire request of a call. Raises `ConfigurationError` before anything is sent."""
        given = cast("Mapping[str, object]", options)
        if given:
            check_options(f"{operation.api}.{operation.name}", given, self._known(operation), _names(arguments))
        if isinstance(arguments.body, Incomplete):
            lacking = arguments.body.lacking
            raise ConfigurationError(f"{lacking} is required: give it, or a complete body", setting=lacking)
        settings = {**self.settings, **given} if given else self.settings
        encoded = encode(operation, arguments, settings)
        extra = options.get("extra_headers")
        if extra:
            from typedpipes._core.http.headers import add_headers

            add_headers(encoded.headers, extra, "extra_headers", tokens=self.tokens)
        key_header = _key_header(arguments)
        stamp = Stamp.of_call(
            options,
            api=operation.api,
            operation=operation.name,
            safety=operation.safety,
            credentials=operation.credentials,
            token_cost=operation.token_cost,
            buckets=operation.buckets,
            scope=None if self.scope is None else self.scope(operation, arguments, settings),
            idempotency_header=key_header,
        )
        if key_header is not None and key_header in encoded.headers:
            if stamp.idempotency_key is not None:
                raise ConfigurationError(
                    f"{stamp.name}: idempotency_key and the operation's own argument for it are both given; keep one",
                    setting="idempotency_key",
                )
            stamp.idempotency_key = encoded.headers[key_header]
        server = operation.server
        base = self.base_url if server is None else self.servers.get(server, server)
        return WireRequest(
            method=operation.method,
            url=base + encoded.target,
            headers=encoded.headers,
            content=encoded.content,
            stamp=stamp,
        )

    def result(self, operation: Operation[T], arguments: Arguments, response: WireResponse) -> T:
        """Decode a successful answer into what the operation returns."""
        try:
            return cast("T", self._decoded(operation, arguments, response))
        except TypedPipesError as error:
            forget_frames(error)
            raise

    def _decoded(self, operation: Operation[T], arguments: Arguments, response: WireResponse) -> object:
        returns = operation.returns
        name = f"{operation.api}.{operation.name}"
        kind = response.headers.get("content-type", "").lower()
        if returns == "bytes":
            if "content-disposition" not in response.headers:
                self._check_file(operation, kind, response)
            return response.content
        if returns == "str" and "json" not in kind:
            return response.content.decode(charset_of(kind), errors="replace")
        selection = _selection(operation, arguments)
        decoding = Decoding(name, strict=self.strict, omitted=selection is not None, report=self.drift)
        if not response.content.strip():
            if returns == "None":
                return None
            return self._present(operation, build(returns, operation.module, None, decoding), response)
        if "html" in kind:
            if not response.content.lstrip().startswith((b"{", b"[")):
                raise _page_of_html(name, response, "JSON")
            decoding.drift(Node(None, None), None, "a content type of JSON", "text/html")
        check_weight(response.content, decoding, response.most)
        value: JSON
        built: object = None
        if returns == "None":
            value = parse_json(response.content, decoding)
        else:
            read = read_answer if operation.paging is None else read_listing
            value, built = read(returns, operation.module, response.content, decoding, operation.normalize)
        if selection is not None:
            from typedpipes._core.decoding.left_out import mark

            mark(built, selection)
        if self.check is not None:
            self.check(operation, value, built, response)
        return built if returns == "None" else self._present(operation, built, response)

    def _present(self, operation: Operation[T], built: object, response: WireResponse) -> object:
        """What an answer became. Raises `ResponseMismatch` for nothing where the operation promises something."""
        if built is not None or may_be_none(operation.returns, operation.module):
            return built
        done = (
            "" if operation.safety == "safe" else "; the server may have carried the request out: look before a repeat"
        )
        name = f"{operation.api}.{operation.name}"
        what = "null" if response.content.strip() else "an empty body"
        raise ResponseMismatch(
            f"{name}: status {response.status} with {what} where {operation.returns} is needed{done}",
            operation=name,
            path="$",
        )

    def _check_file(self, operation: Operation[T], kind: str, response: WireResponse) -> None:
        """Raise for what is no file but an answer about it: an HTML page, or JSON that reports failure."""
        name = f"{operation.api}.{operation.name}"
        if "html" in kind:
            raise _page_of_html(name, response, "a file")
        if "json" in kind:
            try:
                value: JSON = read_json(response.content)
            except NotJSON:
                return
            if self.check is not None:
                self.check(operation, value, None, response)
            if isinstance(value, dict) and value.get("success") is False:
                raise ResponseMismatch(
                    f"{name}: status {response.status} with a report of failure instead of a file", operation=name
                )

    def walk(
        self, operation: Operation[T], arguments: Arguments, options: PagedCallOptions
    ) -> tuple[Walk, CallOptions]:
        """The page policy of a listing, and the options of each of its calls."""
        if operation.paging is None:
            raise ConfigurationError(f"{operation.name} is not paged; call it directly")
        name = f"{operation.api}.{operation.name}"
        given = cast("Mapping[str, object]", options)
        check_options(name, given, self._known(operation) | _PAGE_OPTIONS, _names(arguments))
        calls = {key: value for key, value in given.items() if key not in _PAGE_OPTIONS}
        walk = Walk(name, operation.paging, options, chosen=bool(arguments.fields))
        return walk, cast("CallOptions", calls)

    def _known(self, operation: Operation[T]) -> frozenset[str]:
        return CALL_OPTIONS.union(self.settings, (option for option, _, _ in operation.client_parameters))


def _page_of_html(name: str, response: WireResponse, wanted: str) -> ResponseMismatch:
    return ResponseMismatch(
        f"{name}: status {response.status} with an HTML page instead of {wanted}; check base_url and any proxy",
        operation=name,
    )


def _key_header(arguments: Arguments) -> str | None:
    """The header that the operation's schema declares for idempotency keys."""
    if not arguments.headers:
        return None
    return next((name for name in arguments.headers if name.lower() == "idempotency-key"), None)


def _selection(operation: Operation[T], arguments: Arguments) -> Selection | None:
    """What the call chose of each record; None: all of it."""
    if not operation.omittable and not arguments.fields:
        return None
    found = [(name, value) for name in operation.omittable if (value := _value(arguments, name)) is not None]
    if not found and not arguments.fields:
        return None
    from typedpipes._core.decoding.left_out import Selection

    selection = Selection()
    for name, value in [*found, *([("include", arguments.fields)] if arguments.fields else [])]:
        selection.add(name, value)
    return selection


def _value(arguments: Arguments, name: str) -> object:
    """The value of a query parameter or body field; None if it has none."""
    for source in (arguments.query, arguments.body):
        value: object = source.get(name) if isinstance(source, dict) else getattr(source, name, None)
        if value is not None and value is not UNSET:
            return value
    return None


def _names(arguments: Arguments) -> list[str]:
    """The names of an operation's own arguments, as far as its encoding tells them."""
    body = arguments.body
    fields = body if isinstance(body, dict) else getattr(body, "__struct_fields__", ())
    return [*(arguments.query or ()), *(arguments.headers or ()), *fields]


def _turned(arguments: Arguments, query: Mapping[str, object]) -> Arguments:
    """The arguments of the next page."""
    return Arguments(
        path=arguments.path,
        query={**(arguments.query or {}), **query},
        headers=arguments.headers,
        cookies=arguments.cookies,
        body=arguments.body,
        fields=arguments.fields,
    )


class RestCaller:
    """Performs operations for a synchronous client."""

    __slots__ = ("_http", "_rest")

    def __init__(self, http: PolicyClient, rest: Rest) -> None:
        self._http = http
        self._rest = rest

    def call(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> T:
        """Perform the operation and return the decoded answer."""
        response = self._http.exchange(self._rest.request(operation, arguments, options))
        return self._rest.result(operation, arguments, response)

    def call_raw(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> ApiResponse[T]:
        """Perform the operation; the answer with status and headers."""
        response = self._http.exchange(self._rest.request(operation, arguments, options))
        return ApiResponse(response.status, response.headers, self._rest.result(operation, arguments, response))

    def pages(self, operation: PagedOperation[T, I], arguments: Arguments, options: PagedCallOptions) -> Pages[I]:
        """Walk all pages of a listing."""
        walk, calls = self._rest.walk(operation, arguments, options)

        def ahead(query: Mapping[str, object], stop: threading.Event) -> T:
            turned = _turned(arguments, query)
            flow = self._http.flow(self._rest.request(operation, turned, calls))
            return self._rest.result(operation, turned, drive(flow, stoppable(self._http.io, stop)))

        return Pages(walk, lambda query: self.call(operation, _turned(arguments, query), calls), ahead)


class AsyncRestCaller:
    """The asynchronous twin of `RestCaller`."""

    __slots__ = ("_http", "_rest")

    def __init__(self, http: AsyncPolicyClient, rest: Rest) -> None:
        self._http = http
        self._rest = rest

    async def call(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> T:
        """Perform the operation and return the decoded answer."""
        response = await self._http.exchange(self._rest.request(operation, arguments, options))
        return self._rest.result(operation, arguments, response)

    async def call_raw(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> ApiResponse[T]:
        """Perform the operation; the answer with status and headers."""
        response = await self._http.exchange(self._rest.request(operation, arguments, options))
        return ApiResponse(response.status, response.headers, self._rest.result(operation, arguments, response))

    def pages(self, operation: PagedOperation[T, I], arguments: Arguments, options: PagedCallOptions) -> AsyncPages[I]:
        """Walk all pages of a listing."""
        walk, calls = self._rest.walk(operation, arguments, options)
        return AsyncPages(walk, lambda query: self.call(operation, _turned(arguments, query), calls))
