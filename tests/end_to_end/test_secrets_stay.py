"""Planted secrets, sent and received, show up nowhere but on the wire to their own origin."""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import logging
import pickle
import pkgutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Literal

import anyio
import httpx
import pytest

import typedpipes
from tests.typedpipes._core.auth.calls import credential, request
from tests.typedpipes._core.auth.token_server import TokenServer
from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer, serving
from typedpipes._core.auth import Credential, Credentials, StaticCredential
from typedpipes._core.http import STAMP, Stamp, WireRequest
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.redaction import Secret
from typedpipes.errors import APIError, ConfigurationError, PartialFailure, TransportError, TypedPipesError
from typedpipes.events import Event
from typedpipes.pipedream import Pipedream
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipedrive.settings import PipedriveSettings
from typedpipes.pipefy import Pipefy
from typedpipes.pipefy.settings import PipefySettings

PLANTED = "planted"
LEAKY = json.dumps(
    {
        "error": "cannot use client-secret-planted",
        "access_token": "received-planted-1",
        "account": {"credentials": {"oauth_refresh_token": "received-planted-2"}},
        "echo": "Bearer access-1-planted",
        "signing_key": "received-planted-3",
    }
).encode()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _our_frames(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        if "typedpipes" in trace.tb_frame.f_code.co_filename and "tests" not in trace.tb_frame.f_code.co_filename:
            for name, value in trace.tb_frame.f_locals.items():
                yield f"{trace.tb_frame.f_code.co_qualname}.{name} = {value!r}"
        trace = trace.tb_next


def _everything_shown(error: BaseException) -> str:
    shown: list[str] = []
    for part in _chain(error):
        shown += [str(part), repr(part), repr(part.args), repr(vars(part)), *_our_frames(part.__traceback__)]
        sent = getattr(part, "_request", None)
        if isinstance(sent, httpx.Request):
            shown += [repr(sent.headers.raw), str(sent.url), repr(sent.content)]
    if isinstance(error, TypedPipesError):
        shown.append(repr(pickle.loads(pickle.dumps(error)).__dict__))
        shown.append(repr(pickle.dumps(error)))
        shown.append(repr(copy.copy(error).__dict__))
    return "\n".join(shown)


@pytest.mark.parametrize("fault", ["status", "reset", "cut", "token", "token reset"])
def test_failures_show_no_secret(server: TokenServer, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    if fault == "status":
        server.api_reply = Reply(422, LEAKY, {"set-cookie": "sid=planted-cookie", "x-echo": "access-1-planted"})
    elif fault.startswith("token"):
        server.next_token_reply = Reply(400, LEAKY, fault="reset" if "reset" in fault else "")
    else:
        server.api_reply = Reply(200, LEAKY, fault=fault)
    made = credential(server.url)
    with PolicyClient(credentials=Credentials(made), on_event=events.append) as client:
        with pytest.raises((APIError, TransportError)) as caught:
            client.exchange(request(server.url, "/api/x?api_token=query-planted", retries=0))
        for thing in (client, made, client.policies.credentials, made.store, made._held, client.policies.redactor):
            assert PLANTED not in repr(thing)
    assert PLANTED not in _everything_shown(caught.value)
    assert PLANTED not in repr(events)
    assert events
    assert PLANTED not in caplog.text
    assert "127.0.0.1" in caplog.text


def test_async_failures_show_no_secret(server: TokenServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.api_reply = Reply(500, LEAKY)

    async def main() -> BaseException:
        async with AsyncPolicyClient(credentials=Credentials(credential(server.url))) as client:
            with pytest.raises(APIError) as caught:
                await client.exchange(request(server.url, retries=0))
            return caught.value

    assert PLANTED not in _everything_shown(anyio.run(main))
    assert PLANTED not in caplog.text


def test_a_header_the_library_quotes_is_not_quoted(server: TokenServer) -> None:
    """h11 puts illegal header values into its message."""
    made = StaticCredential("oauth", "fine", origins=[server.url], scheme="Bearer secret-planted\n")
    with PolicyClient(credentials=Credentials(made)) as client:
        client.policies.redactor.add(Secret("secret-planted"))
        with pytest.raises(TransportError) as caught:
            client.exchange(request(server.url))
    assert PLANTED not in _everything_shown(caught.value)


def test_the_request_holds_no_credential_once_it_was_sent(server: TokenServer) -> None:
    with PolicyClient(credentials=Credentials(credential(server.url))) as client:
        answer = client.get(f"{server.url}/api/x")
        assert "authorization" not in answer.request.headers
        assert PLANTED not in repr(answer.request.headers.raw)
    assert server.calls[0].headers["authorization"] == "Bearer access-1-planted"


def test_credentials_and_clients_are_not_pickled(server: TokenServer) -> None:
    made = credential(server.url)
    with pytest.raises(TypeError):
        pickle.dumps(made)
    with pytest.raises(TypeError):
        copy.copy(made)
    with PolicyClient(credentials=Credentials(made)) as client, pytest.raises(TypeError):
        pickle.dumps(client)


def test_settings_errors_show_no_secret_in_their_frames() -> None:
    for make in (
        lambda: PipefySettings.resolve(token="pla nted-planted").credentials(),
        lambda: PipedreamSettings.resolve(client_secret="secret-planted"),
        lambda: PipedriveSettings.resolve(api_token="t-planted", client_id="i", client_secret="s-planted"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert PLANTED not in _everything_shown(caught.value)


@pytest.fixture
def elsewhere() -> Iterator[WireServer]:
    """An origin that no credential belongs to."""
    with serving() as server:
        yield server
        for arrival in server.arrivals:
            assert PLANTED not in repr(arrival)


def _credentials(home: str) -> list[Credential]:
    return [
        credential(home),
        StaticCredential("api_key", "key-planted", origins=[home]),
        StaticCredential("api_token", "token-planted", origins=[home], header="x-api-token", scheme=""),
    ]


def test_a_credential_does_not_follow_an_absolute_url(server: TokenServer, elsewhere: WireServer) -> None:
    for made in _credentials(server.url):
        stamp = Stamp(api="t", operation="x", safety="safe", credentials=(made.kind,))
        with PolicyClient(credentials=Credentials(made)) as client:
            with pytest.raises(ConfigurationError, match="is not where the"):
                client.exchange(WireRequest(method="GET", url=elsewhere.url, stamp=stamp))
            assert elsewhere.arrivals == []
            client.get(elsewhere.url)  # a request of the caller's own goes, without credential
            client.get(elsewhere.url, extensions={STAMP: Stamp(api="t", operation="x", safety="safe")})  # type: ignore[call-arg]  # httpx's own: see library.pyi
        assert len(elsewhere.arrivals) == 2
        elsewhere.arrivals.clear()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_credential_does_not_follow_a_redirect(server: TokenServer, elsewhere: WireServer, status: int) -> None:
    def script(arrival: Arrival) -> Reply:
        return Reply(status, headers={"location": elsewhere.url})

    with serving(script) as home:
        for made in (
            StaticCredential("api_key", "key-planted", origins=[home.url]),
            StaticCredential("api_token", "token-planted", origins=[home.url], header="x-api-token", scheme=""),
        ):
            redirects: Literal["origin", "anywhere"]
            for redirects in ("origin", "anywhere"):
                stamp = Stamp(api="t", operation="x", safety="safe", credentials=(made.kind,))
                stamp.redirects = redirects
                with PolicyClient(credentials=Credentials(made)) as client:
                    wire = WireRequest(method="GET", url=home.url, headers={"x-own": "own-planted"}, stamp=stamp)
                    if redirects == "origin":
                        with pytest.raises(APIError, match="not followed"):
                            client.exchange(wire)
                    else:
                        client.exchange(wire)
        assert len(elsewhere.arrivals) == 2


def test_a_credential_does_not_pass_an_environment_proxy(
    server: TokenServer, elsewhere: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.url)
    with PolicyClient(credentials=Credentials(credential(server.url))) as client:
        client.exchange(request(server.url))
    assert elsewhere.arrivals == []


def test_nothing_unencrypted_leaves_the_machine() -> None:
    made = StaticCredential("api_key", "key-planted", origins=["http://api.example.com"])
    stamp = Stamp(api="t", operation="x", safety="safe", credentials=("api_key",))
    with PolicyClient(credentials=Credentials(made)) as client:
        for url in (
            "http://api.example.com",
            "ftp://api.example.com",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
        ):
            with pytest.raises(ConfigurationError, match="only https"):
                client.exchange(WireRequest(method="GET", url=url, stamp=stamp))


def test_an_explicit_header_of_the_caller_is_not_replaced(server: TokenServer) -> None:
    server.good.add("their-own")
    with PolicyClient(credentials=Credentials(credential(server.url))) as client:
        client.get(f"{server.url}/api/x", headers={"authorization": "Bearer their-own"})
    assert server.token_requests == 0


def test_our_threads_do_not_print(capsys: pytest.CaptureFixture[str], server: TokenServer) -> None:
    with PolicyClient(credentials=Credentials(credential(server.url))) as client:
        thread = threading.Thread(target=lambda: client.exchange(request(server.url)))
        thread.start()
        thread.join()
    out, err = capsys.readouterr()
    assert (out, err) == ("", "")
    assert "keyring" not in sys.modules


TOKEN = "token-planted-000000000"
ANSWERS = {
    "redirect elsewhere": Reply(302, b"", {"location": "http://127.0.0.1:1/x?code=planted"}),
    "redirect here": Reply(302, b"", {"location": "/x?code=planted"}),
    "no JSON": Reply(200, b"access_token=planted"),
    "no object": Reply(200, b'["planted"]'),
    "no token": Reply(200, b'{"access_token": 1, "refresh_token": "planted"}'),
    "damaged": Reply(200, b"planted", {"content-encoding": "gzip"}),
    "refused": Reply(400, b'{"access_token": "planted"}', {"x-request-id": "Bearer planted-id"}),
    "success is false": Reply(
        200,
        json.dumps({"success": False, "error": f"no {TOKEN}", "code": TOKEN, "error_info": f"{TOKEN}?"}).encode(),
        {"x-correlation-id": TOKEN},
    ),
    "GraphQL error": Reply(
        200,
        json.dumps(
            {"errors": [{"message": f"no {TOKEN}", "extensions": {"code": TOKEN, "correlation_id": TOKEN}}]}
        ).encode(),
    ),
    "payload": Reply(
        200,
        json.dumps({"data": {"createCard": {"success": False, "errors": [{"token": "planted", "m": TOKEN}]}}}).encode(),
    ),
}


def _calls(url: str, stack: contextlib.ExitStack) -> list[Callable[[], object]]:
    options = {"base_url": url, "limits": "off", "retries": 0}
    crm = Pipedrive(api_token=TOKEN, strict=True, **options)  # type: ignore[arg-type]  # options by name
    pipefy = Pipefy(token=TOKEN, strict=True, **options)  # type: ignore[arg-type]  # options by name
    connect = Pipedream(client_id="c", client_secret=TOKEN, project_id="proj_1", environment="development", **options)  # type: ignore[arg-type]  # options by name
    app = Pipedrive(client_id="c", client_secret=TOKEN, refresh_token="r" * 9, oauth_url=url, **options)  # type: ignore[arg-type]  # options by name
    for client in (crm, pipefy, connect, app):
        stack.enter_context(client)
    return [
        lambda: crm.v2.deals.get(1),
        lambda: pipefy.me(),
        lambda: pipefy.create_card(input={"pipe_id": "1"}),
        lambda: connect.connect.accounts.list(),
        lambda: app.v2.deals.get(1),
    ]


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_an_answer_repeats_is_shown_by_no_error_nor_by_the_frames_of_its_traceback(kind: str) -> None:
    with serving() as server, contextlib.ExitStack() as stack:
        server.script_of(ANSWERS[kind])
        for call in _calls(server.url, stack):
            with pytest.raises(TypedPipesError) as caught:
                call()
            if isinstance(caught.value, PartialFailure):
                caught.value.data = None  # the result is the caller's
            shown = [_everything_shown(caught.value), *map(repr, vars(caught.value).values())]
            trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            theirs = (frame for frame in trace.stack if "/tests/" not in frame.filename)
            shown += [repr(frame.locals) for frame in theirs]
            assert "planted" not in "".join(shown), next(part for part in shown if "planted" in part)[:2000]


@pytest.mark.parametrize(
    "url",
    [
        "redis://:pl#anted@h",
        "redis://:planted@h:port",
        "foo://:planted@h",
        "redis://:pla/nted@h/0",
        "rediss://u:planted#@h",
    ],
)
def test_an_address_of_a_store_shows_no_password_when_it_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPEDRIVE_LIMITS", url)
    with pytest.raises(ConfigurationError) as caught:
        Pipedrive.from_env(api_token="t" * 20)
    shown = _everything_shown(caught.value)
    assert not [part for part in ("planted", "anted") if part in shown]
    with pytest.raises(ConfigurationError) as caught:
        Pipedrive(api_token="t" * 20, limits=url)
    assert not [part for part in ("planted", "anted") if part in "".join(traceback.format_exception(caught.value))]


def test_an_object_whose_init_raised_can_be_shown() -> None:
    """`traceback` shows locals by ``repr``; one of a client without its core ended the traceback."""
    shown = []
    for module in pkgutil.walk_packages(typedpipes.__path__, "typedpipes."):
        if module.name.startswith("typedpipes.cli"):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            ours = isinstance(kind, type) and kind.__module__ == module.name
            if ours and "__repr__" in vars(kind) and not hasattr(kind, "__attrs_attrs__"):
                with contextlib.suppress(TypeError):  # abstract, or not to be made like that
                    shown.append(repr(kind.__new__(kind)))
    assert len([text for text in shown if text.endswith(", not complete>")]) > 10
    with pytest.raises(ConfigurationError) as caught:
        Pipedrive(api_token="t", base_url="ftp://x")
    assert traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
