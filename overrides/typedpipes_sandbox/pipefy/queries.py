"""What Pipefy's queries read from the example organization: the fields of ``Query``. Of its things: `node_fields`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typedpipes_sandbox.data import words
from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.execution import failure, not_found, resolves

if TYPE_CHECKING:
    from typedpipes_sandbox.pipefy.service import Pipefy

Arguments = dict[str, Any]


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
