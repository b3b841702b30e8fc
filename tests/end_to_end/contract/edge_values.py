"""Values at the edges of a JSON schema, chosen by a seed: what strange but permitted data looks like."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from typing import Any

from typedpipes_sandbox.schema.validation import SchemaCompiler

STRANGE = (
    "plain",
    "a/b",
    "?",
    "#frag",
    "%",
    "%2F",
    " ",
    " both ends ",
    "..",
    ".",
    "a&b=c",
    "a+b",
    "a,b",
    "a;b:c@d",
    "\"quoted\" 'text'",
    "back\\slash",
    "line\nbreak\ttab",
    "Ünïcödé → 漢字 😀",
    "{}[]|^`<>",
    "../../etc/passwd",
    "null",
    "true",
    "0",
    "\u200bzero width",
    "e\u0301 combining",
)
FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": ("2026-02-28", "1970-01-01", "9999-12-31"),
    "YYYY-MM-DD": ("2026-02-28", "1970-01-01"),
    "date-time": ("2026-02-28T23:59:59Z", "1970-01-01T00:00:00+14:00", "2026-01-01T00:00:00.123456Z"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
    "uri": ("https://example.com/a%20b?c=d&e=%C3%BC#f", "http://localhost:8080/"),
    "url": ("https://example.com/a%20b?c=d&e=%C3%BC#f", "http://localhost:8080/"),
    "email": ("a+b@example.com", "x@xn--bcher-kva.example"),
    "byte": ("", "c2FuZGJveA==", "//8="),
}
LONG = 2000
"""Characters of the longest text where no maximum is given."""
INTEGERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**53, -(2**53), 2**63 - 1)
NUMBERS = (0, 0.1, -0.5, 1e-7, 1.5e300, 2**53, 123456789.123)


class EdgeValues:
    """Makes values for the schemas of one document."""

    def __init__(self, compiler: SchemaCompiler, seed: int) -> None:
        self._compiler = compiler
        self._random = random.Random(seed)

    def chance(self, share: float) -> bool:
        """True in ``share`` of all cases."""
        return self._random.random() < share

    def value(self, schema: Any, depth: int = 0) -> Any:
        """A value that the schema permits."""
        for _ in range(20):
            found = self._value(schema, depth)
            if depth or self._compiler.compile(schema)(found) is None:
                return found
        raise AssertionError(f"no value fits {schema}")

    def _value(self, schema: Any, depth: int) -> Any:
        schema = self.flat(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        for alternatives in (schema.get("oneOf"), schema.get("anyOf")):
            if alternatives:
                return self._alternative(schema, alternatives, depth)
        kind = schema.get("type")
        kinds = [kind] if isinstance(kind, str) else list(kind or [])
        if not kinds:
            kinds = ["object"] if "properties" in schema or "additionalProperties" in schema else ["string"]
        if schema.get("nullable") and "null" not in kinds:
            kinds.append("null")
        return self._of(self._random.choice(kinds), schema, depth)

    def flat(self, schema: Any) -> dict[str, Any]:
        """References followed, the parts of ``allOf`` put together."""
        schema = self._compiler.resolve(schema)
        if not isinstance(schema, dict):
            return {}
        joined = {key: value for key, value in schema.items() if key != "allOf"}
        for part in map(self.flat, schema.get("allOf", ())):
            properties = {**joined.get("properties", {}), **part.get("properties", {})}
            required = [*joined.get("required", ()), *part.get("required", ())]
            joined = {**part, **joined, "properties": properties, "required": required}
        return joined

    def _alternative(self, schema: dict[str, Any], alternatives: list[Any], depth: int) -> Any:
        beside = {key: value for key, value in schema.items() if key not in ("oneOf", "anyOf")}
        for _ in range(20):
            found = self.value(self._random.choice(alternatives), depth)
            if isinstance(found, dict) and beside.get("properties"):
                found = {**self._object(beside, depth), **found}
            if self._compiler.compile(schema)(found) is None:
                return found
        raise AssertionError(f"no value fits {schema}")

    def _of(self, kind: str, schema: dict[str, Any], depth: int) -> Any:
        if kind == "null":
            return None
        if kind == "boolean":
            return self.chance(0.5)
        if kind == "integer":
            return self._random.choice(self._within(schema, INTEGERS))
        if kind == "number":
            return self._random.choice(self._within(schema, NUMBERS))
        if kind == "array":
            return self._array(schema, depth)
        return self._object(schema, depth) if kind == "object" else self.text(schema)

    def _within(self, schema: dict[str, Any], values: tuple[float, ...]) -> list[float]:
        least, most = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
        bounds = [bound for bound in (schema.get("minimum"), schema.get("maximum")) if bound is not None]
        return [*(value for value in values if least <= value <= most), *bounds]

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 100)
        count = max(least, min(most, self._random.choice((0, 1, 3) if depth < 3 else (0, 1))))
        items = [self.value(schema.get("items") or {"type": "string"}, depth + 1) for _ in range(count)]
        if schema.get("uniqueItems"):
            items = [item for index, item in enumerate(items) if item not in items[:index]]
        return items

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        share = 0.5 if depth < 2 else 0.2 if depth < 5 else 0.0
        made = {
            name: self.value(part, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if name in required or self.chance(share)
        }
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict) and depth < 5:
            made |= {self._random.choice(STRANGE): self.value(extra, depth + 1) for _ in range(2)}
        for name in required - made.keys():
            made[name] = self.value(extra if isinstance(extra, dict) else {}, depth + 1)
        return made

    def text(self, schema: dict[str, Any], *, empty: bool = True) -> str:
        """A text; the empty one only where it may stand."""
        form = str(schema.get("format", ""))
        if form in FORMATS:
            return self._random.choice(FORMATS[form])
        if "pattern" in schema:
            return "proj_" + "".join(self._random.choices(string.ascii_letters + string.digits, k=7))
        least, most = schema.get("minLength", 0 if empty else 1), schema.get("maxLength", LONG)
        full = "ü" * most
        fitting = [text for text in ("", full, full[:-1] + "/", *STRANGE) if least <= len(text) <= most]
        return self._random.choice(fitting)


__all__ = ["EdgeValues"]
