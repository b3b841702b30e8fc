"""The report on the two dated v1 documents, against a walk of both that shares no code with the comparison.

The walk reads the vendor's files with PyYAML, follows references and joins ``allOf`` in its own simple way, and lists
for every operation what is at every path. Where the two listings differ is what the report has to say, no more and no
less.
"""

from __future__ import annotations

import collections
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from typedpipes_codegen.diff import Change, Report, diff_documents

Node: TypeAlias = dict[str, Any]
Fact: TypeAlias = tuple[str, str, str, str]
"""Operation, path, what is different, and the value where one comes or goes."""
Listing: TypeAlias = dict[str, Node]
"""What is at each path of one operation."""

MARK = re.compile(r"<[^>]*>")
METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
FIELDS = ("format", "default", "deprecated", "readOnly", "writeOnly", "pattern", "minimum", "maximum", "maxLength")
ASPECTS = {
    "operation-removed": "gone",
    "operation-added": "new",
    "method-renamed": "name",
    "operation-tags-changed": "name",
    "operation-id-changed": "name",
    "property-removed": "gone",
    "parameter-removed": "gone",
    "property-added": "new",
    "optional-property-added": "new",
    "required-property-added": "new",
    "optional-parameter-added": "new",
    "required-parameter-added": "new",
    "type-changed": "type",
    "type-widened": "type",
    "type-narrowed": "type",
    "type-specified": "members",
    "null-added": "null",
    "null-removed": "null",
    "optional-null-added": "null",
    "null-allowed": "null",
    "null-refused": "null",
    "enum-introduced": "listed",
    "enum-dropped": "listed",
    "enum-value-added": "value new",
    "enum-value-removed": "value gone",
    "property-became-optional": "required",
    "property-became-required": "required",
    "nullable-property-became-optional": "required",
    "parameter-became-optional": "required",
    "parameter-became-required": "required",
    "default-changed": "default",
    "format-added": "format",
    "format-changed": "format",
    "format-removed": "format",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("TYPEDPIPES_VENDOR_DOCUMENTS")
    assert named, "set TYPEDPIPES_VENDOR_DOCUMENTS to the folder that holds the vendors' documents"
    return Path(named) / "pipedrive"


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return diff_documents(folder / "v1-2026-03.upstream.yaml", folder / "v1-2026-08.upstream.yaml")


@pytest.fixture(scope="module")
def walks(folder: Path) -> tuple[dict[str, Listing], dict[str, Listing]]:
    names = ("v1-2026-03.upstream.yaml", "v1-2026-08.upstream.yaml")
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    first, second = (
        Walk(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))).operations() for text in texts
    )
    return first, second


def test_the_report_names_the_62_withdrawn_operations(
    report: Report, walks: tuple[dict[str, Listing], dict[str, Listing]]
) -> None:
    withdrawn = {change.operation for change in report.changes if change.kind == "operation-removed"}

    assert len(withdrawn) == 62
    assert withdrawn == walks[0].keys() - walks[1].keys()
    assert not walks[1].keys() - walks[0].keys()
    assert {change.rating for change in report.changes if change.kind == "operation-removed"} == {"breaking"}


def test_the_report_says_what_an_independent_walk_finds_and_nothing_else(
    report: Report, walks: tuple[dict[str, Listing], dict[str, Listing]], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {(operation, MARK.sub("", path), what, value) for operation, path, what, value in differences(*walks)}
    said = {fact(change) for change in report.changes}

    with capsys.disabled():
        kinds = collections.Counter((change.rating, change.kind) for change in report.changes)
        print(f"\n{len(report.changes)} changes in {len(report.by_operation())} operations: {report.counts}")
        print("; ".join(f"{count} {rating} {kind}" for (rating, kind), count in kinds.most_common()))
        print(f"{len(expected)} differences found by the independent walk")
    assert said - expected == set()
    assert expected - said == set()
    assert len(said) == len(report.changes)


def test_the_committed_schema_differs_from_the_newer_document_by_withdrawn_operations_and_examples_alone(
    folder: Path,
) -> None:
    committed = Path(__file__).parents[3] / "schemas/pipedrive/v1.yaml"

    found = diff_documents(committed, folder / "v1-2026-08.upstream.yaml")

    kinds = collections.Counter(change.kind for change in found.changes)
    assert kinds.keys() == {"operation-removed", "response-property-removed"}
    assert kinds["operation-removed"] == 62
    assert {change.method for change in found.changes if change.operation == "GET /deals"} == {"deals.list"}


def test_there_are_hundreds_of_differences_of_prose_and_order_that_are_not_reported(folder: Path) -> None:
    texts = [
        collections.Counter(
            line.strip()
            for line in (folder / name).read_text(encoding="utf-8").splitlines()
            if line.strip().startswith(("description:", "example:", "title:", "summary:"))
        )
        for name in ("v1-2026-03.upstream.yaml", "v1-2026-08.upstream.yaml")
    ]
    moved = texts[1] - texts[0]

    assert sum(moved.values()) > 100
    report = diff_documents(folder / "v1-2026-08.upstream.yaml", folder / "v1-2026-08.upstream.yaml")
    assert report.changes == ()


def test_comparing_takes_seconds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.process_time()
    diff_documents(folder / "v1-2026-03.upstream.yaml", folder / "v1-2026-08.upstream.yaml")
    spent = time.process_time() - started

    with capsys.disabled():
        print(f"\nv1 pair: {spent:.1f} s of processor time")
    assert spent < 20


def fact(change: Change) -> Fact:
    kind = change.kind.removeprefix("request-").removeprefix("response-")
    value = change.value or ""
    return change.operation or "", change.path, ASPECTS[kind], value


def differences(old: dict[str, Listing], new: dict[str, Listing]) -> Iterator[Fact]:
    for operation in old.keys() - new.keys():
        yield operation, "", "gone", ""
    for operation in new.keys() - old.keys():
        yield operation, "", "new", ""
    for operation in old.keys() & new.keys():
        before, after = old[operation], new[operation]
        for path in before.keys() | after.keys():
            if path not in after or path not in before:
                there, here = (before, after) if path in before else (after, before)
                # What hangs below something that came or went, or below what has another type, is part of that.
                if there[path]["holder"] in here and not clash(before, after, there[path]["holder"]):
                    yield operation, path, "gone" if path in before else "new", ""
            elif path:
                yield from ((operation, path, what, value) for what, value in moved(before[path], after[path]))
            elif before[path] != after[path]:
                yield operation, path, "name", ""


def clash(before: Listing, after: Listing, path: str) -> bool:
    old, new = before[path].get("types"), after[path].get("types")
    return bool(old and new and not old & new)


def moved(old: Node, new: Node) -> Iterator[tuple[str, str]]:
    if old["types"] != new["types"]:
        yield "type", ""
        if not (old["types"] & new["types"]):
            return
    elif old["types"] == {"object"} and new["members"] and not old["members"]:
        yield "members", ""
    if old["null"] != new["null"]:
        yield "null", ""
    if old["required"] != new["required"]:
        yield "required", ""
    if bool(old["values"]) != bool(new["values"]):
        yield "listed", ""
    else:
        yield from (("value gone", value) for value in old["values"] - new["values"])
        yield from (("value new", value) for value in new["values"] - old["values"])
    for key in FIELDS:
        if old[key] != new[key]:
            yield key, ""


class Walk:
    """Everything a client can see of one document, by operation and path."""

    def __init__(self, document: Node) -> None:
        self.document = document

    def follow(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def operations(self) -> dict[str, Listing]:
        return {
            f"{method.upper()} {path}": self.operation(item, item[method])
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        }

    def operation(self, item: Node, operation: Node) -> Listing:
        found: Listing = {}
        found[""] = {
            "tags": operation.get("tags"),
            "id": operation.get("operationId"),
            "deprecated": operation.get("deprecated", False),
            "cost": operation.get("x-token-cost"),
            "security": operation.get("security", self.document.get("security")),
            "servers": operation.get("servers", item.get("servers", self.document.get("servers"))),
        }
        for raw in [*item.get("parameters", []), *operation.get("parameters", [])]:
            parameter = self.follow(raw)
            at = f"{parameter['in']} parameter {parameter['name']}"
            self.schema(parameter.get("schema", {}), at, found, "", required=parameter.get("required", False))
        body = self.follow(operation.get("requestBody"))
        if body is not None:
            self.media(body, "request body", found)
        for status, raw in operation.get("responses", {}).items():
            self.media(self.follow(raw), f"response {status}", found)
        return found

    def media(self, holder: Node, at: str, found: Listing) -> None:
        found[f"{at} as {sorted(holder.get('content', {}))}"] = blank("")
        for media in holder.get("content", {}).values():
            self.schema(media.get("schema", {}), at, found, "", required=holder.get("required", False))

    def schema(self, raw: Any, at: str, found: Listing, holder: str, *, required: bool, depth: int = 0) -> None:
        """List what is at ``at`` and below. Several forms of one thing are listed as one."""
        assert depth < 40, at
        node = self.follow(raw)
        here = found.setdefault(at, blank(holder))
        here["required"] = here["required"] or required
        kinds = node.get("type", "object" if "properties" in node else None)
        here["types"] |= {kind for kind in ([kinds] if isinstance(kinds, str) else kinds or []) if kind != "null"}
        here["null"] = here["null"] or node.get("nullable", False) or (isinstance(kinds, list) and "null" in kinds)
        here["values"] |= {value if isinstance(value, str) else str(value) for value in node.get("enum", []) if value}
        here["members"] = here["members"] or bool(node.get("properties"))
        for key in FIELDS:
            here[key] = node.get(key, here[key]) or here[key]
        for name, below in node.get("properties", {}).items():
            step = f"{at}.{name}" if ": " in at else f"{at}: {name}"
            needed = node.get("required")
            inside = isinstance(needed, list) and name in needed
            self.schema(below, step, found, at, required=inside, depth=depth + 1)
        if "items" in node:
            step = f"{at}[]" if ": " in at else f"{at}: []"
            self.schema(node["items"], step, found, at, required=True, depth=depth + 1)
        if isinstance(node.get("additionalProperties"), dict):
            step = f"{at}.*" if ": " in at else f"{at}: *"
            self.schema(node["additionalProperties"], step, found, at, required=True, depth=depth + 1)
        for part in node.get("allOf", []):
            self.schema(part, at, found, holder, required=required, depth=depth + 1)
        for form in (form for key in ("oneOf", "anyOf") for form in node.get(key, [])):
            self.schema(form, at + self.mark(form), found, holder, required=required, depth=depth + 1)

    def mark(self, form: Any) -> str:
        """``<deal>`` for a form that says ``item: deal``: what tells the forms of a union apart, taken out later."""
        node = self.follow(form)
        for part in [node, *map(self.follow, node.get("allOf", []))]:
            for below in map(self.follow, part.get("properties", {}).values()):
                if len(below.get("enum", [])) == 1:
                    return f"<{below['enum'][0]}>"
        return ""


def blank(holder: str) -> Node:
    empty: Node = {
        "holder": holder,
        "types": set(),
        "null": False,
        "values": set(),
        "required": False,
        "members": False,
    }
    return empty | dict.fromkeys(FIELDS)
