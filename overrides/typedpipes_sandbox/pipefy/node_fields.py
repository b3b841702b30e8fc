"""Computed fields of Pipefy's objects: lists, counts, the values of forms."""

from __future__ import annotations

from typing import Any

from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.queries import Arguments, searched
from typedpipes_sandbox.pipefy.resolvers import resolves
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace


@resolves("Organization", "pipes")
def organization_pipes(_pipefy: PipefyWorkspace, node: Node, arguments: Arguments) -> Any:
    """The pipes of an organization."""
    wanted = (arguments.get("name_search") or "").casefold()
    identifiers = {str(each) for each in arguments.get("ids") or ()}
    return [
        each
        for each in node["pipes"]
        if wanted in each["name"].casefold() and (not identifiers or each["id"] in identifiers)
    ]


@resolves("Organization", "pipesCount")
def pipes_count(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """How many pipes there are."""
    return len(node["pipes"])


@resolves("Pipe", "cards_count", "opened_cards_count")
def pipe_cards_count(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """How many cards a pipe has."""
    return len(node["cards"])


@resolves("Phase", "cards")
def phase_cards(_pipefy: PipefyWorkspace, node: Node, arguments: Arguments) -> Any:
    """The cards of a phase."""
    return searched(node["cards"], arguments.get("search"))


@resolves("Phase", "cards_count")
def phase_cards_count(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """How many cards a phase has."""
    return len(node["cards"])


@resolves("Phase", "cards_can_be_moved_to_phases")
def next_phases(pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """Every other phase of the pipe."""
    return [each for each in pipefy.nodes.pipe(str(node["repo_id"]))["phases"] if each is not node]


@resolves("Table", "table_records")
def records_of_table(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """The records of a table."""
    return node["records"]


@resolves("Table", "table_records_count")
def table_records_count(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """How many records a table has."""
    return len(node["records"])


@resolves("Card", "comments_count")
def comments_count(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """How many comments a card has."""
    return len(node.get("comments") or [])


@resolves("Card", "attachments_count")
def attachments_count(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """How many files a card has."""
    return len(node.get("__files") or [])


@resolves("Card", "attachments")
def attachments(pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """The files of a card; every read gives links with a new life."""
    files = pipefy.files
    return [
        {"__typename": "Attachment", "__key": f"attachment:{path}", "path": path, "url": files.link(path),
         "createdBy": pipefy.nodes.users[0], "createdAt": node["created_at"][:10], "phase": node.get("current_phase")}
        for path in node.get("__files") or []
    ]  # fmt: skip


@resolves("Card", "phases_history")
def phases_history(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """Where a card has been."""
    return [
        {"__typename": "PhaseDetail", "__key": f"{node['__key']}/history/{index}", **each}
        for index, each in enumerate(node.get("__history") or [])
    ]


@resolves("Card", "child_relations", "parent_relations")
def relations(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """The connections made with createCardRelation."""
    return node.get("__relations") or []


@resolves("Card", "fields")
def card_fields(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """The filled fields of a card."""
    pipe_node = node.get("pipe") or {}
    definitions = list(pipe_node.get("start_form_fields") or [])
    for each in pipe_node.get("phases") or []:
        definitions += each["fields"]
    return field_values(node, definitions)


@resolves("TableRecord", "record_fields")
def record_fields(_pipefy: PipefyWorkspace, node: Node, _arguments: Arguments) -> Any:
    """The filled fields of a record."""
    return field_values(node, node["table"]["table_fields"], "TableRecordField")


def record_field(record: Node, slug: str) -> Node | None:
    """The field of a record that was just written."""
    fields = field_values(record, record["table"]["table_fields"], "TableRecordField")
    return next((each for each in fields if each["field"]["id"] == slug), None)


def field_values(node: Node, definitions: list[Node], kind: str = "CardField") -> list[Node]:
    """Field values in the order of the form."""
    values: dict[str, Any] = node["__values"]
    known = {definition["id"]: definition for definition in definitions}
    return [_field_value(node, known[slug], slug, value, kind) for slug, value in values.items() if slug in known]


def _field_value(node: Node, definition: Node, slug: str, value: Any, kind: str) -> Node:
    field_type = definition["type"]
    text = ", ".join(str(each) for each in value) if isinstance(value, list) else None if value is None else str(value)
    number = None
    if field_type in {"currency", "number"} and text is not None:
        try:
            number = float(text)
        except ValueError:
            number = None
    return {
        "__typename": kind,
        "__key": f"{node['__key']}/field/{slug}",
        "name": definition["label"],
        "indexName": definition["index_name"],
        "value": text,
        "native_value": text,
        "report_value": text,
        "array_value": [str(each) for each in value] if isinstance(value, list) else [],
        "float_value": number,
        "date_value": text[:10] if field_type in {"date", "due_date"} and text else None,
        "datetime_value": text if field_type == "datetime" else None,
        "filled_at": node["created_at"],
        "updated_at": node["updated_at"],
        "field": {**definition, "__typename": "MinimalField"},
        "phase_field": {**definition, "__typename": "PhaseField"},
        "label_values": [],
        "assignee_values": [],
        "connectedRepoItems": [],
        "required": definition["required"],
    }
