"""Values made from schemas."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from typedpipes_sandbox.schema.synthesis import Synthesizer
from typedpipes_sandbox.schema.validation import SchemaCompiler

SCALARS = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "maxLength": 3},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "uuid"},
        {"type": "integer", "minimum": -5, "maximum": -2},
        {"type": ["number", "null"]},
        {"type": "boolean"},
        {"enum": ["a", 2, None]},
    ]
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 3)),
        st.builds(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)[:1]},
            st.dictionaries(st.sampled_from(["id", "name", "email", "due_date", "items"]), inner, max_size=3),
        ),
        st.builds(lambda item: {"oneOf": [item, {"type": "null"}]}, inner.filter(lambda each: "enum" not in each)),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(schema=SCHEMAS, seed=st.integers(0, 1000))
def test_synthesised_values_fit_their_schema(schema: dict[str, Any], seed: int) -> None:
    compiler = SchemaCompiler({})
    value = Synthesizer(compiler, seed).value(schema, "key")
    if isinstance(schema.get("oneOf"), list) and value is None:
        return
    assert compiler.compile(schema)(value) is None
