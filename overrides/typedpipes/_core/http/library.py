"""The seam to the HTTP library: the only module that imports it. Whatever needs one of its names takes it from here."""

from __future__ import annotations

import copy
import functools
import os
import ssl
from typing import Final

import httpx

URL = httpx.URL
InvalidURL = httpx.InvalidURL

Client = httpx.Client
AsyncClient = httpx.AsyncClient
Cookies = httpx.Cookies
Limits = httpx.Limits
Proxy = httpx.Proxy
USE_CLIENT_DEFAULT = httpx.USE_CLIENT_DEFAULT

Request = httpx.Request
Response = httpx.Response
ByteStream = httpx.ByteStream
SyncByteStream = httpx.SyncByteStream
AsyncByteStream = httpx.AsyncByteStream

BaseTransport = httpx.BaseTransport
AsyncBaseTransport = httpx.AsyncBaseTransport
HTTPTransport = httpx.HTTPTransport
AsyncHTTPTransport = httpx.AsyncHTTPTransport

RequestError = httpx.RequestError
TransportError = httpx.TransportError
TimeoutException = httpx.TimeoutException
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

LOGGERS: Final = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")
"""Loggers that write about requests. A filter is not inherited, so each is named."""


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


_of_parents: Final[list[object]] = []


def forget_connections(client: Client | AsyncClient) -> None:
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
