"""The canonical form of an OpenAPI document: small, diff-friendly, interface facts only.

``canonicalize`` is a pure function of the document and the names already given. Its result is a fixed point: the
canonical form of a canonical document is itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from typedpipes_codegen.canonical.checks import check_names
from typedpipes_codegen.canonical.naming import folded, name_groups, rename_components
from typedpipes_codegen.canonical.operations import (
    OperationCanonicalizer,
    extensions,
    security_list,
    security_schemes,
    server_list,
)
from typedpipes_codegen.canonical.schemas import SchemaCanonicalizer
from typedpipes_codegen.canonical.shapes import Shapes, Site, group_sites, refer
from typedpipes_codegen.canonical.sites import map_schemas
from typedpipes_codegen.documents.tree import JsonObject, as_list, as_object, as_text, child, pointer, tokens
from typedpipes_codegen.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Canonical:
    """A canonical document and every name in it by the pointer it was given for."""

    document: JsonObject
    names: dict[str, str]


def canonicalize(document: JsonObject, names: Mapping[str, str] | None = None) -> Canonical:
    """The canonical form of an OpenAPI 3.0 or 3.1 document whose references resolve (``load_openapi`` checks that).

    ``names`` are the names already given, by pointer (one API's rows of ``names.lock``). Raises SchemaError.
    """
    check_names(document)
    renames = _renames(document, names or {})
    vendor = {new: old for old, new in renames.items()}
    # Inside, a renamed component has the vendor's name: pointers and references are the vendor's.
    locked = {at: vendor.get(name, name) for at, name in (names or {}).items() if not _is_component(at)}
    plain = plain_document(document)
    shapes = Shapes()
    rewritten = map_schemas(plain, shapes)
    named = child(child(rewritten, "components", ""), "schemas", "/components")
    groups, member = group_sites(shapes.sites, locked)
    given = name_groups(groups, shapes.sites, member, [*(names or {}).values(), *locked.values(), *named])
    _check_locked(shapes.sites, locked, named, {site.number: given[member[site.number]] for site in shapes.sites})
    result = as_object(refer(rewritten, member, given), "")
    schemas = child(child(result, "components", ""), "schemas", "")
    for number, group in enumerate(groups):
        schemas[given[number]] = refer(group.sites[0].body, member, given)
    if schemas:
        section = as_object(result.setdefault("components", {}), "/components")
        section["schemas"] = {name: schemas[name] for name in sorted(schemas)}
        result["components"] = {key: section[key] for key in sorted(section)}
    pointers = {site.pointer: given[member[site.number]] for site in shapes.sites if site.component is None}
    if renames:
        result = rename_components(result, renames)
        pointers = {at: renames.get(name, name) for at, name in pointers.items()}
    return Canonical(result, pointers)


def _is_component(at: str) -> bool:
    return at.startswith("/components/schemas/") and at.count("/") == 3


def _renames(document: JsonObject, names: Mapping[str, str]) -> dict[str, str]:
    """New names for the document's own components, from the lock."""
    own = child(child(document, "components", ""), "schemas", "/components")
    renames = {tokens(at)[-1]: name for at, name in names.items() if _is_component(at) and tokens(at)[-1] in own}
    for old, new in renames.items():
        if new in own and new != old:
            raise SchemaError(
                f"names.lock calls {old!r} {new!r}, and the document has a component of that name",
                pointer=pointer("components", "schemas", old),
                remedy="choose another name in names.lock",
            )
    return renames


def _check_locked(sites: list[Site], locked: Mapping[str, str], named: JsonObject, given: dict[int, str]) -> None:
    """The vendor may have named a component what the lock calls another shape."""
    own = {folded(name): name for name in named}
    equal = {given[site.number] for site in sites if site.component is not None}
    for site in sites:
        name = locked.get(site.pointer, "")
        if site.component is None and folded(name) in own and not (name in equal and given[site.number] == name):
            raise SchemaError(
                f"names.lock calls this shape {name!r}, and the document has a component {own[folded(name)]!r}",
                pointer=site.pointer,
                remedy="give the shape or the component another name in names.lock",
            )


def plain_document(document: JsonObject) -> JsonObject:
    """Facts only and 3.1 spelling, but every inline shape still where it stands."""
    raw_components = child(document, "components", "")
    schemas = SchemaCanonicalizer(document)
    parts = OperationCanonicalizer(document, schemas)
    info = child(document, "info", "")
    result: JsonObject = {
        "openapi": "3.1.0",
        "info": {key: str(info[key]) for key in ("title", "version") if key in info},
    }
    if document.get("servers"):
        result["servers"] = server_list(document["servers"], "/servers")
    if "security" in document:
        result["security"] = security_list(document["security"], "/security")
    if document.get("tags"):
        tags = [as_object(tag, "/tags") for tag in as_list(document["tags"], "/tags")]
        result["tags"] = [{"name": name} for name in sorted({as_text(tag.get("name"), "/tags") for tag in tags})]
    result |= extensions(document)
    result["paths"] = parts.paths()
    components = _components(raw_components, schemas, parts)
    if components:
        result["components"] = components
    return result


def _components(raw: JsonObject, schemas: SchemaCanonicalizer, parts: OperationCanonicalizer) -> JsonObject:
    result: JsonObject = {}
    for section in ("headers", "parameters", "requestBodies", "responses", "schemas", "securitySchemes"):
        source = child(raw, section, "/components")
        if not source:
            continue
        entries: JsonObject = {}
        for name in sorted(source):
            at = pointer("components", section, name)
            if section == "schemas":
                entries[name] = schemas.schema(source[name], at)
            elif section in ("headers", "parameters"):
                entries[name] = parts.parameter(as_object(source[name], at), at, section)
            elif section == "requestBodies":
                entries[name] = parts.request_body(source[name], at)
            elif section == "responses":
                entries[name] = parts.response(source[name], name, at)
        result[section] = entries if section != "securitySchemes" else security_schemes(source)
    return result
