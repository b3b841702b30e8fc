"""A page of 50 Pipefy cards with five fields each, against stock ariadne-codegen output of the same operations.

Decode: from the answer's bytes to the operation's result; for stock that is ``json.loads`` as its ``get_data`` does it,
and ``model_validate``. Call: the whole method on an in-memory transport, our policies included. Limit: ``orjson.loads``
of the bytes, and a bare httpx post of the same request with it.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import httpx
import orjson

from tests.bench.canned import Memory, cards, wide
from tests.bench.figures import Figure, interleave, report
from tests.bench.folder import stock_graphql
from typedpipes._core.decoding import Decoding
from typedpipes.pipefy import Pipefy

COUNT, ROUNDS = 50, 30
URL = "https://api.pipefy.com/graphql"
TOKEN = "personal-token"


def main() -> int:
    """Print the figures; the exit code tells whether a goal was missed."""
    sys.path.insert(0, str(stock_graphql("stock_pipefy", "pipefy")))
    body = cards(COUNT)
    operation = importlib.import_module("typedpipes_api.pipefy.operations.cards").OPERATION
    stock_result = importlib.import_module("stock_pipefy.cards").Cards
    headers = {"authorization": f"Bearer {TOKEN}"}
    stock = importlib.import_module("stock_pipefy").Client(
        url=URL, headers=headers, http_client=httpx.Client(headers=headers, transport=Memory(body))
    )
    bare = httpx.Client(headers=headers, transport=Memory(body))
    request = {"query": operation.document, "variables": {"pipe_id": "300"}, "operationName": "Cards"}
    with Pipefy(token=TOKEN, policy=wide("pipefy", "organization")) as client:
        client._http._transport = Memory(body)  # type: ignore[attr-defined]  # httpx's own: see library.pyi

        def ours() -> Any:
            return client.cards(pipe_id="300")

        _same(ours(), stock.cards(pipe_id="300").cards)
        samples = interleave(
            {
                "decode": lambda: operation.decode_body(body, Decoding("pipefy.Cards")),
                "stock decode": lambda: stock_result.model_validate(json.loads(body)["data"]),
                "orjson": lambda: orjson.loads(body),
                "call": ours,
                "stock call": lambda: stock.cards(pipe_id="300"),
                "bare call": lambda: orjson.loads(bare.post(URL, json=request).content),
            },
            rounds=ROUNDS,
            repeat={"decode": 4, "stock decode": 4, "orjson": 8, "call": 4, "stock call": 4, "bare call": 8},
        )
    return report(
        [
            _figure(samples, "decode", "orjson", 0.85, "answer bytes to result"),
            _figure(samples, "call", "bare call", 0.9, "whole call"),
        ]
    )


def _same(ours: Any, stock: Any) -> None:
    assert len(ours.nodes) == len(stock.nodes) == COUNT
    assert ours.nodes[7].fields[2].value == stock.nodes[7].fields[2].value == "value 2 of 7"


def _figure(samples: Any, name: str, limit: str, goal: float, what: str) -> Figure:
    return Figure(
        name=f"graphql.{name}",
        what=f"page of {COUNT} cards with fields, {what}",
        unit="µs",
        ours=samples[name] * 1e6,
        peer=samples[f"stock {name}"] * 1e6,
        peer_name="stock ariadne-codegen",
        limit=samples[limit] * 1e6,
        limit_name="orjson.loads" if limit == "orjson" else "httpx + orjson.loads",
        ratio=samples.ratio(name, f"stock {name}"),
        against="peer",
        goal=goal,
        n=samples.n,
        spread=samples.spread(f"stock {name}"),
    )


if __name__ == "__main__":
    sys.exit(main())
