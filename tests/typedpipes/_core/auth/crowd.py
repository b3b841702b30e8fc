"""A process full of callers who all need a token at the same moment.

``python -m tests.typedpipes._core.auth.crowd URL DIR CALLERS``
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from tests.typedpipes._core.auth.calls import credential, request
from typedpipes._core.auth import Credentials
from typedpipes._core.auth.token_stores import FileTokenStore
from typedpipes._core.http.clients import PolicyClient


def main(url: str, directory: str, callers: int) -> None:
    failures: list[BaseException] = []
    store = FileTokenStore(directory)
    with PolicyClient(credentials=Credentials(credential(url, store=store)), connections=4) as client:

        def call() -> None:
            try:
                client.exchange(request(url))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=call) for _ in range(callers)]
        print("ready", flush=True)
        go = Path(directory) / "go"
        while not go.exists():
            time.sleep(0.002)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
