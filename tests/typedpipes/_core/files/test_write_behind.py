"""Writing goes on beside reading, and an interruption still leaves nothing half done under the final name."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from tests.typedpipes._core.files.fetching import Fetch, Source
from tests.typedpipes._core.files.file_server import FileServer
from tests.typedpipes.pipefy.exports.fake_time import MODES, FakeClock
from typedpipes._core.file_lock import FileLock
from typedpipes._core.files import FileHost, LinkPolicy, download
from typedpipes._core.files.download import WRITE_SIZE
from typedpipes._core.files.part_file import PartFile
from typedpipes._core.files.transfer import Chunk, Transfer
from typedpipes._core.flow import AsyncIO, Flow, adrive
from typedpipes.errors import DownloadError

CONTENT = bytes(range(256)) * 4096 * 6


@pytest.mark.parametrize("mode", MODES)
def test_the_next_piece_is_read_while_one_is_written(
    host: FileServer, tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("f", CONTENT)
    read_on, waited = threading.Event(), []
    write, next_chunk = PartFile.write, Transfer.next_chunk

    def slow(self: PartFile, offset: int, pieces: Sequence[bytes]) -> None:
        if offset == 0:
            waited.append(read_on.wait(60))
        write(self, offset, pieces)

    def watched(self: Transfer) -> Flow[Chunk]:
        chunk = yield from next_chunk(self)
        if chunk.offset > WRITE_SIZE:
            read_on.set()
        return chunk

    monkeypatch.setattr(PartFile, "write", slow)
    monkeypatch.setattr(Transfer, "next_chunk", watched)
    assert Fetch(host, tmp_path / "f.csv", mode)().read_bytes() == CONTENT
    assert waited == [True]


@pytest.mark.parametrize("mode", MODES)
def test_pieces_are_written_in_order_one_at_a_time(
    host: FileServer, tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("f", CONTENT)
    offsets: list[int] = []
    busy = threading.Lock()
    write = PartFile.write

    def watched(self: PartFile, offset: int, pieces: Sequence[bytes]) -> None:
        assert busy.acquire(blocking=False)
        time.sleep(0.005)
        offsets.append(offset)
        write(self, offset, pieces)
        busy.release()

    monkeypatch.setattr(PartFile, "write", watched)
    assert Fetch(host, tmp_path / "f.csv", mode)().read_bytes() == CONTENT
    assert len(offsets) >= 6
    assert offsets == sorted(offsets)


@pytest.mark.parametrize("mode", MODES)
def test_a_piece_that_cannot_be_written_ends_the_download(
    host: FileServer, tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("f", CONTENT)
    write = PartFile.write

    def failing(self: PartFile, offset: int, pieces: Sequence[bytes]) -> None:
        if offset:
            raise DownloadError("the device is gone")
        write(self, offset, pieces)

    monkeypatch.setattr(PartFile, "write", failing)
    with pytest.raises(DownloadError, match="gone"):
        Fetch(host, tmp_path / "f.csv", mode)()
    assert not (tmp_path / "f.csv").exists()
    assert not writing_threads()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_download_closes_everything_and_is_continued(
    host: FileServer, tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("f", CONTENT)
    target = tmp_path / "f.csv"
    target.write_bytes(b"old")
    cancel, cancelled, write = threading.Event(), threading.Event(), PartFile.write

    def slow(self: PartFile, offset: int, pieces: Sequence[bytes]) -> None:
        if offset >= 2 * WRITE_SIZE:
            cancel.set()
            assert cancelled.wait(60)  # the cancellation comes while this piece is under way
        write(self, offset, pieces)

    monkeypatch.setattr(PartFile, "write", slow)
    files = FileHost(LinkPolicy(loopback=True), timeout=5.0)
    source = Source(lambda: host.link("f"), FakeClock(time.time()))

    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:

            async def fetch() -> None:
                await adrive(download(source, target, host=files, identity="export-1"), AsyncIO())
                raise AssertionError("the download was not cancelled")

            tasks.start_soon(fetch)
            while not cancel.is_set():
                await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()
            cancelled.set()

    anyio.run(scenario, backend=backend)
    assert target.read_bytes() == b"old"
    assert not writing_threads()
    part = target.with_name("f.csv.part")
    assert part.stat().st_size >= 2 * WRITE_SIZE
    assert part.read_bytes() == CONTENT[: part.stat().st_size]
    lock = FileLock(part)
    assert lock.try_acquire()
    lock.release()
    monkeypatch.undo()
    assert Fetch(host, target)().read_bytes() == CONTENT
    assert host.log[-1].headers["range"].startswith("bytes=")


def writing_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("typedpipes-download")]
