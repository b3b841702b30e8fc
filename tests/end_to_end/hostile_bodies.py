"""A process that reads hostile answers of a server of its own, and prints as JSON what came of it and how much memory.

It is one process for all, since each start of an interpreter costs more than the reading.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

from tests.support.memory import peak
from tests.typedpipes._core.http.wire_server import Arrival, Reply, serving
from typedpipes.errors import TypedPipesError
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import Pipefy

UNITS = {
    "objects": b"{},",
    "lists": b"[],",
    "numbers": b"1,",
    "floats": b"1e9,",
    "texts": b'"ab",',
    "members": b'{"":1},',
    "wide texts": '"\N{GRINNING FACE}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",'.encode(),
}
SHAPES = {
    "one text": (b'"' + "\N{GRINNING FACE}".encode(), b"a", b'"'),
    "one number": (b"", b"7", b""),
    "one deep list": (b"", b"[", b""),
    "one deep object": (b"", b'{"a":', b""),
}
SIZES = (50_000, 60 << 20)
"""Bytes: one that is read, and one that is about as large as answers may be."""


def packed(head: bytes, unit: bytes, size: int, tail: bytes) -> bytes:
    """``head``, ``size`` bytes of ``unit``, ``tail``: as gzip of many members, made without ever holding it."""
    piece = unit * max(1, min(size, 1 << 20) // len(unit))
    return gzip.compress(head) + gzip.compress(piece) * (size // len(piece)) + gzip.compress(tail)


def bodies() -> dict[str, bytes]:
    made = {"three layers": b""}
    for where, (head, tail) in {
        "rest": (b'{"success":true,"data":', b"}"),
        "graphql": (b'{"data":{"pipes":', b"}}"),
    }.items():
        for size in SIZES:
            for name, unit in UNITS.items():
                made[f"{where} {name} {size}"] = packed(head + b"[", unit, size, unit.rstrip(b",") + b"]" + tail)
            for name, (start, unit, end) in SHAPES.items():
                made[f"{where} {name} {size}"] = packed(head + start, unit, size, end + tail)
    made["three layers"] = gzip.compress(gzip.compress(packed(b"", b"\0", 512 << 20, b"")))
    return made


def main() -> None:
    made = bodies()
    wanted: list[str] = [""]

    def answer(arrival: Arrival) -> Reply:
        layers = "gzip, gzip, gzip" if wanted[0] == "three layers" else "gzip"
        return Reply(400 if wanted[0].endswith("!") else 200, made[wanted[0].rstrip("!")], {"content-encoding": layers})

    with serving(answer) as server:
        options = {"base_url": server.url, "limits": "off", "retries": 0}
        crm = Pipedrive(api_token="t" * 40, on_event=lambda event: None, **options)  # type: ignore[arg-type]  # options by name
        pipefy = Pipefy(token="t" * 40, on_event=lambda event: None, **options)  # type: ignore[arg-type]  # options by name
        calls: dict[str, tuple[Callable[[], object], ...]] = {
            "rest": (lambda: crm.v2.deals.list(), lambda: crm.v2.deals.get(1), lambda: crm.v1.currencies.list()),
            "graphql": (lambda: pipefy.pipes(ids=["1"]), lambda: pipefy.execute("{ me { id } }")),
        }
        outcomes = {}
        for name in made:
            kind = name.partition(" ")[0]
            tried = calls.get(kind, calls["rest"] + calls["graphql"])
            for number, call in enumerate(tried if len(made[name]) < 10_000 else tried[:1]):
                for failure in ("", "!") if "layers" in name or "objects" in name else ("",):
                    wanted[0] = name + failure
                    try:
                        call()
                        outcome = "read"
                    except TypedPipesError as error:
                        outcome = type(error).__name__
                    except Exception as error:
                        outcome = f"RAW {type(error).__name__}: {str(error)[:200]}"
                    outcomes[f"{wanted[0]} {number}"] = (outcome, round(peak()))
    print(json.dumps({"outcomes": outcomes, "peak": peak()}))


if __name__ == "__main__":
    main()
