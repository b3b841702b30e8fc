"""What the documents demand of arguments: checked before sending, by a message that names argument and rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from tests.typedpipes.pipedream.conftest import Run
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes_api.pipedream import UpdateWorkflowRequest
from typedpipes_sandbox import Sandbox


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer(lambda _: Reply(body=b'{"data":{"id":"x","url":"https://h.example"}}'))) as made:
        yield made


LONGEST = "ü" * 250


def refused(run: Run, sandbox: Sandbox, act: Callable[[Any], Any], setting: str, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match) as caught:
        run(act)
    assert caught.value.setting == setting
    assert len(sandbox.log) == 0


@pytest.mark.parametrize(
    ("act", "setting"),
    [
        (lambda pd: pd.rest.sources.create(name="x"), "component_id"),
        (lambda pd: pd.rest.sources.create(component_url=""), "component_id"),
        (lambda pd: pd.rest.sources.raw.create(), "component_id"),
        (lambda pd: pd.rest.sources.update("dc_1", configured_props={"url": "x"}), "component_id"),
        (lambda pd: pd.rest.sources.update("dc_1", name="x", configured_props={}), "component_id"),
        (lambda pd: pd.rest.sources.update("dc_1"), "component_id"),
        (lambda pd: pd.rest.components.create(), "component_code"),
    ],
)
def test_a_component_is_given_by_id_code_or_url(
    run: Run, sandbox: Sandbox, act: Callable[[Any], Any], setting: str
) -> None:
    refused(run, sandbox, act, setting, "the first of this order counts")


def test_several_forms_of_a_component_are_sent_as_they_are(run: Run, sandbox: Sandbox) -> None:
    run(lambda pd: pd.rest.sources.create(component_id="sc_1", component_url="https://example.com/x.js"))
    run(lambda pd: pd.rest.components.create(component_code="export default {}", component_url="https://example.com/x"))
    assert [entry.status for entry in sandbox.log] == [200, 200]


@pytest.mark.parametrize("url", ["example.com", "mysql://user:pass@host:1", "https://", "http:///x", "https://a b", ""])
def test_webhook_addresses_are_http_with_a_host(run: Run, sandbox: Sandbox, url: str) -> None:
    refused(
        run, sandbox, lambda pd: pd.rest.webhooks.create(url=url, name="n", description="d"), "url", "http or https"
    )


def test_every_place_of_a_webhook_address_is_checked(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        for setting, act in (
            ("webhook_uri", lambda: pd.connect.tokens.create(external_user_id="u1", webhook_uri="example.com")),
            ("webhook_url", lambda: pd.connect.triggers.deploy(id="k", external_user_id="u1", webhook_url="ftp://x")),
            (
                "webhook_urls",
                lambda: pd.connect.deployed_triggers.webhooks.update(
                    "dc_1", external_user_id="u1", webhook_urls=["https://example.com", "nothing"]
                ),
            ),
            ("url", lambda: pd.connect.project_environment.webhook.update(url="example.com")),
        ):
            with pytest.raises(ConfigurationError, match="http or https") as caught:
                act()
            assert caught.value.setting == setting
    assert len(sandbox.log) == 0


@pytest.mark.parametrize("url", ["https://example.com", "http://example.com", "https://example.com:12345/endpoint"])
def test_the_documents_own_webhook_addresses_pass(run: Run, sandbox: Sandbox, url: str) -> None:
    assert run(lambda pd: pd.rest.webhooks.create(url=url, name="n", description="d")).data.url == url


@pytest.mark.parametrize("bad", ["", "x" * 251])
@pytest.mark.parametrize(
    "act",
    [
        lambda pd, user: pd.connect.tokens.create(external_user_id=user),
        lambda pd, user: pd.connect.accounts.list(external_user_id=user),
        lambda pd, user: pd.connect.accounts.list_by_external_user(user),
        lambda pd, user: pd.connect.users.delete(user),
        lambda pd, user: pd.connect.actions.run(id="k", external_user_id=user),
        lambda pd, user: pd.connect.proxy.get("L3g=", external_user_id=user, account_id="apn_1"),
        lambda pd, user: pd.rest.accounts.list(external_user_id=user),
    ],
    ids=["tokens", "query", "path", "delete", "body", "proxy", "rest"],
)
def test_an_external_user_id_has_1_to_250_characters_wherever_it_stands(
    sandbox: Sandbox, act: Callable[[Any, str], Any], bad: str
) -> None:
    with Pipedream(env=sandbox.environment()) as pd, pytest.raises(ConfigurationError, match="1 to 250") as caught:
        act(pd, bad)
    assert caught.value.setting == "external_user_id"
    assert len(sandbox.log) == 0


@pytest.mark.parametrize("user", ["a/b?c#d", "..", "müller/7", LONGEST])
def test_an_external_user_id_is_one_encoded_segment_of_a_path(run: Run, sandbox: Sandbox, user: str) -> None:
    run(lambda pd: pd.connect.tokens.create(external_user_id=user))
    run(lambda pd: pd.connect.users.delete(user))
    path = sandbox.log[-1].path
    assert sandbox.log[-1].status == 204
    assert path.count("/") == "/v1/connect/proj_x/users/x".count("/")


@pytest.mark.parametrize("raw", [False, True], ids=["plain", "raw"])
def test_deleting_all_events_must_be_asked_for(run: Run, sandbox: Sandbox, raw: bool) -> None:
    source = run(lambda pd: pd.rest.sources.list()).data[0].id
    sandbox.log.clear()

    def delete(pd: Any, **bounds: Any) -> Any:
        events = pd.rest.sources.events
        return (events.raw if raw else events).delete(source, **bounds)

    refused(run, sandbox, delete, "start_id", "everything=True")
    refused(run, sandbox, lambda pd: delete(pd, start_id=""), "start_id", "everything=True")
    refused(run, sandbox, lambda pd: delete(pd, end_id="1-0", everything=True), "everything", "contradicts")
    run(lambda pd: delete(pd, start_id="1-0"))
    run(lambda pd: delete(pd, end_id="2-0"))
    run(lambda pd: delete(pd, start_id="1-0", end_id="1-0"))
    run(lambda pd: delete(pd, everything=True))
    sent = [entry.query.removesuffix("org_id=o_1").strip("&") for entry in sandbox.log if "/events" in entry.path]
    assert sent == ["start_id=1-0", "end_id=2-0", "end_id=1-0&start_id=1-0", ""]


def test_event_listings_ask_for_whole_events_unless_told_otherwise(run: Run, sandbox: Sandbox) -> None:
    source = run(lambda pd: pd.rest.sources.list()).data[0].id
    listings: list[Callable[..., Any]] = [
        lambda pd, **more: pd.rest.sources.events.list(source, **more),
        lambda pd, **more: pd.rest.sources.events.raw.list(source, **more),
        lambda pd, **more: pd.rest.workflows.emits.list("p_abc123", **more),
        lambda pd, **more: pd.rest.workflows.errors.list("p_abc123", **more),
        lambda pd, **more: pd.rest.workflows.errors.raw.list("p_abc123", **more),
    ]
    for act in listings:
        run(act)
        run(partial(act, expand=None, limit=3))
        whole, short = [entry for entry in sandbox.log if "event_summaries" in entry.path]
        assert "expand=event" in whole.query
        assert "expand" not in short.query
        assert "limit=3" in short.query
        sandbox.log.clear()


def test_deleting_a_default_subscription_sends_the_empty_event_name(run: Run, sandbox: Sandbox) -> None:
    run(lambda pd: pd.rest.subscriptions.create(emitter_id="dc_1", listener_id="p_1"))
    run(lambda pd: pd.rest.subscriptions.delete(emitter_id="dc_1", listener_id="p_1"))
    created, deleted = [entry for entry in sandbox.log if entry.path == "/v1/subscriptions"]
    assert "event_name" not in created.query
    assert "event_name=&" in deleted.query + "&"


def test_patterns_and_channel_names_stay_unescaped(run: Run, sandbox: Sandbox) -> None:
    run(lambda pd: pd.rest.subscriptions.create(emitter_id="p_*", listener_id="p_1", event_name="$errors"))
    run(lambda pd: pd.rest.subscriptions.create(emitter_id="dc_*", listener_id="p_1", event_name="$logs"))
    run(lambda pd: pd.rest.workflows.errors.list("p_abc123"))
    queries = [entry.query for entry in sandbox.log if entry.path == "/v1/subscriptions"]
    assert "emitter_id=p_*&event_name=$errors" in queries[0]
    assert "emitter_id=dc_*&event_name=$logs" in queries[1]
    assert sandbox.log[-1].path == "/v1/workflows/p_abc123/$errors/event_summaries"


def test_an_environment_is_one_of_two_also_per_call(run: Run, sandbox: Sandbox) -> None:
    refused(run, sandbox, lambda pd: pd.connect.accounts.list(environment="prod"), "environment", "'production'")


def test_the_older_environment_field_and_the_header_never_differ(run: Run, sandbox: Sandbox) -> None:
    def create(pd: Any, **more: Any) -> Any:
        return pd.connect.tokens.create(external_user_id="u1", **more)

    refused(run, sandbox, lambda pd: create(pd, environment_name="production"), "environment_name", "development")
    refused(run, sandbox, lambda pd: create(pd, environment_name="staging"), "environment_name", "staging")
    env = {name: value for name, value in sandbox.environment().items() if name != "PIPEDREAM_ENVIRONMENT"}
    run(lambda pd: create(pd, environment_name="development"), env=env)
    run(lambda pd: create(pd, environment_name="production", environment="production"))
    sent = [entry.headers["x-pd-environment"] for entry in sandbox.log if entry.path.endswith("/tokens")]
    assert sent == ["development", "production"]


def test_mypy_reports_what_types_can_say(sandbox: Sandbox) -> None:
    """An ignore that nothing needs is an error: these lines fail the type check as soon as mypy lets them pass."""
    with Pipedream(env=sandbox.environment()) as pd:
        with pytest.raises(ConfigurationError):
            pd.rest.sources.events.delete("dc_1")  # type: ignore[call-overload]  # neither bounds nor everything=True
        with pytest.raises(ConfigurationError):
            pd.workflows.invoke("enabc123", auth="basic")  # type: ignore[arg-type]  # not a way of authorizing
        with pytest.raises(ConfigurationError):
            pd.workflows.invoke("enabc123", environment="test")  # type: ignore[arg-type]  # not an environment
        stream = pd.proxy.stream("HEAD", "/x", external_user_id="u", account_id="a")  # type: ignore[arg-type]  # no
        with pytest.raises(ConfigurationError), stream:
            pass
    assert len(sandbox.log) == 0


def test_a_workflow_is_not_written_without_its_workspace(server: WireServer) -> None:
    with Pipedream(api_key="k" * 20, base_url=server.url, limits="off", retries=0) as pd:
        for act in (
            lambda: pd.rest.workflows.create(project_id="proj_x", template_id="tch_x"),
            lambda: pd.rest.workflows.update("p_x", active=False),
        ):
            with pytest.raises(ConfigurationError, match="needs org_id: give it to the client or to this call"):
                act()
        assert not server.arrivals
        pd.rest.workflows.update("p_x", active=False, org_id="o_x")
        assert json.loads(server.arrivals[-1].body) == {"active": False, "org_id": "o_x"}
        pd.rest.workflows.update("p_x", body=UpdateWorkflowRequest(active=True, org_id="o_y"))
        assert json.loads(server.arrivals[-1].body) == {"active": True, "org_id": "o_y"}
    with Pipedream(api_key="k" * 20, org_id="o_z", base_url=server.url, limits="off", retries=0) as pd:
        pd.rest.workflows.update("p_x", active=False)
        assert json.loads(server.arrivals[-1].body) == {"active": False, "org_id": "o_z"}

    async def main() -> None:
        async with AsyncPipedream(api_key="k" * 20, base_url=server.url, limits="off") as pd:
            with pytest.raises(ConfigurationError, match="needs org_id"):
                await pd.rest.workflows.update("p_x", active=False)

    anyio.run(main)


def test_the_workspace_of_a_post_travels_in_its_body_and_the_arguments_in_the_query(server: WireServer) -> None:
    with Pipedream(api_key="k" * 20, base_url=server.url, limits="off", retries=0) as pd:
        calls: list[Callable[..., object]] = [
            partial(pd.rest.webhooks.create, url="https://h.example", name="n", description="d"),
            partial(pd.rest.subscriptions.create, emitter_id="dc_1", listener_id="p_1", event_name=""),
            partial(pd.rest.auto_subscriptions.create, event_name="$errors", listener_id="p_1"),
        ]
        for create in calls:
            create()
            assert server.arrivals[-1].body == b""
            create(org_id="o_x")
            sent = server.arrivals[-1]
            assert json.loads(sent.body) == {"org_id": "o_x"}
            assert sent.headers["content-type"] == "application/json"
            assert "org_id" not in sent.path
            assert ("listener_id=p_1" in sent.path) is ("webhooks" not in sent.path)
