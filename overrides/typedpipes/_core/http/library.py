"""The seam to the HTTP library: the only module that imports it. Whatever needs one of its names takes it from here.

The library is httpx, or its successor httpx2 if ``TYPEDPIPES_HTTP=httpx2`` is in the environment when this is imported.
Their interfaces are the same as far as we use them; what is private to them is used in this module only.

Type checkers read ``library.pyi`` instead: what we use of the library, declared. Reading the library itself takes them
as long as all of our modules together, for every program that imports a client. A test holds both equal.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import os
import ssl
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from typedpipes._core.http.network import AsyncBoundedBackend, BoundedBackend
from typedpipes.errors import ConfigurationError, MissingExtra

LIBRARIES: Final = ("httpx", "httpx2")
VARIABLE: Final = "TYPEDPIPES_HTTP"


def module(name: str) -> ModuleType:
    """One of the `LIBRARIES`. Raises `MissingExtra` if it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise MissingExtra(f"the HTTP library {name} (http_library, {VARIABLE})", extra=name) from None


def _chosen() -> str:
    name = os.environ.get(VARIABLE, "").strip() or LIBRARIES[0]
    if name not in LIBRARIES:
        raise ConfigurationError(f"{VARIABLE} is {' or '.join(LIBRARIES)}, not {name[:40]!r}", setting=VARIABLE)
    return name


NAME: Final = _chosen()
"""The library of this process."""

if TYPE_CHECKING:
    import httpx
else:
    httpx = module(NAME)

OWN: Final[ModuleType] = httpx

URL = httpx.URL
InvalidURL = httpx.InvalidURL

Client = httpx.Client
AsyncClient = httpx.AsyncClient
Cookies = httpx.Cookies
Limits = httpx.Limits
Proxy = httpx.Proxy
USE_CLIENT_DEFAULT = httpx.USE_CLIENT_DEFAULT

Headers = httpx.Headers
Request = httpx.Request
Response = httpx.Response
ByteStream = httpx.ByteStream
SyncByteStream = httpx.SyncByteStream
AsyncByteStream = httpx.AsyncByteStream

BaseTransport = httpx.BaseTransport
AsyncBaseTransport = httpx.AsyncBaseTransport

HTTPError = httpx.HTTPError
RequestError = httpx.RequestError
TransportError = httpx.TransportError
TimeoutException = httpx.TimeoutException
NetworkError = httpx.NetworkError
ProtocolError = httpx.ProtocolError
ConnectError = httpx.ConnectError
ConnectTimeout = httpx.ConnectTimeout
PoolTimeout = httpx.PoolTimeout
ReadError = httpx.ReadError
ReadTimeout = httpx.ReadTimeout
ProxyError = httpx.ProxyError
DecodingError = httpx.DecodingError
StreamError = httpx.StreamError
UnsupportedProtocol = httpx.UnsupportedProtocol
LocalProtocolError = httpx.LocalProtocolError

_BELOW: Final = ("connection", "http11", "http2", "proxy", "socks")
LOGGERS: Final = (
    *LIBRARIES,
    *(f"{core}.{part}" for core in ("httpcore", "httpcore2") for part in _BELOW),
    *("h2", "hpack.hpack", "hpack.table", "h11", "anyio.streams.tls"),
)
"""Loggers that write about requests, of both libraries: a client of either may be handed in. A filter is not inherited,
so each is named."""


def put_behind(url: URL, path: str, query: str | None) -> URL:
    """``url`` with a path and query of harmless characters, not parsed again: that takes a seventh of a small call."""
    made = URL(url)
    made._uri_reference = made._uri_reference._replace(path=path, query=query)
    return made


def trusted(trust_env: bool) -> ssl.SSLContext:
    """Whose certificates are trusted, as httpx does by default, but read once a process: that takes 25 ms.

    They are read anew where the environment names others, or another class is to read them (``truststore``).
    """
    return _trusted(trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"), ssl.SSLContext)


@functools.lru_cache(maxsize=8)
def _trusted(trust_env: bool, *_: object) -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=trust_env)


def transports_of(client: Client | AsyncClient) -> Iterator[object]:
    """The transports of ``client``; one that leads elsewhere than to the network is among them."""
    yield getattr(client, "_transport", None)
    yield from getattr(client, "_mounts", {}).values()


def pool_of(transport: object) -> Any:  # its type is private to the library, and one of two
    """The connections of a transport of the library's own; None for others."""
    return getattr(transport, "_pool", None)


def end_in_time(transport: object) -> None:
    """Let what goes over ``transport`` end with its call (see `network`). Other transports than ours are left alone."""
    pool = pool_of(transport)
    backend = getattr(pool, "_network_backend", None)
    if backend is None or isinstance(backend, (BoundedBackend, AsyncBoundedBackend)):
        return
    core: Any = sys.modules[type(pool).__module__.partition(".")[0]]
    bounded = AsyncBoundedBackend if isinstance(pool, core.AsyncConnectionPool) else BoundedBackend
    pool._network_backend = bounded(backend, core)


@contextlib.contextmanager
def proxies_explained() -> Iterator[None]:
    """The library's complaints about the proxy it was told to use, as `ConfigurationError`."""
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(
            f"a SOCKS proxy (ALL_PROXY, HTTPS_PROXY) needs a package: pip install '{NAME}[socks]'", setting="proxy"
        ) from error
    except (ValueError, InvalidURL):
        raise ConfigurationError(
            "the address of the proxy (HTTPS_PROXY, ALL_PROXY) is not one: it starts with http://, https://, "
            "socks5:// or socks5h://",
            setting="proxy",
        ) from None


_LIMITS: Final = Limits(max_connections=100, max_keepalive_connections=20)


class HTTPTransport(httpx.HTTPTransport):
    """Connections whose operations end with the call (`network.timeouts`)."""

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
        limits: Limits = _LIMITS,
    ) -> None:
        with proxies_explained():
            super().__init__(verify=verify, proxy=proxy, limits=limits)
        end_in_time(self)


class AsyncHTTPTransport(httpx.AsyncHTTPTransport):
    """The asynchronous twin of `HTTPTransport`."""

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
        limits: Limits = _LIMITS,
    ) -> None:
        with proxies_explained():
            super().__init__(verify=verify, proxy=proxy, limits=limits)
        end_in_time(self)


_of_parents: Final[list[object]] = []


def forget_connections(client: Client | AsyncClient) -> None:
    """Let ``client`` connect anew: its connections are those of the process this one was forked from.

    Two processes on one connection get each other's answers. Nothing is said on it, not even its end. Synchronous
    connections go with their last reference. Asynchronous ones are kept unused: to end one here would take it out of
    the parent's event loop, whose selector the child shares. Transports that are not httpx's own are left as they are.
    """
    for transport in transports_of(client):
        pool = pool_of(transport)
        if not hasattr(pool, "_optional_thread_lock"):
            continue
        fresh = copy.copy(pool)
        fresh._connections, fresh._requests = [], []
        fresh._optional_thread_lock = type(pool._optional_thread_lock)()
        vars(transport)["_pool"] = fresh
        if hasattr(pool, "aclose"):
            _of_parents.append(pool)
