"""The time of a download bounds it in every phase."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from tests.typedpipes._core.http.slow_server import ENDLESS, dripping, serving
from typedpipes._core.files import DownloadOptions, FileHost, FileLink, LinkPolicy, download
from typedpipes._core.flow import AsyncIO, Flow, SyncIO, adrive, drive, sleep
from typedpipes.errors import DownloadError


@pytest.mark.parametrize("mode", ["sync", "asyncio", "trio"])
def test_headers_that_drip_do_not_keep_a_download(mode: str, tmp_path: Path) -> None:
    def source(*, fresh: bool) -> Flow[FileLink]:
        del fresh
        yield from sleep(0)
        return FileLink(f"http://127.0.0.1:{port}/f", datetime.max.replace(tzinfo=UTC))

    before = time.monotonic()
    with serving(dripping(b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n")) as port:
        flow = download(
            source,
            tmp_path / "f",
            host=FileHost(LinkPolicy(loopback=True)),
            identity="export-1",
            options=DownloadOptions(timeout=0.3),
        )
        with pytest.raises(DownloadError, match="ran out of time after 0 bytes"):  # noqa: PT012
            if mode == "sync":
                drive(flow, SyncIO())
            else:
                anyio.run(adrive, flow, AsyncIO(), backend=mode)
    assert time.monotonic() - before < ENDLESS / 3
