"""The five operations of the vendors' OAuth servers, through the public clients, sync and async.

They live apart from the rest (other origins, other credentials), so `test_every_operation` leaves them to this test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from tests.end_to_end.contract.effective import PACKAGES, operations
from tests.end_to_end.contract.received import received
from typedpipes.errors import APIError, BadRequest
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_sandbox import Sandbox

CALLBACK = "https://example.com/cb?a=b&c=ü"
CALLED = {"oauth.create_token", "oauth.revoke_token", "oauth.authorize", "oauth.get_tokens", "oauth.refresh_tokens"}


def test_these_are_all_the_operations_of_oauth_servers() -> None:
    found = {each.name for package in PACKAGES for each in operations(package) if each.path.startswith("/oauth/")}
    assert found == CALLED


def run(mode: str, kinds: tuple[Any, Any], act: Callable[[Any], Any], **settings: Any) -> Any:
    async def asynchronous() -> Any:
        async with kinds[1](**settings) as client:
            return await act(client)

    if mode == "async":
        return anyio.run(asynchronous)
    with kinds[0](**settings) as client:
        return act(client)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_pipedreams_tokens_are_issued_and_revoked(mode: str) -> None:
    with Sandbox() as sandbox, received(sandbox) as arrived:
        env = sandbox.environment()
        client = {"client_id": env["PIPEDREAM_CLIENT_ID"], "client_secret": env["PIPEDREAM_CLIENT_SECRET"]}
        kinds = (Pipedream, AsyncPipedream)
        create: Callable[[Any], Any] = lambda pd: pd.rest.oauth.create_token(grant_type="client_credentials", **client)  # noqa: E731
        token = run(mode, kinds, create, env=env)
        assert token.token_type == "Bearer"
        assert token.access_token not in repr(token)
        run(mode, kinds, lambda pd: pd.rest.oauth.revoke_token(token=token.access_token, **client), env=env)
        assert [request.path for request in arrived] == ["/v1/oauth/token", "/v1/oauth/revoke"]
        assert [entry.status for entry in sandbox.log] == [200, 200]
        assert all("authorization" not in request.headers for request in arrived)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_pipedrives_tokens_are_exchanged_and_refreshed(mode: str) -> None:
    with Sandbox() as sandbox, received(sandbox) as arrived:
        vendor = sandbox.pipedrive
        refresh, code = vendor.tokens.value("r:"), vendor.tokens.value("code_")
        vendor.tokens.add(refresh, "refresh", vendor.company, 3600)
        vendor.tokens.add(code, "code", vendor.company, 300, redirect_uri=CALLBACK)
        settings = {
            "env": {name: value for name, value in sandbox.environment().items() if name != "PIPEDRIVE_API_TOKEN"},
            "client_id": vendor.client_id,
            "client_secret": vendor.client_secret,
            "refresh_token": refresh,
        }
        kinds = (Pipedrive, AsyncPipedrive)

        def exchange(crm: Any) -> Any:
            return crm.v1.oauth.get_tokens(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

        first = run(mode, kinds, exchange, **settings)
        assert first.api_domain == sandbox.pipedrive_url
        assert first.refresh_token not in repr(first)
        with pytest.raises(BadRequest, match="invalid_grant"):
            run(mode, kinds, exchange, **settings)
        second = run(
            mode,
            kinds,
            lambda crm: crm.v1.oauth.refresh_tokens(grant_type="refresh_token", refresh_token=first.refresh_token),
            **settings,
        )
        assert second.access_token != first.access_token
        assert {request.media_type for request in arrived} == {"application/x-www-form-urlencoded"}
        assert all(request.headers["authorization"].startswith("Basic ") for request in arrived)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_page_of_consent_is_for_browsers_and_its_redirect_is_not_followed(mode: str) -> None:
    with Sandbox() as sandbox, received(sandbox) as arrived:
        client_id = sandbox.pipedrive.client_id

        def authorize(crm: Any) -> Any:
            return crm.v1.oauth.authorize(client_id=client_id, redirect_uri=CALLBACK, state="s t")

        with pytest.raises(APIError, match="a redirect that is not followed") as caught:
            run(mode, (Pipedrive, AsyncPipedrive), authorize, env=sandbox.environment())
        assert caught.value.status == 302
        sent = [("client_id", client_id), ("redirect_uri", CALLBACK), ("state", "s t")]
        assert [(request.path, request.query) for request in arrived] == [("/oauth/authorize", sent)]
        assert "authorization" not in arrived[0].headers
        assert "x-api-token" not in arrived[0].headers
