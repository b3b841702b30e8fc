"""Proof that canonicalising lost nothing: an independent walk of the source, looking each fact up in the result.

Shares no code with the canonicaliser on purpose. A schema is seen as a *view*: the list of everything said about one
value, through references, ``allOf`` and "this or null". A source fact must be said somewhere in the result's view of
the same value, and the result may not name properties, required marks or parameters the source does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from typedpipes_codegen.documents.tree import Json, JsonObject

METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "trace")
_OPERATION_FACTS = ("x-token-cost", "x-binary-response", "x-streaming", "x-superseded-by", "x-security-inferred")


def fidelity(source: JsonObject, canonical: JsonObject, older: JsonObject | None = None) -> Report:
    """What of ``source`` is missing from ``canonical``, by JSON pointer into the source; and how much was found.

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
        self.schemas = SchemaComparison(self.documents, self.report)

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
        self.report.found["operations"] += 1
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
        if theirs == ours:
            self.report.found[what] += 1
        else:
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
            self.report.found["parameters"] += 1
            self._holder(one, kept[key], at, "parameter")
        for key in kept.keys() - expected.keys():
            self.report.lose(where, f"parameter {key[1]!r} is not in the source")

    def _holder(self, theirs: JsonObject, ours: JsonObject, where: str, what: str) -> None:
        """Anything with ``required``, ``deprecated``, and a schema or content."""
        for key in ("required", "deprecated", "allowEmptyValue", "allowReserved"):
            if bool(theirs.get(key)) != bool(ours.get(key)):
                self.report.lose(f"{where}/{key}", f"{what}: {key} {theirs.get(key)!r}")
            elif theirs.get(key):
                self.report.found[key] += 1
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
            self.report.found["content types"] += 1
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
        self.report.found["request bodies"] += 1
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
            self.report.found["responses"] += 1
            one = self.documents.follow(self.source, entry)
            two = self.documents.follow(self.canonical, kept[status])
            self._content(one, two, at)
            headers = _object(two.get("headers"))
            for name, header in _object(one.get("headers")).items():
                if name not in headers:
                    self.report.lose(f"{at}/headers/{escape(name)}", "response header")
                    continue
                self.report.found["headers"] += 1
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
            # "x or null" speaks about x, and so does "one of x".
            for key in ("oneOf", "anyOf"):
                variants = _items(node.get(key))
                real = [variant for variant in variants if variant != {"type": "null"}]
                if len(real) == 1:
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
        kept = {repr(value) for part in right for value in _items(part.get("enum"))}
        for value in (value for part in left for value in _items(part.get("enum")) if value is not None):
            if repr(value) in kept:
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
            if not all(isinstance(schema, dict) and schema.get("x-from-example") for schema in ours[name]):
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
            there: dict[int, list[list[Json]]] = {}
            for one in (_real(part, key) for part in right):
                there.setdefault(len(one), []).append(one)
            for variants in (_real(part, key) for part in left if len(_real(part, key)) > 1):
                # Choices of one length stand in the same order on both sides.
                alike = there.get(len(variants))
                kept = None if alike is None else alike.pop(0) if len(alike) > 1 else alike[0]
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
