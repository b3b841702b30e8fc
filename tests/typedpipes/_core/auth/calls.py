"""Calls against a `TokenServer`."""

from __future__ import annotations

from tests.typedpipes._core.auth.token_server import CLIENT_ID, CLIENT_SECRET, TokenServer
from tests.typedpipes._core.fake_time import FakeTime
from typedpipes._core.auth import Credentials
from typedpipes._core.auth.grant import ClientCredentials
from typedpipes._core.auth.token_credential import TokenCredential
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import TokenStore


def credential(server_url: str, *, store: TokenStore | None = None, secret: str = CLIENT_SECRET) -> TokenCredential:
    grant = ClientCredentials(f"{server_url}/oauth/token", CLIENT_ID, Secret(secret))
    return TokenCredential("oauth", grant, identity="me", origins=[server_url], store=store)


def request(server_url: str, path: str = "/api/things", **options: object) -> WireRequest:
    stamp = Stamp(api="t", operation="things.list", safety="safe", credentials=("oauth", "oauth2"), **options)  # type: ignore[arg-type]  # options of a call
    return WireRequest(method="GET", url=server_url + path, stamp=stamp)


def client(server: TokenServer, made: TokenCredential | None = None, time: FakeTime | None = None) -> PolicyClient:
    credentials = Credentials(made or credential(server.url))
    if time is None:
        return PolicyClient(credentials=credentials)
    return PolicyClient(credentials=credentials, clock=time, sleep=time.sleep)
