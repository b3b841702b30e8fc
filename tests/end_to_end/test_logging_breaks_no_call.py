"""Logs of the HTTP library: masked, and harmless, however many clients there are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import anyio
import httpx
import pytest

from tests.end_to_end.growth import growth
from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive

TOKEN = "unusual/secret+0123"


class Kept(logging.Handler):
    """Keeps every message, as a file would."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore.http11", "httpcore.connection")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def test_calls_succeed_while_hundreds_of_clients_come_and_go(kept: Kept) -> None:
    done = threading.Event()
    failures: list[Exception] = []
    body = b'{"success": true, "data": {"id": 1}}'
    with serving(lambda arrival: Reply(200, body)) as server, httpx.Client() as wire:

        def make() -> None:
            while not done.is_set():
                for _ in range(50):
                    Pipedrive(api_token=TOKEN, base_url=server.url, limits="off", http_client=wire).close()

        def call() -> None:
            with Pipedrive(api_token=TOKEN, base_url=server.url, limits="off") as pipedrive:
                for _ in range(40):
                    try:
                        pipedrive.v1.users.me()
                    except Exception as error:
                        failures.append(error)

        alive = [
            Pipedrive(api_token=f"{TOKEN}{number}", base_url=server.url, limits="off", http_client=wire)
            for number in range(300)
        ]
        makers = [threading.Thread(target=make) for _ in range(3)]
        callers = [threading.Thread(target=call) for _ in range(4)]
        for thread in (*makers, *callers):
            thread.start()
        for thread in callers:
            thread.join()
        done.set()
        for thread in makers:
            thread.join()
        arrived = len(server.arrivals)
        del alive
    assert failures == []
    assert arrived == 160
    assert sum(message.startswith("HTTP Request: GET") for message in kept.messages) == 160


def test_a_log_record_costs_the_same_however_many_clients_there_are(kept: Kept) -> None:
    foreign = logging.getLogger("httpx")
    clients: list[Pipedrive] = []
    with httpx.Client() as wire:

        def log(count: int) -> None:
            while len(clients) < count:
                clients.append(Pipedrive(api_token=TOKEN, base_url="https://h", limits="off", http_client=wire))
                clients[-1].v1  # noqa: B018  # makes what it needs
            del clients[count:]
            for _ in range(20):
                foreign.info('HTTP Request: %s %s "%s %d %s"', "GET", "https://h/x?y=1", "HTTP/1.1", 200, "OK")

        for count in (64, 512):  # made outside of what is measured
            log(count)
        assert growth(log, 64) < 4


def test_the_clients_own_secrets_are_masked_in_the_logs_of_its_calls(kept: Kept) -> None:
    answer = Reply(200, b'{"success": true, "data": {"id": 1}}', headers={"x-echo": TOKEN, "set-cookie": "sid=abcd"})
    with serving(lambda arrival: answer) as server:
        with Pipedrive(api_token=TOKEN, base_url=server.url, limits="off") as pipedrive:
            pipedrive.v1.users.me()

        async def main() -> None:
            async with AsyncPipedrive(api_token=TOKEN, base_url=server.url, limits="off") as pipedrive:
                await pipedrive.v1.users.me()

        anyio.run(main)
    text = "\n".join(kept.messages)
    assert text.count("HTTP Request: GET") == 2
    assert text.count("receive_response_headers.complete") == 2
    assert TOKEN not in text
    assert "sid=abcd" not in text


def test_a_record_that_cannot_be_formatted_raises_nothing_at_its_caller(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Pipedrive(api_token=TOKEN, limits="off") as made:
        assert made.v1 is not None
    # No handler is to look at the record: each would report it in its own way.
    monkeypatch.setattr(logging.getLogger("httpx"), "handlers", [logging.NullHandler()])
    monkeypatch.setattr(logging.getLogger("httpx"), "propagate", False)
    logging.getLogger("httpx").info("%s %s", "one")
