"""Connect tokens: links for end users, clients that have nothing else, revocation of the OAuth token, deliveries."""

from __future__ import annotations

import json

import pytest

from tests.typedpipes.pipedream.conftest import Run
from typedpipes._core.redaction import MASK
from typedpipes.errors import ConfigurationError, ResponseMismatch
from typedpipes.pipedream import Pipedream, connect_link, connection_event
from typedpipes.pipedream.webhooks import ConnectionEventType
from typedpipes_sandbox import Sandbox


def test_a_link_names_the_app_and_the_token_stays_out_of_reprs(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        token = pd.connect.tokens.create(external_user_id="u1")
    link = connect_link(token, app="google_sheets")
    assert link == f"{token.connect_link_url}&app=google_sheets"
    assert connect_link(token, app="a&b", oauth_app_id="oa_1").endswith("&app=a%26b&oauthAppId=oa_1")
    assert token.token not in repr(token)
    assert f"connect_link_url={MASK}" in repr(token)
    with pytest.raises(ConfigurationError, match="name slug"):
        connect_link(token, app="")


def test_a_client_with_only_a_connect_token_needs_no_project(
    run: Run, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        token = pd.connect.tokens.create(external_user_id="u1").token
        mine = {account.id for account in pd.connect.accounts.iter(external_user_id="u1")}
    sandbox.log.clear()
    alone = {"env": {}, "connect_token": token, "base_url": sandbox.environment()["PIPEDREAM_BASE_URL"]}
    answer = run(lambda pd: pd.connect.accounts.list(limit=100), **alone)
    assert {account.id for account in answer.data} == mine
    assert sandbox.log[-1].path == "/v1/connect/accounts"
    assert "x-pd-environment" not in sandbox.log[-1].headers, "the token has an environment"
    assert "no environment was chosen" not in caplog.text
    run(lambda pd: pd.connect.accounts.list(), **alone, project_id="proj_x", environment="development")
    assert sandbox.log[-1].path == "/v1/connect/proj_x/accounts"
    assert sandbox.log[-1].headers["x-pd-environment"] == "development"
    run(lambda pd: pd.connect.apps.list(limit=1), **alone)
    assert sandbox.log[-1].path == "/v1/connect/apps"


def test_a_connect_token_does_not_stand_in_for_a_missing_project_of_an_oauth_client(run: Run, sandbox: Sandbox) -> None:
    env = {name: value for name, value in sandbox.environment().items() if name != "PIPEDREAM_PROJECT_ID"}
    with pytest.raises(ConfigurationError, match="project_id"):
        run(lambda pd: pd.connect.accounts.list(), env=env)
    assert len(sandbox.log) == 0


def test_a_revoked_token_is_never_used_again(run: Run, sandbox: Sandbox) -> None:
    run(lambda pd: pd.revoke_token())
    assert len(sandbox.log) == 0, "no token was held, so there was nothing to revoke"
    with Pipedream(env=sandbox.environment()) as pd:
        pd.rest.accounts.list()
        pd.revoke_token()
        pd.rest.accounts.list()
    paths = [entry.path for entry in sandbox.log]
    assert paths == ["/v1/oauth/token", "/v1/accounts", "/v1/oauth/revoke", "/v1/oauth/token", "/v1/accounts"]
    assert all(entry.status == 200 for entry in sandbox.log)


def test_revoking_without_an_oauth_client_says_what_is_missing(run: Run, sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="OAuth client") as caught:
        run(lambda pd: pd.revoke_token(), env={}, api_key="k" * 20)
    assert caught.value.setting == "client_id"


def test_a_delivery_about_a_connection_is_typed_and_tolerant() -> None:
    body = {
        "event": "CONNECTION_SUCCESS",
        "connect_token": "ctok_planted",
        "environment": "production",
        "connect_session_id": 1.4e38,
        "account": {"id": "apn_1", "name": "My Slack", "healthy": True, "dead": None, "app": {"id": "app_1"}},
        "later": 1,
    }
    event = connection_event(json.dumps(body))
    assert event.event is ConnectionEventType.SUCCESS
    assert event.account is not None
    assert event.account.id == "apn_1"
    assert "ctok_planted" not in repr(event)
    failed = connection_event(b'{"event": "CONNECTION_ERROR", "error": "no more users", "connect_session_id": 123}')
    assert (failed.event, failed.error, failed.account) == ("CONNECTION_ERROR", "no more users", None)
    assert connection_event(b'{"event": "CONNECTION_PAUSED"}').event == "CONNECTION_PAUSED"
    for bad in (b"[]", b"{", b""):
        with pytest.raises(ResponseMismatch):
            connection_event(bad)
