"""The effective OpenAPI documents of the project, as the generation step sees them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from typedpipes_codegen.documents.apis import load_apis
from typedpipes_codegen.documents.overlay import effective_document
from typedpipes_codegen.openapi.methods import named_operations

ROOT = Path(__file__).parents[3]
PACKAGES = ("pipedream", "connect", "pipedrive_v1", "pipedrive_v2")

Node = dict[str, Any]  # a JSON object of a document these tests walk by hand


class Placed(NamedTuple):
    """One operation with its place in the document."""

    verb: str
    path: str
    facts: Node

    name: str
    """Its method: ``x-method`` of the overlay, else what the generator derives."""

    @property
    def curated(self) -> bool:
        """Whether our overlay has looked at it; a refresh may just have added it."""
        return "x-method" in self.facts

    @property
    def request(self) -> str:
        return f"{self.verb.upper()} {self.path}"


@cache
def document(package: str) -> Node:
    """The canonical document of ``package`` with its overlays applied."""
    api = next(api for api in load_apis(ROOT / "schemas") if api.package == package)
    return dict(effective_document(api.schema, api.overlays))


@cache
def operations(package: str) -> tuple[Placed, ...]:
    found = named_operations(document(package)).items()
    return tuple(Placed(one.method, one.path, one.node, name) for name, one in found)


def named(package: str, name: str) -> Placed:
    found = [operation for operation in operations(package) if operation.name == name]
    assert len(found) == 1, f"{package} has {len(found)} operations called {name}"
    return found[0]


def resolve(package: str, node: Node) -> Node:
    """``node``, or what its chain of references ends in."""
    while "$ref" in node:
        target: Any = document(package)
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def parameters(package: str, operation: Placed) -> dict[str, Node]:
    found = [resolve(package, parameter) for parameter in operation.facts.get("parameters", [])]
    return {str(parameter["name"]): parameter for parameter in found}


def answer(package: str, operation: Placed) -> Node:
    """The schema of the operation's JSON answer; `{}` where it has none."""
    for status, response in operation.facts["responses"].items():
        if status.startswith("2"):
            content = resolve(package, response).get("content", {})
            return dict(content.get("application/json", {}).get("schema", {}))
    raise AssertionError(f"{operation.verb} {operation.path} has no 2xx answer")


def shapes(package: str, schema: Node) -> Iterator[Node]:
    """The schema and every part it is put together from."""
    schema = resolve(package, schema)
    yield schema
    for key in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(key, []):
            yield from shapes(package, part)


def at(package: str, schema: Node, path: str) -> list[Node]:
    """The schemas a dot path may lead to."""
    found = [schema]
    for step in path.split("."):
        found = [
            shape["properties"][step]
            for node in found
            for shape in shapes(package, node)
            if step in shape.get("properties", {})
        ]
    return found
