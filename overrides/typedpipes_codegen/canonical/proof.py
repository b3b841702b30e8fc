"""Proof that canonicalising lost nothing: an independent walk of the source, looking each fact up in the result.

Shares no code with the canonicaliser on purpose. Of a schema, all that is said about one value counts
(`typedpipes_codegen.canonical.said`): a source fact must be said of the same value somewhere in the result, and the
result may not name properties, required marks or parameters the source does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from typedpipes_codegen.canonical.said import BOUNDS, Said, Sayings, target
from typedpipes_codegen.documents.tree import Json, JsonObject

METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "trace")
_OPERATION_FACTS = ("x-token-cost", "x-binary-response", "x-streaming", "x-superseded-by", "x-security-inferred")


def fidelity(source: JsonObject, canonical: JsonObject, older: JsonObject | None = None) -> Report:
    """What of ``source`` is missing from ``canonical``, by JSON pointer into the source.

    ``older`` is the second document of a union: the operations only it has must be there, deprecated and withdrawn.
    """
    report = Report()
    Fidelity(source, canonical, report).check()
    if older is not None:
        Fidelity(older, canonical, report, withdrawn_from=source).check()
    _no_strangers([source, *([] if older is None else [older])], canonical, report)
    return report


def _no_strangers(sources: list[JsonObject], canonical: JsonObject, report: Report) -> None:
    known = {(path, method) for source in sources for path, method in _keys(source)}
    for path, method in _keys(canonical):
        if (path, method) not in known:
            report.lose(f"/paths/{escape(path)}/{method}", "operation is in no source")


def _keys(document: JsonObject) -> list[tuple[str, str]]:
    paths = document.get("paths")
    return [
        (path, method)
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        if isinstance(item, dict)
        for method in METHODS
        if method in item
    ]


@dataclass
class Fidelity:
    """One source document against the canonical one."""

    source: JsonObject
    canonical: JsonObject
    report: Report
    withdrawn_from: JsonObject | None = None
    documents: Documents = field(init=False)

    def __post_init__(self) -> None:
        self.documents = Documents(self.source, self.canonical)
        schemas = [self.documents.at(document, "components", "schemas") for document in (self.source, self.canonical)]
        by_name = schemas[0].keys() & schemas[1].keys() if self.withdrawn_from is None else ()
        self.schemas = SchemaComparison(self.documents, self.report, by_name)

    def check(self) -> None:
        newer = set() if self.withdrawn_from is None else set(_keys(self.withdrawn_from))
        for path, method in _keys(self.source):
            if (path, method) not in newer:
                self._operation(path, method)
        if self.withdrawn_from is None:
            self._root()

    def _operation(self, path: str, method: str) -> None:
        where = f"/paths/{escape(path)}/{method}"
        item = self.documents.at(self.source, "paths", path)
        theirs = self.documents.at(self.source, "paths", path, method)
        ours = self.documents.at(self.canonical, "paths", path, method)
        if not ours:
            self.report.lose(where, "operation")
            return
        for key in ("operationId", "tags", *_OPERATION_FACTS):
            if key in theirs and theirs[key] != []:
                self._same(theirs[key], ours.get(key), f"{where}/{key}", key)
        withdrawn = self.withdrawn_from is not None
        if bool(theirs.get("deprecated")) or withdrawn:
            self._same(True, ours.get("deprecated"), f"{where}/deprecated", "deprecated")
        if withdrawn:
            self._same(True, ours.get("x-withdrawn"), where, "withdrawn mark")
        self._servers(theirs.get("servers", item.get("servers")), ours.get("servers"), where)
        self._security(theirs, ours, where)
        self._parameters(item, theirs, ours, where)
        self._body(theirs, ours, where)
        self._responses(theirs, ours, where)

    def _same(self, theirs: Json, ours: Json, where: str, what: str) -> None:
        if theirs != ours:
            self.report.lose(where, f"{what} {theirs!r} became {ours!r}")

    def _servers(self, theirs: Json, ours: Json, where: str) -> None:
        urls = [entry.get("url") for entry in theirs if isinstance(entry, dict)] if isinstance(theirs, list) else []
        kept = [entry.get("url") for entry in ours if isinstance(entry, dict)] if isinstance(ours, list) else []
        self._same([*urls], [*kept], f"{where}/servers", "servers")

    def _security(self, theirs: JsonObject, ours: JsonObject, where: str) -> None:
        if "security" in theirs:
            self._same(_security(theirs), _security(ours), f"{where}/security", "security")
        elif "security" in ours and _security(ours) != _security(self.source):
            self.report.lose(f"{where}/security", "security was added")

    def _parameters(self, item: JsonObject, theirs: JsonObject, ours: JsonObject, where: str) -> None:
        expected: dict[tuple[str, str], tuple[JsonObject, str]] = {}
        for owner, at in ((item, where.rpartition("/")[0]), (theirs, where)):
            for index, entry in enumerate(_list(owner.get("parameters"))):
                one = self.documents.follow(self.source, entry)
                expected[str(one.get("in")), str(one.get("name"))] = (one, f"{at}/parameters/{index}")
        kept: dict[tuple[str, str], JsonObject] = {}
        for entry in _list(ours.get("parameters")):
            one = self.documents.follow(self.canonical, entry)
            kept[str(one.get("in")), str(one.get("name"))] = one
        for key, (one, at) in expected.items():
            if key not in kept:
                self.report.lose(at, f"parameter {key[1]!r}")
                continue
            self._holder(one, kept[key], at, "parameter")
        for key in kept.keys() - expected.keys():
            self.report.lose(where, f"parameter {key[1]!r} is not in the source")

    def _holder(self, theirs: JsonObject, ours: JsonObject, where: str, what: str) -> None:
        """Anything with ``required``, ``deprecated``, and a schema or content."""
        for key in ("required", "deprecated", "allowEmptyValue", "allowReserved"):
            if bool(theirs.get(key)) != bool(ours.get(key)):
                self.report.lose(f"{where}/{key}", f"{what}: {key} {theirs.get(key)!r}")
        for key in ("style", "explode"):
            if key in theirs:
                self._same(theirs[key], ours.get(key), f"{where}/{key}", key)
        if "schema" in theirs:
            self.schemas.compare(theirs["schema"], ours.get("schema"), f"{where}/schema")
        self._content(theirs, ours, where)

    def _content(self, theirs: JsonObject, ours: JsonObject, where: str) -> None:
        kept = _object(ours.get("content"))
        for kind, media in _object(theirs.get("content")).items():
            at = f"{where}/content/{escape(kind)}"
            if kind not in kept:
                self.report.lose(at, "content type")
                continue
            if "schema" in _object(media):
                self.schemas.compare(_object(media)["schema"], _object(kept[kind]).get("schema"), f"{at}/schema")

    def _body(self, theirs: JsonObject, ours: JsonObject, where: str) -> None:
        if "requestBody" not in theirs:
            if "requestBody" in ours:
                self.report.lose(where, "a request body that is not in the source")
            return
        if "requestBody" not in ours:
            self.report.lose(f"{where}/requestBody", "request body")
            return
        body = self.documents.follow(self.source, theirs["requestBody"])
        kept = self.documents.follow(self.canonical, ours["requestBody"])
        self._holder(body, kept, f"{where}/requestBody", "request body")

    def _responses(self, theirs: JsonObject, ours: JsonObject, where: str) -> None:
        kept = _object(ours.get("responses"))
        for status, entry in _object(theirs.get("responses")).items():
            at = f"{where}/responses/{escape(status)}"
            if status.startswith("x-"):
                continue
            if status not in kept:
                self.report.lose(at, "response")
                continue
            one = self.documents.follow(self.source, entry)
            two = self.documents.follow(self.canonical, kept[status])
            self._content(one, two, at)
            headers = _object(two.get("headers"))
            for name, header in _object(one.get("headers")).items():
                if name not in headers:
                    self.report.lose(f"{at}/headers/{escape(name)}", "response header")
                    continue
                mine = self.documents.follow(self.source, header)
                yours = self.documents.follow(self.canonical, headers[name])
                self._holder(mine, yours, f"{at}/headers/{escape(name)}", "header")

    def _root(self) -> None:
        self._servers(self.source.get("servers"), self.canonical.get("servers"), "")
        if "security" in self.source:
            self._same(_security(self.source), _security(self.canonical), "/security", "security")
        if "x-workflow-invocation" in self.source:
            key = "x-workflow-invocation"
            self._same(self.source[key], self.canonical.get(key), f"/{key}", key)
        schemes = self.documents.at(self.canonical, "components", "securitySchemes")
        for name, scheme in self.documents.at(self.source, "components", "securitySchemes").items():
            at = f"/components/securitySchemes/{escape(name)}"
            if name not in schemes:
                self.report.lose(at, "security scheme")
                continue
            for key in ("type", "scheme", "in", "name"):
                if key in _object(scheme):
                    self._same(_object(scheme)[key], _object(schemes[name]).get(key), f"{at}/{key}", "security scheme")
        self._components()

    def _components(self) -> None:
        kept = self.documents.at(self.canonical, "components", "schemas")
        for name, schema in self.documents.at(self.source, "components", "schemas").items():
            at = f"/components/schemas/{escape(name)}"
            if name in kept:
                self.schemas.compare(schema, kept[name], at)
                continue
            # names.lock may have renamed it: then some component says all of it.
            if not any(self._says_all(schema, candidate) for candidate in kept.values()):
                self.report.lose(at, "component")

    def _says_all(self, schema: Json, candidate: Json) -> bool:
        trial = Report()
        SchemaComparison(self.documents, trial).compare(schema, candidate, "")
        return not trial.losses


def _security(holder: Mapping[str, Json]) -> Json:
    """Alternatives and scopes, order left out."""
    found: Counter[str] = Counter()
    for entry in _list(holder.get("security")):
        one = _object(entry)
        found[repr(sorted((name, sorted(map(str, _list(scopes)))) for name, scopes in one.items()))] += 1
    return [*sorted(found.elements())]


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


# The schema half of the fidelity check: one value as the source describes it, and as the result does.

_QUIET_WHEN_FALSE = ("uniqueItems", "readOnly", "writeOnly", "deprecated", "exclusiveMinimum", "exclusiveMaximum")
_SCHEMAS = "#/components/schemas/"


@dataclass
class Report:
    """``losses`` are sentences that start with a JSON pointer."""

    losses: list[str] = field(default_factory=list)

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
            value, seen = target(document, str(value["$ref"])), seen + 1
        return value if isinstance(value, dict) else {}


class SchemaComparison:
    """Compares what is said; remembers pairs already under comparison, because schemas may be recursive.

    ``by_name`` are the components that are compared by themselves: two references to one of them need no comparison.
    """

    def __init__(self, documents: Documents, report: Report, by_name: Container[str] = ()) -> None:
        self._report = report
        self._by_name = by_name
        self._theirs = Sayings(documents.source)
        self._ours = Sayings(documents.canonical)
        self._seen: set[tuple[int, int]] = set()
        self._kept: list[Json] = []

    def compare(self, theirs: Json, ours: Json, where: str) -> None:
        theirs, ours = _unwrapped(theirs), _unwrapped(ours)
        if not isinstance(theirs, dict):
            if theirs is not True and theirs != ours:
                self._report.lose(where, f"schema {theirs!r}")
            return
        if not isinstance(ours, dict):
            self._report.lose(where, "schema")
            return
        if self._are_the_same(theirs, ours):
            return
        pair = (id(theirs), id(ours))
        if pair in self._seen:
            return
        self._seen.add(pair)
        self._kept += [theirs, ours]  # Keeps the ids unique: nothing compared is freed before the end.
        left, right = self._theirs.of(theirs), self._ours.of(ours)
        if left.or_null and right.is_typed and not right.or_null:
            self._report.lose(where, "nullable")
        self._types(left, right, where)
        self._bounds(left, right, where)
        self._properties(left, right, where)
        self._inner(left, right, where)
        self._variants(left, right, where)

    def _are_the_same(self, theirs: JsonObject, ours: JsonObject) -> bool:
        """Whether two schemas are one plain text, or references to one component that is compared elsewhere."""
        if theirs != ours:
            return False
        if theirs.keys() == {"$ref"}:
            reference = str(theirs["$ref"])
            return reference.startswith(_SCHEMAS) and reference.removeprefix(_SCHEMAS) in self._by_name
        return "$ref" not in theirs and not any(isinstance(value, dict | list) for value in theirs.values())

    def _types(self, left: Said, right: Said, where: str) -> None:
        for kind in sorted(left.kinds - right.kinds):
            self._report.lose(f"{where}/type", f"type {kind!r}")
        for name in left.enum:
            if name not in right.enum:
                self._report.lose(f"{where}/enum", f"enum value {name}")

    def _bounds(self, left: Said, right: Said, where: str) -> None:
        for part in left.bounded.values():
            for key in BOUNDS:
                if key not in part or (key in _QUIET_WHEN_FALSE and not part[key]):
                    continue
                if not _said(part, key, right):
                    self._report.lose(f"{where}/{key}", f"{key} {part[key]!r}")

    def _properties(self, left: Said, right: Said, where: str) -> None:
        for name, schemas in left.properties.items():
            at = f"{where}/properties/{escape(name)}"
            if name not in right.properties:
                self._report.lose(at, "property")
                continue
            self.compare(_together(schemas), _together(right.properties[name]), at)
        for name in right.properties.keys() - left.properties.keys():
            if not all(
                isinstance(schema, dict) and schema.get("x-from-example") for schema in right.properties[name].values()
            ):
                self._report.lose(where, f"property {name!r} is not in the source")
        for name in sorted(left.required - right.required):
            self._report.lose(f"{where}/required", f"required mark of {name!r}")
        for name in sorted(right.required - left.required):
            self._report.lose(f"{where}/required", f"required mark of {name!r} is not in the source")

    def _inner(self, left: Said, right: Said, where: str) -> None:
        for key, theirs in left.inner.items():
            if key not in right.inner:
                self._report.lose(f"{where}/{key}", key)
            else:
                self.compare(_together(theirs), _together(right.inner[key]), f"{where}/{key}")
        for (key, name), theirs in left.named.items():
            kept = next(iter(right.named.get((key, name), {}).values()), None)
            for schema in theirs.values():
                self.compare(schema, kept, f"{where}/{key}/{escape(name)}")

    def _variants(self, left: Said, right: Said, where: str) -> None:
        there: dict[tuple[str, int], list[list[Json]]] = {}
        for key, one in right.choices.values():
            there.setdefault((key, len(one)), []).append(one)
        for key, variants in left.choices.values():
            # Choices of one length stand in the same order on both sides.
            alike = there.get((key, len(variants)))
            kept = None if alike is None else alike.pop(0) if len(alike) > 1 else alike[0]
            if kept is None:
                self._report.lose(f"{where}/{key}", f"{len(variants)} variants")
                continue
            for index, (theirs, ours) in enumerate(zip(variants, kept, strict=True)):
                self.compare(theirs, ours, f"{where}/{key}/{index}")
        for teller in left.discriminators.values():
            tags = set(Documents.at(teller, "mapping"))
            if not any(
                other.get("propertyName") == teller.get("propertyName") and tags == set(Documents.at(other, "mapping"))
                for other in right.discriminators.values()
            ):
                self._report.lose(f"{where}/discriminator", "discriminator")


_ABSENT = object()


def _unwrapped(schema: Json) -> Json:
    """The one part of an ``allOf`` that says nothing else."""
    while isinstance(schema, dict) and schema.keys() == {"allOf"}:
        parts = schema["allOf"]
        if not isinstance(parts, list) or len(parts) != 1:
            break
        schema = parts[0]
    return schema


def _together(schemas: Mapping[int, Json]) -> Json:
    """Several descriptions of one value as one."""
    telling = [schema for schema in schemas.values() if schema is not True]
    if len(telling) <= 1:
        return telling[0] if telling else True
    return {"allOf": telling}


def _said(part: JsonObject, key: str, right: Said) -> bool:
    value, parts = part[key], right.bounded.values()
    if isinstance(value, list) and key.startswith("x-"):
        return any(sorted(map(repr, _list(other.get(key)))) == sorted(map(repr, value)) for other in parts)
    # 3.0 says `minimum: 1, exclusiveMinimum: true` where 3.1 says `exclusiveMinimum: 1`.
    twin = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}.get(key, key)
    if value is True and key.startswith("exclusive"):
        return any(isinstance(other.get(key), int | float) for other in parts)
    if part.get(twin) is True and twin != key:
        return any(other.get(twin) == value for other in parts)
    return any(other.get(key, _ABSENT) == value for other in parts)
