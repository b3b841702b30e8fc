"""An ``async`` callback is awaited where that is possible, and refused before anything is sent where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import Either, PipefyServer
from typedpipes.errors import ConfigurationError


@pytest.fixture(params=["sync", "async"])
def either(request: pytest.FixtureRequest) -> Iterator[Either]:
    with PipefyServer() as server, Either(request.param, server) as made:
        yield made


async def never(_: object) -> None:
    """A callback."""
    raise AssertionError


class Callback:
    """An object with an ``async`` call."""

    __call__ = never


def automation_jobs(client: Any, **options: Any) -> Any:
    return client.exports.automation_jobs(organization_id=1, period="last_month", **options)


def test_the_progress_of_a_wait_may_be_async_where_the_client_is(either: Either) -> None:
    told: list[object] = []

    async def tell(value: object) -> None:
        await asyncio.sleep(0)
        told.append(value)

    job = either(automation_jobs(either.client))
    if either.asynchronous:
        either(job.wait(on_progress=tell))
        assert told
        return
    asked = len(either.server.log)
    with pytest.raises(ConfigurationError, match="on_progress is an async function"):
        job.wait(on_progress=tell)
    assert len(either.server.log) == asked


REFUSED: dict[str, Callable[[Any, Path], Any]] = {
    "download": lambda client, path: client.attachments.download(card_id=1, path="a", to=path, progress=never),
    "upload": lambda client, path: client.attachments.upload(b"x", name="a", organization_id=1, progress=Callback()),
    "event": lambda client, path: type(client)(token="t", env={}, limits="off", on_event=never),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_told_between_bytes_or_at_once_is_a_plain_function(either: Either, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is an async function"):
        either(REFUSED[name](either.client, tmp_path / "x"))
    assert either.server.log == []
