"""An in-process transport: unit tests reach the sandbox through httpx without a socket.

``httpx.Client(transport=sb.transport())`` answers the vendors' own addresses (``https://api.pipefy.com/graphql``) and,
where the sandbox serves sockets too, those of the sandbox. A fault that breaks the connection raises ``ReadError``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from typedpipes_sandbox.wire.origin import ConnectionCut, Message, Origin

#: host -> origin; a suffix that starts with a dot stands for every subdomain
HOSTS = {
    "api.pipefy.com": "pipefy",
    "app.pipefy.com": "pipefy",
    "files.pipefy.com": "files",
    "api.pipedream.com": "pipedream",
    ".m.pipedream.net": "workflows",
    "oauth.pipedrive.com": "pipedrive_oauth",
    ".pipedrive.com": "pipedrive",
}


class SandboxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """For ``httpx.Client`` and ``httpx.AsyncClient`` alike."""

    def __init__(self, apps: Mapping[str, Origin], addresses: Mapping[str, str]) -> None:
        self._apps = apps
        self._addresses = addresses

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a synchronous client."""
        request.read()
        return asyncio.run(self._answer(request, request.content))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer an asynchronous client (asyncio)."""
        return await self._answer(request, await request.aread())

    async def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        origin = self._origin(request)
        scope: dict[str, Any] = {
            "type": "http",
            "method": request.method,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "headers": [(key.lower(), value) for key, value in request.headers.raw],
            "client": ("127.0.0.1", 0),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await origin(scope, receive, send)
        except ConnectionCut as cut:
            raise httpx.ReadError(str(cut), request=request) from cut
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content, request=request)

    def _origin(self, request: httpx.Request) -> Origin:
        host = request.url.host
        for name, address in self._addresses.items():
            if urlsplit(address).netloc == request.url.netloc.decode():
                return self._apps[name]
        for known, name in HOSTS.items():
            if host == known or (known.startswith(".") and host.endswith(known)):
                return self._apps[name]
        raise httpx.ConnectError(f"the sandbox does not imitate {host}", request=request)
