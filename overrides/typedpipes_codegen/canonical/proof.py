"""Proof that canonicalising lost nothing: an independent walk of the source, looking each fact up in the result.

Shares no code with the canonicaliser on purpose. A schema is seen as a *view*: the list of everything said about one
value, through references, ``allOf`` and "this or null". A source fact must be said somewhere in the result's view of
the same value, and the result may not name properties, required marks or parameters the source does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from typedpipes_codegen.canonical.proof_schemas import Documents, Report, SchemaComparison, escape
from typedpipes_codegen.documents.tree import Json, JsonObject

METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "trace")
_OPERATION_FACTS = ("x-token-cost", "x-binary-response", "x-streaming", "x-superseded-by", "x-security-inferred")

__all__ = ["Fidelity", "Report", "fidelity"]


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
