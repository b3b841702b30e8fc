"""What the checked-in schemas hold, read from their texts by PyYAML and graphql-core alone.

Tests take what they expect from here: none of our own readers judges itself, and a refresh that adds an operation needs
no edit in a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from graphql import InterfaceTypeDefinitionNode, ObjectTypeDefinitionNode, parse

SCHEMAS: Final = Path(__file__).parents[2] / "schemas"
REST: Final = {
    "pipedream": "pipedream/rest",
    "connect": "pipedream/connect",
    "pipedrive_v1": "pipedrive/v1",
    "pipedrive_v2": "pipedrive/v2",
}
"""Package -> its document."""
GRAPHQL: Final = {"pipefy": "live", "pipefy_documented": "documented"}
"""Package -> the form of Pipefy's schema."""
_VERBS: Final = frozenset("get put post delete options head patch trace".split())


@cache
def _read(document: str) -> Any:  # plain JSON, read by hand
    with (SCHEMAS / f"{document}.yaml").open(encoding="utf-8") as stream:
        return yaml.load(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def rest_facts(document: str) -> Mapping[str, Any]:
    """``"GET /deals"`` -> what stands there, for every operation of ``schemas/<document>.yaml`` and its overlay."""
    folder, _, name = document.partition("/")
    paths = dict(_read(document)["paths"])
    for action in _read(f"{folder}/overlay-{name}")["actions"]:
        if action["target"] == "$.paths":  # operations that no document of the vendor has
            paths.update(action["update"])
    found = {
        f"{verb.upper()} {path}": facts
        for path, item in paths.items()
        for verb, facts in item.items()
        if verb in _VERBS
    }
    assert found, document
    return found


def rest_operations(document: str) -> frozenset[str]:
    """The requests of `rest_facts`."""
    return frozenset(rest_facts(document))


def requests_with(document: str, parameter: str) -> frozenset[str]:
    """The operations that take a parameter of this name."""
    shared = _read(document).get("components", {}).get("parameters", {})

    def name(given: Any) -> str:
        return str((shared[given["$ref"].rpartition("/")[2]] if "$ref" in given else given)["name"])

    folder, _, file = document.partition("/")
    taken = {request: list(one.get("parameters", [])) for request, one in rest_facts(document).items()}
    for action in _read(f"{folder}/overlay-{file}")["actions"]:
        added = re.fullmatch(r"\$\.paths\['(.+)'\]\.(\w+)\.parameters", action["target"])
        if added is not None and "update" in action:
            taken[f"{added[2].upper()} {added[1]}"].append(action["update"])
    return frozenset(request for request, given in taken.items() if parameter in map(name, given))


@cache
def _types(form: str) -> tuple[ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode, ...]:
    document = parse((SCHEMAS / "pipefy" / form / "schema.graphql").read_text(encoding="utf-8"))
    kinds = ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode
    return tuple(node for node in document.definitions if isinstance(node, kinds))


def field_count(form: str) -> int:
    """How many fields the object types and interfaces of a form have in all."""
    return sum(len(node.fields) for node in _types(form))


@cache
def root_fields(form: str, root: Literal["Query", "Mutation"]) -> frozenset[str]:
    """The fields of a root type of ``schemas/pipefy/<form>/schema.graphql``."""
    (kind,) = (node for node in _types(form) if node.name.value == root)
    return frozenset(field.name.value for field in kind.fields)


def all_root_fields(form: str) -> frozenset[str]:
    """The fields of both root types."""
    queries, mutations = root_fields(form, "Query"), root_fields(form, "Mutation")
    assert not queries & mutations, form
    return queries | mutations


def saved_operations(form: str) -> frozenset[str]:
    """The names of the operation documents of ``schemas/pipefy/<form>``, one a file."""
    folder = SCHEMAS / "pipefy" / form / "operations"
    return frozenset(path.stem for kind in ("queries", "mutations") for path in (folder / kind).glob("*.graphql"))
