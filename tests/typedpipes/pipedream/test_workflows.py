"""Invoking workflows: where requests go, which token they carry, for whom, and what comes back."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import httpx
import pytest

from tests.typedpipes.pipedream.conftest import Run
from typedpipes.errors import APIError, AuthenticationError, ConfigurationError, NotFound, ResponseMismatch, ServerError
from typedpipes.pipedream import Pipedream
from typedpipes.pipedream.addresses import Addresses
from typedpipes.pipedream.proxy import AsyncProxy, Proxy
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedream.workflows import AsyncWorkflows, Workflows
from typedpipes_sandbox import Sandbox
from typedpipes_sandbox.wire.arrivals import Arrival

TOKEN = "static-token-of-the-workflow"


def addresses(**settings: Any) -> Addresses:
    return Addresses(PipedreamSettings.resolve(client_id="id", client_secret="s" * 8, **settings))


def invoke(pd: Any, **arguments: Any) -> Any:
    return pd.workflows.invoke("enabc123", **arguments)


def invocations(sandbox: Sandbox) -> list[Arrival]:
    return sandbox.log.find("workflows")


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("enabc123", "https://enabc123.m.pipedream.net"),
        ("eo-1-x", "https://eo-1-x.m.pipedream.net"),
        ("enabc123.m.pipedream.net", "https://enabc123.m.pipedream.net"),
        ("https://enabc123.m.pipedream.net/a%2Fb?x=1#y", "https://enabc123.m.pipedream.net/a%2Fb?x=1"),
        ("http://eojq5abv8yr4sye.m.d.pipedream.net", "https://eojq5abv8yr4sye.m.d.pipedream.net"),
        ("http://enabc123.m.pipedream.net:80/p", "https://enabc123.m.pipedream.net/p"),
        ("https://ENABC.M.Pipedream.net./", "https://enabc.m.pipedream.net/"),
        ("https://m.pipedream.net/x", "https://m.pipedream.net/x"),
    ],
)
def test_an_id_a_host_or_a_url_of_the_workflow_domain_is_trusted_and_reached_over_https(
    endpoint: str, url: str
) -> None:
    found = addresses().find(endpoint)
    assert found.trusted
    assert found.url == url


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example/enabc123",
        "https://m.pipedream.net.evil.example",
        "https://evilm.pipedream.net",
        "https://pipedream.net",
        "https://evil.example\\@enabc.m.pipedream.net",
        "https://enabc123.m.pipedream.net:8443",
        "https://127.0.0.1:9/enabc123",
        "evil.example",
    ],
)
def test_no_token_goes_to_a_host_outside_the_workflow_domain(endpoint: str) -> None:
    with Pipedream(client_id="id", client_secret="s" * 8) as pd:
        for auth in ({"auth": "oauth"}, {"auth": "static_bearer", "token": TOKEN}):
            with pytest.raises(ConfigurationError) as caught:
                pd.workflows.invoke(endpoint, **auth)  # type: ignore[arg-type]  # one table for both ways
            assert TOKEN not in str(caught.value)
            assert caught.value.setting in ("workflow_domain", "endpoint")


@pytest.mark.parametrize(
    "endpoint",
    [
        "", "p_abc123", "EN123", "enabc123\n", " enabc123", "ftp://enabc.m.pipedream.net", "http://evil.example",
        "https://user:pw@enabc.m.pipedream.net", "https://", "http://[",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_workflow_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        addresses().find(endpoint)
    assert caught.value.setting == "endpoint"
    assert "pw" not in str(caught.value)


def test_a_domain_of_ones_own_replaces_the_vendors() -> None:
    own = addresses(workflow_domain="hooks.acme.example")
    assert own.find("enabc123").url == "https://enabc123.hooks.acme.example"
    assert own.find("enabc123").trusted
    assert not own.find("https://enabc123.m.pipedream.net").trusted
    assert not own.find("https://e.m.d.pipedream.net").trusted
    with pytest.raises(ConfigurationError, match="workflow_domain"):
        addresses(workflow_domain="net")


def test_a_workflow_of_this_machine_is_trusted_only_by_a_client_of_this_machine() -> None:
    assert not addresses().find("http://127.0.0.1:8000/enabc123").trusted
    assert addresses(base_url="http://localhost:8000/v1").find("http://127.0.0.1:9000/enabc123").trusted


def test_a_call_carries_pipedreams_token_the_body_and_the_callers_headers(run: Run, sandbox: Sandbox) -> None:
    answer = run(lambda pd: pd.workflows.invoke("enabc123", body={"key": "välue"}, headers={"X-Trace": "t1"}))
    echo = answer.json()
    assert answer.status == 200
    assert answer.is_success
    assert answer.headers["content-type"].startswith("application/json")
    assert (echo["workflow"], echo["method"], echo["body"]) == ("enabc123", "POST", {"key": "välue"})
    assert echo["authenticated_as"] == "oauth"
    assert echo["environment"] == "development"
    assert echo["external_user_id"] is None
    assert invocations(sandbox)[0].headers["x-trace"] == "t1"


@pytest.mark.parametrize("endpoint", ["enabc123", "http://enabc123.m.pipedream.net/hook?x=1"])
def test_the_vendors_own_addresses_get_the_token_over_https(endpoint: str) -> None:
    sandbox = Sandbox()  # not started: it answers at the vendor's addresses, within this process
    asked: list[str] = []
    hooks = {"request": [lambda sent: asked.append(f"{sent.url.scheme}://{sent.url.host}")]}
    with (
        httpx.Client(transport=sandbox.transport(), event_hooks=hooks) as http,
        Pipedream(
            client_id=sandbox.pipedream.client_id, client_secret=sandbox.pipedream.client_secret, http_client=http
        ) as pd,
    ):
        assert '"authenticated_as":"oauth"' in pd.workflows.invoke(endpoint).text
    assert asked == ["https://api.pipedream.com", "https://enabc123.m.pipedream.net"]


def test_a_call_for_a_user_names_user_and_environment(run: Run) -> None:
    answer = run(lambda pd: pd.workflows.invoke_for_external_user("enabc123", "u1", method="PUT", body=b"\x00\x01"))
    echo = answer.json()
    assert (echo["method"], echo["external_user_id"], echo["environment"]) == ("PUT", "u1", "development")
    answer = run(lambda pd: pd.workflows.invoke_for_external_user("enabc123", "u1", environment="production"))
    assert answer.json()["environment"] == "production"


def test_the_default_environment_is_sent_for_a_user_only(run: Run, sandbox: Sandbox) -> None:
    env = {name: value for name, value in sandbox.environment().items() if name != "PIPEDREAM_ENVIRONMENT"}
    assert run(lambda pd: pd.workflows.invoke("enabc123"), env=env).json()["environment"] is None
    for_user = run(lambda pd: pd.workflows.invoke("enabc123", external_user_id="u1"), env=env).json()
    assert for_user["environment"] == "production"


def test_a_workflows_own_token_or_none_is_sent_as_configured(run: Run, sandbox: Sandbox) -> None:
    events: list[object] = []
    own = run(
        lambda pd: pd.workflows.invoke("enabc123", auth="static_bearer", token=TOKEN), on_event=events.append
    ).json()
    nothing = run(lambda pd: pd.workflows.invoke("enabc123", auth="none", method="GET")).json()
    assert own["authenticated_as"] == "static"
    assert nothing["authenticated_as"] is None
    assert ["authorization" in entry.headers for entry in invocations(sandbox)] == [True, False]
    assert events
    assert TOKEN not in repr(events)
    assert len(sandbox.log.find("pipedream")) == 0, "no OAuth token was asked for"


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"auth": "static_bearer"}, "token"),
        ({"token": TOKEN}, "token"),
        ({"auth": "static_bearer", "token": "line\nbreak"}, "token"),
        ({"auth": "basic"}, "auth"),
        ({"auth": "none", "external_user_id": "u1"}, "external_user_id"),
        ({"external_user_id": ""}, "external_user_id"),
        ({"external_user_id": "x" * 251}, "external_user_id"),
        ({"external_user_id": "joão"}, "external_user_id"),
        ({"external_user_id": "a\r\nx-evil: 1"}, "external_user_id"),
        ({"environment": "staging"}, "environment"),
        ({"headers": {"Authorization": "Bearer x"}}, "headers"),
        ({"headers": {"X-PD-External-User-ID": "u2"}}, "headers"),
        ({"method": "PO ST"}, "method"),
        ({"body": object()}, "body"),
    ],
)
def test_wrong_use_names_the_argument_before_anything_is_sent(
    run: Run, sandbox: Sandbox, arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(lambda pd: pd.workflows.invoke("enabc123", **arguments))
    assert caught.value.setting == setting
    assert len(sandbox.log) == 0


def test_without_an_oauth_client_the_call_says_what_is_missing(run: Run, sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="PIPEDREAM_CLIENT_ID"):
        run(
            lambda pd: pd.workflows.invoke("enabc123"),
            env={},
            api_key="k" * 20,
            base_url=sandbox.environment()["PIPEDREAM_BASE_URL"],
            workflows_url=sandbox.workflows_url,
        )
    assert len(sandbox.log) == 0


def test_a_failure_of_the_workflow_is_typed_or_handed_over_whole(run: Run, sandbox: Sandbox) -> None:
    long = b'{"problem": "' + b"x" * 9000 + b'", "token": "kept-as-sent"}'
    sandbox.faults.add(operation="workflows.invoke.*", status=422, body=long, count=2)
    with pytest.raises(APIError) as caught:
        run(lambda pd: pd.workflows.invoke("enabc123"))
    assert caught.value.status == 422
    assert caught.value.operation == "workflows.invoke"
    answer = run(lambda pd: pd.workflows.invoke("enabc123", raise_for_status=False))
    assert (answer.status, answer.is_success, answer.content) == (422, False, long)
    with pytest.raises(NotFound):
        run(lambda pd: pd.workflows.invoke(f"{sandbox.workflows_url}/nothing-here"))


def test_a_request_that_may_have_run_the_workflow_is_not_repeated(run: Run, sandbox: Sandbox) -> None:
    for method in ("POST", "GET"):
        sandbox.log.clear()
        sandbox.faults.add(operation="workflows.invoke.*", status=500, count=1)
        with pytest.raises(ServerError):
            run(partial(invoke, method=method))
        assert len(invocations(sandbox)) == 1


def test_an_expired_token_is_replaced_once_and_a_workflows_own_401_handed_over(run: Run, sandbox: Sandbox) -> None:
    def expiring(pd: Any) -> Any:
        sandbox.expire_tokens("pipedream")
        return pd.workflows.invoke_for_external_user("enabc123", "u1")

    assert run(expiring).status == 200
    sandbox.faults.add(operation="workflows.invoke.*", status=401, body=b"closed today", count=4)
    answer = run(lambda pd: pd.workflows.invoke("enabc123", raise_for_status=False))
    assert (answer.status, answer.text) == (401, "closed today")
    with pytest.raises(AuthenticationError):
        run(lambda pd: pd.workflows.invoke("enabc123"))


def test_a_401_that_no_new_token_answers_is_handed_over_too(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        sandbox.faults.add(operation="workflows.invoke.*", status=401, body=b"closed today", count=3)
        statuses = [pd.workflows.invoke("enabc123", raise_for_status=False) for _ in range(2)]
        assert [(answer.status, answer.text) for answer in statuses] == [(401, "closed today")] * 2
        assert len(invocations(sandbox)) == 3, "the second 401 came too soon for another token"
        assert pd.workflows.invoke("enabc123").status == 200, "the credential was not given up"


def test_an_answer_that_is_no_json_is_text_and_says_so(run: Run, sandbox: Sandbox) -> None:
    headers = {"content-type": "text/plain; charset=latin-1"}
    sandbox.faults.add(operation="workflows.invoke.*", status=200, body="é".encode("latin-1"), headers=headers, count=1)
    answer = run(lambda pd: pd.workflows.invoke("enabc123"))
    assert answer.text == "é"
    assert "é" not in repr(answer)
    with pytest.raises(ResponseMismatch, match="text/plain"):
        answer.json()
    sandbox.faults.add(operation="workflows.invoke.*", status=204, body=b"", count=1)
    assert run(lambda pd: pd.workflows.invoke("enabc123")).json() is None


@pytest.mark.parametrize(("sync", "asynchronous"), [(Workflows, AsyncWorkflows), (Proxy, AsyncProxy)])
def test_sync_and_async_have_the_same_signatures(sync: type, asynchronous: type) -> None:
    names = [name for name in vars(sync) if not name.startswith("_")]
    assert names == [name for name in vars(asynchronous) if not name.startswith("_")]
    for name in names:
        ours = inspect.signature(getattr(sync, name)).parameters.values()
        theirs = inspect.signature(getattr(asynchronous, name)).parameters.values()
        assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]
