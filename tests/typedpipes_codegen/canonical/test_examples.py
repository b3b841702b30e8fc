"""What examples of answers show and schemas lack becomes an optional property."""

from __future__ import annotations

from pathlib import Path

import yaml

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.canonical.examples import with_examples
from typedpipes_codegen.canonical.proof import fidelity
from typedpipes_codegen.documents import load_openapi
from typedpipes_codegen.documents.tree import JsonObject, child

DOCUMENT = """
openapi: 3.0.0
info: {title: t, version: '1'}
paths:
  /deals:
    get:
      tags: [Deals]
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {type: object, properties: {id: {type: integer}}}}
                  related: {type: object, properties: {USER_ID: {type: object, properties: {name: {type: string}}}}}
                  free: {type: object}
              example:
                data:
                  - {id: 1, origin: web, lost: null, sum: 1, mixed: 1, parts: [1], allOf: x}
                  - {id: 2, origin: null, sum: 2.5, mixed: a, 0123456789abcdef0123456789abcdef01234567: x}
                related: {'7': {name: n, active: true}}
                free: {anything: 1}
    post:
      tags: [Deals]
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {title: {type: string}}}
            example: {title: t, secret: s}
      responses: {'200': {description: ok}}
"""


def added(tmp_path: Path, overlay: str = "") -> tuple[JsonObject, list[str], JsonObject]:
    """Components, what was added, and the source."""
    source = tmp_path / "source.yaml"
    source.write_text(DOCUMENT, encoding="utf-8")
    overlays = []
    if overlay:
        overlays = [tmp_path / "overlay.yaml"]
        overlays[0].write_text(overlay, encoding="utf-8")
    raw = load_openapi(source)
    document, names = with_examples(canonicalize(raw).document, [raw], overlays, ["allOf"])
    return child(child(document, "components", ""), "schemas", ""), names, raw


def test_what_only_examples_show_is_optional_and_typed_where_it_is_plain(tmp_path: Path) -> None:
    schemas, names, raw = added(tmp_path)

    deal = child(schemas, "Deal", "")
    user = next(
        child(schemas, name, "") for name in schemas if "name" in child(child(schemas, name, ""), "properties", "")
    )
    shown = {"x-from-example": True}
    assert child(deal, "properties", "") == {
        "id": {"type": "integer"},
        "lost": shown,
        "mixed": shown,
        "origin": {"type": ["string", "null"], **shown},
        "parts": shown,
        "sum": {"type": ["number", "null"], **shown},
    }
    assert "required" not in deal
    assert child(user, "properties", "")["active"] == {"type": ["boolean", "null"], **shown}
    assert [name for name in names if "." in name] == names
    assert {name.rpartition(".")[2] for name in names} == {"active", "lost", "mixed", "origin", "parts", "sum"}
    assert "secret" not in str(schemas)

    document, _ = with_examples(canonicalize(raw).document, [raw], (), ["allOf"])
    assert fidelity(raw, document).losses == []
    assert canonicalize(document).document == document


def test_what_an_overlay_says_already_is_left_to_it(tmp_path: Path) -> None:
    overlay = {
        "overlay": "1.0.0",
        "info": {"title": "t", "version": "1"},
        "actions": [
            {
                "target": "$.components.schemas.Deal.properties",
                "update": {"origin": {"type": "string", "enum": ["web"]}},
            },
            {"target": "$.components.schemas.Gone", "update": {}},
        ],
    }
    _, names, _ = added(tmp_path, yaml.safe_dump(overlay))
    assert "Deal.origin" not in names
    assert "Deal.sum" in names
