"""What Pipefy's queries read from the example organization: the fields of ``Query``; of other types: `node_fields`."""

from __future__ import annotations

from typing import Any

from typedpipes_sandbox.data import words
from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.resolvers import failure, not_found, resolves
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace

Arguments = dict[str, Any]


def require(pipefy: PipefyWorkspace, kind: str, identifier: Any, what: str | None = None) -> Node:
    """A node that must exist; raises the vendor's not-found error."""
    found = pipefy.nodes.get(kind, identifier)
    if found is None:
        raise not_found(what or kind)
    return found


def require_organization(pipefy: PipefyWorkspace, identifier: Any) -> Node:
    """The organization, or the error for one the caller is not in."""
    found = pipefy.nodes.get("Organization", identifier)
    if found is None:
        raise failure("Permission denied", "PERMISSION_DENIED")
    return found


@resolves("Query", "me")
def me(pipefy: PipefyWorkspace, _node: Node, _arguments: Arguments) -> Any:
    """The caller."""
    return pipefy.nodes.users[0]


@resolves("Query", "organization")
def organization(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """One organization."""
    return require_organization(pipefy, arguments["id"])


@resolves("Query", "organizations")
def organizations(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The caller's organizations."""
    return _by_ids(pipefy, "Organization", arguments.get("ids"))


def _by_ids(pipefy: PipefyWorkspace, kind: str, identifiers: list[Any] | None) -> list[Node]:
    if not identifiers:
        return pipefy.nodes.all(kind)
    return [node for each in identifiers if (node := pipefy.nodes.get(kind, each)) is not None]


@resolves("Query", "pipe")
def pipe(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """One pipe."""
    return require(pipefy, "Pipe", arguments["id"])


@resolves("Query", "pipes")
def pipes(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """Pipes by id."""
    return _by_ids(pipefy, "Pipe", arguments.get("ids"))


@resolves("Query", "phase")
def phase(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """One phase."""
    return require(pipefy, "Phase", arguments["id"])


@resolves("Query", "card")
def card(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """One card."""
    return require(pipefy, "Card", arguments["id"])


@resolves("Query", "cards")
def cards(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The cards of a pipe."""
    return searched(require(pipefy, "Pipe", arguments["pipe_id"])["cards"], arguments.get("search"))


@resolves("Query", "allCards")
def all_cards(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The cards of a pipe, narrowed by an advanced search on the title."""
    found: list[Node] = require(pipefy, "Pipe", arguments["pipeId"])["cards"]
    search = arguments.get("filter") or {}
    if search.get("field") == "title" and search.get("value") is not None:
        found = [node for node in found if node["title"] == search["value"]]
    return found


@resolves("Query", "findCards")
def find_cards(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The cards whose field has a value."""
    search = arguments["search"]
    found = require(pipefy, "Pipe", arguments["pipeId"])["cards"]
    return [node for node in found if str(node["__values"].get(search["fieldId"])) == search["fieldValue"]]


@resolves("Query", "findRecords")
def find_records(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """Table records found by a field, answered as cards."""
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
def table(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """One table."""
    return require(pipefy, "Table", arguments["id"])


@resolves("Query", "tables")
def tables(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """Tables by id."""
    return _by_ids(pipefy, "Table", arguments.get("ids"))


@resolves("Query", "table_record")
def table_record(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """One record."""
    return require(pipefy, "TableRecord", arguments["id"], "Record")


@resolves("Query", "table_records")
def table_records(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The records of a table."""
    return searched(require(pipefy, "Table", arguments["table_id"])["records"], arguments.get("search"))


@resolves("Query", "automations")
def automations(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The automations of an organization."""
    require_organization(pipefy, arguments["organizationId"])
    found = pipefy.nodes.all("Automation")
    if arguments.get("active") is not None:
        found = [node for node in found if node.get("active") == arguments["active"]]
    if arguments.get("repoId"):
        found = [node for node in found if str((node.get("event_repo") or {}).get("id")) == str(arguments["repoId"])]
    if arguments.get("search"):
        found = [node for node in found if arguments["search"].casefold() in node["name"].casefold()]
    return found


@resolves("Query", "automation")
def automation(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """One automation."""
    return require(pipefy, "Automation", arguments["id"])


@resolves("Query", "inbox_emails")
def inbox_emails(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The e-mails of a card."""
    return require(pipefy, "Card", arguments["card_id"])["inbox_emails"]


@resolves("Query", "cardsImportations", "recordsImportations")
def importations(pipefy: PipefyWorkspace, _node: Node, arguments: Arguments) -> Any:
    """The imports started in a pipe or table."""
    owner = str(arguments.get("pipeId") or arguments.get("tableId"))
    wanted = arguments.get("status")
    found = [node for node in pipefy.importations if node["__owner"] == owner]
    return [node for node in found if not wanted or node["status"] in wanted]


def slug_of(label: str) -> str:
    """The slug a field with that label gets."""
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in label.lower()).strip("_")
    return slug or f"field_{words.number(label) % 1000}"
