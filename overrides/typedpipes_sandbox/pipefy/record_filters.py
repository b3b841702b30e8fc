"""``records``: the cards of a pipe or the records of a table that fit a filter, in the order asked for."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any, Final

from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.node_fields import card_fields, record_fields
from typedpipes_sandbox.pipefy.queries import Arguments, require
from typedpipes_sandbox.pipefy.resolvers import failure, resolves
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace

_ATTRIBUTES: Final[dict[str, Callable[[Node], Any]]] = {
    "ASSIGNEES": lambda node: [str(each["id"]) for each in node["assignees"]],
    "CREATED_AT": lambda node: node["created_at"],
    "CREATOR": lambda node: str(node["created_by"]["id"]),
    "CREATOR_EMAIL": lambda node: node["created_by"]["email"],
    "CURRENT_PHASE": lambda node: str((node.get("current_phase") or {}).get("id")),
    "DUE_DATE": lambda node: node["due_date"],
    "EMAIL_READ": lambda node: node.get("inboxEmailsRead"),
    "FINISHED_AT": lambda node: node["finished_at"],
    "ID": lambda node: str(node["id"]),
    "INDEX": lambda node: int(node["id"]),
    "LABELS": lambda node: [str(each["id"]) for each in node["labels"]],
    "TITLE": lambda node: node["title"],
    "UPDATED_AT": lambda node: node["updated_at"],
}


@resolves("Query", "records")
def records(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """Cards or table records, filtered and sorted."""
    repo, key = pipefy.nodes.get("Pipe", arguments["repoId"]), "cards"
    if repo is None:
        repo, key = require(pipefy, "Table", arguments["repoId"], "Repo"), "records"
    found: list[Node] = repo[key]
    if (phase := arguments.get("phaseId")) is not None:
        found = [node for node in found if str((node.get("current_phase") or {}).get("id")) == str(phase)]
    term = (arguments.get("searchTerm") or "").casefold()
    found = [node for node in found if term in node["title"].casefold()]
    where = arguments.get("where")
    if where:
        found = [node for node in found if _fits(pipefy, node, where)]
    for order in reversed(arguments.get("orderBy") or []):
        values = {id(node): _value(pipefy, node, order) for node in found}
        found = sorted(
            found,
            key=lambda node: (values[id(node)] is None, str(values[id(node)])),
            reverse=order.get("direction") == "DESC",
        )
    return [_record(pipefy, node) for node in found]


def _fields(pipefy: PipefyWorkspace, node: Node) -> list[Node]:
    read = card_fields if node["__typename"] == "Card" else record_fields
    return list(read(pipefy, node, {}))


def _record(pipefy: PipefyWorkspace, node: Node) -> Node:
    return {
        "__typename": "RepoRecord",
        "__key": f"{node['__key']}/record",
        "createdAt": node["created_at"],
        "createdBy": node["created_by"],
        "currentPhase": node.get("current_phase"),
        "dueDate": node["due_date"],
        "finishedAt": node["finished_at"],
        "updatedAt": node["updated_at"],
        **{key: node[key] for key in ("id", "uuid", "title", "assignees", "labels")},
        "fields": [
            {"__typename": "RepoRecordField", "__key": f"{node['__key']}/field/{index}", **each}
            for index, each in enumerate(
                {key: field[key] for key in ("name", "value", "field")} for field in _fields(pipefy, node)
            )
        ],
    }


def _value(pipefy: PipefyWorkspace, node: Node, named: Arguments) -> Any:
    """What a condition or an order is about."""
    if named.get("attribute"):
        return _ATTRIBUTES[named["attribute"]](node)
    for field in _fields(pipefy, node):
        if field["field"]["uuid"] == named.get("field"):
            return field["value"]
    raise failure("Internal server error", "INTERNAL_SERVER_ERROR")  # as the live service, for an unknown field


def _fits(pipefy: PipefyWorkspace, node: Node, where: Arguments) -> bool:
    if where.get("and") is not None:
        return all(_fits(pipefy, node, each) for each in where["and"])
    if where.get("or") is not None:
        return any(_fits(pipefy, node, each) for each in where["or"])
    value = _value(pipefy, node, where)
    tests = [(name, wanted) for name, wanted in where.items() if name in _TESTS]
    return all(_TESTS[name](value, wanted) for name, wanted in tests)


def _equal(value: Any, wanted: Any) -> bool:
    return _text(wanted) in map(_text, value) if isinstance(value, list) else _text(value) == _text(wanted)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _less(value: Any, wanted: Any) -> bool:
    if value is None or wanted is None:
        return False
    try:
        return float(value) < float(wanted)
    except ValueError:
        return str(value) < str(wanted)


def _like(value: Any, pattern: str) -> bool:
    return fnmatch.fnmatchcase(str(value), pattern.replace("%", "*").replace("_", "?"))


def _between(value: Any, ends: dict[str, Any]) -> bool:
    return not _less(value, ends.get("min")) and not _less(ends.get("max"), value)


_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": _equal,
    "neq": lambda value, wanted: not _equal(value, wanted),
    "lt": _less,
    "gt": lambda value, wanted: _less(wanted, value),
    "lte": lambda value, wanted: _less(value, wanted) or _equal(value, wanted),
    "gte": lambda value, wanted: _less(wanted, value) or _equal(value, wanted),
    "like": _like,
    "nlike": lambda value, pattern: not _like(value, pattern),
    "ilike": lambda value, pattern: _like(str(value).casefold(), pattern.casefold()),
    "nilike": lambda value, pattern: not _like(str(value).casefold(), pattern.casefold()),
    "contains": lambda value, wanted: all(_equal(value, each) for each in wanted),
    "ncontains": lambda value, wanted: not any(_equal(value, each) for each in wanted),
    "in": lambda value, wanted: any(_equal(value, each) for each in wanted),
    "nin": lambda value, wanted: not any(_equal(value, each) for each in wanted),
    "between": _between,
    "nbetween": lambda value, ends: not _between(value, ends),
}
