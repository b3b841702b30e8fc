"""The Connect proxy: what reaches the app, and what comes back."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.typedpipes.pipedream.conftest import Run
from typedpipes.errors import APIError, AuthenticationError, BadRequest, ConfigurationError, NotFound, RateLimited
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes_sandbox import Sandbox

TARGETS = [
    "https://slack.com/api/conversations.list?limit=5&cursor=a%2Fb",
    "https://example.com/?q=" + "~" * 5 + "???>>>",  # gives both characters that the two alphabets differ in
    "https://example.com/ü",
    "/api/v2/tickets.json?page=2",
    "api/v2",
]


def send(method: str, account: str, pd: Any) -> Any:
    return getattr(pd.proxy, method)("/x", external_user_id="u1", account_id=account)


@pytest.fixture(scope="module")
def account(shared: Sandbox) -> str:
    with Pipedream(env=shared.environment()) as pd:
        return pd.connect.accounts.list(limit=1).data[0].id


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_travels_in_url_safe_base64(run: Run, sandbox: Sandbox, account: str, target: str) -> None:
    answer = run(lambda pd: pd.proxy.get(target, external_user_id="u1", account_id=account))
    assert answer.json()["url"] == target
    segment = sandbox.log[-1].path.rpartition("/")[2]
    assert base64.urlsafe_b64decode(unquote(segment)).decode() == target
    assert not set("+/=") & set(segment)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_headers_reach_the_app_by_prefix_and_the_body_as_it_is(
    run: Run, sandbox: Sandbox, account: str, method: str
) -> None:
    headers = {"X-Trace": "1", "x-pd-proxy-notion-version": "2022"}
    answer = run(
        lambda pd: getattr(pd.proxy, method)(
            "/x", external_user_id="u1", account_id=account, headers=headers, body={"a": [1, None]}
        )
    )
    echo = answer.json()
    assert echo["method"] == method.upper()
    assert echo["headers"] == {"x-trace": "1", "notion-version": "2022"}
    assert echo["body"] in ({"a": [1, None]}, None if method == "delete" else {"a": [1, None]})
    entry = sandbox.log[-1]
    assert entry.size == len(b'{"a":[1,null]}')
    assert entry.headers["content-type"] == "application/json"
    assert "x-trace" not in entry.headers
    assert entry.headers["x-pd-environment"] == "development"


def test_user_and_account_go_into_the_query_encoded(run: Run, sandbox: Sandbox, account: str) -> None:
    run(lambda pd: pd.proxy.get("/x", external_user_id="müller/7&a=b", account_id=account))
    assert f"external_user_id=m%C3%BCller/7%26a%3Db&account_id={account}" in sandbox.log[-1].query


def test_a_failure_of_the_app_is_typed_by_its_status_or_handed_over(run: Run, sandbox: Sandbox, account: str) -> None:
    def call(pd: Any, **options: Any) -> Any:
        return pd.proxy.post("/x", external_user_id="u1", account_id=account, body={}, **options)

    body = b"<problem>" + b"y" * 6000
    sandbox.faults.add(
        operation="connect.proxy.*", status=418, body=body, headers={"content-type": "application/xml"}, count=2
    )
    with pytest.raises(BadRequest) as caught:
        run(call)
    assert caught.value.status == 418
    assert caught.value.operation == "connect.proxy.post"
    answer = run(lambda pd: call(pd, raise_for_status=False))
    assert (answer.status, answer.content) == (418, body)
    with pytest.raises(NotFound):
        run(lambda pd: pd.proxy.get("/x", external_user_id="u1", account_id="apn_none"))


def test_a_pause_that_an_app_or_a_workflow_asks_for_holds_up_nobody_else(
    sandbox: Sandbox, account: str, tmp_path: Path
) -> None:
    for operation in ("connect.proxy.*", "workflows.invoke.*"):
        sandbox.faults.add(operation=operation, status=429, headers={"retry-after": "3000"}, count=1)
    own = f"sqlite:///{tmp_path}/limits.db"  # what is in memory is shared by the whole process
    with Pipedream(env=sandbox.environment(), limits=own) as pd:
        with pytest.raises(RateLimited):
            pd.proxy.get("/x", external_user_id="u1", account_id=account, max_wait=0)
        with pytest.raises(RateLimited):
            pd.workflows.invoke("enabc123", max_wait=0)
        with pytest.raises(RateLimited):
            pd.workflows.invoke("enabc123", max_wait=0)
        assert pd.connect.accounts.list(max_wait=0).data
        assert pd.rest.users.me(max_wait=0).data.id
        other = pd.connect.accounts.list(limit=2).data[1].id
        assert pd.proxy.get("/x", external_user_id="u1", account_id=other, max_wait=0).status == 200


def test_an_answer_of_any_status_is_handed_over_at_once(run: Run, sandbox: Sandbox, account: str) -> None:
    sandbox.faults.add(operation="connect.proxy.*", status=503, headers={"retry-after": "1"}, count=1)
    answer = run(lambda pd: pd.proxy.get("/x", external_user_id="u1", account_id=account, raise_for_status=False))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert len(sandbox.log.find(operation="connect.proxy")) == 1


def test_only_get_is_repeated(run: Run, sandbox: Sandbox, account: str) -> None:
    sandbox.faults.add(operation="connect.proxy.*", status=502, count=1)
    assert run(lambda pd: pd.proxy.get("/x", external_user_id="u1", account_id=account)).status == 200
    for method in ("post", "put", "patch", "delete"):
        sandbox.log.clear()
        sandbox.faults.add(operation="connect.proxy.*", status=502, count=1)
        with pytest.raises(APIError):
            run(partial(send, method, account))
        assert len(sandbox.log.find(operation="connect.proxy")) == 1


def test_the_answers_body_can_be_read_as_it_comes(run: Run, account: str) -> None:
    def read(pd: Any) -> Any:
        asking = pd.proxy.stream("POST", "/x", external_user_id="u1", account_id=account, body={"n": 1})
        if isinstance(pd, AsyncPipedream):

            async def reading() -> bytes:
                async with asking as answer:
                    assert answer.status == 200
                    return b"".join([piece async for piece in answer.aiter_bytes(7)])

            return reading()
        with asking as answer:
            assert answer.status == 200
            return b"".join(answer.iter_bytes(7))

    assert b'"body":{"n":1}' in run(read)


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"url": ""}, "url"),
        ({"url": "/"}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https:///x"}, "url"),
        ({"url": "/x\n"}, "url"),
        ({"external_user_id": ""}, "external_user_id"),
        ({"external_user_id": "x" * 251}, "external_user_id"),
        ({"account_id": ""}, "account_id"),
        ({"environment": "test"}, "environment"),
    ],
)
def test_wrong_use_names_the_argument_before_anything_is_sent(
    run: Run, sandbox: Sandbox, arguments: dict[str, Any], setting: str
) -> None:
    given = {"url": "/x", "external_user_id": "u1", "account_id": "apn_1", **arguments}
    with pytest.raises(ConfigurationError) as caught:
        run(lambda pd: pd.proxy.get(given.pop("url"), **given))
    assert caught.value.setting == setting
    assert len(sandbox.log) == 0


def test_a_connect_token_is_enough(sandbox: Sandbox, run: Run, account: str) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        token = pd.connect.tokens.create(external_user_id="u1")
    answer = run(
        lambda pd: pd.proxy.get("/x", external_user_id="u1", account_id=account),
        env={},
        connect_token=token.token,
        base_url=sandbox.environment()["PIPEDREAM_BASE_URL"],
    )
    assert answer.status == 200
    assert sandbox.log[-1].path == "/v1/connect/proxy/L3g%3D"
    assert "x-pd-environment" not in sandbox.log[-1].headers


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_apps_401_does_not_condemn_a_connect_token(sandbox: Sandbox, account: str, streamed: bool) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        token = pd.connect.tokens.create(external_user_id="u1").token
    sandbox.faults.add(operation="connect.proxy.*", status=401, body=b"the app says no", count=1)
    with Pipedream(connect_token=token, base_url=sandbox.environment()["PIPEDREAM_BASE_URL"]) as pd:
        if streamed:
            stream = pd.proxy.stream("GET", "/x", external_user_id="u1", account_id=account)
            with pytest.raises(AuthenticationError), stream:
                pass
        else:
            with pytest.raises(AuthenticationError):
                pd.proxy.get("/x", external_user_id="u1", account_id=account)
        assert pd.proxy.get("/x", external_user_id="u1", account_id=account).status == 200
