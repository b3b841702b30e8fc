"""Security schemes: kind, place and addresses; never the prose around them."""

from __future__ import annotations

from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, child, pointer

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
