"""A call ends at its deadline, whatever the server does with the connection: in a thread, under asyncio, under trio."""

from __future__ import annotations

import socket
import threading
import time
from typing import Final

import anyio
import pytest

from tests.typedpipes._core.http.modes import MODES, Mode
from tests.typedpipes._core.http.slow_server import ENDLESS, Misbehave, deaf, dripping, hanging, serving
from typedpipes._core.auth import Credentials
from typedpipes._core.auth.grant import ClientCredentials
from typedpipes._core.auth.token_credential import TokenCredential
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.http.network import SLICE, BoundedBackend, Until
from typedpipes._core.redaction import Secret
from typedpipes.errors import DeadlineExceeded

DEADLINE: Final = 0.3


def ends_in_time(mode: Mode, request: WireRequest, credentials: Credentials | None = None) -> DeadlineExceeded:
    """The error of a call that the server would keep for `ENDLESS` seconds."""
    before = time.monotonic()

    async def main() -> None:
        async with AsyncPolicyClient(credentials=credentials) as client:
            await client.exchange(request)

    with pytest.raises(DeadlineExceeded) as caught:  # noqa: PT012
        if mode == "sync":
            with PolicyClient(credentials=credentials) as client:
                client.exchange(request)
        else:
            anyio.run(main, backend=mode)
    assert time.monotonic() - before < ENDLESS / 3
    return caught.value


def stamp(**options: object) -> Stamp:
    return Stamp(
        api="http",
        operation="x",
        safety="safe",
        deadline=DEADLINE,
        **{"credentials": (), **options},  # type: ignore[arg-type]
    )


OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("misbehave", "scheme", "content"),
    [
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n"), "http", None, id="header lines drip"),
        pytest.param(dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), "http", None, id="interim answers"),
        pytest.param(dripping(OK, b"x"), "http", None, id="the body drips"),
        pytest.param(hanging, "https", None, id="TLS hangs"),
        pytest.param(deaf, "http", bytes(8_000_000), id="the upload stalls"),
    ],
)
def test_a_server_cannot_keep_a_call(mode: Mode, misbehave: Misbehave, scheme: str, content: bytes | None) -> None:
    with serving(misbehave) as port:
        method = "GET" if content is None else "POST"
        url = f"{scheme}://127.0.0.1:{port}/"
        ends_in_time(mode, WireRequest(method=method, url=url, stamp=stamp(), content=content))


@pytest.mark.parametrize("mode", MODES)
def test_a_token_endpoint_cannot_keep_a_call(mode: Mode) -> None:
    with serving(dripping(b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n")) as port:
        url = f"http://127.0.0.1:{port}"
        grant = ClientCredentials(f"{url}/token", "id", Secret("planted"))
        credentials = Credentials(TokenCredential("oauth", grant, identity="id", origins=[url]))
        error = ends_in_time(mode, WireRequest(method="GET", url=url, stamp=stamp(credentials=("oauth",))), credentials)
    assert "token" in str(error)
    assert "planted" not in str(error)


@pytest.mark.parametrize("mode", MODES)
def test_a_resolver_cannot_keep_a_call(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    real = socket.getaddrinfo

    def slow(host: str, *rest: object, **named: object) -> object:
        numeric = len(rest) == 5 and isinstance(rest[4], int) and rest[4] & socket.AI_NUMERICHOST  # trio asks so first
        if host in ("slow.test", b"slow.test") and not numeric:
            answered.wait(ENDLESS)
            raise socket.gaierror("no such host")
        return real(host, *rest, **named)  # type: ignore[arg-type]  # whatever was given

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    timer = threading.Timer(DEADLINE * 3, answered.set)  # asyncio waits at its end for its threads
    timer.start()
    try:
        error = ends_in_time(mode, WireRequest(method="GET", url="https://slow.test/", stamp=stamp()))
    finally:
        timer.cancel()
        answered.set()
    assert error.sent is False


class Refused(Exception):
    """In place of the library's errors."""


class Errors:
    """The library's errors, told apart no further."""

    ConnectError = ConnectTimeout = ReadTimeout = WriteTimeout = Refused


class Connections:
    """A backend that notes what it is asked, and refuses all addresses but the last."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float | None]] = []
        self.written: list[int] = []

    def connect_tcp(self, host: str, port: int, timeout: float | None, *rest: object) -> Connections:
        self.asked.append((host, timeout))
        if host != "192.0.2.3":
            raise Refused
        return self

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append(len(buffer))


def test_the_addresses_of_a_name_share_the_time_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{last}", 443)) for last in (1, 2, 3)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **named: found)
    inner = Connections()
    backend = BoundedBackend(inner, Errors)  # type: ignore[arg-type]  # as much of one as is used
    stream = backend.connect_tcp("three.test", 443, Until.of(5.0, 60.0))
    assert [host for host, _ in inner.asked] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert all(timeout == 5.0 for _, timeout in inner.asked)
    stream.write(bytes(2 * SLICE + 1), Until.of(5.0, 60.0))
    assert inner.written == [SLICE, SLICE, 1]  # the clock is looked at between two of them
    with pytest.raises(Refused):
        stream.write(b"x", Until.of(5.0, 0.0))


def test_no_request_without_a_deadline_is_bounded_by_an_earlier_one() -> None:
    until = Until.of(5.0, float("inf"))
    assert until == 5.0
    assert until.end == float("inf")
