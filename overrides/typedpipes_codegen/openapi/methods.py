"""Where an operation stands on the client: its resource and verb, from ``x-method`` or derived."""

from __future__ import annotations

from collections import Counter

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi.endpoints import RawOperation, raw_operations
from typedpipes_codegen.openapi.naming import METHOD_PATH, clear, snake, words
from typedpipes_codegen.openapi.reading import Document, Node, step, text, texts


def named_operations(root: Node) -> dict[str, RawOperation]:
    """``"deals.list"`` -> its operation, for every operation of a document in its order. Raises `SchemaError`."""
    found = raw_operations(Document(root))
    return {".".join(path): operation for operation, path in zip(found, method_paths(found), strict=True)}


def method_paths(operations: list[RawOperation]) -> list[tuple[str, ...]]:
    """The method path of each operation; two operations at one place are a `SchemaError`."""
    derived = {operation.index: _derived(operation) for operation in operations if "x-method" not in operation.node}
    often = Counter(derived.values())
    paths: list[tuple[str, ...]] = []
    for operation in operations:
        path = derived.get(operation.index)
        if path is None:
            path = _given(operation)
        elif often[path] > 1:
            path = (path[0], clear(snake(_identity(operation))))
        paths.append(path)
    _check(operations, paths)
    return paths


def _given(operation: RawOperation) -> tuple[str, ...]:
    where = step(operation.where, "x-method")
    path = text(operation.node["x-method"], where)
    parts = tuple(path.split("."))
    if not METHOD_PATH.match(path) or any(clear(part) != part for part in parts):
        raise SchemaError(
            f"{path[:80]!r} is no method path",
            pointer=where,
            remedy='write "<resource>.<verb>" in lower case; a keyword gets a trailing underscore',
        )
    return parts


def _identity(operation: RawOperation) -> str:
    given = text(operation.node.get("operationId"), step(operation.where, "operationId"))
    return given or f"{operation.method}_{operation.path}"


def _derived(operation: RawOperation) -> tuple[str, ...]:
    """``<tag>.<operationId without the words of the tag>``, singular or plural."""
    tags = texts(operation.node.get("tags"), step(operation.where, "tags"))
    tag = tags[0] if tags else "default"
    if not tag.isprintable() or any(sign in tag for sign in "/\\") or ".." in tag:
        raise SchemaError(
            f"{tag[:80]!r} cannot name a module",
            pointer=step(operation.where, "tags", 0),
            remedy="rename the tag, or give the operation an x-method",
        )
    known = {_stem(word) for word in words(tag)}
    rest = [word for word in words(_identity(operation)) if _stem(word) not in known]
    return clear(snake(tag, "resource")), clear("_".join(rest) or operation.method)


def _stem(word: str) -> str:
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


def _check(operations: list[RawOperation], paths: list[tuple[str, ...]]) -> None:
    places: dict[tuple[str, ...], RawOperation] = {}
    for operation, path in zip(operations, paths, strict=True):
        other = places.setdefault(path, operation)
        if other is not operation:
            raise SchemaError(
                f"{'.'.join(path)} is the place of {other.method.upper()} {other.path} already",
                pointer=operation.where,
                remedy="give one of the two another x-method",
            )
    resources = {path[:length] for path in paths for length in range(1, len(path))}
    for path, operation in places.items():
        if path in resources:
            raise SchemaError(
                f"{'.'.join(path)} is a resource and a method at once",
                pointer=operation.where,
                remedy="give the operation another x-method",
            )
