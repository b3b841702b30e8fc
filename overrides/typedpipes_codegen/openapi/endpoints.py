"""The operations of a document, references followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, cast

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.naming import pascal
from typedpipes_codegen.openapi.reading import METHODS, Document, Node, mapping, sequence, step, text

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


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
    encodings: dict[str, Node] = attrs.field(factory=dict)
    """``encoding`` of each media type: how the parts of a form are written."""
    body_required: bool = False
    answers: list[tuple[str, object]] = attrs.field(factory=list)
    """Media type ("" for none) and schema of each successful answer."""

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
        content = mapping(body.get("content"), step(where, "content"))
        for media, value in content.items():
            place = step(where, "content", media)
            operation.encodings[media] = mapping(mapping(value, place).get("encoding"), step(place, "encoding"))
    responses = mapping(operation.node.get("responses"), step(operation.where, "responses"))
    for status in sorted(responses):
        if status.startswith("2") or (status == "default" and not any(known[0] in "23" for known in responses)):
            answer, where = document.follow(responses[status], step(operation.where, "responses", status))
            forms = list(_content(answer, where))
            # Where JSON can be had it is asked for, so the other forms do not come.
            operation.answers += [one for one in forms if is_json(one[0])] or forms or [("", None)]


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
    return {**node, "schema": schema, "style": "json" if is_json(media) else "text"}


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
    told = [(media, schema) for media, schema in operation.bodies if is_json(media)]
    plain = [(media, schema) for media, schema in told if media == "application/json"]
    media, schema = (plain or told or operation.bodies)[0]
    return "application/json" if media == "*/*" else media, schema


def is_json(media: str) -> bool:
    """Whether a media type is JSON."""
    plain = media.partition(";")[0].strip().lower()
    return plain in ("application/json", "*/*") or plain.endswith("+json")


def is_raw(media: str) -> bool:
    """Whether a body of a media type is sent as it is given: text, XML, or bytes."""
    return not is_json(media) and media not in ("multipart/form-data", "application/x-www-form-urlencoded")


def count_operations(root: Node) -> int:
    """How many operations a document has, counted without reading them."""
    paths = mapping(root.get("paths"), "/paths")
    return sum(
        method in METHODS
        for path, item in paths.items()
        if not path.startswith("x-")
        for method in mapping(item, f"/paths/{path}")
    )
