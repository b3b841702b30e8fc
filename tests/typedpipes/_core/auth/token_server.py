"""A token endpoint and an API behind it, on loopback: issues tokens, expires them, counts what arrives."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer

CLIENT_ID = "client-id"
CLIENT_SECRET = "client-secret-planted"


class TokenServer:
    """``/oauth/token`` and ``/oauth/revoke`` for client credentials and rotating tokens, ``/api…`` for calls."""

    def __init__(self) -> None:
        self.issued = 0
        self.refresh = "refresh-0-planted"
        self.good: set[str] = set()
        self.life: object = 3600
        self.latency = 0.0
        self.released = threading.Event()
        """Cleared, it holds the answers of the token endpoint back."""
        self.released.set()
        self.api_domain: str | None = None
        self.encodings = {"application/json", "application/x-www-form-urlencoded"}
        self.next_token_reply: Reply | None = None
        self.api_reply = Reply()
        self.refusal = Reply(401, b'{"error": "invalid token"}')
        self._lock = threading.Lock()
        self.wire = WireServer(self._answer)

    @property
    def url(self) -> str:
        return self.wire.url

    def requests(self, path: str) -> list[Arrival]:
        return [arrival for arrival in self.wire.arrivals if arrival.path.partition("?")[0] == path]

    @property
    def token_requests(self) -> int:
        return len(self.requests("/oauth/token"))

    @property
    def calls(self) -> list[Arrival]:
        return [arrival for arrival in self.wire.arrivals if arrival.path.startswith("/api")]

    def expire_all(self) -> None:
        self.good.clear()

    def _answer(self, arrival: Arrival) -> Reply:
        if arrival.path == "/oauth/token":
            return self._token(arrival)
        if arrival.path == "/oauth/revoke":
            fields = self._fields(arrival)
            self.good.discard(fields.get("token", ""))
            if fields.get("token") == self.refresh:
                self.good.clear()
                self.refresh = "revoked"
            return Reply(body=b"{}")
        if arrival.headers.get("authorization", "").removeprefix("Bearer ") not in self.good:
            return self.refusal
        return self.api_reply

    def _fields(self, arrival: Arrival) -> dict[str, str]:
        if arrival.headers["content-type"] == "application/json":
            return dict(json.loads(arrival.body))
        return {name: values[0] for name, values in parse_qs(arrival.body.decode()).items()}

    def _token(self, arrival: Arrival) -> Reply:
        if self.next_token_reply is not None:
            return self.next_token_reply
        if arrival.headers["content-type"] not in self.encodings:
            return _json(400, {"error": "invalid_request"})
        time.sleep(self.latency)
        self.released.wait(60)
        fields = self._fields(arrival)
        signed = base64.b64decode(arrival.headers.get("authorization", "")[6:]).decode().partition(":")
        client = (fields.get("client_id") or signed[0], fields.get("client_secret") or signed[2])
        if client != (CLIENT_ID, CLIENT_SECRET):
            return _json(401, {"error": "invalid_client", "error_description": "client is unknown"})
        rotating = fields["grant_type"] != "client_credentials"
        if fields["grant_type"] == "refresh_token" and fields["refresh_token"] != self.refresh:
            return _json(400, {"error": "invalid_grant", "error_description": "refresh token is used up"})
        if fields["grant_type"] == "authorization_code" and fields["code"] != "code-planted":
            return _json(400, {"error": "invalid_grant"})
        return self._issue(rotating=rotating)

    def _issue(self, *, rotating: bool) -> Reply:
        with self._lock:
            self.issued += 1
            token = f"access-{self.issued}-planted"
            self.good.add(token)
            answer: dict[str, object] = {"access_token": token, "token_type": "Bearer"}
            if self.life is not None:
                answer["expires_in"] = self.life
            if rotating:
                self.refresh = answer["refresh_token"] = f"refresh-{self.issued}-planted"
            if self.api_domain is not None:
                answer["api_domain"] = self.api_domain
        return _json(200, answer)


def _json(status: int, content: object) -> Reply:
    return Reply(status, json.dumps(content).encode())


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """A token server for a ``with`` block."""
    server = TokenServer()
    try:
        yield server
    finally:
        server.wire.close()
