"""A method for every operation of an own document: ``books.list``, ``books.get``, ``orders.cancel``.

What the lock holds stays; the TOML goes before it. New names are read from tag or path and from the verb; when two
operations would meet, the later one (in the order of the document's paths) gets a longer name.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping

from typedpipes_codegen.canonical.context import namespaces
from typedpipes_codegen.documents.tree import JsonObject, operations
from typedpipes_codegen.documents.words import is_plural, singular, words
from typedpipes_codegen.openapi.naming import METHOD_PATH, snake
from typedpipes_codegen.own.config import Config

RESERVED = frozenset("aclose close from_env limits".split())
"""What the ready client has besides its resources."""
_TAKEN = frozenset("raw iter".split())
"""What a resource has besides its methods."""
LONGEST = 60
_VERBS = {"get": "get", "post": "create", "put": "replace", "patch": "update", "delete": "delete"}


def request_name(path: str, method: str) -> str:
    """How an operation is called in the TOML and the lock."""
    return f"{method.upper()} {path}"


def method_names(document: JsonObject, config: Config, locked: Mapping[str, str]) -> dict[str, str]:
    """``"GET /books" -> "books.list"`` for every operation. Raises `SchemaError` for a choice that clashes."""
    found = {request_name(path, method): (path, method, op) for path, method, op, _ in operations(document)}
    ids = {str(op.get("operationId")): name for name, (_, _, op) in found.items() if "operationId" in op}
    given = {name: str(op["x-method"]) for name, (_, _, op) in found.items() if "x-method" in op}
    given |= {_selected(config, key, found, ids): path for key, path in config.methods.items()}
    taken = _Taken()
    chosen: dict[str, str] = {}
    for name in found:
        fixed = given.get(name)
        if fixed is not None:
            problem = _problem(fixed) or taken.clash(fixed)
            if problem:
                raise config.root.fault(
                    f"{fixed!r} {problem}", "give the operation another method path", "methods", name
                )
            chosen[name] = taken.take(fixed)
    for name in found:
        kept = locked.get(name)
        if name not in chosen and kept is not None and not _problem(kept) and not taken.clash(kept):
            chosen[name] = taken.take(kept)
    grouping = namespaces([path for path, _, _ in found.values()])
    for name, (path, method, operation) in found.items():
        if name not in chosen:
            chosen[name] = taken.take(
                next(one for one in _candidates(path, method, operation, grouping) if not taken.clash(one))
            )
    return {name: chosen[name] for name in found}


def _selected(config: Config, key: str, found: Mapping[str, object], ids: Mapping[str, str]) -> str:
    name = key if key in found else ids.get(key)
    if name is None:
        raise config.root.fault(
            f"there is no operation {key!r}", 'name it by request, "GET /books", or by operationId', "methods", key
        )
    return name


def _problem(path: str) -> str:
    if not METHOD_PATH.match(path) or any(keyword.iskeyword(part) for part in path.split(".")):
        return 'is no method path: write "resource.verb" in lower case'
    if path.partition(".")[0] in RESERVED or path.rpartition(".")[2] in _TAKEN:
        return "is taken by the client itself"
    return ""


class _Taken:
    """Method paths given, and the resources they make."""

    def __init__(self) -> None:
        self._methods: dict[str, str] = {}
        self._resources: set[str] = set()

    def clash(self, path: str) -> str:
        """Why a method cannot stand at ``path``; "" if it can."""
        parents = {path[:index] for index, sign in enumerate(path) if sign == "."}
        if path in self._methods or path in self._resources:
            return "is taken by another operation"
        if any(parent in self._methods for parent in parents):
            return "lies below a method"
        return ""

    def take(self, path: str) -> str:
        self._methods[path] = path
        self._resources |= {path[:index] for index, sign in enumerate(path) if sign == "."}
        return path


def _candidates(path: str, method: str, operation: JsonObject, grouping: frozenset[str]) -> Iterator[str]:
    tags = operation.get("tags")
    literal = [part for part in path.strip("/").split("/") if part and "{" not in part]
    nouns = [part for part in literal if part not in grouping] or literal
    tag = str(tags[0]) if isinstance(tags, list) and tags else (nouns[0] if nouns else "root")
    resource = _fit(tag, "resource", RESERVED)
    plain = _plain_verb(path, method, literal, resource)
    if plain:
        yield f"{resource}.{plain}"
    spoken = [word.lower() for word in words(str(operation.get("operationId") or ""))]
    known = {_stem(word) for word in resource.split("_")}
    short = "_".join(word for word in spoken if _stem(word) not in known)
    for text in (short, "_".join(spoken), f"{_VERBS.get(method, method)}_{'_'.join(literal)}", f"{method}_{path}"):
        if text:
            yield f"{resource}.{_fit(text, method, _TAKEN)}"
    number = 2
    while True:
        yield f"{resource}.{_fit(f'{method}_{path}', method, _TAKEN)}_{number}"
        number += 1


def _plain_verb(path: str, method: str, literal: list[str], resource: str) -> str | None:
    """``list``, ``get``, ``create`` ... where the path is the resource's own; its last word where it is an action."""
    parts = [part for part in path.strip("/").split("/") if part]
    if not parts:
        return _VERBS.get(method, method)
    is_own = bool(literal) and _stem(_fit(literal[-1], "resource", frozenset())) == _stem(resource)
    if is_own:
        if "{" in parts[-1]:
            return _VERBS.get(method, method)
        many = is_plural(literal[-1])
        whole = {"get": "list", "delete": "delete_all", "put": "replace_all", "patch": "update_all"} if many else {}
        return whole.get(method, _VERBS.get(method, method))
    if "{" not in parts[-1] and method == "post" and literal and not is_plural(literal[-1]):
        return _fit(literal[-1], method, _TAKEN)
    return None


def _stem(word: str) -> str:
    return singular(word).lower()


def _fit(text: str, fallback: str, reserved: frozenset[str]) -> str:
    name = snake(text, fallback)[:LONGEST].strip("_") or fallback
    return f"{name}_" if keyword.iskeyword(name) or name in reserved else name
