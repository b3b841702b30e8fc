"""Operations on their way into the parser and back: what the document says that the parser does not keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, cast

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.naming import pascal
from typedpipes_codegen.openapi.neutral import Neutral
from typedpipes_codegen.openapi.reading import METHODS, Document, Node, mapping, sequence, step, text

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_NEUTRAL_MEDIA: Final = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


@attrs.define
class RawParameter:
    node: Node
    where: str
    wire: str
    location: ir.Location


@attrs.define
class RawOperation:
    """One operation of the document, references followed."""

    index: int
    path: str
    method: str
    node: Node
    item: Node
    where: str
    parameters: list[RawParameter] = attrs.field(factory=list)
    bodies: list[tuple[str, object]] = attrs.field(factory=list)
    """Media type and schema of each form of the body."""
    body_required: bool = False
    answers: list[tuple[str, object]] = attrs.field(factory=list)
    """Media type ("" for none) and schema of each successful answer."""

    @property
    def code(self) -> str:
        return f"o{self.index}"

    @property
    def hint(self) -> str:
        """What inline schemas are named after."""
        return pascal(str(self.node.get("operationId") or f"{self.method} {self.path}"))


def raw_operations(document: Document) -> list[RawOperation]:
    """Every operation of the document, in its order."""
    found: list[RawOperation] = []
    for path, value in mapping(document.root.get("paths"), "/paths").items():
        if path.startswith("x-"):
            continue
        item, place = document.follow(value, step("/paths", path))
        for method in METHODS:
            if method in item:
                where = step(place, method)
                found.append(RawOperation(len(found), path, method, mapping(item[method], where), item, where))
    for operation in found:
        _read(document, operation)
    return found


def _read(document: Document, operation: RawOperation) -> None:
    operation.parameters = list(_parameters(document, operation))
    names = _PLACEHOLDER.findall(operation.path)
    declared = [parameter.wire for parameter in operation.parameters if parameter.location == "path"]
    if sorted(names) != sorted(declared) or len(set(names)) != len(names):
        raise SchemaError(
            f"the path names {names}, the path parameters are {declared}",
            pointer=operation.where,
            remedy="declare each name of the path once",
        )
    if "requestBody" in operation.node:
        body, where = document.follow(operation.node["requestBody"], step(operation.where, "requestBody"))
        operation.body_required = body.get("required") is True
        operation.bodies = list(_content(body, where))
    responses = mapping(operation.node.get("responses"), step(operation.where, "responses"))
    for status in sorted(responses):
        if status.startswith("2") or (status == "default" and not any(known[0] in "23" for known in responses)):
            answer, where = document.follow(responses[status], step(operation.where, "responses", status))
            operation.answers += list(_content(answer, where)) or [("", None)]


def _content(holder: Node, where: str) -> Iterator[tuple[str, object]]:
    content = mapping(holder.get("content"), step(where, "content"))
    for media, value in content.items():
        yield media, mapping(value, step(where, "content", media)).get("schema", True)


def _parameters(document: Document, operation: RawOperation) -> Iterator[RawParameter]:
    found: dict[tuple[str, str], RawParameter] = {}
    path = operation.where.rpartition("/")[0]
    for holder, place in ((operation.item, path), (operation.node, operation.where)):
        for index, value in enumerate(sequence(holder.get("parameters"), step(place, "parameters"))):
            node, where = document.follow(value, step(place, "parameters", index))
            wire, location = text(node.get("name"), where), text(node.get("in"), where)
            if "schema" not in node and node.get("content"):
                node, where = _described_by_content(node, where), step(where, "content")
            if location not in ("path", "query", "header", "cookie") or not wire or "schema" not in node:
                raise SchemaError(
                    f"a {location or 'nameless'} parameter described like this cannot be generated",
                    pointer=where,
                    remedy="give it a name, a schema, and in: path, query, header or cookie",
                )
            found[location, wire] = RawParameter(node, where, wire, cast("ir.Location", location))
    yield from found.values()


def _described_by_content(node: Node, where: str) -> Node:
    """A parameter that is a document in itself, with its schema where the others have it; ``style`` says which kind."""
    media, value = next(iter(mapping(node.get("content"), step(where, "content")).items()))
    schema = mapping(value, step(where, "content", media)).get("schema", True)
    return {**node, "schema": schema, "style": "json" if _is_json(media) else "text"}


def neutral_paths(operations: list[RawOperation], neutral: Neutral) -> Node:
    """The operations as the parser gets them. Answers get a status each, so that none is left out."""
    paths: dict[str, Node] = {}
    for operation in operations:
        path = _PLACEHOLDER.sub(lambda match: "{" + neutral.wire(match.group(1)) + "}", operation.path)
        paths.setdefault(path, {})[operation.method] = _neutral(operation, neutral)
    return dict(paths)


def _neutral(operation: RawOperation, neutral: Neutral) -> Node:
    hint = operation.hint
    result: Node = {
        "operationId": operation.code,
        "tags": ["t"],
        "parameters": [
            *(
                {"name": neutral.wire(parameter.wire), "in": "path", "required": True, "schema": {"type": "string"}}
                for parameter in operation.parameters
                if parameter.location == "path"
            ),
            *(
                {
                    "name": parameter_name(parameter, neutral),
                    "in": "query",
                    "required": parameter.location == "path" or parameter.node.get("required") is True,
                    "schema": neutral.schema(
                        parameter.node["schema"], step(parameter.where, "schema"), hint + pascal(parameter.wire)
                    ),
                }
                for parameter in operation.parameters
            ),
        ],
        "responses": {
            str(200 + index): _answer(media, schema, operation, neutral)
            for index, (media, schema) in enumerate(operation.answers)
        },
    }
    if operation.bodies:
        media, schema = chosen_body(operation)
        known = media if media in _NEUTRAL_MEDIA else "application/octet-stream"
        lowered = neutral.schema(schema, step(operation.where, "requestBody"), f"{hint}Body")
        result["requestBody"] = {"required": operation.body_required, "content": {known: {"schema": lowered}}}
    return result


def parameter_name(parameter: RawParameter, neutral: Neutral) -> str:
    """A parameter's neutral name. All go in as query parameters: elsewhere the parser takes plain values only."""
    return neutral.wire(f"\0{parameter.location} {parameter.wire}")


def chosen_body(operation: RawOperation) -> tuple[str, object]:
    """The form of the body that is sent: that of ``x-media``, else JSON if the operation takes it, else the first."""
    wanted = operation.node.get("x-media")
    if wanted is not None:
        for media, schema in operation.bodies:
            if media == wanted:
                return media, schema
        raise SchemaError(
            f"the operation takes no {str(wanted)[:80]!r}",
            pointer=step(operation.where, "x-media"),
            remedy=f"one of {', '.join(media for media, _ in operation.bodies)[:300]}",
        )
    for media, schema in operation.bodies:
        if _is_json(media):
            return "application/json", schema
    return operation.bodies[0]


def _answer(media: str, schema: object, operation: RawOperation, neutral: Neutral) -> Node:
    if not media:
        return {"description": ""}
    if _is_json(media):
        place = step(operation.where, "responses")
        lowered = neutral.schema(schema, place, f"{operation.hint}Response")
        return {"description": "", "content": {"application/json": {"schema": lowered}}}
    known = "text/plain" if media.startswith("text/") else "application/octet-stream"
    return {"description": "", "content": {known: {"schema": {"type": "string"}}}}


def _is_json(media: str) -> bool:
    plain = media.partition(";")[0].strip().lower()
    return plain in ("application/json", "*/*") or plain.endswith("+json")
