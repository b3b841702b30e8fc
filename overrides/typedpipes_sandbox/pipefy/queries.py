"""What Pipefy's queries read from the example organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typedpipes_sandbox.data import words
from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.execution import failure, not_found, resolves

if TYPE_CHECKING:
    from typedpipes_sandbox.pipefy.service import Pipefy

Arguments = dict[str, Any]
TEXT_TYPES = {"short_text", "long_text", "select", "email", "phone", "id", "cpf", "cnpj", "time", "radio_vertical"}


def require(pipefy: Pipefy, kind: str, identifier: Any, what: str | None = None) -> Node:
    """A node that must exist; raises the vendor's not-found error."""
    found = pipefy.world.get(kind, identifier)
    if found is None:
        raise not_found(what or kind)
    return found


def require_organization(pipefy: Pipefy, identifier: Any) -> Node:
    """The organization, or the error for one the caller is not in."""
    found = pipefy.world.get("Organization", identifier)
    if found is None:
        raise failure("Permission denied", "PERMISSION_DENIED")
    return found


@resolves("Query", "me")
def me(pipefy: Pipefy, _node: Node, _arguments: Arguments) -> Any:
    """The caller."""
    return pipefy.world.users[0]


@resolves("Query", "organization")
def organization(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """One organization."""
    return require_organization(pipefy, arguments["id"])


@resolves("Query", "organizations")
def organizations(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The caller's organizations."""
    return _by_ids(pipefy, "Organization", arguments.get("ids"))


def _by_ids(pipefy: Pipefy, kind: str, identifiers: list[Any] | None) -> list[Node]:
    if not identifiers:
        return pipefy.world.all(kind)
    return [node for each in identifiers if (node := pipefy.world.get(kind, each)) is not None]


@resolves("Query", "pipe")
def pipe(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """One pipe."""
    return require(pipefy, "Pipe", arguments["id"])


@resolves("Query", "pipes")
def pipes(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """Pipes by id."""
    return _by_ids(pipefy, "Pipe", arguments.get("ids"))


@resolves("Query", "phase")
def phase(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """One phase."""
    return require(pipefy, "Phase", arguments["id"])


@resolves("Query", "card")
def card(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """One card."""
    return require(pipefy, "Card", arguments["id"])


@resolves("Query", "cards")
def cards(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The cards of a pipe."""
    return searched(require(pipefy, "Pipe", arguments["pipe_id"])["cards"], arguments.get("search"))


@resolves("Query", "allCards")
def all_cards(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The cards of a pipe, narrowed by an advanced search on the title."""
    found: list[Node] = require(pipefy, "Pipe", arguments["pipeId"])["cards"]
    search = arguments.get("filter") or {}
    if search.get("field") == "title" and search.get("value") is not None:
        found = [node for node in found if node["title"] == search["value"]]
    return found


@resolves("Query", "findCards")
def find_cards(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The cards whose field has a value."""
    search = arguments["search"]
    found = require(pipefy, "Pipe", arguments["pipeId"])["cards"]
    return [node for node in found if str(node["__values"].get(search["fieldId"])) == search["fieldValue"]]


@resolves("Query", "findRecords")
def find_records(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """Table records found by a field, answered as cards (notes section 4)."""
    search = arguments["search"]
    records = require(pipefy, "Table", arguments["tableId"])["records"]
    found = [node for node in records if str(node["__values"].get(search["fieldId"])) == search["fieldValue"]]
    return [{**node, "__typename": "Card", "current_phase": None, "attachments_count": 0} for node in found]


def searched(nodes: list[Node], search: Arguments | None) -> list[Node]:
    """Nodes that fit a card or record search."""
    if not search:
        return nodes
    title = (search.get("title") or "").casefold()
    ignored = {str(each) for each in search.get("ignore_ids") or ()}
    assignees = {str(each) for each in search.get("assignee_ids") or ()}
    labels = {str(each) for each in search.get("label_ids") or ()}
    return [
        node
        for node in nodes
        if title in node["title"].casefold()
        and str(node["id"]) not in ignored
        and (not assignees or assignees & {str(user["id"]) for user in node["assignees"]})
        and (not labels or labels & {str(label["id"]) for label in node["labels"]})
        and (search.get("include_done") is not False or not node["done"])
    ]


@resolves("Query", "table")
def table(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """One table."""
    return require(pipefy, "Table", arguments["id"])


@resolves("Query", "tables")
def tables(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """Tables by id."""
    return _by_ids(pipefy, "Table", arguments.get("ids"))


@resolves("Query", "table_record")
def table_record(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """One record."""
    return require(pipefy, "TableRecord", arguments["id"], "Record")


@resolves("Query", "table_records")
def table_records(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The records of a table."""
    return searched(require(pipefy, "Table", arguments["table_id"])["records"], arguments.get("search"))


@resolves("Query", "automations")
def automations(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The automations of an organization."""
    require_organization(pipefy, arguments["organizationId"])
    found = pipefy.world.all("Automation")
    if arguments.get("active") is not None:
        found = [node for node in found if node.get("active") == arguments["active"]]
    if arguments.get("repoId"):
        found = [node for node in found if str((node.get("event_repo") or {}).get("id")) == str(arguments["repoId"])]
    if arguments.get("search"):
        found = [node for node in found if arguments["search"].casefold() in node["name"].casefold()]
    return found


@resolves("Query", "automation")
def automation(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """One automation."""
    return require(pipefy, "Automation", arguments["id"])


@resolves("Organization", "pipes")
def organization_pipes(_pipefy: Pipefy, node: Node, arguments: Arguments) -> Any:
    """The pipes of an organization."""
    wanted = (arguments.get("name_search") or "").casefold()
    identifiers = {str(each) for each in arguments.get("ids") or ()}
    return [
        each
        for each in node["pipes"]
        if wanted in each["name"].casefold() and (not identifiers or each["id"] in identifiers)
    ]


@resolves("Organization", "pipesCount")
def pipes_count(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """How many pipes there are."""
    return len(node["pipes"])


@resolves("Pipe", "cards_count", "opened_cards_count")
def pipe_cards_count(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """How many cards a pipe has."""
    return len(node["cards"])


@resolves("Phase", "cards")
def phase_cards(_pipefy: Pipefy, node: Node, arguments: Arguments) -> Any:
    """The cards of a phase."""
    return searched(node["cards"], arguments.get("search"))


@resolves("Phase", "cards_count")
def phase_cards_count(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """How many cards a phase has."""
    return len(node["cards"])


@resolves("Phase", "cards_can_be_moved_to_phases")
def next_phases(pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """Every other phase of the pipe."""
    return [each for each in pipefy.world.pipe(str(node["repo_id"]))["phases"] if each is not node]


@resolves("Table", "table_records")
def records_of_table(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """The records of a table."""
    return node["records"]


@resolves("Table", "table_records_count")
def table_records_count(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """How many records a table has."""
    return len(node["records"])


@resolves("Card", "comments_count")
def comments_count(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """How many comments a card has."""
    return len(node.get("comments") or [])


@resolves("Card", "attachments_count")
def attachments_count(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """How many files a card has."""
    return len(node.get("__files") or [])


@resolves("Card", "attachments")
def attachments(pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """The files of a card; every read gives links with a new life."""
    files = pipefy.sandbox.files
    return [
        {"__typename": "Attachment", "__key": f"attachment:{path}", "path": path, "url": files.link(path),
         "createdBy": pipefy.world.users[0], "createdAt": node["created_at"][:10], "phase": node.get("current_phase")}
        for path in node.get("__files") or []
    ]  # fmt: skip


@resolves("Card", "phases_history")
def phases_history(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """Where a card has been."""
    return [
        {"__typename": "PhaseDetail", "__key": f"{node['__key']}/history/{index}", **each}
        for index, each in enumerate(node.get("__history") or [])
    ]


@resolves("Card", "child_relations", "parent_relations")
def relations(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """The connections made with createCardRelation."""
    return node.get("__relations") or []


@resolves("Card", "fields")
def card_fields(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """The filled fields of a card."""
    pipe_node = node.get("pipe") or {}
    definitions = list(pipe_node.get("start_form_fields") or [])
    for each in pipe_node.get("phases") or []:
        definitions += each["fields"]
    return field_values(node, definitions)


@resolves("TableRecord", "record_fields")
def record_fields(_pipefy: Pipefy, node: Node, _arguments: Arguments) -> Any:
    """The filled fields of a record."""
    return field_values(node, node["table"]["table_fields"], "TableRecordField")


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


@resolves("Query", "inbox_emails")
def inbox_emails(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The e-mails of a card."""
    return require(pipefy, "Card", arguments["card_id"])["inbox_emails"]


@resolves("Query", "cardsImportations", "recordsImportations")
def importations(pipefy: Pipefy, _node: Node, arguments: Arguments) -> Any:
    """The imports started in a pipe or table."""
    owner = str(arguments.get("pipeId") or arguments.get("tableId"))
    wanted = arguments.get("status")
    found = [node for node in pipefy.importations if node["__owner"] == owner]
    return [node for node in found if not wanted or node["status"] in wanted]


def slug_of(label: str) -> str:
    """The slug a field with that label gets."""
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in label.lower()).strip("_")
    return slug or f"field_{words.number(label) % 1000}"
