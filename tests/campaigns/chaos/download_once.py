"""One download of a file host on loopback, to be killed at any moment: ``download_once LINK TARGET``."""

from __future__ import annotations

import sys
from pathlib import Path

from typedpipes._core.files import FileHost, FileLink, LinkPolicy, download
from typedpipes._core.flow import Flow, SyncIO, SystemClock, drive


def main(url: str, target: str) -> None:
    def link(*, fresh: bool) -> Flow[FileLink]:
        yield from ()
        return FileLink.seen(url, SystemClock().wall())

    drive(download(link, Path(target), host=FileHost(LinkPolicy(loopback=True)), identity="chaos"), SyncIO())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
