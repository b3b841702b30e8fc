"""Requests and answers as bytes."""

from __future__ import annotations

import json

from typedpipes_sandbox.wire.messages import encode_json


def test_json_that_the_fast_encoder_refuses_is_json_all_the_same() -> None:
    for payload in ({"id": 2**70}, {"name": "\ud800"}, {"name": "ação", "value": 1.5}):
        assert json.loads(encode_json(payload)) == payload
