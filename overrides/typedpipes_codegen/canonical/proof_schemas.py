"""The schema half of the fidelity check: one value as the source describes it, and as the result does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from typedpipes_codegen.documents.tree import Json, JsonObject

View = list[JsonObject]
_BOUNDS = (
    "format const default pattern minLength maxLength minItems maxItems uniqueItems minProperties maxProperties "
    "multipleOf minimum maximum exclusiveMinimum exclusiveMaximum contentEncoding contentMediaType readOnly writeOnly "
    "deprecated x-secret x-enum-varnames x-reserved-string"
).split()
_QUIET_WHEN_FALSE = ("uniqueItems", "readOnly", "writeOnly", "deprecated", "exclusiveMinimum", "exclusiveMaximum")


@dataclass
class Report:
    """``losses`` are sentences that start with a JSON pointer; ``found`` counts facts by kind."""

    losses: list[str] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)

    def lose(self, where: str, what: str) -> None:
        self.losses.append(f"#{where}: {what}")


def escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


class Documents:
    """Looking things up in the two documents."""

    def __init__(self, source: JsonObject, canonical: JsonObject) -> None:
        self.source = source
        self.canonical = canonical

    @staticmethod
    def at(document: JsonObject, *keys: str) -> JsonObject:
        node: Json = document
        for key in keys:
            node = node.get(key) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else {}

    def follow(self, document: JsonObject, value: Json) -> JsonObject:
        """The object itself, or what its reference leads to."""
        seen = 0
        while isinstance(value, dict) and isinstance(value.get("$ref"), str) and seen < 50:
            node: Json = document
            for part in str(value["$ref"]).split("/")[1:]:
                key = part.replace("~1", "/").replace("~0", "~")
                step = node[int(key)] if isinstance(node, list) else None
                node = node.get(key) if isinstance(node, dict) else step
            value, seen = node, seen + 1
        return value if isinstance(value, dict) else {}


class SchemaComparison:
    """Compares views; remembers pairs already under comparison, because schemas may be recursive."""

    def __init__(self, documents: Documents, report: Report) -> None:
        self._documents = documents
        self._report = report
        self._seen: set[tuple[int, int]] = set()
        self._kept: list[Json] = []

    def compare(self, theirs: Json, ours: Json, where: str) -> None:
        if not isinstance(theirs, dict):
            if theirs is not True and theirs != ours:
                self._report.lose(where, f"schema {theirs!r}")
            return
        pair = (id(theirs), id(ours))
        if pair in self._seen:
            return
        self._seen.add(pair)
        self._kept += [theirs, ours]  # Keeps the ids unique: nothing compared is freed before the end.
        if not isinstance(ours, dict):
            self._report.lose(where, "schema")
            return
        left = self._view(self._documents.source, theirs)
        right = self._view(self._documents.canonical, ours)
        self._nullable(left, right, where)
        left, right = _without_null(left), _without_null(right)
        self._types(left, right, where)
        self._values(left, right, where)
        self._properties(left, right, where)
        self._inner(left, right, where)
        self._variants(left, right, where)

    def _view(self, document: JsonObject, schema: Json) -> View:
        """Every fragment that speaks about the value: the schema, what it refers to, and its ``allOf`` parts."""
        found: View = []
        todo: list[Json] = [schema]
        seen: set[int] = set()
        while todo:
            node = todo.pop(0)
            if not isinstance(node, dict) or id(node) in seen:
                continue
            seen.add(id(node))
            found.append(node)
            if "$ref" in node:
                todo.append(self._documents.follow(document, {"$ref": node["$ref"]}))
            todo.extend(_items(node.get("allOf")))
            # "x or null" speaks about x.
            for key in ("oneOf", "anyOf"):
                variants = _items(node.get(key))
                real = [variant for variant in variants if variant != {"type": "null"}]
                if len(real) == 1 and len(variants) == 2:
                    todo.extend(real)
        return found

    def _nullable(self, left: View, right: View, where: str) -> None:
        if not any(_accepts_null(part) for part in left):
            return
        typed = any(key in part for part in right for key in ("type", "enum", "oneOf", "anyOf", "allOf", "$ref"))
        if typed and not any(_accepts_null(part) for part in right):
            self._report.lose(where, "nullable")
        else:
            self._report.found["nullable"] += 1

    def _types(self, left: View, right: View, where: str) -> None:
        theirs = {kind for part in left for kind in _kinds(part)}
        ours = {kind for part in right for kind in _kinds(part)}
        for kind in sorted(theirs - ours):
            self._report.lose(f"{where}/type", f"type {kind!r}")
        if theirs and not theirs - ours:
            self._report.found["types"] += 1
        for value in (value for part in left for value in _items(part.get("enum")) if value is not None):
            if any(value in _items(part.get("enum")) for part in right):
                self._report.found["enum values"] += 1
            else:
                self._report.lose(f"{where}/enum", f"enum value {value!r}")

    def _values(self, left: View, right: View, where: str) -> None:
        for part in left:
            for key in _BOUNDS:
                if key not in part or (key in _QUIET_WHEN_FALSE and not part[key]):
                    continue
                if _said(part, key, right):
                    self._report.found[key] += 1
                else:
                    self._report.lose(f"{where}/{key}", f"{key} {part[key]!r}")

    def _properties(self, left: View, right: View, where: str) -> None:
        theirs: dict[str, list[Json]] = {}
        for part in left:
            for name, schema in _members(part, "properties"):
                theirs.setdefault(name, []).append(schema)
        ours: dict[str, list[Json]] = {}
        for part in right:
            for name, schema in _members(part, "properties"):
                ours.setdefault(name, []).append(schema)
        for name, schemas in theirs.items():
            at = f"{where}/properties/{escape(name)}"
            if name not in ours:
                self._report.lose(at, "property")
                continue
            self._report.found["properties"] += 1
            self.compare(_together(schemas), _together(ours[name]), at)
        for name in ours.keys() - theirs.keys():
            self._report.lose(where, f"property {name!r} is not in the source")
        required = {name for part in left for name in _items(part.get("required"))}
        kept = {name for part in right for name in _items(part.get("required"))}
        for name in sorted(map(str, required - kept)):
            self._report.lose(f"{where}/required", f"required mark of {name!r}")
        for name in sorted(map(str, kept - required)):
            self._report.lose(f"{where}/required", f"required mark of {name!r} is not in the source")
        self._report.found["required marks"] += len(required & kept)

    def _inner(self, left: View, right: View, where: str) -> None:
        for key in ("items", "additionalProperties", "not", "contains", "propertyNames"):
            theirs = [part[key] for part in left if key in part]
            ours = [part[key] for part in right if key in part]
            if theirs and not ours:
                self._report.lose(f"{where}/{key}", key)
            elif theirs:
                self._report.found[key] += 1
                self.compare(_together(theirs), _together(ours), f"{where}/{key}")
        for key in ("patternProperties", "dependentSchemas", "$defs"):
            for part in left:
                for name, schema in _members(part, key):
                    kept = [other for candidate in right for label, other in _members(candidate, key) if label == name]
                    self.compare(schema, kept[0] if kept else None, f"{where}/{key}/{escape(name)}")

    def _variants(self, left: View, right: View, where: str) -> None:
        for key in ("oneOf", "anyOf", "prefixItems"):
            for variants in (_real(part, key) for part in left if len(_real(part, key)) > 1):
                kept = next((_real(part, key) for part in right if len(_real(part, key)) == len(variants)), None)
                if kept is None:
                    self._report.lose(f"{where}/{key}", f"{len(variants)} variants")
                    continue
                self._report.found["variants"] += len(variants)
                for index, (theirs, ours) in enumerate(zip(variants, kept, strict=True)):
                    self.compare(theirs, ours, f"{where}/{key}/{index}")
        for part in left:
            found = part.get("discriminator")
            if isinstance(found, dict):
                same = [other for other in right if isinstance(other.get("discriminator"), dict)]
                names = [Documents.at(other, "discriminator") for other in same]
                tags = set(Documents.at(found, "mapping"))
                if any(
                    other.get("propertyName") == found.get("propertyName")
                    and tags == set(Documents.at(other, "mapping"))
                    for other in names
                ):
                    self._report.found["discriminators"] += 1
                else:
                    self._report.lose(f"{where}/discriminator", "discriminator")


_ABSENT = object()


def _together(schemas: list[Json]) -> Json:
    """Several descriptions of one value as one."""
    telling = [schema for schema in schemas if schema is not True]
    if len(telling) <= 1:
        return telling[0] if telling else True
    return {"allOf": telling}


def _said(part: JsonObject, key: str, right: View) -> bool:
    value = part[key]
    if isinstance(value, list) and key.startswith("x-"):
        return any(sorted(map(repr, _items(other.get(key)))) == sorted(map(repr, value)) for other in right)
    # 3.0 says `minimum: 1, exclusiveMinimum: true` where 3.1 says `exclusiveMinimum: 1`.
    twin = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}.get(key, key)
    if value is True and key.startswith("exclusive"):
        return any(isinstance(other.get(key), int | float) for other in right)
    if part.get(twin) is True and twin != key:
        return any(other.get(twin) == value for other in right)
    return any(other.get(key, _ABSENT) == value for other in right)


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _members(part: JsonObject, key: str) -> list[tuple[str, Json]]:
    value = part.get(key)
    return list(value.items()) if isinstance(value, dict) else []


def _kinds(part: JsonObject) -> list[str]:
    value = part.get("type")
    names = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str) and name != "null"]


def _accepts_null(part: JsonObject) -> bool:
    kinds = part.get("type")
    return (
        part.get("nullable") is True
        or kinds == "null"
        or (isinstance(kinds, list) and "null" in kinds)
        or any({"type": "null"} in _items(part.get(key)) for key in ("oneOf", "anyOf"))
        or ("type" not in part and None in _items(part.get("enum")))
    )


def _without_null(view: View) -> View:
    return [part for part in view if part != {"type": "null"}]


def _real(part: JsonObject, key: str) -> list[Json]:
    return [variant for variant in _items(part.get(key)) if variant != {"type": "null"}]
