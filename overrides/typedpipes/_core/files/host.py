"""The credential-free client that fetches files: no cookies, no auth, no automatic redirects, no URL in any log.

It works on httpx transports instead of a client because a client logs every URL, and a signed link is a secret.
"""

from __future__ import annotations

import math
import ssl
import urllib.request
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Final

from typedpipes import __version__
from typedpipes._core.addresses import PORTS, is_loopback
from typedpipes._core.files.links import LinkPolicy, shown
from typedpipes._core.flow import Call, Flow, call, discard
from typedpipes._core.http import library
from typedpipes._core.http.bodies import exhaust
from typedpipes._core.http.network import Until, aresolve, remaining, resolve, spread
from typedpipes._core.http.redirects import MAX_REDIRECTS
from typedpipes.errors import DownloadError

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
LIMITS: Final = library.Limits(max_connections=2, max_keepalive_connections=1)


class FileHost:
    """Sends GET requests for links a `LinkPolicy` allows; close it with `close` (a `Call` for sync and async).

    ``timeout``: seconds for connecting and for each read. ``verify``: your own SSL context, for a proxy that
    breaks TLS open. Environment proxies are used; the allow-list holds behind them, the address check does not (the
    proxy resolves names).
    """

    def __init__(self, policy: LinkPolicy, *, timeout: float = 30.0, verify: ssl.SSLContext | None = None) -> None:
        self.policy = policy
        self._seconds = timeout
        self._verify = verify
        self._sync: dict[tuple[bool, str | None], library.HTTPTransport] = {}
        self._asynchronous: dict[tuple[bool, str | None], library.AsyncHTTPTransport] = {}
        self._pieces: AsyncIterator[bytes] | None = None

    def get(self, link: str, headers: Mapping[str, str], left: float = math.inf) -> Flow[library.Response]:
        """GET ``link``, following checked redirects, all in ``left`` seconds, the body included. It is unread.

        Raises `DownloadError` for a link or address that is not allowed, ``httpx.TransportError`` for failures of
        the network.
        """
        url, until = self.policy.check(link), Until.of(self._seconds, left)
        for _ in range(MAX_REDIRECTS + 1):
            proxy = proxy_for(url)
            if proxy is None:
                yield from self._check_resolved(url, until)
            response = yield from self._send(url, headers, proxy, until)
            if proxy is None:
                yield from self._check_peer(url, response)
            location = response.headers.get("location")
            if response.status_code not in REDIRECTS or location is None:
                return response
            yield from discard(response)
            try:
                url = url.join(location)
            except library.InvalidURL as error:
                raise DownloadError(f"{shown(url)} redirects to something that is not a URL") from error
            self.policy.check(url)
        raise DownloadError(f"more than {MAX_REDIRECTS} redirects, last to {shown(url)}")

    def body(self, response: library.Response) -> Call[bytes]:
        """The effect that reads the next piece of a body; one object serves for all of them. Empty: the end."""
        if isinstance(response.stream, library.SyncByteStream):
            pieces = response.iter_raw()
            return Call(lambda: next(pieces, b""))
        async_pieces = self._pieces = response.aiter_raw()

        def nothing() -> bytes:
            raise RuntimeError("an asynchronous body cannot be read synchronously")

        return Call(nothing, lambda: anext(async_pieces, b""))

    def leave(self, response: library.Response) -> Flow[None]:
        """Close an answer whose `body` was taken, read or not."""
        yield from discard(response)
        yield Call(lambda: None, self._finish)

    def close(self) -> Call[None]:
        """The effect that closes all connections; harmless when repeated."""
        return Call(self._close, self._aclose)

    def _check_resolved(self, url: library.URL, until: Until) -> Flow[None]:
        host, port = url.host, url.port or PORTS[url.scheme]
        try:
            seconds = remaining(until, TimeoutError)
            found = yield from call(partial(resolve, host, port, seconds), partial(aresolve, host, port, seconds))
        except OSError as error:
            raise library.ConnectError(f"the name {host} cannot be resolved") from error
        self.policy.check_addresses(host, found)

    def _check_peer(self, url: library.URL, response: library.Response) -> Flow[None]:
        """The address really connected to: a name may resolve differently a moment later."""
        stream = response.extensions.get("network_stream")
        try:
            peer = stream.get_extra_info("server_addr") if stream is not None else None
        except OSError as error:  # the connection was reset since the headers arrived
            yield from discard(response)
            raise library.ReadError("the connection was reset") from error
        if peer:
            try:
                self.policy.check_addresses(url.host, [str(peer[0])])
            except DownloadError:
                yield from discard(response)
                raise

    def _send(
        self, url: library.URL, headers: Mapping[str, str], proxy: str | None, until: Until
    ) -> Flow[library.Response]:
        request = library.Request(
            "GET",
            url,
            headers={"User-Agent": f"typedpipes/{__version__}", "Accept": "*/*", **headers},
            extensions={"timeout": spread(until)},
        )
        plain = url.scheme == "http"
        response = yield from call(
            lambda: self._transport(plain, proxy).handle_request(request),
            lambda: self._async_transport(plain, proxy).handle_async_request(request),
        )
        response.request = request
        return response

    def _transport(self, plain: bool, proxy: str | None) -> library.HTTPTransport:
        transport = self._sync.get((plain, proxy))
        if transport is None:
            transport = library.HTTPTransport(verify=self._context(plain, proxy), proxy=proxy, limits=LIMITS)
            self._sync[plain, proxy] = transport
        return transport

    def _async_transport(self, plain: bool, proxy: str | None) -> library.AsyncHTTPTransport:
        transport = self._asynchronous.get((plain, proxy))
        if transport is None:
            transport = library.AsyncHTTPTransport(verify=self._context(plain, proxy), proxy=proxy, limits=LIMITS)
            self._asynchronous[plain, proxy] = transport
        return transport

    def _context(self, plain: bool, proxy: str | None) -> ssl.SSLContext | bool:
        if self._verify is not None:
            return self._verify
        # Loading the certificate bundle takes 20 ms and more; plain http to loopback has no use for it.
        return not (plain and proxy is None)

    def _close(self) -> None:
        for transport in self._sync.values():
            transport.close()
        self._sync.clear()

    async def _aclose(self) -> None:
        for transport in self._asynchronous.values():
            await transport.aclose()
        self._asynchronous.clear()
        await self._finish()

    async def _finish(self) -> None:
        """End the generator of a body that was left, which would else be found suspended by the event loop."""
        pieces, self._pieces = self._pieces, None
        if pieces is not None:
            await exhaust(pieces)


def proxy_for(url: library.URL) -> str | None:
    """The environment's proxy for ``url``, if it is to be used."""
    if is_loopback(url.host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
