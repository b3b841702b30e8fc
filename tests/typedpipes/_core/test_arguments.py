"""What the system or the wire cannot take is told before it is used, wherever it is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes._core.auth.token_stores import FileTokenStore
from typedpipes.configuration import configuration
from typedpipes.errors import TypedPipesError
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import Pipefy
from typedpipes.pipefy.bulk.checkpoint import Checkpoint
from typedpipes.pipefy.exports.forms import FileFormStore
from typedpipes.pipefy.exports.journal import Journal
from typedpipes.rows import open_rows

PATHS = ("a\0b", "\ud800", "/", "/dev/null/x", "/dev", "x" * 300)
TEXTS = ("\ud800" * 9, "a\nb" * 9, "tök" * 9, "a\0b" * 9, " " * 9, "\N{GRINNING FACE}" * 9, "a b" * 9, "x\x7f" * 9)


def told(call: Callable[[], object]) -> str:
    try:
        call()
    except TypedPipesError as error:
        return f"{error} ({error.remedy})"
    return ""


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_none_is_an_error_of_ours_or_counts_as_nothing_there(path: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: open_rows(path),
        lambda: configuration(config=path, environ={}),
        lambda: configuration(env_file=path, environ={}),
        lambda: Journal(path).find("key"),
        lambda: Checkpoint(path, "job").open(lambda item: None),
        lambda: FileTokenStore(path).load("k"),
        lambda: FileFormStore(Path(path)).get("k"),
        lambda: Pipedrive(api_token="t", limits=f"sqlite:///{path}", base_url="http://127.0.0.1:1").limits.snapshot(),
    ]
    messages = [told(call) for call in calls]
    if path in PATHS[:2]:
        assert all("is no path" in message or "does not" in message for message in messages[:-1]), messages
    assert "Traceback" not in "".join(messages)


REPLIES = (
    b'{"access_token": "\\ud800"}',
    b'{"access_token": "a\\nb"}',
    b'{"access_token": "a", "refresh_token": "\\ud800"}',
)
PROJECT: dict[str, Any] = {"project_id": "proj_1", "environment": "development"}


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_text_that_cannot_be_sent_is_an_error_of_ours_that_does_not_show_it(text: str) -> None:
    with serving() as server:
        server.script_of(*(Reply(200, reply) for reply in REPLIES))
        one: dict[str, Any] = {"base_url": server.url, "limits": "off", "retries": 0}
        app: dict[str, Any] = {"client_id": "c", "client_secret": "s", "refresh_token": text, "oauth_url": server.url}

        def crm(headers: dict[str, str] | None = None, **more: Any) -> None:
            with Pipedrive(**one, **more) as client:
                client.v2.deals.get(1, extra_headers=headers or {})

        def pipefy() -> None:
            with Pipefy(token=text, **one) as client:
                client.me()

        def connect(**more: str) -> None:
            keys: dict[str, Any] = {"client_id": "c" * 9, "client_secret": "s" * 9, **more}
            with Pipedream(**PROJECT, **one, **keys) as client:
                client.connect.accounts.list()

        calls: list[Callable[[], object]] = [
            lambda: crm(api_token=text),
            lambda: crm(**app),
            lambda: crm(api_token="s" * 9, account=text),
            lambda: crm({"x-a": text}, api_token="s" * 9),
            pipefy,
            lambda: connect(client_secret=text),
            lambda: connect(client_id=text),
        ]
        for call in calls:
            message = told(call)
            assert text.strip() == "" or text not in message


def test_a_state_folder_that_is_none_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TYPEDPIPES_STATE", f"{os.devnull}/x")
    with serving() as server:
        server.script_of(Reply(200, b'{"access_token": "a", "expires_in": 60}'), Reply(200, b'{"data": []}'))
        with Pipedream(
            client_id="c", client_secret="s", token_cache="file", base_url=server.url, limits="off", **PROJECT
        ) as client:
            assert "cannot be used" in told(client.connect.accounts.list)
