"""Downloads from the test host, in each mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.typedpipes._core.files.file_server import FileServer
from tests.typedpipes.pipefy.exports.fake_time import FakeClock, run, settle
from typedpipes._core.files import DownloadOptions, FileHost, FileLink, LinkPolicy, download
from typedpipes._core.flow import Flow, adrive, drive, sleep


class Source:
    """A `LinkSource` over the test host: one link, and a new one when a fresh one is asked for."""

    def __init__(self, mint: Callable[[], str], clock: FakeClock) -> None:
        self._mint = mint
        self._clock = clock
        self._link: FileLink | None = None
        self.asked = 0

    def __call__(self, *, fresh: bool) -> Flow[FileLink]:
        if self._link is None or fresh:
            self.asked += 1
            self._link = FileLink.seen(self._mint(), self._clock.wall())
        yield from sleep(0)
        return self._link


class Fetch:
    """One download to be made; keeps what tests look at."""

    def __init__(self, host: FileServer, to: Path, mode: str = "sync", name: str = "f", **options: Any) -> None:
        self.clock = FakeClock()
        self.source = Source(lambda: host.link(name), self.clock)
        self.policy = LinkPolicy(loopback=True)
        self._to = to
        self._mode = mode
        self._options = DownloadOptions(**options)
        self.identity = "export-1"

    def __call__(self) -> Path:
        flow = download(
            self.source,
            self._to,
            host=FileHost(self.policy, timeout=5.0),
            identity=self.identity,
            clock=self.clock,
            options=self._options,
        )

        async def scenario() -> Path:
            if self._mode == "sync":
                return drive(flow, self.clock.sync_io())
            return await settle(adrive(flow, self.clock.async_io()))

        return run(self._mode, scenario)
