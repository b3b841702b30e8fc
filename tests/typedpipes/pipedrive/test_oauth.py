"""Pipedrive's OAuth: authorization code, rotation, revoking, the address in the answer, and who gets the secret."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.typedpipes._core.auth.calls import request
from tests.typedpipes._core.auth.token_server import CLIENT_ID, CLIENT_SECRET, TokenServer
from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes._core.auth import Credentials
from typedpipes._core.auth.token_stores import FileTokenStore
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.redaction import Secret
from typedpipes.errors import AuthenticationError, ConfigurationError, ResponseMismatch
from typedpipes.pipedrive.oauth import PipedriveOAuth, code_from, new_state
from typedpipes.pipedrive.settings import OAUTH_URL, PipedriveSettings


def _app(server: TokenServer, **options: object) -> PipedriveOAuth:
    options.setdefault("base_url", server.url)
    return PipedriveOAuth(CLIENT_ID, Secret(CLIENT_SECRET), oauth_url=server.url, **options)  # type: ignore[arg-type]  # options


def test_the_authorize_url() -> None:
    app = PipedriveOAuth(
        "id", Secret("client-secret-planted"), oauth_url=OAUTH_URL, redirect_uri="https://me.example/cb?x=1&y=2"
    )
    url = app.authorize_url(state="s t", scopes=["deals:read", "base"])
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://oauth.pipedrive.com/oauth/authorize"
    assert parse_qs(parts.query) == {
        "client_id": ["id"],
        "redirect_uri": ["https://me.example/cb?x=1&y=2"],
        "state": ["s t"],
        "response_type": ["code"],
        "scope": ["deals:read base"],
    }
    assert "planted" not in url


def test_the_authorize_url_needs_a_redirect_uri() -> None:
    with pytest.raises(ConfigurationError) as caught:
        PipedriveOAuth("id", Secret("s"), oauth_url=OAUTH_URL).authorize_url(state="s")
    assert caught.value.setting == "PIPEDRIVE_REDIRECT_URI"


def test_the_callback_is_checked() -> None:
    state = new_state()
    assert state != new_state()
    assert code_from(f"https://me/cb?code=c1&state={state}", state=state) == Secret("c1")
    with pytest.raises(AuthenticationError, match="state"):
        code_from("https://me/cb?code=c1&state=forged", state=state)
    with pytest.raises(AuthenticationError, match="state"):
        code_from("https://me/cb?code=c1", state=state)
    with pytest.raises(AuthenticationError, match="user_denied") as caught:
        code_from(f"https://me/cb?error=user_denied&state={state}", state=state)
    assert caught.value.code == "user_denied"
    with pytest.raises(ResponseMismatch, match="no code"):
        code_from(f"https://me/cb?state={state}", state=state)


def test_a_code_becomes_tokens_that_rotate_and_outlive_the_process(server: TokenServer, tmp_path: Path) -> None:
    app = _app(server, redirect_uri="https://me/cb", store=FileTokenStore(tmp_path))
    with PolicyClient(credentials=Credentials(app)) as client:
        with pytest.raises(ConfigurationError, match="not authorized yet"):
            client.exchange(request(server.url))
        assert server.wire.arrivals == []
        client.perform(app.exchange(Secret("code-planted"), client.context()))
        client.exchange(request(server.url))
        assert server.token_requests == 1
        server.expire_all()
        client.exchange(request(server.url))
    (code, refresh) = server.requests("/oauth/token")
    assert parse_qs(code.body.decode()) == {
        "grant_type": ["authorization_code"],
        "redirect_uri": ["https://me/cb"],
        "code": ["code-planted"],
    }
    assert base64.b64decode(code.headers["authorization"][6:]).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"
    assert parse_qs(refresh.body.decode())["refresh_token"] == ["refresh-1-planted"]
    with PolicyClient(credentials=Credentials(_app(server, store=FileTokenStore(tmp_path)))) as later:
        later.exchange(request(server.url))
        server.expire_all()
        later.exchange(request(server.url))
    assert server.token_requests == 3


def test_a_wrong_code_is_refused(server: TokenServer) -> None:
    app = _app(server, redirect_uri="https://me/cb")
    with PolicyClient(credentials=Credentials(app)) as client, pytest.raises(AuthenticationError) as caught:
        client.perform(app.exchange(Secret("wrong-code"), client.context()))
    assert caught.value.code == "invalid_grant"


def test_revoked_means_forgotten(server: TokenServer, tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path)
    app = _app(server, refresh_token=Secret("refresh-0-planted"), store=store)
    with PolicyClient(credentials=Credentials(app)) as client:
        client.exchange(request(server.url))
        client.perform(app.revoke(client.context()))
        assert store.load(app.key) is None
        with pytest.raises(AuthenticationError):
            client.exchange(request(server.url))
    (revocation,) = server.requests("/oauth/revoke")
    assert parse_qs(revocation.body.decode())["token"] == ["refresh-1-planted"]


def test_calls_go_to_the_api_domain_of_the_token_answer(server: TokenServer) -> None:
    with serving(lambda arrival: Reply()) as account:
        server.api_domain = account.url
        app = _app(server, base_url=None, default_url=server.url, refresh_token=Secret("refresh-0-planted"))
        with PolicyClient(credentials=Credentials(app)) as client:
            answer = client.exchange(request(server.url, "/api/v2/deals"))
        assert answer.url == f"{account.url}/api/v2/deals"
        assert account.arrivals[0].headers["authorization"] == "Bearer access-1-planted"
        assert account.arrivals[0].headers["host"] == account.url.removeprefix("http://")
    assert server.calls == []


@pytest.mark.parametrize(
    "domain",
    [
        "https://evil.example",
        "https://evil.com.",
        "http://acme.pipedrive.com",
        "https://pipedrive.com.evil.example",
        "nonsense",
        "",
    ],
)
@pytest.mark.parametrize("home", ["https://oauth.pipedrive.com", "https://oauth.pipedrive.com."])
def test_an_api_domain_outside_the_vendors_is_refused(domain: str, home: str) -> None:
    answer = {"access_token": "a-planted", "expires_in": 3600, "api_domain": domain, "refresh_token": "r-planted"}
    seen: list[str] = []

    def handler(sent: httpx.Request) -> httpx.Response:
        seen.append(sent.url.host)
        return httpx.Response(200, json=answer)

    app = PipedriveOAuth("id", Secret("client-secret-planted"), refresh_token=Secret("r0-planted"), oauth_url=home)
    with (
        PolicyClient(credentials=Credentials(app), transport=httpx.MockTransport(handler)) as client,  # type: ignore[arg-type]  # httpx's own: see library.pyi
        pytest.raises(ConfigurationError, match="account's API"),
    ):
        client.exchange(request("https://api.pipedrive.com"))
    assert [host.rstrip(".") for host in seen] == ["oauth.pipedrive.com"]


def test_a_company_domain_is_kept_whatever_the_answer_says() -> None:
    answer = {"access_token": "a-planted", "expires_in": 3600, "api_domain": "https://other.pipedrive.com"}
    seen: list[str] = []

    def handler(sent: httpx.Request) -> httpx.Response:
        seen.append(sent.url.host)
        return httpx.Response(200, json=answer)

    settings = PipedriveSettings.resolve(
        client_id="id", client_secret="s-planted", refresh_token="r-planted", company_domain="acme"
    )
    with PolicyClient(credentials=settings.credentials(), transport=httpx.MockTransport(handler)) as client:  # type: ignore[arg-type]  # httpx's own: see library.pyi
        client.exchange(request("https://acme.pipedrive.com"))
    assert seen == ["oauth.pipedrive.com", "acme.pipedrive.com"]


def test_the_client_secret_goes_to_the_oauth_server_only(server: TokenServer) -> None:
    settings = PipedriveSettings.resolve(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token="refresh-0-planted", oauth_url=server.url,
        base_url="https://acme.pipedrive.com",
    )  # fmt: skip
    credentials = settings.credentials()
    stamp = Stamp(api="pipedrive_v1", operation="oauth.tokens", safety="unsafe", credentials=("basic",))
    with PolicyClient(credentials=credentials) as client:
        with pytest.raises(ConfigurationError, match="not where the basic belongs"):
            client.exchange(WireRequest(method="POST", url="https://acme.pipedrive.com/oauth/token", stamp=stamp))
        body = b"grant_type=refresh_token&refresh_token=refresh-0-planted"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        client.exchange(
            WireRequest(method="POST", url=f"{server.url}/oauth/token", stamp=stamp, content=body, headers=headers)
        )
    assert server.issued == 1
