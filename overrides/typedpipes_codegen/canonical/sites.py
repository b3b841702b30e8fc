"""Walking a plain document: every root schema with its pointer and the context it is named from."""

from __future__ import annotations

from typedpipes_codegen.canonical.context import Context, namespaces, noun_of, operation_context
from typedpipes_codegen.canonical.shapes import Shapes
from typedpipes_codegen.documents import references
from typedpipes_codegen.documents.tree import JsonObject, as_list, as_object, child, operations, pointer
from typedpipes_codegen.documents.words import words


def map_schemas(plain: JsonObject, shapes: Shapes) -> JsonObject:
    """The plain document with every root schema (of a body, response, parameter, header, component) rewritten."""
    spaces = namespaces(sorted(child(plain, "paths", "")))
    paths: JsonObject = {path: {} for path in child(plain, "paths", "")}
    for path, method, operation, _ in operations(plain):
        context = operation_context(path, method, operation, spaces)
        as_object(paths[path], "")[method] = _map_operation(operation, pointer("paths", path, method), context, shapes)
    result: JsonObject = {**plain, "paths": paths}
    components = child(plain, "components", "")
    if not components:
        return result
    mapped: JsonObject = dict(components)
    orphans = _orphan_tags(plain)
    for section in ("headers", "parameters", "requestBodies", "responses", "schemas"):
        source = child(components, section, "")
        entries: JsonObject = {}
        for name, value in source.items():
            at = pointer("components", section, name)
            context = Context("component", None, name)
            entry = as_object(value, at)
            if section == "schemas" and name in orphans:
                entries[name] = shapes.component(name, entry, at, Context("component", orphans[name], name))
            elif section == "schemas":
                # Named already: only what is inside it may become another component.
                entries[name] = shapes.inside(entry, at, context)
            else:
                entries[name] = _map_holder(entry, at, context, shapes)
        if source:
            mapped[section] = entries
    result["components"] = mapped
    return result


def _orphan_tags(plain: JsonObject) -> dict[str, str]:
    """Components nothing refers to, with the tag they are named after (``DealItem`` -> ``Deals``).

    Vendors publish the shape once as a component and again inline; of one tag, both are one component.
    """
    used = {reference for _, reference in references(plain)}
    tags = {
        tag
        for _, _, operation, _ in operations(plain)
        for tag in as_list(operation.get("tags") or [], "")
        if isinstance(tag, str)
    }
    found: dict[str, str] = {}
    for name in child(child(plain, "components", ""), "schemas", "/components"):
        if f"#{pointer('components', 'schemas', name)}" in used:
            continue
        owners = [tag for tag in sorted(tags) if words(name)[: len(words(noun_of(tag)))] == words(noun_of(tag))]
        if owners:
            found[name] = max(owners, key=lambda tag: len(noun_of(tag)))
    return found


def _map_operation(operation: JsonObject, at: str, context: Context, shapes: Shapes) -> JsonObject:
    result = dict(operation)
    if "parameters" in operation:
        result["parameters"] = [
            _map_parameter(as_object(entry, at), at, context, shapes) for entry in as_list(operation["parameters"], at)
        ]
    if "requestBody" in operation:
        body = as_object(operation["requestBody"], at)
        result["requestBody"] = _map_holder(body, f"{at}/requestBody", context, shapes)
    answers: JsonObject = {}
    for status, answer in child(operation, "responses", at).items():
        role = "response" if status[:1] in "23" or status == "default" else "error"
        inner = Context(role, context.tag, context.subject, context.verb, status)
        answers[status] = _map_holder(as_object(answer, at), f"{at}{pointer('responses', status)}", inner, shapes)
    result["responses"] = answers
    return result


def _map_parameter(entry: JsonObject, at: str, context: Context, shapes: Shapes) -> JsonObject:
    if "$ref" in entry:
        return entry
    place, name = str(entry["in"]), str(entry["name"])
    spot = f"{at}{pointer('parameters', f'{place}.{name}')}"
    inner = Context("parameter", context.tag, context.subject, context.verb).member(name)
    return _map_holder(entry, spot, inner, shapes)


def _map_holder(holder: JsonObject, at: str, context: Context, shapes: Shapes) -> JsonObject:
    """Anything that holds a schema directly, under ``content``, or under ``headers``."""
    result = dict(holder)
    if isinstance(holder.get("schema"), dict):
        result["schema"] = shapes.rewrite(as_object(holder["schema"], at), f"{at}/schema", context)
    if isinstance(holder.get("content"), dict):
        content = as_object(holder["content"], at)
        result["content"] = {
            kind: _map_holder(as_object(media, at), f"{at}{pointer('content', kind)}", context, shapes)
            for kind, media in content.items()
        }
    if isinstance(holder.get("headers"), dict):
        headers = as_object(holder["headers"], at)
        result["headers"] = {
            name: _map_holder(as_object(value, at), f"{at}{pointer('headers', name)}", context.member(name), shapes)
            for name, value in headers.items()
        }
    return result
