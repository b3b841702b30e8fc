"""HTTP clients: httpx clients that apply this package's policies to every request.

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
import functools
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeVar, cast
from urllib.parse import urlencode

import anyio

from typedpipes import __version__
from typedpipes._core.auth import AuthContext, Credentials
from typedpipes._core.flow import AsyncIO, Clock, Flow, SyncIO, adrive, drive
from typedpipes._core.forks import renew_in_children
from typedpipes._core.http import (
    STAMP,
    AsyncWireStream,
    Stamp,
    Streamed,
    WireRequest,
    WireResponse,
    WireStream,
    default_stamp,
    library,
)
from typedpipes._core.http.bodies import QuietRequest
from typedpipes._core.http.exchange import Exchange
from typedpipes._core.http.permits import TaskPermits, ThreadPermits
from typedpipes._core.http.policies import Policies, build_policies
from typedpipes._core.http.retry import RetryPolicy
from typedpipes._core.redaction import SENDING, Redactor
from typedpipes.errors import ConfigurationError
from typedpipes.events import OnEvent

if TYPE_CHECKING:
    from types import ModuleType

    from typedpipes._core.options import AsyncHttpClient, HttpClient
    from typedpipes.limits.policy import Limiter


class WireOptions(TypedDict, total=False):
    """How connections are made; as in httpx."""

    verify: ssl.SSLContext | bool
    proxy: str | library.URL | library.Proxy | None
    trust_env: bool


class _Connecting:
    """With what a client of either library is made."""

    def __init__(self, connections: int, wire: WireOptions | None) -> None:
        self._connections = connections
        self._wire = wire

    def options(self, *, connects: bool) -> dict[str, Any]:  # keywords of a client of either library
        wire = WireOptions(**(self._wire or {}))
        if connects and "verify" not in wire:
            wire["verify"] = library.trusted(wire.get("trust_env", True))
        limits = library.Limits(max_connections=self._connections, max_keepalive_connections=self._connections)
        return {"headers": HEADERS, "timeout": None, "mounts": {"http://": None}, "limits": limits, **wire}

    def open(self, kind: Callable[..., object]) -> object:
        """A client of another library than this process's."""
        # Whose certificates it trusts is that library's own choice.
        return kind(**self.options(connects=False))


class _NoCookies(library.Cookies):
    """These APIs know no sessions; a cookie kept would tie one credential's calls to another's."""

    def extract_cookies(self, response: library.Response) -> None:
        """Keep nothing."""

    def set_cookie_header(self, request: library.Request) -> None:
        """Send nothing."""


class SharedClient:
    """What the two clients have in common."""

    policies: Policies
    _wire: library.Client | library.AsyncClient
    """Whose connections are used: this client's own, or those of the one that the caller gave."""
    _none = _NoCookies()

    def _settle(self, wire: object, *, given: bool) -> None:
        """End in time on connections of our own, and share none with children."""
        self._wire = cast("library.Client | library.AsyncClient", wire)
        if not given:
            for transport in library.transports_of(self._wire):
                library.end_in_time(transport)
        renew_in_children(self)

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        library.forget_connections(self._wire)
        self.policies.forked()

    @property
    def cookies(self) -> library.Cookies:
        """Always empty."""
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise ConfigurationError("cookies are neither kept nor sent; put what the API needs into headers")

    def context(self) -> AuthContext:
        """A context for flows of credentials run with `perform` (revoking, exchanging a code)."""
        policies = self.policies
        return AuthContext(policies.clock, report=policies.report, redactor=policies.redactor)

    def flow(self, request: WireRequest) -> Flow[WireResponse]:
        """``request`` as a flow, for policies that send more than one; run it with `perform`."""
        exchange = Exchange(self.policies, to_httpx(request), request.stamp, stream=False)
        response = yield from exchange.run()
        return WireResponse(
            response.status_code,
            exchange.headers,
            exchange.content,
            str(response.url),
            most=self.policies.retry.max_body,
            redactor=self.policies.redactor,
        )

    def _exchange(self, request: library.Request, auth: object, follow: object, *, stream: bool) -> Exchange:
        if not (auth is None or auth is library.USE_CLIENT_DEFAULT):
            raise ConfigurationError(
                "auth= is not accepted per request; give the credential to the client's constructor"
            )
        if follow is True:
            raise ConfigurationError(
                "follow_redirects= is not accepted per request; the client follows redirects itself"
            )
        stamp = request.extensions.get(STAMP)
        if not isinstance(stamp, Stamp):
            stamp = default_stamp(request.method)
            if auth is None:
                stamp.credentials = ()
        return Exchange(self.policies, request, stamp, stream=stream)


class Elsewhere(library.BaseTransport, library.AsyncBaseTransport):
    """Stands where a transport would be while another client has the wire: building a real one costs 100 ms.

    ``owned``: that other client, if it is ours to close.
    """

    def __init__(self, owned: HttpClient | AsyncHttpClient | None = None) -> None:
        self._owned = owned

    def close(self) -> None:
        """Close what is ours."""
        if self._owned is not None:
            cast("HttpClient", self._owned).close()

    async def aclose(self) -> None:
        """The asynchronous twin of `close`."""
        if self._owned is not None:
            await cast("AsyncHttpClient", self._owned).aclose()


T = TypeVar("T")


def _library_of(name: str | None, client: object | None, wanted: str) -> ModuleType:
    """The library that sends. Raises `ConfigurationError` for one that is neither, or not that of ``client``."""
    if name is None and client is None:
        return library.OWN
    from typedpipes._core.http.foreign import check_library

    return check_library(name, client, wanted)


class PolicyClient(SharedClient, library.Client):
    """The synchronous client; may be shared by threads. Close it, or use it as a context manager.

    ``http_client`` is a client of httpx or httpx2 of the caller's to put requests on the wire with (its proxies,
    certificates and transport are used; it is not closed); ``http_library`` names the one of our own connections;
    ``transport`` replaces the network. ``connections`` bounds both the pool and the number of requests under way.
    Environment proxies apply to https only.
    """

    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        limiter: Limiter | None = None,
        retry: RetryPolicy | None = None,
        on_event: OnEvent | None = None,
        http_client: HttpClient | None = None,
        http_library: str | None = None,
        transport: library.BaseTransport | None = None,
        connections: int = 100,
        wire: WireOptions | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        redactor: Redactor | None = None,
    ) -> None:
        foreign, other = _library_of(http_library, http_client, "Client"), http_client
        connecting = _Connecting(connections, wire)
        with library.proxies_explained():
            if foreign is not library.OWN and http_client is None and transport is None:
                other = cast("HttpClient", connecting.open(foreign.Client))
            super().__init__(
                transport=transport if other is None else Elsewhere(None if other is http_client else other),
                **connecting.options(connects=transport is None and other is None),
            )
        line: HttpClient = self if other is None else other
        self.policies: Policies = build_policies(
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
        self._put: Callable[..., library.Response] = super().send
        if other is not None:
            from typedpipes._core.http.foreign import sender

            self._put = sender(other)
        self._settle(line, given=http_client is not None)
        self._io = SyncIO(self._send_one, sleep)

    def _send_one(self, request: library.Request) -> library.Response:
        before = SENDING.get()
        SENDING.set(self.policies.redactor)
        try:
            return self._put(request, stream=True, auth=None, follow_redirects=False)
        finally:
            SENDING.set(before)

    def close(self) -> None:
        """Close the connections of our own."""
        super().close()

    def exchange(self, request: WireRequest) -> WireResponse:
        """Perform ``request``; the result is 2xx and read completely."""
        return drive(self.flow(request), self._io)

    @contextlib.contextmanager
    def stream_exchange(self, request: WireRequest) -> Iterator[WireStream]:
        """Perform ``request``; the body of the result is read by the caller inside the ``with`` block."""
        exchange = Exchange(self.policies, to_httpx(request), request.stamp, stream=True)
        response = drive(exchange.run(), self._io)
        try:
            yield WireStream(response, exchange.headers, self.policies.retry.max_body)
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
        request: library.Request,
        *,
        stream: bool = False,
        auth: object = library.USE_CLIENT_DEFAULT,
        follow_redirects: object = library.USE_CLIENT_DEFAULT,
    ) -> library.Response:
        """Send under the policies. Raises `typedpipes.errors`; a result is always 2xx. ``auth=None``: no credential."""
        exchange = self._exchange(request, auth, follow_redirects, stream=stream)
        response = drive(exchange.run(), self._io)
        return response if stream else read_response(response, exchange.content)


class Home:
    """The event loop that an asynchronous client belongs to: that of its first call."""

    def __init__(self) -> None:
        self._loop: object = None

    def elsewhere(self) -> bool:
        """Whether the loop that runs is another one."""
        import asyncio

        loop: object
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            import trio

            loop = trio.lowlevel.current_trio_token()
        if self._loop is None:
            self._loop = loop
        return self._loop is not loop

    def forget(self) -> None:
        """Belong to whichever loop calls next."""
        self._loop = None


def _of_another_loop() -> ConfigurationError:
    return ConfigurationError(
        "an asynchronous client belongs to the event loop of its first call; make a new one in each asyncio.run "
        "(or trio.run), with `async with`"
    )


class AsyncPolicyClient(SharedClient, library.AsyncClient):
    """The asynchronous client, for asyncio and trio; belongs to one event loop. See `PolicyClient`."""

    def __init__(
        self,
        *,
        credentials: Credentials | None = None,
        limiter: Limiter | None = None,
        retry: RetryPolicy | None = None,
        on_event: OnEvent | None = None,
        http_client: AsyncHttpClient | None = None,
        http_library: str | None = None,
        transport: library.AsyncBaseTransport | None = None,
        connections: int = 100,
        wire: WireOptions | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        foreign, other = _library_of(http_library, http_client, "AsyncClient"), http_client
        connecting = _Connecting(connections, wire)
        with library.proxies_explained():
            if foreign is not library.OWN and http_client is None and transport is None:
                other = cast("AsyncHttpClient", connecting.open(foreign.AsyncClient))
            super().__init__(
                transport=transport if other is None else Elsewhere(None if other is http_client else other),
                **connecting.options(connects=transport is None and other is None),
            )
        line: AsyncHttpClient = self if other is None else other
        self._home = home = Home()
        self._ours = ours = http_client is None and transport is None

        def closed() -> bool:
            if home.elsewhere() and ours:
                raise _of_another_loop()
            return line.is_closed

        self.policies: Policies = build_policies(
            TaskPermits(connections),
            credentials,
            limiter,
            retry,
            clock,
            random,
            on_event,
            redactor,
            closed,
        )
        self._put: Callable[..., Awaitable[library.Response]] = super().send
        if other is not None:
            from typedpipes._core.http.foreign import async_sender

            self._put = async_sender(other)
        self._settle(line, given=http_client is not None)
        self._io = AsyncIO(self._send_one, sleep)

    async def _send_one(self, request: library.Request) -> library.Response:
        before = SENDING.get()
        SENDING.set(self.policies.redactor)
        try:
            return await self._put(request, stream=True, auth=None, follow_redirects=False)
        except RuntimeError as error:
            if self._home.elsewhere():
                raise _of_another_loop() from error
            raise
        finally:
            SENDING.set(before)

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        super().forked()
        self._home.forget()

    async def aclose(self) -> None:
        """Close the connections; those of an event loop that has ended are dropped."""
        if self._home.elsewhere() and self._ours:
            library.forget_connections(self._wire)
        await super().aclose()

    async def exchange(self, request: WireRequest) -> WireResponse:
        """Perform ``request``; the result is 2xx and read completely."""
        return await adrive(self.flow(request), self._io)

    @contextlib.asynccontextmanager
    async def stream_exchange(self, request: WireRequest) -> AsyncIterator[AsyncWireStream]:
        """Perform ``request``; the body of the result is read by the caller inside the ``with`` block."""
        exchange = Exchange(self.policies, to_httpx(request), request.stamp, stream=True)
        response = await adrive(exchange.run(), self._io)
        stream = AsyncWireStream(response, exchange.headers, self.policies.retry.max_body)
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
        request: library.Request,
        *,
        stream: bool = False,
        auth: object = library.USE_CLIENT_DEFAULT,
        follow_redirects: object = library.USE_CLIENT_DEFAULT,
    ) -> library.Response:
        """Send under the policies. Raises `typedpipes.errors`; a result is always 2xx. ``auth=None``: no credential."""
        exchange = self._exchange(request, auth, follow_redirects, stream=stream)
        response = await adrive(exchange.run(), self._io)
        return response if stream else read_response(response, exchange.content)


USER_AGENT: Final = f"typedpipes/{__version__}"


HEADERS: Final = {"accept": "application/json", "accept-encoding": "gzip, deflate", "user-agent": USER_AGENT}


_PLAIN: Final = re.compile(
    r"(https?://[\w.:-]+)((?:/(?:[\w~:@,=&+*$!-][\w.~:@,=&+*$!-]*)?)+)(?:\?([\w.~:@,=&+*$!/-]+))?", re.ASCII
)


def to_url(text: str) -> library.URL:
    """``httpx.URL(text)``; a path and query of harmless characters go behind the origin without being parsed again.

    Parsing takes a seventh of a small call. A test holds both equal.
    """
    plain = _PLAIN.fullmatch(text) if len(text) < 8192 else None  # httpx refuses very long ones
    if plain is None:
        return library.URL(text)
    origin, path, query = plain.groups()
    return library.put_behind(_origin_url(origin), path, query)


@functools.lru_cache(maxsize=64)
def _origin_url(text: str) -> library.URL:
    return library.URL(text)


def to_httpx(request: WireRequest) -> library.Request:
    """The request as httpx sends it. Raises `ConfigurationError` if the URL or a header is none."""
    url = request.url
    if request.query:
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(request.query)}"
    headers = HEADERS
    if request.headers:
        headers = {**HEADERS, **{name.lower(): value for name, value in request.headers.items()}}
    extensions = {STAMP: request.stamp}
    content = request.content
    try:
        if content is None or isinstance(content, bytes):
            return QuietRequest(request.method, to_url(url), headers=headers, content=content, extensions=extensions)
        length = content.length
        framing = {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
        framing["host"] = library.URL(url).netloc.decode("ascii")  # httpx adds it only to bodies it encodes itself
        return QuietRequest(
            request.method, url, headers={**headers, **framing}, stream=_Pieces(content), extensions=extensions
        )
    except library.InvalidURL as error:
        raise ConfigurationError(f"{request.stamp.name}: this is no address: {error}", setting="base_url") from error
    except UnicodeEncodeError:
        name = next((name for name, value in headers.items() if not (name + value).isascii()), "")
        raise ConfigurationError(
            f"{request.stamp.name}: the header {name!r} holds a character that is not ASCII; encode it", setting=name
        ) from None


class _Pieces(library.SyncByteStream, library.AsyncByteStream):
    """A streamed body for either client; the asynchronous one reads it in a worker thread."""

    def __init__(self, body: Streamed) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        from anyio import to_thread

        pieces = iter(self._body)
        while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            yield piece


def read_response(response: library.Response, content: bytes) -> library.Response:
    """``response`` as httpx hands out responses whose body was read; ``content`` is without its encoding."""
    framing = ("content-encoding", "content-length", "transfer-encoding")
    made = library.Response(
        response.status_code,
        headers=[(name, value) for name, value in response.headers.multi_items() if name not in framing],
        content=content,
        request=response.request,
        extensions=response.extensions,
    )
    made.elapsed = response.elapsed
    return made


__all__ = [
    "HEADERS",
    "USER_AGENT",
    "AsyncPolicyClient",
    "Elsewhere",
    "Policies",
    "PolicyClient",
    "SharedClient",
    "WireOptions",
    "build_policies",
    "read_response",
    "to_httpx",
    "to_url",
]
