"""What the policies cost on top of bare httpx, per call, on an in-memory transport: limiter, retry, auth and events.

CPU seconds in interleaved rounds; the least of each row's rounds counts. The bare row sends the same request
(URL, headers, credential, timeouts) with `httpx.Client.send` and reads the body.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import httpx

from tests.bench.figures import Figure, interleave, report
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import PolicyClient
from typedpipes.events import Event
from typedpipes.limits import Policy, Window, build_limiter
from typedpipes.pipedrive.settings import PipedriveSettings

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
        transport=Memory(),  # type: ignore[arg-type]  # httpx's own: see library.pyi
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
    samples = interleave(rows, rounds=ROUNDS, repeat=CALLS)
    best = {name: min(taken) * 1e6 for name, taken in samples.taken.items()}
    for name, micros in best.items():
        print(f"{name:34} {micros:7.1f} us  {micros - best['bare httpx']:+6.1f}")
    extra = best["retry + auth + events + limiter"] - best["bare httpx"]
    return report(
        [
            Figure(
                name="policies.all",
                what="limiter, retry, auth and events together, on top of the same request by bare httpx",
                unit="µs",
                ours=extra,
                limit=best["bare httpx"],
                limit_name="httpx.Client.send, the whole call",
                ratio=extra,
                against="ours",
                goal=GOAL,
                n=samples.n,
                spread=samples.spread("bare httpx"),
                remark="least of the rounds",
            )
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
