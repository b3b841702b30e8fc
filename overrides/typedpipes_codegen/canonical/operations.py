"""Paths, operations, parameters, bodies, responses and security to canonical form.

Path-item parameters and servers move into each operation; what the vendor calls (``callbacks``, ``webhooks``,
``links``) is left out, because no client method comes from it. Response descriptions are prose; the one OpenAPI
demands is the standard reason phrase of the status.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from typedpipes_codegen.canonical.schemas import KEPT_EXTENSIONS, SchemaCanonicalizer
from typedpipes_codegen.documents import is_component, resolve
from typedpipes_codegen.documents.tree import (
    METHODS,
    Json,
    JsonObject,
    as_list,
    as_object,
    as_text,
    child,
    fingerprint,
    pointer,
)
from typedpipes_codegen.errors import SchemaError

_PARAMETER_FACTS = ("name", "in", "style", "explode", "allowReserved", "allowEmptyValue")
_PLACES = ("path", "query", "header", "cookie")
_PHRASES = {
    # These four changed between Python versions; the canonical form may not.
    "413": "Content Too Large",
    "414": "URI Too Long",
    "416": "Range Not Satisfiable",
    "422": "Unprocessable Content",
}
_TEMPLATE = re.compile(r"\{([^{}]*)\}")


class OperationCanonicalizer:
    """Canonicalises everything of one document that is not a schema."""

    def __init__(self, document: JsonObject, schemas: SchemaCanonicalizer) -> None:
        self._document = document
        self._schemas = schemas

    def paths(self) -> JsonObject:
        result: JsonObject = {}
        paths = child(self._document, "paths", "")
        for path in sorted(paths):
            if path.startswith("x-"):
                continue
            where = pointer("paths", path)
            if not path.startswith("/"):
                raise SchemaError("a path starts with /", pointer=where)
            item = as_object(paths[path], where)
            if "$ref" in item:
                item = as_object(resolve(self._document, as_text(item["$ref"], where), where), where)
            result[path] = {
                method: self.operation(path, item, as_object(item[method], f"{where}/{method}"), f"{where}/{method}")
                for method in METHODS
                if method in item
            }
        return result

    def operation(self, path: str, item: JsonObject, raw: JsonObject, where: str) -> JsonObject:
        result: JsonObject = {}
        if "operationId" in raw:
            result["operationId"] = as_text(raw["operationId"], f"{where}/operationId")
        if raw.get("tags"):
            result["tags"] = [as_text(tag, f"{where}/tags") for tag in as_list(raw["tags"], f"{where}/tags")]
        if raw.get("deprecated") is True:
            result["deprecated"] = True
        result |= extensions(raw)
        servers = raw.get("servers", item.get("servers"))
        if servers is not None:
            result["servers"] = server_list(servers, f"{where}/servers")
        if "security" in raw:
            result["security"] = security_list(raw["security"], f"{where}/security")
        parameters = self._parameters(path, item, raw, where)
        if parameters:
            result["parameters"] = parameters
        if "requestBody" in raw:
            result["requestBody"] = self.request_body(raw["requestBody"], f"{where}/requestBody")
        responses = child(raw, "responses", where)
        if not responses:
            raise SchemaError("the operation declares no response", pointer=where)
        result["responses"] = {
            status: self.response(responses[status], status, f"{where}{pointer('responses', status)}")
            for status in sorted(responses, key=lambda status: (status == "default", status))
            if not status.startswith("x-")
        }
        return result

    def _parameters(self, path: str, item: JsonObject, raw: JsonObject, where: str) -> list[Json]:
        found: dict[tuple[str, str], tuple[JsonObject, str]] = {}
        item_at = where.rpartition("/")[0]
        for owner, at in ((item, item_at), (raw, where)):
            level: set[tuple[str, str]] = set()
            for index, entry in enumerate(as_list(owner.get("parameters") or [], f"{at}/parameters")):
                spot = f"{at}/parameters/{index}"
                one = as_object(entry, spot)
                meant = one
                if "$ref" in one:
                    meant = as_object(resolve(self._document, as_text(one["$ref"], spot), spot), spot)
                name, place = as_text(meant.get("name"), spot), as_text(meant.get("in"), spot)
                if place not in _PLACES:
                    raise SchemaError(f"parameter {name!r} is in {place!r}: not {', '.join(_PLACES)}", pointer=spot)
                if (place, name) in level:
                    raise SchemaError(f"{place} parameter {name!r} is declared twice", pointer=spot)
                level.add((place, name))
                found[place, name] = (one, spot)
        order = _TEMPLATE.findall(path)
        _check_template(order, found, where)

        def rank(key: tuple[str, str]) -> tuple[int, int, str]:
            place, name = key
            return _PLACES.index(place), order.index(name) if place == "path" else 0, name

        return [self.parameter(*found[key]) for key in sorted(found, key=rank)]

    def _place(self, raw: Json, section: str, where: str) -> JsonObject:
        """A component reference stays one; a reference to any other place is replaced by what stands there."""
        one = as_object(raw, where)
        while "$ref" in one and not is_component(one["$ref"], section):
            one = as_object(resolve(self._document, as_text(one["$ref"], where), where), where)
        return {"$ref": one["$ref"]} if "$ref" in one else one

    def parameter(self, raw: JsonObject, where: str, section: str = "parameters") -> JsonObject:
        raw = self._place(raw, section, where)
        if "$ref" in raw:
            return raw
        result: JsonObject = {key: raw[key] for key in _PARAMETER_FACTS if key in raw}
        if raw.get("required") is True:
            result["required"] = True
        if raw.get("deprecated") is True:
            result["deprecated"] = True
        result |= extensions(raw)
        if "content" in raw:
            result["content"] = self.content(raw["content"], f"{where}/content")
        else:
            result["schema"] = self._schemas.schema(raw.get("schema", {}), f"{where}/schema")
        return result

    def request_body(self, raw: Json, where: str) -> JsonObject:
        body = self._place(raw, "requestBodies", where)
        if "$ref" in body:
            return body
        result: JsonObject = {"required": True} if body.get("required") is True else {}
        result |= extensions(body)
        result["content"] = self.content(body.get("content", {}), f"{where}/content")
        return result

    def content(self, raw: Json, where: str) -> JsonObject:
        media = as_object(raw, where)
        result: JsonObject = {}
        for kind in sorted(media):
            at = f"{where}{pointer(kind)}"
            source = as_object(media[kind], at)
            entry = extensions(source)
            if "schema" in source:
                entry["schema"] = self._schemas.schema(source["schema"], f"{at}/schema")
            if source.get("encoding"):
                entry["encoding"] = self._encoding(source["encoding"], f"{at}/encoding")
            result[kind] = entry
        return result

    def _encoding(self, raw: Json, where: str) -> JsonObject:
        result: JsonObject = {}
        encodings = as_object(raw, where)
        for name in sorted(encodings):
            source = as_object(encodings[name], f"{where}{pointer(name)}")
            entry: JsonObject = {
                key: source[key] for key in ("allowReserved", "contentType", "explode", "style") if key in source
            }
            if source.get("headers"):
                entry["headers"] = self.headers(source["headers"], f"{where}{pointer(name, 'headers')}")
            result[name] = entry
        return result

    def response(self, raw: Json, status: str, where: str) -> JsonObject:
        source = self._place(raw, "responses", where)
        if "$ref" in source:
            return source
        result: JsonObject = {"description": reason(status), **extensions(source)}
        if source.get("headers"):
            result["headers"] = self.headers(source["headers"], f"{where}/headers")
        content = self.content(source.get("content") or {}, f"{where}/content")
        if content:
            result["content"] = content
        return result

    def headers(self, raw: Json, where: str) -> JsonObject:
        source = as_object(raw, where)
        return {
            name: self.parameter(as_object(source[name], where), f"{where}{pointer(name)}", "headers")
            for name in sorted(source)
        }


def extensions(raw: JsonObject) -> JsonObject:
    return {key: raw[key] for key in sorted(raw) if key in KEPT_EXTENSIONS}


def reason(status: str) -> str:
    """The standard phrase of a status (``200`` -> ``OK``); OpenAPI wants some text on every response."""
    if status in _PHRASES:
        return _PHRASES[status]
    if status.isdigit() and int(status) in {member.value for member in HTTPStatus}:
        return HTTPStatus(int(status)).phrase
    return "Any other status" if status == "default" else f"Status {status}"


def server_list(raw: Json, where: str) -> list[Json]:
    result: list[Json] = []
    for index, entry in enumerate(as_list(raw, where)):
        source = as_object(entry, f"{where}/{index}")
        server: JsonObject = {"url": as_text(source.get("url"), f"{where}/{index}/url")}
        variables = child(source, "variables", f"{where}/{index}")
        if variables:
            server["variables"] = {
                name: {key: fact for key, fact in sorted(as_object(variables[name], where).items()) if key in _VARIABLE}
                for name in sorted(variables)
            }
        result.append(server)
    return result


_VARIABLE = ("default", "enum")


def security_list(raw: Json, where: str) -> list[Json]:
    """The alternatives of a ``security`` list, sorted; scopes sorted."""
    alternatives: list[Json] = []
    for index, entry in enumerate(as_list(raw, where)):
        source = as_object(entry, f"{where}/{index}")
        alternatives.append({name: _scopes(source[name], f"{where}/{index}{pointer(name)}") for name in sorted(source)})
    return sorted(alternatives, key=fingerprint)


def _scopes(raw: Json, where: str) -> list[Json]:
    return [*sorted(as_text(scope, where) for scope in as_list(raw, where))]


def _check_template(order: list[str], found: dict[tuple[str, str], tuple[JsonObject, str]], where: str) -> None:
    declared = {name for place, name in found if place == "path"}
    for name in order:
        if name not in declared:
            raise SchemaError(f"the path parameter {{{name}}} is not declared", pointer=where)
    for name in sorted(declared - set(order)):
        raise SchemaError(f"the path parameter {name!r} is not in the path", pointer=found["path", name][1])


# Security schemes: kind, place and addresses; never the prose around them.

_FACTS = ("type", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl")
_FLOW_FACTS = ("authorizationUrl", "tokenUrl", "refreshUrl")


def security_schemes(raw: JsonObject) -> JsonObject:
    return {name: _scheme(raw[name], pointer("components", "securitySchemes", name)) for name in sorted(raw)}


def _scheme(raw: Json, where: str) -> JsonObject:
    source = as_object(raw, where)
    if "$ref" in source:
        return {"$ref": source["$ref"]}
    result: JsonObject = {key: source[key] for key in _FACTS if key in source}
    flows = child(source, "flows", where)
    if flows:
        result["flows"] = {
            kind: _flow(as_object(flows[kind], f"{where}/flows/{kind}"), f"{where}/flows/{kind}")
            for kind in sorted(flows)
            if not kind.startswith("x-")
        }
    return result


def _flow(source: JsonObject, where: str) -> JsonObject:
    flow: JsonObject = {key: source[key] for key in _FLOW_FACTS if key in source}
    # OpenAPI wants a text per scope; the names are the facts.
    flow["scopes"] = dict.fromkeys(sorted(child(source, "scopes", where)), "")
    return flow
