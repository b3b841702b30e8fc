"""The clients people construct, against the sandbox over real HTTP: credentials, settings, forms of answers, errors."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest

from typedpipes._core.decoding.model import is_set
from typedpipes._core.redaction import MASK
from typedpipes.errors import (
    APIError,
    ConfigurationError,
    GraphQLError,
    NotFound,
    PartialFailure,
    PermissionDenied,
    ResponseMismatch,
)
from typedpipes.events import Event
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_sandbox import Sandbox

TWINS = [(Pipefy, AsyncPipefy), (Pipedream, AsyncPipedream), (Pipedrive, AsyncPipedrive)]


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.errors == []


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    shared.log.clear()
    return shared


def without(sandbox: Sandbox, *names: str) -> dict[str, str]:
    return {name: value for name, value in sandbox.environment().items() if name not in names}


@pytest.mark.parametrize(("sync", "asynchronous"), TWINS, ids=lambda client: client.__name__)
def test_sync_and_async_have_the_same_names_and_signatures(sync: type, asynchronous: type) -> None:
    renamed = {"close": "aclose", "__enter__": "__aenter__", "__exit__": "__aexit__"}
    for name in dir(sync):
        if name.startswith("_") and name not in renamed:
            continue
        twin = getattr(asynchronous, renamed.get(name, name))
        member = getattr(sync, name)
        if callable(member) and name != "from_env":
            ours, theirs = inspect.signature(member), inspect.signature(twin)
            assert list(ours.parameters) == list(theirs.parameters), name
            kinds = [parameter.kind for parameter in ours.parameters.values()]
            assert kinds == [parameter.kind for parameter in theirs.parameters.values()], name


@pytest.mark.parametrize("client", [client for pair in TWINS for client in pair], ids=lambda client: client.__name__)
def test_constructors_take_keywords_only_and_name_the_missing_setting(client: Any) -> None:
    parameters = list(inspect.signature(client).parameters.values())
    assert all(one.kind in (one.KEYWORD_ONLY, one.VAR_KEYWORD) for one in parameters)
    with pytest.raises(ConfigurationError) as caught:
        client()
    assert str(caught.value.setting).startswith("PIPE")


@pytest.mark.parametrize(
    ("options", "setting"),
    [
        ({"timeout": 0}, "timeout"),
        ({"deadline": -1}, "deadline"),
        ({"retries": -1}, "retries"),
        ({"limits": "off", "plan": "business"}, "limits"),
        ({"limits": "memory://", "plan": "business"}, "limits"),
        ({"plan": "gold"}, "plan"),
        ({"token_cache": "disk"}, "token_cache"),
        ({"base_url": "http://pipefy.example/graphql"}, None),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_before_anything_is_sent(
    options: dict[str, Any], setting: str | None
) -> None:
    with pytest.raises(ConfigurationError) as caught, Pipefy(token="t" * 20, **options) as client:
        client.me()
    if setting is not None:
        assert caught.value.setting == setting


def test_the_operation_decides_which_credential_goes_out(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pipedream:
        assert pipedream.rest.users.me().data.id
        pipedream.connect.tokens.create(external_user_id="u")
    used = {entry.path: entry.identity for entry in sandbox.log if "/oauth/" not in entry.path}
    assert len(used) == 2
    assert len(set(used.values())) == 2, "users take the key, Connect the OAuth client"


def test_a_missing_credential_is_an_error_before_anything_is_sent(sandbox: Sandbox) -> None:
    with (
        Pipedream(env=without(sandbox, "PIPEDREAM_API_KEY")) as pipedream,
        pytest.raises(ConfigurationError, match="PIPEDREAM_API_KEY"),
    ):
        pipedream.rest.users.me()
    oauth = ("PIPEDREAM_CLIENT_ID", "PIPEDREAM_CLIENT_SECRET")
    with (
        Pipedream(env=without(sandbox, *oauth)) as pipedream,
        pytest.raises(ConfigurationError, match="PIPEDREAM_CLIENT_ID"),
    ):
        pipedream.connect.tokens.create(external_user_id="u")
    assert len(sandbox.log) == 0


def test_the_environment_is_sent_and_its_default_said_loudly(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with Pipedream(env=sandbox.environment()) as pipedream:
        pipedream.connect.accounts.list()
        pipedream.connect.accounts.list(environment="production")
    with Pipedream(env=without(sandbox, "PIPEDREAM_ENVIRONMENT")) as pipedream:
        pipedream.connect.accounts.list()
    sent = [entry.headers.get("x-pd-environment") for entry in sandbox.log if entry.path.endswith("/accounts")]
    assert sent == ["development", "production", "production"]
    assert caplog.text.count("no environment was chosen") == 1
    with pytest.raises(ConfigurationError, match="environment"):
        Pipedream(env={**sandbox.environment(), "PIPEDREAM_ENVIRONMENT": "staging"})


def test_an_external_user_id_longer_than_the_vendor_takes_is_refused(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pipedream:
        for bad in ("", "x" * 251):
            with pytest.raises(ConfigurationError, match="1 to 250"):
                pipedream.connect.tokens.create(external_user_id=bad)
    assert [entry for entry in sandbox.log if entry.path.endswith("/tokens")] == []


def test_the_documented_and_the_live_form_of_connect_answers_decode_alike() -> None:
    results = []
    for form in ("live", "documented"):
        with Sandbox(connect_envelopes=form) as sandbox, Pipedream(env=sandbox.environment(), strict=True) as pipedream:
            listed = [account.id for account in pipedream.connect.accounts.iter(page_size=50)]
            one = pipedream.connect.accounts.get(listed[0])
            results.append((listed, one.id, one.app and one.app.name))
    assert results[0] == results[1]


def test_secrets_received_stay_out_of_reprs(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pipedream:
        token = pipedream.connect.tokens.create(external_user_id="u")
        account = next(iter(pipedream.connect.accounts.iter(include_credentials=True)))
    assert token.token not in repr(token)
    assert str(token.connect_link_url) not in repr(token)
    assert MASK in repr(token)
    assert is_set(account, "credentials")
    assert f"credentials={MASK}" in repr(account)


def test_no_credential_shows_in_a_client_or_survives_pickling(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    secrets = [value for name, value in environment.items() if name.endswith(("SECRET", "TOKEN", "KEY"))]
    assert len(secrets) >= 4
    clients: list[Any] = [Pipefy(env=environment), Pipedream(env=environment), Pipedrive(env=environment)]
    for client in clients:
        shown = f"{client!r} {client._core!r} {vars(client)} {client._http!r} {client._core.credentials!r}"
        assert not [secret for secret in secrets if secret in shown]
        with pytest.raises(TypeError):
            pickle.dumps(client)
        client.close()


def test_errors_are_typed_by_status_and_by_graphql_code(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm:
        with pytest.raises(NotFound) as missing:
            crm.v2.deals.get(999_999)
        assert missing.value.status == 404
        assert missing.value.operation == "pipedrive_v2.deals.get"
    with Pipefy(env=sandbox.environment()) as pipefy:
        with pytest.raises(PermissionDenied, match="only admins and super admins") as denied:
            pipefy.exports.automation_jobs(organization_id="42", period="last_month")
        assert isinstance(denied.value, GraphQLError)
        assert denied.value.request_id
        with pytest.raises(GraphQLError, match="nothing_like_this"):
            pipefy.execute("query Q { nothing_like_this }")


def test_success_false_in_a_200_is_an_error(sandbox: Sandbox) -> None:
    sandbox.faults.add(
        operation="v1.currencies.list", status=200, body=b'{"success": false, "error": "scope missing"}', count=1
    )
    with Pipedrive(env=sandbox.environment()) as crm, pytest.raises(APIError, match="scope missing") as caught:
        crm.v1.currencies.list()
    assert caught.value.status == 200


def test_a_mutation_payload_that_reports_failure_is_an_error(sandbox: Sandbox) -> None:
    body = b'{"data": {"deleteCard": {"success": false}}}'
    sandbox.faults.add(operation="mutation.deleteCard", status=200, body=body, count=1)
    with Pipefy(env=sandbox.environment()) as pipefy, pytest.raises(PartialFailure, match="success is false") as caught:
        pipefy.execute("mutation D($i: DeleteCardInput!) { deleteCard(input: $i) { success } }", {"i": {"id": "1"}})
    assert caught.value.data == {"deleteCard": {"success": False}}


def test_html_with_a_200_is_a_mismatch_that_says_what_to_check(sandbox: Sandbox) -> None:
    sandbox.faults.add(
        operation="v2.deals.get", status=200, body=b"<html>login</html>", headers={"content-type": "text/html"}, count=1
    )
    with Pipedrive(env=sandbox.environment()) as crm, pytest.raises(ResponseMismatch, match="HTML"):
        crm.v2.deals.get(1)


def test_custom_fields_of_v1_are_reachable_and_the_selector_is_no_drift(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment(), strict=True) as crm:
        with pytest.warns(DeprecationWarning, match=r"crm\.v2\.deals\.list"):
            answer = crm.v1.deals.list(fields=["id", "title"], limit=2)  # type: ignore[deprecated]  # that is the test
        deals = answer.data or []
    assert len(deals) == 2
    assert deals[0].title
    assert not is_set(deals[0], "value")
    assert [entry.path for entry in sandbox.log][-1] == "/api/v1/deals:(id,title)"


def test_paging_and_raw_answers_in_sync_and_async(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm:
        pages = crm.v2.deals.iter(page_size=50)
        first = next(pages.pages())
        resumed = [deal.id for deal in crm.v2.deals.iter(page_size=50, resume=str(pages.cursor))]
        everything = [deal.id for deal in crm.v2.deals.iter()]
        raw = crm.v2.deals.raw.get(everything[0])
    assert [deal.id for deal in first] + resumed == everything
    assert len(everything) == len(set(everything))
    assert raw.status == 200
    assert raw.headers["x-ratelimit-limit"]
    assert raw.parsed.data.id == everything[0]

    async def collect() -> list[int]:
        async with AsyncPipedrive(env=sandbox.environment()) as crm:
            answer = await crm.v2.deals.raw.get(everything[0])
            assert answer.status == 200
            return [deal.id async for deal in crm.v2.deals.iter()]

    for backend in ("asyncio", "trio"):
        assert anyio.run(collect, backend=backend) == everything


def test_per_call_options_override_the_clients_and_credential_headers_are_refused(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm:
        crm.v2.deals.get(1, extra_headers={"X-Trace": "abc"}, timeout=5, deadline=20, retries=0)
        assert [entry.headers.get("x-trace") for entry in sandbox.log] == ["abc"]
        for name in ("Authorization", "x-api-token", "Host"):
            with pytest.raises(ConfigurationError, match=name):
                crm.v2.deals.get(1, extra_headers={name: "x"})


def test_events_tell_of_each_wire_request_and_hold_no_secret(sandbox: Sandbox) -> None:
    heard: list[Event] = []
    with Pipefy(env=sandbox.environment(), on_event=heard.append) as pipefy:
        pipefy.me()
    kinds = [type(event).__name__ for event in heard]
    assert kinds == ["Request", "Refresh", "Request"], "the token request, and the query"
    environment = sandbox.environment()
    assert environment["PIPEFY_CLIENT_SECRET"] not in repr(heard)


def test_a_client_of_the_callers_puts_requests_on_the_wire_and_stays_open(sandbox: Sandbox) -> None:
    with httpx.Client(headers={"x-mine": "1"}) as own:
        with Pipedrive(env=sandbox.environment(), http_client=own) as crm:
            crm.v2.deals.get(1)
        assert own.get(f"{sandbox.pipedrive_url}/__sandbox__/health").status_code == 200


def test_limits_tell_how_they_stand(sandbox: Sandbox) -> None:
    with Pipefy(env=sandbox.environment()) as pipefy:
        pipefy.me()
        snapshot = pipefy.limits.snapshot()
    requests = snapshot["pipefy.requests"]
    assert requests.allowance == 500
    assert requests.used in range(1, 501), "counted with whatever else this process sent as the same user"
    assert snapshot["pipefy.calls_per_month"].allowance is None
    with Pipefy(env=sandbox.environment(), limits="off") as pipefy:
        assert pipefy.limits.snapshot().store == "off"
