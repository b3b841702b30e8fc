"""What the sync and the async client have in common, what all calls of one client share (`Policies`), and how requests
are made for httpx.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import logging
import random as random_module
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypedDict, cast
from urllib.parse import urlencode

import httpx

from typedpipes import __version__
from typedpipes._core.auth import AuthContext, Credentials
from typedpipes._core.flow import Clock, Flow, SystemClock
from typedpipes._core.forks import renew_in_children
from typedpipes._core.http import STAMP, Stamp, Streamed, WireRequest, WireResponse, default_stamp
from typedpipes._core.http.bodies import QuietRequest, origin
from typedpipes._core.http.exchange import Exchange
from typedpipes._core.http.retry import Permits, RetryBudget, RetryPolicy, retry_policy
from typedpipes._core.options import SharedOptions, drift_log
from typedpipes._core.redaction import RedactingFilter, Redactor
from typedpipes._core.setting_checks import check_flag, check_name
from typedpipes.errors import ConfigurationError
from typedpipes.events import OnEvent, Reporter, Request

if TYPE_CHECKING:
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes.limits.policy import Limiter


class PolicyOptions(TypedDict):
    """What a policy client is made with."""

    credentials: Credentials
    limiter: StoreLimiter | None
    retry: RetryPolicy
    on_event: OnEvent | None


class ClientCore:
    """What the synchronous and the asynchronous client of an API share; each API adds its settings and its limits."""

    limiter: StoreLimiter | None

    def __init__(self, credentials: Credentials, options: SharedOptions) -> None:
        self.credentials = credentials
        account = check_name("account", options.get("account"))
        if account is not None:
            for credential in credentials:
                credential.identity = f"account:{account}"
        self.retry = retry_policy(options)
        self.on_event = options.get("on_event")
        self.strict = check_flag("strict", options.get("strict", False))
        self.drift = drift_log(options)

    def policies(self) -> PolicyOptions:
        """What the policy client of either is made with."""
        return {
            "credentials": self.credentials,
            "limiter": self.limiter,
            "retry": self.retry,
            "on_event": self.on_event,
        }


class Policies:
    """What all calls of one client share."""

    __slots__ = (
        "budget",
        "clock",
        "closed",
        "credentials",
        "limiter",
        "permits",
        "random",
        "redactor",
        "report",
        "retry",
    )

    def __init__(
        self,
        *,
        retry: RetryPolicy,
        credentials: Credentials,
        limiter: Limiter | None,
        permits: Permits,
        clock: Clock,
        random: Callable[[], float],
        report: Reporter,
        redactor: Redactor,
        closed: Callable[[], bool],
    ) -> None:
        self.closed = closed
        """Whether nothing can be sent any more."""
        self.retry = retry
        self.credentials = credentials
        self.limiter = limiter
        self.permits = permits
        self.clock = clock
        self.random = random
        self.report = report
        self.redactor = redactor
        self.budget = RetryBudget()
        for credential in credentials:
            for value in credential.secrets():
                redactor.add(value)

    def forked(self) -> None:
        """This process is a forked child: nobody here holds a permit or a lock."""
        self.permits = self.permits.afresh()
        self.budget = RetryBudget()
        self.redactor.forked()

    def request_event(
        self,
        request: httpx.Request,
        stamp: Stamp,
        attempt: int,
        started: float,
        status: int | None,
        error: str | None,
        headers: Mapping[str, str],
    ) -> Request:
        """What is told about one wire request."""
        from typedpipes._core.http.failures import request_id

        url = request.url
        return Request(
            api=stamp.api,
            operation=stamp.operation,
            method=request.method,
            url=origin(url) + self.redactor.path(url.raw_path.partition(b"?")[0].decode("ascii")),
            attempt=attempt,
            elapsed=self.clock.monotonic() - started,
            status=status,
            error=error,
            request_id=None if status is None else request_id(headers),
        )


USER_AGENT: Final = f"typedpipes/{__version__}"
HEADERS: Final = {"accept": "application/json", "accept-encoding": "gzip, deflate", "user-agent": USER_AGENT}


class WireOptions(TypedDict, total=False):
    """How connections are made; as in httpx."""

    verify: ssl.SSLContext | bool
    proxy: str | httpx.URL | httpx.Proxy | None
    trust_env: bool


@contextlib.contextmanager
def proxies_explained() -> Iterator[None]:
    """httpx's complaints about the proxy it was told to use, as `ConfigurationError`."""
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(
            "a SOCKS proxy (ALL_PROXY, HTTPS_PROXY) needs a package: pip install 'httpx[socks]'", setting="proxy"
        ) from error
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError(
            "the address of the proxy (HTTPS_PROXY, ALL_PROXY) is none: it starts with http://, https://, socks5:// or "
            "socks5h://",
            setting="proxy",
        ) from None


class _NoCookies(httpx.Cookies):
    """These APIs know no sessions; a cookie kept would tie one credential's calls to another's."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Keep nothing."""

    def set_cookie_header(self, request: httpx.Request) -> None:
        """Send nothing."""


class SharedClient:
    """What the two clients have in common."""

    policies: Policies
    _wire: httpx.Client | httpx.AsyncClient
    """Whose connections are used: this client's own, or those of the one that the caller gave."""
    _none = _NoCookies()

    def _share_nothing_with_children(self, wire: object) -> None:
        self._wire = cast("httpx.Client | httpx.AsyncClient", self if wire is None else wire)
        renew_in_children(self)

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        forget_connections(self._wire)
        self.policies.forked()

    @property
    def cookies(self) -> httpx.Cookies:
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
        return WireResponse(response.status_code, exchange.headers, exchange.content, str(response.url))

    def _exchange(self, request: httpx.Request, auth: object, follow: object, *, stream: bool) -> Exchange:
        if not (auth is None or auth is httpx.USE_CLIENT_DEFAULT):
            raise ConfigurationError("auth= is this client's business; give credentials to its constructor")
        if follow is True:
            raise ConfigurationError("redirects are this client's business; see Stamp.redirects")
        stamp = request.extensions.get(STAMP)
        if not isinstance(stamp, Stamp):
            stamp = default_stamp(request.method)
            if auth is None:
                stamp.credentials = ()
        return Exchange(self.policies, request, stamp, stream=stream)


def build_policies(
    permits: Permits,
    credentials: Credentials | None,
    limiter: Limiter | None,
    retry: RetryPolicy | None,
    clock: Clock | None,
    random: Callable[[], float] | None,
    on_event: OnEvent | None,
    redactor: Redactor | None,
    closed: Callable[[], bool],
) -> Policies:
    _quiet_foreign_logs()
    return Policies(
        retry=retry or RetryPolicy(),
        credentials=Credentials() if credentials is None else credentials,
        limiter=limiter,
        permits=permits,
        clock=clock or SystemClock(),
        random=random or random_module.random,
        report=Reporter(on_event),
        redactor=redactor or Redactor(),
        closed=closed,
    )


class Elsewhere(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Stands where a transport would be while another client has the wire: building a real one costs 100 ms."""


_of_parents: Final[list[object]] = []


def forget_connections(client: httpx.Client | httpx.AsyncClient) -> None:
    """Let ``client`` connect anew: its connections are those of the process this one was forked from.

    Two processes on one connection get each other's answers. Nothing is said on it, not even its end. Synchronous
    connections go with their last reference. Asynchronous ones are kept unused: to end one here would take it out of
    the parent's event loop, whose selector the child shares. Transports that are not httpx's own are left as they are.
    """
    transports = (getattr(client, "_transport", None), *getattr(client, "_mounts", {}).values())
    for transport in transports:
        pool = getattr(transport, "_pool", None)
        if pool is None:
            continue
        import httpcore  # there is a pool, so it is loaded; a client without one starts faster without it

        if isinstance(pool, (httpcore.ConnectionPool, httpcore.AsyncConnectionPool)):
            fresh = copy.copy(pool)
            fresh._connections, fresh._requests = [], []
            fresh._optional_thread_lock = type(pool._optional_thread_lock)()
            transport._pool = fresh
            if isinstance(pool, httpcore.AsyncConnectionPool):
                _of_parents.append(pool)


_PLAIN: Final = re.compile(
    r"(https?://[\w.:-]+)((?:/(?:[\w~:@,=&+*$!-][\w.~:@,=&+*$!-]*)?)+)(?:\?([\w.~:@,=&+*$!/-]+))?", re.ASCII
)


def to_url(text: str) -> httpx.URL:
    """``httpx.URL(text)``; a path and query of harmless characters go behind the origin without being parsed again.

    Parsing takes a seventh of a small call. httpx is pinned to one minor version; a test holds both equal.
    """
    plain = _PLAIN.fullmatch(text) if len(text) < 8192 else None  # httpx refuses very long ones
    if plain is None:
        return httpx.URL(text)
    origin, path, query = plain.groups()
    url = httpx.URL(_origin_url(origin))
    url._uri_reference = url._uri_reference._replace(path=path, query=query)
    return url


@functools.lru_cache(maxsize=64)
def _origin_url(text: str) -> httpx.URL:
    return httpx.URL(text)


def to_httpx(request: WireRequest) -> httpx.Request:
    """The request as httpx sends it. Raises `ConfigurationError` if the URL is none."""
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
        framing["host"] = httpx.URL(url).netloc.decode("ascii")  # httpx adds it only to bodies it encodes itself
        return QuietRequest(
            request.method, url, headers={**headers, **framing}, stream=_Pieces(content), extensions=extensions
        )
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"{request.stamp.name}: this is no address: {error}", setting="base_url") from error


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
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


def read_response(response: httpx.Response, raw: bytes) -> httpx.Response:
    """``response`` as httpx hands out responses whose body was read."""
    made = httpx.Response(
        response.status_code,
        headers=response.headers,
        content=raw,
        request=response.request,
        extensions=response.extensions,
    )
    made.elapsed = response.elapsed
    return made


@functools.cache
def _quiet_foreign_logs() -> None:
    for name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"):
        logging.getLogger(name).addFilter(RedactingFilter())


__all__ = [
    "HEADERS",
    "USER_AGENT",
    "Elsewhere",
    "Policies",
    "SharedClient",
    "WireOptions",
    "build_policies",
    "proxies_explained",
    "read_response",
    "to_httpx",
    "to_url",
]
