"""Requests over httpx and over httpx2, whichever this process speaks, and whoever made the client."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from tests.typedpipes._core.http.slow_server import dripping
from tests.typedpipes._core.http.slow_server import serving as slowly
from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes._core.auth import Credentials, StaticCredential
from typedpipes._core.http import Stamp, WireRequest, library
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes.errors import ConfigurationError, DeadlineExceeded, NotFound, TransportError
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive

TOKEN = "unusual/secret+0123"
ME = b'{"success": true, "data": {"id": 7}}'


@pytest.fixture(params=["httpx", "httpx2"])
def http(request: pytest.FixtureRequest) -> Any:
    """Each of the libraries, one of which is that of this process."""
    return pytest.importorskip(request.param)


def stamp(**options: Any) -> Stamp:
    return Stamp(api="http", operation="x", safety="safe", **{"credentials": (), **options})


def test_a_client_of_either_library_may_be_handed_in(http: Any) -> None:
    with serving(lambda arrival: Reply(200, ME)) as server, http.Client() as wire:
        given: dict[str, Any] = {"api_token": TOKEN, "base_url": server.url, "limits": "off"}
        with Pipedrive(**given, http_client=wire) as pipedrive:
            assert pipedrive.v1.users.me().data.id == 7
        assert not wire.is_closed
        arrival = server.arrivals[0]
    assert arrival.headers["x-api-token"] == TOKEN
    assert arrival.headers["host"] == server.url.removeprefix("http://")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_asynchronous_client_of_either_library_may_be_handed_in(http: Any, backend: str) -> None:
    async def main() -> None:
        async with http.AsyncClient() as wire:
            given: dict[str, Any] = {"api_token": TOKEN, "base_url": server.url, "limits": "off"}
            async with AsyncPipedrive(**given, http_client=wire) as pipedrive:
                assert (await pipedrive.v1.users.me()).data.id == 7
            assert not wire.is_closed

    with serving(lambda arrival: Reply(200, ME)) as server:
        anyio.run(main, backend=backend)


def test_our_own_connections_are_of_the_library_asked_for(http: Any) -> None:
    with serving(lambda arrival: Reply(200, ME)) as server:
        given: dict[str, Any] = {"api_token": TOKEN, "base_url": server.url, "limits": "off"}
        with Pipedrive(**given, http_library=http.__name__) as pipedrive:
            assert pipedrive.v1.users.me().data.id == 7
            assert pipedrive.v1.users.me().data.id == 7
        with pytest.raises(ConfigurationError, match="closed"):
            pipedrive.v1.users.me()
        assert server.connections == 1


@pytest.mark.parametrize("content", [None, b"body"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_answers_and_errors_are_the_same(http: Any, content: bytes | None, asynchronous: bool) -> None:
    request = WireRequest(method="POST", url="", stamp=stamp(retries=0), content=content)

    def exchange(url: str) -> tuple[int, bytes, str]:
        request.url = url

        async def main() -> Any:
            async with http.AsyncClient() as wire, AsyncPolicyClient(http_client=wire) as client:
                return await client.exchange(request)

        if asynchronous:
            answer = anyio.run(main)
        else:
            with http.Client() as wire, PolicyClient(http_client=wire) as client:
                answer = client.exchange(request)
        return answer.status, answer.content, answer.headers["x-more"]

    with serving(lambda arrival: Reply(200, arrival.body, {"x-more": "ä"})) as server:
        assert exchange(f"{server.url}/a%2Fb?c=%20") == (200, content or b"", "ä")
        assert server.arrivals[0].path == "/a%2Fb?c=%20"
        server.script_of(Reply(404))
        with pytest.raises(NotFound):
            exchange(server.url)
        server.script_of(Reply(fault="reset"))
        with pytest.raises(TransportError) as caught:
            exchange(f"{server.url}/?secret=planted")
        assert caught.value.sent is None
        server.script_of(Reply(200, b"x" * 100, fault="cut"))
        with pytest.raises(TransportError, match="broke off"):
            exchange(server.url)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert "planted" not in f"{seen!r} {vars(seen)}"
        assert "planted" not in str(getattr(getattr(seen, "_request", None), "url", ""))
        seen = seen.__cause__ or seen.__context__


def test_a_stream_of_either_library(http: Any) -> None:
    with (
        serving(lambda arrival: Reply(200, b"abc" * 1000)) as server,
        http.Client() as wire,
        PolicyClient(http_client=wire) as client,
        client.stream_exchange(WireRequest(method="GET", url=server.url, stamp=stamp())) as stream,
    ):
        assert b"".join(stream.iter_bytes(7)) == b"abc" * 1000


def test_the_deadline_holds_on_either_library(http: Any) -> None:
    with (
        slowly(dripping(b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n")) as port,
        PolicyClient(http_library=http.__name__) as client,
        pytest.raises(DeadlineExceeded),
    ):
        client.exchange(WireRequest(method="GET", url=f"http://127.0.0.1:{port}/", stamp=stamp(deadline=0.3)))


def test_anything_else_is_refused_by_name(http: Any) -> None:
    class Session:
        """A client of a third library."""

    with pytest.raises(ConfigurationError, match=r"Session; synchronous clients take httpx\.Client or"):
        Pipedrive(api_token="t", http_client=Session())  # type: ignore[arg-type]  # that is the point
    wrong = http.AsyncClient()
    with pytest.raises(ConfigurationError, match=f"{http.__name__}.AsyncClient; synchronous clients take"):
        Pipedrive(api_token="t", http_client=wrong)
    with http.Client() as sync, pytest.raises(ConfigurationError, match="asynchronous clients take"):
        AsyncPipedrive(api_token="t", http_client=sync)
    anyio.run(wrong.aclose)


def test_a_library_that_contradicts_the_client_is_refused() -> None:
    httpx2, own = pytest.importorskip("httpx2"), library.module("httpx")
    with httpx2.Client() as wire:
        if own is httpx2:
            pytest.skip("httpx is another name of httpx2 here")
        with pytest.raises(ConfigurationError, match="http_library is 'httpx', but http_client is of httpx2"):
            Pipedrive(api_token="t", http_client=wire, http_library="httpx")
    with pytest.raises(ConfigurationError, match="http_library is 'httpx' or 'httpx2', not 'requests'"):
        Pipedrive(api_token="t", http_library="requests")  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(("name", "says"), [("httpx2", "httpx2"), ("requests", "TYPEDPIPES_HTTP is httpx or httpx2")])
def test_the_environment_names_the_library_of_the_process(name: str, says: str) -> None:
    pytest.importorskip("httpx2")
    program = "from typedpipes._core.http.clients import PolicyClient; print(PolicyClient.__mro__[2].__module__)"
    environment = {**os.environ, library.VARIABLE: name}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert says in done.stdout + done.stderr


class Kept(logging.Handler):
    """Keeps every message with its logger, as a file would."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore", "httpx2", "httpcore2")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def test_no_log_of_either_library_shows_a_secret(http: Any, kept: Kept) -> None:
    echo = {"x-echo": TOKEN, "set-cookie": f"session={TOKEN}"}
    with serving(lambda arrival: Reply(200, ME, echo)) as server, http.Client() as wire:
        key = StaticCredential("api_token", TOKEN, origins=[server.url], header="x-api-token", scheme="")
        with PolicyClient(http_client=wire, credentials=Credentials(key)) as client:
            asked = stamp(credentials=("api_token",))
            client.exchange(WireRequest(method="GET", url=server.url, query=[("q", TOKEN)], stamp=asked))
    told = "\n".join(kept.messages)
    assert "HTTP Request: GET" in told
    assert "receive_response_headers.complete" in told
    assert TOKEN not in told
    assert "unusual%2Fsecret" not in told
    assert f"{http.Client.__module__.partition('.')[0]}: HTTP Request" in told


def test_every_logger_below_us_has_the_filter() -> None:
    for name in ("httpx", "httpx2"):
        pytest.importorskip(name)
    program = (
        "import logging, pkgutil, importlib\n"
        "for root in ('httpx', 'httpx2', 'httpcore', 'httpcore2', 'h11', 'h2', 'hpack', 'anyio'):\n"
        "    try: package = importlib.import_module(root)\n"
        "    except ImportError: continue\n"
        "    for found in pkgutil.walk_packages(package.__path__, root + '.'):\n"
        "        if 'pytest' in found.name or '__main__' in found.name: continue\n"
        "        try: importlib.import_module(found.name)\n"
        "        except ImportError: pass\n"
        "for name, logger in logging.Logger.manager.loggerDict.items():\n"
        "    if isinstance(logger, logging.Logger): print(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    roots = ("httpx", "httpcore", "h11", "h2", "hpack", "anyio")
    used = {name for name in done.stdout.split() if name.startswith(roots)}
    assert {"httpx2", "httpcore2.http11"} <= used
    assert used <= {*library.LOGGERS, "anyio.streams.tls"}
