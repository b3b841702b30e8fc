"""Serves the origins over real sockets: one thread, one event loop, uvicorn's protocols on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from typedpipes_sandbox.wire.origin import CONNECTION_KEY, Origin, Receive, Scope, Send

BaseProtocol: Any = H11Protocol
with contextlib.suppress(ImportError):  # four times faster where it is installed
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    BaseProtocol = HttpToolsProtocol


class SandboxProtocol(BaseProtocol):  # type: ignore[misc]  # the base is chosen at import time
    """uvicorn's HTTP protocol, handing the application its connection so that faults can break it."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state)
        inner: Any = config.loaded_app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            scope[CONNECTION_KEY] = self
            await inner(scope, receive, send)

        self.app = with_connection

    def reset(self) -> None:
        """Break the connection at once; the peer sees a reset."""
        peer = self.transport.get_extra_info("socket")
        if peer is not None:
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def close(self) -> None:
        """Close the connection after what was written."""
        self.transport.close()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one."""
    # the protocol is named, because asyncio turns Nagle off only where it is
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.setblocking(False)
    return listener


class OriginServers:
    """The listening origins of one sandbox, served by one background thread."""

    def __init__(self, origins: Mapping[str, Origin], host: str, ports: Mapping[str, int]) -> None:
        self._origins = origins
        self._sockets = {name: bind(host, ports.get(name, 0)) for name in origins}
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="typedpipes-sandbox", daemon=True)

    @property
    def addresses(self) -> dict[str, str]:
        """The base URL of every origin, without a trailing slash."""
        return {name: f"http://{self._host}:{each.getsockname()[1]}" for name, each in self._sockets.items()}

    def start(self) -> None:
        """Start serving; returns when every origin answers. Raises what kept it from starting."""
        self._thread.start()
        self._ready.wait(10)
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop serving and close every connection."""
        if self._thread.is_alive() and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # handed to the thread that waits in start()
            self._failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        servers: list[asyncio.Server] = []
        states: list[ServerState] = []
        for name, origin in self._origins.items():
            config = Config(origin, log_config=None, log_level="critical", access_log=False, server_header=False)
            config.load()
            state = ServerState()
            states.append(state)

            def protocol(config: Config = config, state: ServerState = state) -> asyncio.Protocol:
                made: asyncio.Protocol = SandboxProtocol(config, state, {})
                return made

            servers.append(await self._loop.create_server(protocol, sock=self._sockets[name]))
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        for state in states:
            for connection in list(state.connections):
                connection.transport.abort()
            for task in list(state.tasks):
                task.cancel()
        await asyncio.sleep(0)
