"""Values that fit a JSON schema, derived from a seed and a key, so that the same request gets the same answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from typedpipes_sandbox.clock import iso, iso_seconds, sql_time
from typedpipes_sandbox.data import words
from typedpipes_sandbox.schema.validation import SchemaCompiler

#: all example times lie before this moment, whatever the clock says, so that they are the same on every run
EPOCH = 1_790_000_000.0
MISSING: Any = object()
_MAX_DEPTH = 7


class Synthesizer:
    """Makes schema-valid values of one document."""

    def __init__(self, compiler: SchemaCompiler, seed: int) -> None:
        self._compiler = compiler
        self._seed = seed
        self._flat: dict[int, Any] = {}
        self._kept: list[Any] = []

    def value(self, schema: Any, key: str, name: str = "", partial: Any = MISSING, depth: int = 0) -> Any:
        """A value for ``schema``. What ``partial`` says is kept wherever it fits the schema."""
        schema = self.flatten(schema)
        if partial is not MISSING and not isinstance(partial, dict) and self._fits(schema, partial):
            return partial
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice([item for item in schema["enum"] if item is not None] or [None], key)
        for alternatives in (schema.get("oneOf"), schema.get("anyOf")):
            if alternatives:
                return self._alternative(alternatives, key, name, partial, depth)
        kind = main_type(schema)
        if kind == "object":
            return self._object(schema, key, partial, depth)
        if kind == "array":
            return self._array(schema, key, name, depth)
        return self._scalar(kind, schema, f"{self._seed}:{key}", name)

    def flatten(self, schema: Any) -> dict[str, Any]:
        """Follow references and join ``allOf`` parts; the result is cached by identity."""
        schema = self._compiler.resolve(schema)
        if not isinstance(schema, dict):
            return {}
        if "allOf" not in schema:
            return schema
        cached = self._flat.get(id(schema))
        if cached is None:
            cached = {key: value for key, value in schema.items() if key != "allOf"}
            for part in schema["allOf"]:
                cached = _joined(cached, self.flatten(part))
            self._flat[id(schema)] = cached
            self._kept.append(schema)
        return cached

    def properties(self, schema: Any) -> dict[str, Any]:
        """The properties of an object schema, references and ``allOf`` followed."""
        return dict(self.flatten(schema).get("properties") or {})

    def _fits(self, schema: Any, value: Any) -> bool:
        return self._compiler.compile(schema)(value) is None

    def _choice(self, options: list[Any], key: str) -> Any:
        return words.pick(options, f"{self._seed}:{key}")

    def _alternative(self, alternatives: list[Any], key: str, name: str, partial: Any, depth: int) -> Any:
        real = [each for each in alternatives if self.flatten(each).get("type") != "null"]
        if partial is not MISSING:
            for each in real:
                candidate = self.value(each, key, name, partial, depth)
                if not isinstance(partial, dict) or all(candidate.get(k) == v for k, v in partial.items()):
                    return candidate
        if partial is None or not real:
            return None
        return self.value(real[0] if depth > 3 else self._choice(real, key), key, name, partial, depth)

    def _object(self, schema: Mapping[str, Any], key: str, partial: Any, depth: int) -> dict[str, Any]:
        given = partial if isinstance(partial, dict) else {}
        required = set(schema.get("required") or ())
        result: dict[str, Any] = {}
        properties = schema.get("properties") or {}
        for name, each in properties.items():
            if name not in required and (depth >= _MAX_DEPTH and name not in given):
                continue
            if name not in required and name in given and given[name] is None and not self._fits(each, None):
                continue  # known to be empty, and the schema has no null for it
            result[name] = self.value(each, f"{key}/{name}", name, given.get(name, MISSING), depth + 1)
        extra = schema.get("additionalProperties", True)
        for name in required - result.keys():
            result[name] = self.value({} if isinstance(extra, bool) else extra, f"{key}/{name}", name)
        if extra is not False:
            for name, value in given.items():
                if name not in result and name not in properties and (extra is True or self._fits(extra, value)):
                    result[name] = value
        if not result and schema.get("minProperties"):
            result["value"] = self.value({} if isinstance(extra, bool) else extra, f"{key}/value", "value")
        return result

    def _array(self, schema: Mapping[str, Any], key: str, name: str, depth: int) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 1 << 30)
        items = schema.get("items") or {}
        count = max(least, min(most, 0 if depth > 4 else 2 if depth < 3 else 1))
        if not items and not least:
            return []
        return [self.value(items, f"{key}/{index}", name, depth=depth + 1) for index in range(count)]

    def _scalar(self, kind: str, schema: Mapping[str, Any], key: str, name: str) -> Any:
        if kind == "integer":
            return _integer(schema, key, name)
        if kind == "number":
            return _number(schema, key, name)
        if kind == "boolean":
            return _boolean(name, key)
        if kind == "null":
            return None
        if kind == "string":
            return _string(schema, key, name)
        return {} if schema.get("additionalProperties") else f"{name or 'value'}-{words.token(key, 4)}"


def main_type(schema: Mapping[str, Any]) -> str:
    """The type a schema is about, null left aside."""
    wanted = schema.get("type")
    if isinstance(wanted, list):
        wanted = next((kind for kind in wanted if kind != "null"), "null")
    if wanted is None:
        if "properties" in schema or "required" in schema or isinstance(schema.get("additionalProperties"), dict):
            return "object"
        return "array" if "items" in schema else "any"
    return str(wanted)


def _joined(left: dict[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(left)
    for key, value in right.items():
        if key == "properties":
            joined[key] = {**joined.get(key, {}), **value}
        elif key == "required":
            joined[key] = [*joined.get(key, []), *value]
        elif key not in joined or key in {"enum", "const"}:
            joined[key] = value
    return joined


def _integer(schema: Mapping[str, Any], key: str, name: str) -> int:
    number = words.number(key)
    if name.endswith(("_count", "Count")) or name in {"count", "order_nr", "quantity", "duration"}:
        value = number % 12
    elif name.endswith(("_at", "_ts")) and "minimum" not in schema:
        value = int(words.moment(key, EPOCH))
    elif name.endswith("_ms"):
        value = int(words.moment(key, EPOCH)) * 1000
    else:
        value = number % 900 + 1
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and value < least:
        value = int(least) + number % 5
    if most is not None and value > most:
        low = int(least) if least is not None else min(0, int(most))
        value = low + number % (int(most) - low + 1)
    return value


def _number(schema: Mapping[str, Any], key: str, name: str) -> float | int:
    if "minimum" in schema or "maximum" in schema:
        return _integer(schema, key, name)
    if name.endswith("_id") or name == "id":
        return words.number(key) % 900 + 1
    return words.number(key) % 2_000_000 / 100


def _boolean(name: str, key: str) -> bool:
    if name in {"success", "active", "active_flag", "healthy", "is_active", "valid"}:
        return True
    if name in {"deleted", "is_deleted", "dead", "disabled", "is_archived", "archived"}:
        return False
    return bool(words.number(key) & 1)


def _string(schema: Mapping[str, Any], key: str, name: str) -> str:
    form, pattern = schema.get("format"), schema.get("pattern")
    when = words.moment(key, EPOCH)
    if form == "date-time":
        return iso(when)
    if form in {"date", "YYYY-MM-DD"}:
        return sql_time(when)[:10]
    if form == "uuid":
        return words.uuid_of(key)
    if form in {"uri", "url"}:
        return f"https://{words.pick(words.DOMAINS, key)}/{words.token(key)}"
    if form == "email":
        return words.email(key)
    if form == "byte":
        return "c2FuZGJveA=="
    text = from_pattern(pattern, key) if pattern else hinted(name, key, when)
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    text = text.ljust(least, "x")
    return text if most is None else text[:most]


def from_pattern(pattern: str, key: str) -> str:
    """A string for the simple patterns schemas use (literal prefix, then a character class)."""
    prefix = re.match(r"\^?([\w:-]*)", pattern)
    start = prefix[1] if prefix else ""
    for candidate in (
        f"{start}{words.token(key)}",
        f"{start}{words.number(key) % 1000}",
        start,
        words.token(key).lower(),
    ):
        if re.search(pattern, candidate):
            return candidate
    return start


def hinted(name: str, key: str, when: float) -> str:
    """A string a property of that name would plausibly hold."""
    low = name.lower()
    first, last = words.person(key)
    exact = {
        "email": words.email(key),
        "first_name": first,
        "last_name": last,
        "currency": words.pick(words.CURRENCIES, key),
        "color": words.pick(words.COLORS, key),
        "locale": "pt-BR",
        "phone": f"+55 11 9{words.number(key) % 90000000 + 10000000}",
        "country": "BR",
        "version": "0.1.2",
        "title": words.pick(words.TASKS, key),
        "subject": words.pick(words.TASKS, key),
        "city": words.pick(words.CITIES, key),
        "address": f"Rua Harmonia {words.number(key) % 900 + 1}, {words.pick(words.CITIES, key)}",
        "timezone": "America/Sao_Paulo",
        "status": "open",
        "uuid": words.uuid_of(key),
        "due_date": sql_time(when)[:10],
        "due_time": "14:30",
        "duration": "01:00",
    }
    if low in exact:
        return exact[low]
    if low.endswith(("_time", "_at")):
        return iso_seconds(when)
    if low.endswith("date"):
        return sql_time(when)[:10]
    if low.endswith(("url", "uri", "_link")):
        return f"https://{words.pick(words.DOMAINS, key)}/{words.token(key)}"
    if low in {"org_name", "company_name", "organization_name"}:
        return words.pick(words.COMPANIES, key)
    if low.endswith("name"):
        return (
            f"{first} {last}"
            if low in {"name", "person_name", "owner_name", "user_name"}
            else words.pick(words.TASKS, key)
        )
    if low in {"note", "content", "text", "description", "body", "message", "comment"}:
        return words.pick(words.SENTENCES, key)
    if low == "id" or low.endswith("_id"):
        return words.token(key, 8)
    if low.endswith("_json"):
        return "{}"
    return f"{name or 'text'} {words.token(key, 4)}"
