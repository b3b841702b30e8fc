"""What the policies cost on top of bare httpx, per call, on an in-memory transport: limiter, retry, auth and events.

Interleaved rounds, the least of each row's rounds counts (the machine is shared). The bare row sends the same request
(URL, headers, credential, timeouts) with `httpx.Client.send` and reads the body.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import httpx

from typedpipes.events import Event
from typedpipes.http import PolicyClient
from typedpipes.limits import Policy, Window, build_limiter
from typedpipes.settings import PipedriveSettings
from typedpipes.stamp import Stamp
from typedpipes.wire import WireRequest

GOAL = 25.0
ROUNDS, CALLS = 40, 200
URL = "https://acme.pipedrive.com/api/v2/deals"
HEADERS = {"accept": "application/json", "accept-encoding": "gzip, deflate", "user-agent": "bench"}
REPLY = [
    (b"content-type", b"application/json"),
    (b"content-length", b"11"),
    (b"x-request-id", b"r-1"),
    (b"date", b"Sat, 21 Nov 2026 10:00:00 GMT"),
]


class Memory(httpx.BaseTransport):
    """Answers at once."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=REPLY, stream=httpx.ByteStream(b'{"data":[]}'))


def _bare() -> Callable[[], object]:
    client = httpx.Client(transport=Memory())

    def call() -> object:
        request = httpx.Request("GET", f"{URL}?limit=100", headers={**HEADERS, "x-api-token": "abcdefabcdef"})
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), 60.0)
        return client.send(request).content

    return call


def _ours(*, limited: bool, listening: bool) -> Callable[[], object]:
    wide = Policy(
        vendor="pipedrive",
        account="company",
        windows=(Window(name="burst", allowance=10**9, seconds=0.2, scope="user", unit="token"),),
    )
    identity = {"company": "acme", "user": "me"}
    events: list[Event] = []
    client = PolicyClient(
        transport=Memory(),
        credentials=PipedriveSettings.resolve(api_token="abcdefabcdef", company_domain="acme").credentials(),
        limiter=build_limiter("pipedrive", identity=identity, store_url="memory://", policy=wide) if limited else None,
        on_event=events.append if listening else None,
    )

    def call() -> object:
        stamp = Stamp(
            api="pipedrive_v2",
            operation="deals.list",
            safety="safe",
            credentials=("api_token", "oauth2"),
            token_cost=10,
        )
        events.clear()
        return client.exchange(WireRequest(method="GET", url=URL, query=[("limit", "100")], stamp=stamp)).content

    return call


def main() -> int:
    """Print the table; the exit code tells whether the goal was missed."""
    rows = {
        "bare httpx": _bare(),
        "retry + auth": _ours(limited=False, listening=False),
        "retry + auth + events": _ours(limited=False, listening=True),
        "retry + auth + events + limiter": _ours(limited=True, listening=True),
    }
    least = dict.fromkeys(rows, float("inf"))
    for _ in range(ROUNDS):
        for name, call in rows.items():
            started = time.perf_counter()
            for _ in range(CALLS):
                call()
            least[name] = min(least[name], (time.perf_counter() - started) / CALLS * 1e6)
    bare = least["bare httpx"]
    for name, micros in least.items():
        print(f"{name:34} {micros:7.1f} us  {micros - bare:+6.1f}")
    extra = least["retry + auth + events + limiter"] - bare
    figure = {"name": "policies", "ours": extra, "peer": bare, "limit": GOAL, "ratio": extra / GOAL, "n": CALLS}
    print(json.dumps(figure))
    return 0 if extra <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
