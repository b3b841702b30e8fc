"""Comparing two OpenAPI documents for a client."""

from __future__ import annotations

from collections.abc import Iterator

from typedpipes_codegen.canonical import plain_document
from typedpipes_codegen.diff.addresses import AddressDiff
from typedpipes_codegen.diff.change import Change
from typedpipes_codegen.diff.operation import TEMPLATE, Operation
from typedpipes_codegen.diff.operations import OperationDiff
from typedpipes_codegen.diff.shape import Reader
from typedpipes_codegen.diff.site import Findings, Site
from typedpipes_codegen.documents.tree import JsonObject, operations
from typedpipes_codegen.errors import SchemaError


def openapi_changes(old: JsonObject, new: JsonObject) -> list[Change]:
    """Every change between two documents, canonical or not, overlays applied or not.

    References are followed and ``allOf`` is joined, so that what is named, where it stands, in which order and with
    which prose makes no difference. Names of methods and classes are compared when both documents have them from an
    overlay, or neither has. Raises SchemaError for a document that cannot be brought into plain form, and for one whose
    components hold each other in a chain of hundreds.
    """
    try:
        return _changes(old, new)
    except RecursionError:
        raise SchemaError("nested too deeply to be compared", remedy="flatten it") from None


def _changes(old: JsonObject, new: JsonObject) -> list[Change]:
    before, after = plain_document(old), plain_document(new)
    worn = [any("x-method" in operation for _, _, operation, _ in operations(document)) for document in (before, after)]
    findings, readers = Findings(), (Reader(before), Reader(after))
    olds, news = (_operations(document, named=worn[0] == worn[1]) for document in (before, after))
    addresses = AddressDiff(*readers, findings)
    compare = OperationDiff(*readers, findings, dressed=all(worn))
    addresses.compare_documents()
    pairs = list(_pairs(olds, news, findings))
    for one, other in pairs:
        compare.compare(one, other)
        addresses.compare(one, other)
    met = {id(one) for pair in pairs for one in pair}
    for kind, rest, told in (("operation-removed", olds, "is gone"), ("operation-added", news, "is new")):
        for one in rest:
            if id(one) not in met:
                site = Site(one.title, one.name, place=one.place)
                findings.add(kind, site, f"the operation {told}", direction="none")
    return findings.changes


def _pairs(olds: list[Operation], news: list[Operation], findings: Findings) -> Iterator[tuple[Operation, Operation]]:
    """Operations that are the same: by address, by address whatever its parameters are called, by name."""
    left, right = {one.title: one for one in olds}, {one.title: one for one in news}
    for title in sorted(left.keys() & right.keys()):
        yield left.pop(title), right.pop(title)
    for moved, key in ((False, _unnamed), (True, _identity)):
        known: dict[str, list[Operation]] = {}
        for other in right.values():
            known.setdefault(key(other), []).append(other)
        for one in list(left.values()):
            name = key(one)
            found = known.get(name, [])
            if name and len(found) == 1 and sum(key(other) == name for other in left.values()) == 1:
                other = found[0]
                del left[one.title], right[other.title]
                known[name] = []
                if moved:
                    site = Site(one.title, one.name or other.name, place=other.place)
                    findings.add("operation-moved", site, f"the operation is now {other.title}", direction="none")
                yield one, other


def _unnamed(operation: Operation) -> str:
    return f"{operation.verb} {TEMPLATE.sub('{}', operation.path)}"


def _identity(operation: Operation) -> str:
    return str(operation.node.get("x-method") or operation.node.get("operationId") or "")


def _operations(document: JsonObject, *, named: bool) -> list[Operation]:
    names = _derived_names(document) if named else {}
    found = []
    for path, verb, node, _ in operations(document):
        given = node.get("x-method")
        name = given if isinstance(given, str) else names.get((path, verb))
        found.append(Operation(path, verb, node, name))
    return found


def _derived_names(document: JsonObject) -> dict[tuple[str, str], str]:
    """The method of each operation as the generator would call it; nothing for what it cannot generate."""
    from typedpipes_codegen.openapi.methods import named_operations

    try:
        return {(one.path, one.method): name for name, one in named_operations({**document}).items()}
    except SchemaError:
        return {}
