"""Uploads by presigned addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]


def test_an_upload_is_stored_and_attached(sandbox: Sandbox, graphql: GraphQL, http: httpx.Client) -> None:
    sent = {"organizationId": "123456789", "fileName": "nota fiscal.pdf"}
    urls = graphql(
        sandbox,
        "mutation ($i: CreatePresignedUrlInput!) { createPresignedUrl(input: $i) { url downloadUrl } }",
        i=sent,
    )["data"]["createPresignedUrl"]
    assert http.put(urls["url"], content=b"%PDF").status_code == 200
    key = httpx.URL(urls["url"]).path.lstrip("/")
    changed = graphql(
        sandbox,
        """mutation ($k: UndefinedInput) { updateCardField(input: {card_id: 5016, field_id: "attachments",
          new_value: $k}) { card { attachments { path url } attachments_count } } }""",
        k=[key],
    )["data"]["updateCardField"]["card"]
    assert changed["attachments"][0]["path"] == key
    assert http.get(changed["attachments"][0]["url"]).content == b"%PDF"
