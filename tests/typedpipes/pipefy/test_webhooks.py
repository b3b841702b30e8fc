"""Webhooks past the advised number are created, with a warning; the organization is found by number or URL."""

from __future__ import annotations

import logging

import pytest

from tests.typedpipes.pipefy.either import Either
from typedpipes.errors import ConfigurationError


def test_a_warning_past_thirty_webhooks_of_one_pipe(either: Either, caplog: pytest.LogCaptureFixture) -> None:
    pipe, client = either.pipe(), either.client
    present = len(either(client.pipe(id=pipe)).webhooks)
    for number in range(29 - present):
        hook = {"pipe_id": pipe, "name": str(number), "url": "https://e.example/", "actions": ["card.create"]}
        either(client.create_webhook(input=hook))
    with caplog.at_level(logging.WARNING, logger="typedpipes"):
        either(client.webhooks.create(pipe_id=pipe, name="30", url="https://e.example/", actions=["card.done"]))
    assert caplog.records == []
    with caplog.at_level(logging.WARNING, logger="typedpipes"):
        made = either(client.webhooks.create(pipe_id=pipe, name="31", url="https://e.example/", actions=["card.done"]))
    assert made.webhook.name == "31"
    (record,) = caplog.records
    assert "30 webhooks already; Pipefy advises at most 30" in record.getMessage()
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="typedpipes"):
        table = either.table()
        either(client.webhooks.create(table_id=table, name="1", url="https://e.example/", actions=["card.done"]))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"url": "ftp://e.example/"}, "url"),
        ({"url": "https://"}, "url"),
        ({"actions": "card.create"}, "actions"),
        ({"table_id": "2"}, "pipe_id"),
    ],
)
def test_a_webhook_that_cannot_be_right_is_not_sent(either: Either, wrong: dict[str, object], setting: str) -> None:
    right: dict[str, object] = {"pipe_id": "1", "name": "x", "url": "https://e.example/", "actions": ["card.create"]}
    with pytest.raises(ConfigurationError) as caught:
        either(either.client.webhooks.create(**{**right, **wrong}))
    assert caught.value.setting == setting
    assert either.sandbox.log.total == 0


def test_an_organization_is_found_by_number_and_by_url(either: Either) -> None:
    found = [
        either(either.client.find_organization(given)).id
        for given in (
            123456789,
            "123456789",
            "https://app.pipefy.com/organizations/123456789",
            "app.pipefy.com/organizations/123456789/pipes",
        )
    ]
    assert found == ["123456789"] * 4
    with pytest.raises(ConfigurationError, match="organization"):
        either(either.client.find_organization("https://evil.example/organizations/1"))
