"""Compiled validators."""

from __future__ import annotations

from typing import Any

import pytest

from typedpipes_sandbox.schema.validation import SchemaCompiler


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": ["string", "null"]}, None, 3),
        ({"type": "integer", "minimum": 1, "maximum": 3}, 3, 4),
        ({"enum": ["a", "b"]}, "a", "c"),
        ({"const": "x"}, "x", "y"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, {"a": ""}, {"a": 1}),
        ({"type": "object", "additionalProperties": False}, {}, {"a": 1}),
        ({"type": "array", "items": {"type": "number"}, "maxItems": 1}, [1.5], [1, 2]),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, None, 1),
        ({"allOf": [{"type": "string"}, {"maxLength": 2}]}, "ab", "abc"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", "2026-01-01"),
        ({"type": "string", "pattern": "^proj_"}, "proj_1", "x"),
    ],
)
def test_validators_accept_and_refuse(schema: dict[str, Any], good: Any, bad: Any) -> None:
    check = SchemaCompiler({}).compile(schema)
    assert check(good) is None
    assert check(bad) is not None
