"""500 deals (28 fields, 20 unknown properties each, a value the enum does not know each) from bytes to objects.

Limit: ``orjson.loads`` of the same bytes. Field: stock openapi-python-client, ``json.loads`` and ``from_dict``; it
raises ValueError for an unknown enum value, so it gets the same deals with a known one. The class is rendered by both
generators from one document: 28 of the fields of Pipedrive v2's deal, ``status`` as the enum the vendor lists.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from typing import Any, cast

import orjson

import typedpipes_api
from tests.bench.canned import deal
from tests.bench.figures import Figure, interleave, report
from tests.bench.folder import document, ours_openapi, stock_openapi
from tests.support.decoding import decode
from typedpipes._core.decoding import Decoding, DriftLog
from typedpipes._core.decoding.model import extras

COUNT, FIELDS, EXTRAS = 500, 28, 20
ROUNDS = 30
LEFT_OUT = {"acv", "arr", "custom_fields", "mrr"}


def description() -> dict[str, object]:
    """One listing of deals, as an OpenAPI document for both generators."""
    components = cast("Mapping[str, Any]", document("pipedrive_v2")["components"])
    properties = {
        name: schema for name, schema in components["schemas"]["Deal"]["properties"].items() if name not in LEFT_OUT
    }
    assert len(properties) == FIELDS, sorted(properties)
    properties["status"] = {"$ref": "#/components/schemas/DealStatus"}
    reply = {"$ref": "#/components/schemas/DealPage"}
    schemas: dict[str, object] = {
        "Deal": {"type": "object", "required": ["id"], "properties": properties},
        "DealStatus": {"type": "string", "enum": ["open", "won", "lost", "deleted"]},
        "DealPage": {
            "type": "object",
            "required": ["success", "data"],
            "properties": {
                "success": {"type": "boolean"},
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/Deal"}},
            },
        },
    }
    get = {
        "operationId": "getDeals",
        "tags": ["Deals"],
        "x-method": "deals.list",
        "x-summary": "List deals.",
        "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": reply}}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Deals", "version": "1"},
        "paths": {"/deals": {"get": get}},
        "components": {"schemas": schemas},
    }


def body(status: str) -> bytes:
    """The answer: every deal with its unknown properties."""
    surplus = {f"{number:040x}": f"custom value {number}" for number in range(EXTRAS)}
    deals = []
    for number in range(COUNT):
        fields = {name: value for name, value in deal(number).items() if name not in LEFT_OUT}
        assert len(fields) == FIELDS
        deals.append({**fields, "status": status, **surplus})
    return json.dumps({"success": True, "data": deals}).encode()


def main() -> int:
    """Print the figures; the exit code tells whether a goal was missed."""
    typedpipes_api.__path__.append(str(ours_openapi("bench_deals", description())))
    sys.path.insert(0, str(stock_openapi("stock_deals", description())))
    module = "typedpipes_api.bench_deals.deals"
    generated = importlib.import_module(module)
    stock = importlib.import_module("stock_deals.models.deal_page").DealPage
    unknown, known = body("postponed"), body("open")
    log = DriftLog(lambda drift: None)

    def ours() -> Any:
        return decode("DealPage", module, unknown, Decoding("bench.deals.list", report=log))

    page = ours()
    assert isinstance(page, generated.DealPage)
    assert page.data[0].status == "postponed"
    assert not page.data[0].status.is_known
    assert len(extras(page.data[-1])) == EXTRAS
    assert len(stock.from_dict(json.loads(known)).data) == COUNT
    samples = interleave(
        {
            "ours": ours,
            "orjson": lambda: orjson.loads(unknown),
            "json": lambda: json.loads(unknown),
            "stock": lambda: stock.from_dict(json.loads(known)),
            "first": lambda: extras(ours().data[-1]),
            "extras": lambda: [extras(one) for one in ours().data],
        },
        rounds=ROUNDS,
        repeat={"ours": 4, "orjson": 4, "json": 2, "stock": 1, "first": 2, "extras": 2},
    )
    each = 1e6 / COUNT
    return report(
        [
            Figure(
                name="decode.deals",
                what=f"{COUNT} deals ({FIELDS} fields, {EXTRAS} unknown properties, an unknown enum value), each",
                unit="µs",
                ours=samples["ours"] * each,
                peer=samples["stock"] * each,
                peer_name="stock openapi-python-client",
                limit=samples["orjson"] * each,
                limit_name="orjson.loads",
                ratio=samples.ratio("ours", "orjson"),
                goal=2.0,
                n=samples.n,
                spread=samples.spread("orjson"),
            ),
            Figure(
                name="decode.deals.stock",
                what="how much faster than stock json.loads + from_dict",
                unit="µs",
                ours=samples["ours"] * each,
                peer=samples["stock"] * each,
                peer_name="stock openapi-python-client",
                ratio=samples.ratio("stock", "ours"),
                against="peer",
                goal=4.0,
                at_least=True,
                n=samples.n,
                spread=samples.spread("stock"),
            ),
            Figure(
                name="decode.extras.first",
                what="the deals, and the unknown properties of one: parses the page a second time",
                unit="µs",
                ours=samples["first"] * each,
                limit=samples["orjson"] * each,
                limit_name="orjson.loads",
                ratio=samples.ratio("first", "orjson"),
                n=samples.n,
                spread=samples.spread("orjson"),
            ),
            Figure(
                name="decode.extras.all",
                what=f"the deals, and the {EXTRAS} unknown properties of each",
                unit="µs",
                ours=samples["extras"] * each,
                limit=samples["orjson"] * each,
                limit_name="orjson.loads",
                ratio=samples.ratio("extras", "orjson"),
                n=samples.n,
                spread=samples.spread("orjson"),
            ),
            Figure(
                name="decode.json",
                what="the same against json.loads",
                unit="µs",
                ours=samples["ours"] * each,
                limit=samples["json"] * each,
                limit_name="json.loads",
                ratio=samples.ratio("ours", "json"),
                n=samples.n,
                spread=samples.spread("json"),
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
