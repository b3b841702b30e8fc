"""JSON Schema (the subset OpenAPI documents use) compiled to closures.

Why our own: openapi-core manages 200 checks a second, fastjsonschema writes schema values into Python source, and a
schema is untrusted input here. A check returns None, or one message that says where and what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

Check = Callable[[Any], str | None]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
#: Python types that settle the question at once; anything else (a subclass, 1.0 as an integer) takes the long way
_EXACT: dict[str, frozenset[type]] = {
    "object": frozenset({dict}),
    "array": frozenset({list}),
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "null": frozenset({type(None)}),
}
_UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


class SchemaCompiler:
    """Compiles schemas of one document; references are followed when first used, so cycles are fine."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._compiled: dict[str, Check] = {}

    def resolve(self, schema: Any) -> Any:
        """Follow ``$ref`` until there is none."""
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self.pointer(schema["$ref"])
        return schema

    def pointer(self, reference: str) -> Any:
        """What a local ``#/…`` reference points to; raises LookupError when nothing."""
        node: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def compile(self, schema: Any) -> Check:
        """The check for one schema."""
        if schema is True or schema is None or schema == {}:
            return _anything
        if schema is False:
            return lambda _value: "nothing is allowed here"
        if "$ref" in schema:
            return self._reference(schema["$ref"])
        checks = [check for build in _BUILDERS if (check := build(self, schema)) is not None]
        nullable = schema.get("nullable") is True
        if len(checks) == 1 and not nullable:
            return checks[0]
        if len(checks) == 2 and not nullable:
            first, second = checks
            return lambda value: first(value) or second(value)

        def every(value: Any) -> str | None:
            if nullable and value is None:
                return None
            for check in checks:
                if (problem := check(value)) is not None:
                    return problem
            return None

        return every

    def _reference(self, reference: str) -> Check:
        def follow(value: Any) -> str | None:
            check = self._compiled.get(reference)
            if check is None:
                check = self._compiled[reference] = self.compile(self.pointer(reference))
            return check(value)

        return follow


def _anything(_value: Any) -> str | None:
    return None


def _kind(value: Any) -> str:
    return next((name for name, test in _TYPES.items() if test(value)), type(value).__name__)


def _type(_compiler: SchemaCompiler, schema: Mapping[str, Any]) -> Check | None:
    wanted = schema.get("type")
    if wanted is None:
        return None
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    tests = [_TYPES[name] for name in names]
    exact = frozenset[type]().union(*(_EXACT[name] for name in names))
    expected = " or ".join(names)

    def check_type(value: Any) -> str | None:
        if type(value) in exact or any(test(value) for test in tests):
            return None
        return f"expected {expected}, got {_kind(value)}"

    return check_type


def _enumeration(_compiler: SchemaCompiler, schema: Mapping[str, Any]) -> Check | None:
    if "const" in schema:
        const = schema["const"]
        return lambda value: None if value == const else f"expected {const!r}"
    allowed = schema.get("enum")
    if allowed is None:
        return None
    shown = ", ".join(str(item) for item in allowed[:12])
    return lambda value: None if value in allowed else f"{str(value)[:40]!r} is not one of {shown}"


def _object(compiler: SchemaCompiler, schema: Mapping[str, Any]) -> Check | None:
    properties = schema.get("properties")
    required = tuple(schema.get("required") or ())
    extra = schema.get("additionalProperties", True)
    least = schema.get("minProperties", 0)
    if not properties and not required and extra in (True, {}) and not least:
        return None
    checks = {name: compiler.compile(each) for name, each in (properties or {}).items()}
    other = None if extra in (True, {}) else compiler.compile(extra)

    def check_object(value: Any) -> str | None:
        if not isinstance(value, dict):
            return None
        for name in required:
            if name not in value:
                return f"{name}: is required"
        if len(value) < least:
            return f"expected at least {least} properties"
        for name, item in value.items():
            check = checks.get(name, other)
            if check is not None and (problem := check(item)) is not None:
                return f"{name}.{problem}" if ": " in problem else f"{name}: {problem}"
        return None

    return check_object


def _array(compiler: SchemaCompiler, schema: Mapping[str, Any]) -> Check | None:
    items, least, most = schema.get("items"), schema.get("minItems"), schema.get("maxItems")
    unique = schema.get("uniqueItems", False)
    if items is None and least is None and most is None and not unique:
        return None
    check = compiler.compile(items)

    def check_array(value: Any) -> str | None:
        if not isinstance(value, list):
            return None
        if (least is not None and len(value) < least) or (most is not None and len(value) > most):
            return f"expected {least or 0} to {most or 'any number of'} items, got {len(value)}"
        if unique and any(value[index] in value[:index] for index in range(len(value))):
            return "expected unique items"
        for index, item in enumerate(value):
            if (problem := check(item)) is not None:
                return f"{index}.{problem}" if ": " in problem else f"{index}: {problem}"
        return None

    return check_array


def _string(_compiler: SchemaCompiler, schema: Mapping[str, Any]) -> Check | None:
    least, most = schema.get("minLength"), schema.get("maxLength")
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None
    form = _FORMATS.get(schema.get("format", ""))
    if least is None and most is None and pattern is None and form is None:
        return None

    def check_string(value: Any) -> str | None:
        if not isinstance(value, str):
            return None
        if (least is not None and len(value) < least) or (most is not None and len(value) > most):
            return f"expected {least or 0} to {most or 'any number of'} characters, got {len(value)}"
        if pattern is not None and pattern.search(value) is None:
            return f"does not match {pattern.pattern}"
        if form is not None and not form(value):
            return f"does not have the form {schema['format']}"
        return None

    return check_string


def _number(_compiler: SchemaCompiler, schema: Mapping[str, Any]) -> Check | None:
    least, most = schema.get("minimum"), schema.get("maximum")
    over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if least is None and most is None and over is None and under is None:
        return None

    def check_number(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if (least is not None and value < least) or (over not in (None, False, True) and value <= over):
            return f"{value} is below {least if least is not None else over}"
        if (most is not None and value > most) or (under not in (None, False, True) and value >= under):
            return f"{value} is above {most if most is not None else under}"
        return None

    return check_number


def _combined(compiler: SchemaCompiler, schema: Mapping[str, Any]) -> Check | None:
    everyone = [compiler.compile(each) for each in schema.get("allOf") or ()]
    someone = [compiler.compile(each) for each in schema.get("anyOf") or ()]
    exactly = [compiler.compile(each) for each in schema.get("oneOf") or ()]
    if not everyone and not someone and not exactly:
        return None

    def check_combined(value: Any) -> str | None:
        for check in everyone:
            if (problem := check(value)) is not None:
                return problem
        if someone and all(check(value) is not None for check in someone):
            return f"fits none of the alternatives; the first says {someone[0](value)}"
        if exactly:
            fitting = sum(check(value) is None for check in exactly)
            if fitting != 1:
                return f"fits {fitting} of the alternatives instead of one; the first says {exactly[0](value)}"
        return None

    return check_combined


def _is_datetime(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None and len(value) > 10
    except ValueError:
        return False


def _is_date(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value)) and len(value) == 10
    except ValueError:
        return False


_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FORMATS: dict[str, Callable[[str], bool]] = {
    "uri": lambda value: _URI.fullmatch(value) is not None,
    "email": lambda value: _EMAIL.fullmatch(value) is not None,
    "date-time": _is_datetime,
    "date": _is_date,
    "uuid": lambda value: _UUID.match(value) is not None,
}
_BUILDERS = (_type, _enumeration, _object, _array, _string, _number, _combined)
