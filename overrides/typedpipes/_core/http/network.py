"""Network backends that end each operation when its call ends: the library bounds single operations only, so that a
server that sends a byte now and then keeps a call for ever.

The end of the call travels with the timeout of each operation, see `Until`. `typedpipes._core.http.library` puts
these backends into the library's connection pools.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias, overload

SLICE: Final = 1 << 16
"""Bytes written before the clock is looked at again: one write of 100 MB would take what time it likes."""

SocketOption: TypeAlias = "tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]"


class Until(float):
    """The seconds one operation may take; and when, by `time.monotonic`, the call ends that it is part of."""

    __slots__ = ("end",)
    end: float

    @classmethod
    def of(cls, seconds: float, left: float) -> Until:
        """At most ``seconds`` for each operation, and ``left`` seconds from now for all of them."""
        made = cls(max(0.0, min(seconds, left)))
        made.end = time.monotonic() + left
        return made


def spread(until: Until) -> dict[str, float]:
    """The ``timeout`` extension of a request: the same for each of its operations."""
    return dict.fromkeys(("connect", "read", "write", "pool"), until)


def timeouts(seconds: float, left: float) -> dict[str, float]:
    """The ``timeout`` extension of a request whose call has ``left`` seconds."""
    return spread(Until.of(seconds, left))


class Errors(Protocol):
    """The library's errors of this level."""

    ConnectError: type[Exception]
    ConnectTimeout: type[Exception]
    ReadTimeout: type[Exception]
    WriteTimeout: type[Exception]


@overload
def remaining(timeout: Until, error: type[Exception]) -> float: ...
@overload
def remaining(timeout: float | None, error: type[Exception]) -> float | None: ...
def remaining(timeout: float | None, error: type[Exception]) -> float | None:
    """Seconds for the next operation. Raises ``error`` if the call has ended."""
    if not isinstance(timeout, Until):
        return timeout
    left = timeout.end - time.monotonic()
    if left <= 0:
        raise error("the deadline of the call has passed")
    return min(float(timeout), left)


def resolved(host: str, port: int) -> list[str]:
    """The addresses of ``host``. Raises OSError, also for what cannot be a name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host") from error
    return [str(entry[4][0]) for entry in found]


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """The same, in at most so many ``seconds``. Raises TimeoutError then.

    The system's resolver takes no timeout, so it runs in a thread, which is left alone if it is too late.
    """
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(resolved(host, port))
        except OSError as error:
            answers.put(error)

    if is_address(host):
        return resolved(host, port)
    threading.Thread(target=work, name="typedpipes-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=min(seconds, threading.TIMEOUT_MAX))
    except queue.Empty:
        raise TimeoutError(f"the name {host} was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


async def aresolve(host: str, port: int, seconds: float) -> list[str]:
    """The asynchronous twin of `resolve`."""
    import anyio
    from anyio import to_thread

    with anyio.fail_after(seconds):
        # A limiter of its own: one that hangs is left alone, and must not take the place of others.
        limiter = anyio.CapacityLimiter(1)
        return await to_thread.run_sync(resolved, host, port, abandon_on_cancel=True, limiter=limiter)


class Stream(Protocol):
    """What is wrapped: a connection of the library's."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...
    def write(self, buffer: bytes, timeout: float | None = None) -> None: ...
    def close(self) -> None: ...
    def start_tls(
        self, ssl_context: object, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream: ...
    def get_extra_info(self, info: str) -> object: ...


class AsyncStream(Protocol):
    """The asynchronous twin."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...
    async def write(self, buffer: bytes, timeout: float | None = None) -> None: ...
    async def aclose(self) -> None: ...
    async def start_tls(
        self, ssl_context: object, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncStream: ...
    def get_extra_info(self, info: str) -> object: ...


class Backend(Protocol):
    """What is wrapped: how the library connects."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> Stream: ...
    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> Stream: ...
    def sleep(self, seconds: float) -> None: ...


class AsyncBackend(Protocol):
    """The asynchronous twin."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> AsyncStream: ...
    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> AsyncStream: ...
    async def sleep(self, seconds: float) -> None: ...


class _Wrapped:
    """What both streams have in common. A SOCKS proxy is spoken to without timeouts: those of the connect hold then."""

    __slots__ = ("_connected", "_errors")

    def __init__(self, errors: Errors, connected: float | None) -> None:
        self._errors = errors
        self._connected = connected

    def _reading(self, timeout: float | None) -> float | None:
        return remaining(self._connected if timeout is None else timeout, self._errors.ReadTimeout)

    def _writing(self, timeout: float | None) -> float | None:
        return remaining(self._connected if timeout is None else timeout, self._errors.WriteTimeout)

    def _connecting(self, timeout: float | None) -> float | None:
        return remaining(self._connected if timeout is None else timeout, self._errors.ConnectTimeout)


class BoundedStream(_Wrapped):
    """A connection whose operations end with the call."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Stream, errors: Errors, connected: float | None) -> None:
        super().__init__(errors, connected)
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See the library."""
        return self._inner.read(max_bytes, self._reading(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See the library."""
        if len(buffer) <= SLICE:
            self._inner.write(buffer, self._writing(timeout))
            return
        view = memoryview(buffer)
        for start in range(0, len(view), SLICE):
            self._inner.write(view[start : start + SLICE], self._writing(timeout))  # type: ignore[arg-type]  # it slices and sends, which a view can

    def close(self) -> None:
        """See the library."""
        self._inner.close()

    def start_tls(
        self, ssl_context: object, server_hostname: str | None = None, timeout: float | None = None
    ) -> BoundedStream:
        """See the library."""
        inner = self._inner.start_tls(ssl_context, server_hostname, self._connecting(timeout))
        return BoundedStream(inner, self._errors, self._connected)

    def get_extra_info(self, info: str) -> object:
        """See the library."""
        return self._inner.get_extra_info(info)


class AsyncBoundedStream(_Wrapped):
    """The asynchronous twin of `BoundedStream`."""

    __slots__ = ("_inner",)

    def __init__(self, inner: AsyncStream, errors: Errors, connected: float | None) -> None:
        super().__init__(errors, connected)
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See the library."""
        return await self._inner.read(max_bytes, self._reading(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See the library."""
        await self._inner.write(buffer, self._writing(timeout))

    async def aclose(self) -> None:
        """See the library."""
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: object, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncBoundedStream:
        """See the library."""
        inner = await self._inner.start_tls(ssl_context, server_hostname, self._connecting(timeout))
        return AsyncBoundedStream(inner, self._errors, self._connected)

    def get_extra_info(self, info: str) -> object:
        """See the library."""
        return self._inner.get_extra_info(info)


class BoundedBackend:
    """Connects through the library's backend, name resolution and all addresses of a name within the call's time."""

    def __init__(self, inner: Backend, errors: Errors) -> None:
        self._inner = inner
        self._errors = errors

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> Stream:
        """See the library. Raises its ConnectError or ConnectTimeout of the last address tried."""
        options = None if socket_options is None else list(socket_options)
        failure: Exception | None = None
        for address in self._addresses(host, port, timeout):
            left = remaining(timeout, self._errors.ConnectTimeout)
            try:
                inner = self._inner.connect_tcp(address, port, left, local_address, options)
            except (self._errors.ConnectError, self._errors.ConnectTimeout) as error:
                failure = error
            else:
                return BoundedStream(inner, self._errors, timeout)
        raise failure or self._errors.ConnectError(f"the name {host} has no address")

    def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        left = remaining(timeout, self._errors.ConnectTimeout)
        if left is None:
            return [host]
        try:
            return resolve(host, port, left)
        except TimeoutError as error:
            raise self._errors.ConnectTimeout(str(error)) from None
        except OSError as error:
            raise self._errors.ConnectError(str(error)) from error

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> Stream:
        """See the library."""
        left = remaining(timeout, self._errors.ConnectTimeout)
        return BoundedStream(self._inner.connect_unix_socket(path, left, socket_options), self._errors, timeout)

    def sleep(self, seconds: float) -> None:
        """See the library."""
        self._inner.sleep(seconds)


class AsyncBoundedBackend:
    """The asynchronous twin of `BoundedBackend`: the library's own backend cancels what takes too long."""

    def __init__(self, inner: AsyncBackend, errors: Errors) -> None:
        self._inner = inner
        self._errors = errors

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> AsyncStream:
        """See the library."""
        left = remaining(timeout, self._errors.ConnectTimeout)
        try:
            inner = await self._inner.connect_tcp(host, port, left, local_address, socket_options)
        except UnicodeError as error:
            raise self._errors.ConnectError(f"{host!r} is no name of a host") from error
        return AsyncBoundedStream(inner, self._errors, timeout)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> AsyncStream:
        """See the library."""
        left = remaining(timeout, self._errors.ConnectTimeout)
        inner = await self._inner.connect_unix_socket(path, left, socket_options)
        return AsyncBoundedStream(inner, self._errors, timeout)

    async def sleep(self, seconds: float) -> None:
        """See the library."""
        await self._inner.sleep(seconds)


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
