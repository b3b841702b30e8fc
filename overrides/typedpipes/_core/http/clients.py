"""The clients: httpx with the policies of this package around every request, whoever makes it.

What facades use (no type of httpx in it)::

    client = PolicyClient(credentials=..., limiter=..., retry=RetryPolicy(...), on_event=...)
    answer: WireResponse = client.exchange(WireRequest(method="GET", url="https://…", stamp=Stamp(...)))
    with client.stream_exchange(WireRequest(...)) as stream:      # WireStream: iter_bytes(), read()
        ...
    value = client.perform(flow)                                  # any flow, on this client's wire

`AsyncPolicyClient` has the same methods as coroutines (``async with client.stream_exchange(...)``,
``stream.aiter_bytes()``). Every failure raises one of `typedpipes.errors`; a result is always 2xx.

Because both are subclasses of the httpx clients that override ``send``, whatever uses an httpx client (generated
GraphQL code, ``client.get``) passes through the same flow; such a request may carry its `Stamp` in
``extensions={"typedpipes": stamp}``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, TypeVar, cast

import anyio
import httpx

from typedpipes._core.auth import Credentials
from typedpipes._core.flow import AsyncIO, Clock, Flow, SyncIO, adrive, drive
from typedpipes._core.http import AsyncWireStream, WireRequest, WireResponse, WireStream
from typedpipes._core.http.exchange import Exchange
from typedpipes._core.http.retry import RetryPolicy, TaskPermits, ThreadPermits
from typedpipes._core.http.shared import (
    HEADERS,
    USER_AGENT,
    Elsewhere,
    SharedClient,
    WireOptions,
    build_policies,
    proxies_explained,
    read_response,
    to_httpx,
)
from typedpipes._core.redaction import SENDING, Redactor
from typedpipes.events import OnEvent

if TYPE_CHECKING:
    from typedpipes._core.options import AsyncHttpClient, HttpClient
    from typedpipes.limits.policy import Limiter


T = TypeVar("T")


class PolicyClient(SharedClient, httpx.Client):
    """The synchronous client; may be shared by threads. Close it, or use it as a context manager.

    ``http_client`` is an httpx client of the caller's to put requests on the wire with (its proxies, certificates and
    transport are used; it is not closed); ``transport`` replaces the network. ``connections`` bounds both the pool and
    the number of requests under way. Environment proxies apply to https only.
    """

    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        limiter: Limiter | None = None,
        retry: RetryPolicy | None = None,
        on_event: OnEvent | None = None,
        http_client: HttpClient | None = None,
        transport: httpx.BaseTransport | None = None,
        connections: int = 100,
        wire: WireOptions | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        redactor: Redactor | None = None,
    ) -> None:
        with proxies_explained():
            super().__init__(
                transport=Elsewhere() if http_client is not None else transport,
                limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
                headers=HEADERS,
                timeout=None,
                mounts={"http://": None},
                **(wire or {}),
            )
        line: HttpClient = self if http_client is None else http_client
        self.policies = build_policies(
            ThreadPermits(connections),
            credentials,
            limiter,
            retry,
            clock,
            random,
            on_event,
            redactor,
            lambda: line.is_closed,
        )
        self._put = super().send if http_client is None else cast(httpx.Client, http_client).send
        self._share_nothing_with_children(http_client)
        self._io = SyncIO(self._send_one, sleep)

    def _send_one(self, request: httpx.Request) -> httpx.Response:
        before = SENDING.get()
        SENDING.set(self.policies.redactor)
        try:
            return self._put(request, stream=True, auth=None, follow_redirects=False)
        finally:
            SENDING.set(before)

    def exchange(self, request: WireRequest) -> WireResponse:
        """Perform ``request``; the result is 2xx and read completely."""
        return drive(self.flow(request), self._io)

    @contextlib.contextmanager
    def stream_exchange(self, request: WireRequest) -> Iterator[WireStream]:
        """Perform ``request``; the body of the result is read by the caller inside the ``with`` block."""
        exchange = Exchange(self.policies, to_httpx(request), request.stamp, stream=True)
        response = drive(exchange.run(), self._io)
        try:
            yield WireStream(response, exchange.headers)
        finally:
            response.close()

    @property
    def io(self) -> SyncIO:
        """The wire and sleep of this client, for flows driven elsewhere."""
        return self._io

    def perform(self, flow: Flow[T]) -> T:
        """Run a flow on this client's wire."""
        return drive(flow, self._io)

    def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        auth: object = httpx.USE_CLIENT_DEFAULT,
        follow_redirects: object = httpx.USE_CLIENT_DEFAULT,
    ) -> httpx.Response:
        """Send under the policies. Raises `typedpipes.errors`; a result is always 2xx. ``auth=None``: no credential."""
        exchange = self._exchange(request, auth, follow_redirects, stream=stream)
        response = drive(exchange.run(), self._io)
        return response if stream else read_response(response, exchange.raw)


class AsyncPolicyClient(SharedClient, httpx.AsyncClient):
    """The asynchronous client, for asyncio and trio; belongs to one event loop. See `PolicyClient`."""

    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        limiter: Limiter | None = None,
        retry: RetryPolicy | None = None,
        on_event: OnEvent | None = None,
        http_client: AsyncHttpClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        connections: int = 100,
        wire: WireOptions | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        with proxies_explained():
            super().__init__(
                transport=Elsewhere() if http_client is not None else transport,
                limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
                headers=HEADERS,
                timeout=None,
                mounts={"http://": None},
                **(wire or {}),
            )
        line: AsyncHttpClient = self if http_client is None else http_client
        self.policies = build_policies(
            TaskPermits(connections),
            credentials,
            limiter,
            retry,
            clock,
            random,
            on_event,
            redactor,
            lambda: line.is_closed,
        )
        self._put = super().send if http_client is None else cast(httpx.AsyncClient, http_client).send
        self._share_nothing_with_children(http_client)
        self._io = AsyncIO(self._send_one, sleep)

    async def _send_one(self, request: httpx.Request) -> httpx.Response:
        before = SENDING.get()
        SENDING.set(self.policies.redactor)
        try:
            return await self._put(request, stream=True, auth=None, follow_redirects=False)
        finally:
            SENDING.set(before)

    async def exchange(self, request: WireRequest) -> WireResponse:
        """Perform ``request``; the result is 2xx and read completely."""
        return await adrive(self.flow(request), self._io)

    @contextlib.asynccontextmanager
    async def stream_exchange(self, request: WireRequest) -> AsyncIterator[AsyncWireStream]:
        """Perform ``request``; the body of the result is read by the caller inside the ``with`` block."""
        exchange = Exchange(self.policies, to_httpx(request), request.stamp, stream=True)
        response = await adrive(exchange.run(), self._io)
        stream = AsyncWireStream(response, exchange.headers)
        try:
            yield stream
        finally:
            with anyio.CancelScope(shield=True):
                await stream.aclose()

    @property
    def io(self) -> AsyncIO:
        """The wire and sleep of this client, for flows driven elsewhere."""
        return self._io

    async def perform(self, flow: Flow[T]) -> T:
        """Run a flow on this client's wire."""
        return await adrive(flow, self._io)

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        auth: object = httpx.USE_CLIENT_DEFAULT,
        follow_redirects: object = httpx.USE_CLIENT_DEFAULT,
    ) -> httpx.Response:
        """Send under the policies. Raises `typedpipes.errors`; a result is always 2xx. ``auth=None``: no credential."""
        exchange = self._exchange(request, auth, follow_redirects, stream=stream)
        response = await adrive(exchange.run(), self._io)
        return response if stream else read_response(response, exchange.raw)


__all__ = ["USER_AGENT", "AsyncPolicyClient", "PolicyClient", "WireOptions"]
