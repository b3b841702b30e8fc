"""The file as a stream: nothing stored, connections resumed, changes noticed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.typedpipes._core.files.fetching import Source
from tests.typedpipes._core.files.file_server import FileServer, Handler, doing, raw, truncated
from tests.typedpipes.pipefy.exports.fake_time import MODES, FakeClock, run, settle
from typedpipes._core.files import FileHost, LinkPolicy, Progress, Transfer
from typedpipes._core.files.progress import ProgressMeter
from typedpipes._core.files.stream import AsyncFileStream, FileStream
from typedpipes.errors import DownloadError

CONTENT = random.Random(6).randbytes(500_000)


@contextmanager
def stream(host: FileServer, mode: str) -> Iterator[Any]:
    clock = FakeClock()
    files = FileHost(LinkPolicy(loopback=True), timeout=5.0)
    source = Source(lambda: host.link("f"), clock)
    transfer = Transfer(files, source, clock=clock, until=3600, max_bytes=1 << 30, restartable=False)
    if mode == "sync":
        with FileStream(transfer, files, clock.sync_io()) as found:
            yield found
    else:
        yield AsyncFileStream(transfer, files, clock.async_io())


async def all_of(found: Any) -> bytes:
    """Read it in uneven pieces."""
    pieces = []
    try:
        while piece := await settle(found.read(70_001)):
            pieces.append(piece)
    finally:
        if isinstance(found, AsyncFileStream):
            await found.aclose()
    return b"".join(pieces)


@pytest.mark.parametrize("mode", MODES)
def test_a_stream_survives_lost_connections_and_dead_links(host: FileServer, mode: str) -> None:
    served = host.put("f", CONTENT)
    host.faults.extend([truncated(served, 100_000), doing(host.expire_links), truncated(served, 100_000)])
    with stream(host, mode) as found:
        assert run(mode, lambda: all_of(found)) == CONTENT


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ranges", [True, False])
def test_a_stream_that_cannot_go_on_where_it_stopped_fails(host: FileServer, mode: str, ranges: bool) -> None:
    served = host.put("f", CONTENT, ranges=ranges)

    def change(handler: Handler) -> bool:
        served.etag = '"other"'
        return False

    host.faults.extend([truncated(served, 100_000), change])
    with stream(host, mode) as found, pytest.raises(DownloadError, match="cannot continue at byte 100000"):
        run(mode, lambda: all_of(found))


@pytest.mark.parametrize("mode", MODES)
def test_a_stream_that_breaks_before_its_first_byte_begins_again(host: FileServer, mode: str) -> None:
    host.put("f", CONTENT)
    host.faults.append(raw(b""))
    with stream(host, mode) as found:
        assert run(mode, lambda: all_of(found)) == CONTENT


def test_a_closed_stream_is_not_read(host: FileServer) -> None:
    host.put("f", CONTENT)
    with stream(host, "sync") as found:
        assert found.read(10) == CONTENT[:10]
        assert found.total == len(CONTENT)
    with pytest.raises(ValueError, match="closed"):
        found.read(1)


def test_an_asynchronous_stream_reads_all_at_once_and_by_iteration(host: FileServer) -> None:
    host.put("f", CONTENT)

    async def scenario() -> None:
        with stream(host, "asyncio") as found:
            async with found:
                assert await found.read() == CONTENT
        with stream(host, "asyncio") as found:
            async with found:
                assert b"".join([piece async for piece in found]) == CONTENT

    run("asyncio", scenario)


def test_progress_tells_rate_and_time_left_and_forgets_a_beginning_that_was_lost() -> None:
    clock = FakeClock()
    seen: list[Progress] = []
    meter = ProgressMeter(seen.append, clock)
    for done in (0, 100, 200, 300):
        meter.update(done, 1000)
        meter.update(done + 1, 1000)  # too soon after the last one to be told
        clock.now += 1
    meter.update(10, 1000)
    clock.now += 1
    meter.update(1000, 1000, finished=True)
    assert [progress.done for progress in seen] == [0, 100, 200, 300, 10, 1000]
    assert (seen[3].rate, seen[3].eta) == (100.0, 7.0)
    assert (seen[4].rate, seen[4].eta) == (0.0, None)
    assert (seen[5].rate, seen[5].eta, seen[5].elapsed, seen[5].finished) == (990.0, 0.0, 5.0, True)
