"""Requests to an app's own API with a user's account, through Connect.

    pd.proxy.get("https://slack.com/api/users.list", external_user_id="u1", account_id="apn_1").json()

``pd.connect.proxy`` holds the generated operations: they take the encoded target and know JSON only.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, Unpack
from urllib.parse import urlsplit

from typedpipes._core.arguments import check_options
from typedpipes._core.flow import Flow
from typedpipes._core.http import AsyncWireStream, WireRequest, WireStream
from typedpipes._core.rest import CALL_OPTIONS, Arguments, CallOptions, Operation, SendOptions
from typedpipes._core.values import text_of
from typedpipes.errors import AuthenticationError, ConfigurationError
from typedpipes.pipedream.relay import RelayedResponse, absolve, encoded_body, relayed

if TYPE_CHECKING:
    from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient, SharedClient
    from typedpipes.pipedream.rules import PipedreamRest

ProxyMethod: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

PREFIX: Final = "x-pd-proxy-"
"""Headers with this prefix reach the app, without it; others do not."""


def _operation(method: ProxyMethod) -> Operation[bytes]:
    return Operation(
        id=f"proxy_{method.lower()}",
        api="connect",
        name=f"proxy.{method.lower()}",
        method=method,
        path="/{project_id}/proxy/{url_64}",
        module=__name__,
        returns="bytes",
        safety="safe" if method == "GET" else "unsafe",  # what a repeated PUT does is the app's affair
        credentials=("oauth", "connect_token"),
        buckets=("connect.proxy",),
        client_parameters=(("project_id", "path", "project_id"), ("environment", "header", "X-PD-Environment")),
    )


OPERATIONS: Final[Mapping[str, Operation[bytes]]] = {
    method: _operation(method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
}


class ProxyOptions(SendOptions, total=False):
    """Options of one proxied call."""

    project_id: str
    """Project the account belongs to."""
    environment: str
    """``development`` or ``production``: sent as ``X-PD-Environment``."""


_OPTIONS: Final = CALL_OPTIONS.union(ProxyOptions.__annotations__) - {"extra_headers"}  # `headers` is an argument


class ProxyResponse(RelayedResponse):
    """What the app's API answered, through the proxy; possibly empty, not necessarily JSON."""

    __slots__ = ()


class Proxied:
    """Proxied requests, as data; written once for both clients."""

    def __init__(self, rest: PipedreamRest) -> None:
        self._rest = rest

    def request(
        self,
        method: str,
        url: str,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None,
        body: object,
        options: ProxyOptions,
    ) -> WireRequest:
        """The wire request. Raises `ConfigurationError` before anything is sent."""
        check_options(f"proxy.{method.lower()}", options, _OPTIONS, Proxy.post)
        operation = OPERATIONS.get(method.upper())
        if operation is None:
            raise ConfigurationError(f"the proxy takes {', '.join(OPERATIONS)}, not {method!r}", setting="method")
        if not account_id:
            raise ConfigurationError("account_id is the account to use, such as apn_1a2b3c", setting="account_id")
        sent = _forwarded(headers)
        content = encoded_body(body, sent, f"connect.{operation.name}")
        arguments = Arguments(
            path=(encoded_target(url),),
            query={"external_user_id": external_user_id, "account_id": account_id},
            headers={**sent},
            body=content,
        )
        call: CallOptions = options  # type: ignore[assignment]  # the same keys, and two that `PipedreamRest` reads
        return self._rest.request(operation, arguments, call)

    def flow(self, http: SharedClient, request: WireRequest, *, raising: bool) -> Flow[ProxyResponse]:
        """Send it."""
        return relayed(http, request, ProxyResponse, raising=raising)


def encoded_target(url: str) -> str:
    """The target in the URL-safe Base64 alphabet, padded.

    An absolute http or https URL, its query included; or a relative path, for apps with a host per customer.
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
    else:
        good = bool(url.strip("/"))
    if not good or not url.isprintable() or url != url.strip():
        raise ConfigurationError(
            "url is an absolute http or https address of the app's API, or a path of it such as '/api/v2/tickets'",
            setting="url",
        )
    return base64.urlsafe_b64encode(url.encode()).decode("ascii")


def _forwarded(headers: Mapping[str, str] | None) -> dict[str, str]:
    """The caller's headers as the proxy forwards them; the content type also describes our own body."""
    sent: dict[str, str] = {}
    for given, value in (headers or {}).items():
        name = given.lower().removeprefix(PREFIX)
        if not name:
            raise ConfigurationError("headers holds a header without a name", setting="headers")
        value = text_of(value, given)
        sent[PREFIX + name] = value
        if name == "content-type":
            sent[name] = value
    return sent


class Proxy:
    """Sends requests to apps with the accounts of your users.

    ``url`` is the app's address with its query, or a path for apps with a host per customer; ``headers`` reach the app;
    ``body`` is bytes, text, or what has a JSON form. A failure of the app raises the `APIError` of its status, unless
    ``raise_for_status`` is false: then whatever comes back is handed over at once, without retries. The vendor gives a
    call up after 30 s (504). Only a GET request is repeated when it may have reached the app.
    """

    def __init__(self, http: PolicyClient, rest: PipedreamRest) -> None:
        self._http = http
        self._plan = Proxied(rest)

    def get(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a GET request to the app's API (see `Proxy`)."""
        request = self._plan.request("GET", url, external_user_id, account_id, headers, None, options)
        return self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    def post(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a POST request to the app's API (see `Proxy`)."""
        request = self._plan.request("POST", url, external_user_id, account_id, headers, body, options)
        return self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    def put(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a PUT request to the app's API (see `Proxy`)."""
        request = self._plan.request("PUT", url, external_user_id, account_id, headers, body, options)
        return self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    def patch(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a PATCH request to the app's API (see `Proxy`)."""
        request = self._plan.request("PATCH", url, external_user_id, account_id, headers, body, options)
        return self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    def delete(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a DELETE request to the app's API (see `Proxy`)."""
        request = self._plan.request("DELETE", url, external_user_id, account_id, headers, body, options)
        return self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    @contextlib.contextmanager
    def stream(
        self,
        method: ProxyMethod,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        **options: Unpack[ProxyOptions],
    ) -> Iterator[WireStream]:
        """Send a request whose answer's body is read by the caller inside the ``with`` block."""
        request = self._plan.request(method, url, external_user_id, account_id, headers, body, options)
        try:
            with self._http.stream_exchange(request) as answer:
                yield answer
        except AuthenticationError:
            absolve(self._http, request)
            raise


class AsyncProxy:
    """The asynchronous twin of `Proxy`."""

    def __init__(self, http: AsyncPolicyClient, rest: PipedreamRest) -> None:
        self._http = http
        self._plan = Proxied(rest)

    async def get(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a GET request to the app's API (see `AsyncProxy`)."""
        request = self._plan.request("GET", url, external_user_id, account_id, headers, None, options)
        return await self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    async def post(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a POST request to the app's API (see `AsyncProxy`)."""
        request = self._plan.request("POST", url, external_user_id, account_id, headers, body, options)
        return await self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    async def put(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a PUT request to the app's API (see `AsyncProxy`)."""
        request = self._plan.request("PUT", url, external_user_id, account_id, headers, body, options)
        return await self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    async def patch(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a PATCH request to the app's API (see `AsyncProxy`)."""
        request = self._plan.request("PATCH", url, external_user_id, account_id, headers, body, options)
        return await self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    async def delete(
        self,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        raise_for_status: bool = True,
        **options: Unpack[ProxyOptions],
    ) -> ProxyResponse:
        """Send a DELETE request to the app's API (see `AsyncProxy`)."""
        request = self._plan.request("DELETE", url, external_user_id, account_id, headers, body, options)
        return await self._http.perform(self._plan.flow(self._http, request, raising=raise_for_status))

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: ProxyMethod,
        url: str,
        *,
        external_user_id: str,
        account_id: str,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        **options: Unpack[ProxyOptions],
    ) -> AsyncIterator[AsyncWireStream]:
        """Send a request whose answer's body is read by the caller inside the ``async with`` block."""
        request = self._plan.request(method, url, external_user_id, account_id, headers, body, options)
        try:
            async with self._http.stream_exchange(request) as answer:
                yield answer
        except AuthenticationError:
            absolve(self._http, request)
            raise


__all__ = ["AsyncProxy", "Proxy", "ProxyMethod", "ProxyResponse", "encoded_target"]
