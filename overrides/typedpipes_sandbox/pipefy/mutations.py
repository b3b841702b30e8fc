"""What Pipefy's mutations on cards, records and their parts do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox.clock import iso_seconds
from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.node_fields import record_field
from typedpipes_sandbox.pipefy.queries import require, require_organization
from typedpipes_sandbox.pipefy.resolvers import Resolver, failure, not_found, resolves
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace

Arguments = dict[str, Any]
MAX_FIELDS = 30


def mutation(*fields: str) -> Callable[[Resolver], Resolver]:
    """Register a mutation that takes its ``input`` and whose payload echoes clientMutationId."""

    def register(function: Resolver) -> Resolver:
        def run(pipefy: PipefyWorkspace, node: Node, arguments: Arguments) -> Any:
            sent = arguments.get("input", arguments)
            payload: Node = {"clientMutationId": sent.get("clientMutationId"), "success": True, "__key": fields[0]}
            payload.update(function(pipefy, node, sent))
            return payload

        resolves("Mutation", *fields)(run)
        return function

    return register


def touch(pipefy: PipefyWorkspace, node: Node) -> None:
    """Note when a node was changed."""
    node["updated_at"] = iso_seconds(pipefy.clock.now())


def _people(pipefy: PipefyWorkspace, identifiers: list[Any] | None) -> list[Node]:
    return [require(pipefy, "User", each) for each in identifiers or ()]


def _labels(pipefy: PipefyWorkspace, identifiers: list[Any] | None) -> list[Node]:
    return [require(pipefy, "Label", each) for each in identifiers or ()]


def _plain(value: Any) -> Any:
    """A field value as stored: one-element lists of a plain field are unwrapped."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def store_value(pipefy: PipefyWorkspace, node: Node, definitions: list[Node], field_id: Any, value: Any) -> Node:
    """Write one field of a card or record; only the slug is accepted (vendor-facts/pipefy.md#identifiers)."""
    definition = next((each for each in definitions if each["id"] == str(field_id)), None)
    if definition is None:
        raise not_found("Field")
    if definition["type"] == "attachment":
        keys = [str(each) for each in (value if isinstance(value, list) else [value])]
        for key in keys:
            if pipefy.files.get(key) is None:
                raise failure(f"attachment {key!r} was not uploaded", "RECORD_INVALID")
        node["__files"] = keys
        value = keys
    node["__values"][definition["id"]] = _plain(value) if definition["type"] != "attachment" else value
    touch(pipefy, node)
    return definition


def definitions_of(node: Node) -> list[Node]:
    """The fields a card or record can have."""
    if node["__typename"] == "TableRecord":
        table_fields: list[Node] = node["table"]["table_fields"]
        return table_fields
    found = list(node["pipe"]["start_form_fields"])
    for phase in node["pipe"]["phases"]:
        found += phase["fields"]
    return found


@mutation("createCard")
def create_card(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new card in the first phase or the one named."""
    pipe = require(pipefy, "Pipe", sent["pipe_id"])
    phase = require(pipefy, "Phase", sent["phase_id"]) if sent.get("phase_id") else (pipe["phases"] or [None])[0]
    if phase is None:
        raise failure("the pipe has no phase", "RECORD_INVALID")
    attributes = sent.get("fields_attributes") or []
    title = sent.get("title") or next((str(_plain(each.get("field_value"))) for each in attributes), "Draft")
    card = pipefy.nodes.new_card(pipe, phase, title, {}, pipefy.clock.now())
    try:
        for each in attributes:
            store_value(pipefy, card, definitions_of(card), each["field_id"], each.get("field_value"))
    except Exception:
        _discard(pipefy, card)
        raise
    card["assignees"] = _people(pipefy, sent.get("assignee_ids"))
    card["labels"] = _labels(pipefy, sent.get("label_ids"))
    card["due_date"] = sent.get("due_date")
    card["__files"] = [str(each) for each in sent.get("attachments") or []] or card.get("__files", [])
    return {"card": card}


def _discard(pipefy: PipefyWorkspace, card: Node) -> None:
    for holder in (card["current_phase"]["cards"], card["pipe"]["cards"]):
        if card in holder:
            holder.remove(card)
    pipefy.nodes.remove("Card", card)


@mutation("updateCard")
def update_card(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Title, due date, people and labels of a card."""
    card = require(pipefy, "Card", sent["id"])
    card |= {name: sent[name] for name in ("title", "due_date") if name in sent}
    if "assignee_ids" in sent:
        card["assignees"] = _people(pipefy, sent["assignee_ids"])
    if "label_ids" in sent:
        card["labels"] = _labels(pipefy, sent["label_ids"])
    touch(pipefy, card)
    return {"card": card}


@mutation("updateCardField")
def update_card_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """One field of a card."""
    card = require(pipefy, "Card", sent["card_id"])
    store_value(pipefy, card, definitions_of(card), sent["field_id"], sent.get("new_value"))
    return {"card": card}


@mutation("updateFieldsValues")
def update_fields_values(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Several fields at once; failures are reported in the payload, not as errors."""
    node = pipefy.nodes.get("Card", sent["nodeId"]) or require(pipefy, "TableRecord", sent["nodeId"], "Node")
    values = sent["values"]
    if len(values) > MAX_FIELDS:
        problem = {"field": ["values"], "message": f"at most {MAX_FIELDS} fields may be changed at once"}
        return {"success": False, "userErrors": [problem], "updatedNode": node}
    problems = []
    for each in values:
        try:
            store_value(pipefy, node, definitions_of(node), each["fieldId"], each.get("value"))
        except Exception as error:
            problems.append({"field": [str(each["fieldId"])], "message": str(error)})
    return {"success": not problems, "userErrors": problems, "updatedNode": node}


@mutation("moveCardToPhase")
def move_card(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A card to another phase of its pipe."""
    card = require(pipefy, "Card", sent["card_id"])
    phase = require(pipefy, "Phase", sent["destination_phase_id"])
    if phase not in card["pipe"]["phases"]:
        raise failure("the phase belongs to another pipe", "RECORD_INVALID")
    moment = iso_seconds(pipefy.clock.now())
    if phase is not card["current_phase"]:
        card["current_phase"]["cards"].remove(card)
        card["__history"][-1]["lastTimeOut"] = moment
        card["__history"].append({"phase": phase, "firstTimeIn": moment, "lastTimeIn": moment})
        phase["cards"].append(card)
        card["current_phase"], card["started_current_phase_at"] = phase, moment
        card["done"], card["finished_at"] = phase["done"], moment if phase["done"] else None
    touch(pipefy, card)
    return {"card": card}


@mutation("deleteCard")
def delete_card(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A card is gone."""
    _discard(pipefy, require(pipefy, "Card", sent["id"]))
    return {}


@mutation("createCardRelation")
def create_relation(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Connect two cards."""
    parent, child = require(pipefy, "Card", sent["parentId"]), require(pipefy, "Card", sent["childId"])
    identifier = pipefy.nodes.new_id()
    relation = {
        "id": identifier,
        "__key": f"relation:{identifier}",
        "name": "Connected",
        "source_type": sent["sourceType"],
        "cards": [child],
        "pipe": child["pipe"],
    }
    parent.setdefault("__relations", []).append(relation)
    made = {"id": identifier, "__key": f"cardrelation:{identifier}", "childId": child["id"], "parentId": parent["id"],
            "sourceId": sent["sourceId"], "sourceType": sent["sourceType"]}  # fmt: skip
    return {"cardRelation": made}


@mutation("createComment")
def create_comment(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A comment on a card; at most 1,000 characters."""
    card = require(pipefy, "Card", sent["card_id"])
    if not 0 < len(sent["text"]) <= 1000:
        raise failure("text must have 1 to 1000 characters", "RECORD_INVALID")
    author = pipefy.nodes.users[0]
    comment = pipefy.nodes.add(
        "Comment",
        {"text": sent["text"], "author": author, "author_name": author["name"], "__card": card,
         "created_at": iso_seconds(pipefy.clock.now())},
    )  # fmt: skip
    card["comments"].append(comment)
    return {"comment": comment}


@mutation("updateComment")
def update_comment(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Another text for a comment."""
    comment = require(pipefy, "Comment", sent["id"])
    comment["text"] = sent["text"]
    return {"comment": comment}


@mutation("deleteComment")
def delete_comment(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A comment is gone."""
    comment = require(pipefy, "Comment", sent["id"])
    comment["__card"]["comments"].remove(comment)
    pipefy.nodes.remove("Comment", comment)
    return {}


@mutation("createLabel")
def create_label(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A label of a pipe or table."""
    owner = repository(pipefy, sent)
    label = pipefy.nodes.add("Label", {"name": sent["name"], "color": sent["color"]})
    owner["labels"].append(label)
    return {"label": label}


def repository(pipefy: PipefyWorkspace, sent: Arguments) -> Node:
    """The pipe or table an input names."""
    if sent.get("pipe_id"):
        return require(pipefy, "Pipe", sent["pipe_id"])
    if sent.get("table_id"):
        return require(pipefy, "Table", sent["table_id"])
    if sent.get("organization_id"):
        return require_organization(pipefy, sent["organization_id"])
    raise failure("pipe_id or table_id is required", "INVALID_ARGUMENTS")


@mutation("updateLabel")
def update_label(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Another name or colour for a label."""
    label = require(pipefy, "Label", sent["id"])
    label |= {"name": sent["name"], "color": sent["color"]}
    return {"label": label}


@mutation("deleteLabel")
def delete_label(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A label is gone, from cards too."""
    label = require(pipefy, "Label", sent["id"])
    for kind in ("Pipe", "Table", "Card", "TableRecord"):
        for node in pipefy.nodes.all(kind):
            if label in node["labels"]:
                node["labels"].remove(label)
    pipefy.nodes.remove("Label", label)
    return {}


@mutation("createTableRecord")
def create_record(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new record of a table."""
    return {"table_record": _record(pipefy, sent["table_id"], sent.get("title"), sent.get("fields_attributes"), sent)}


@mutation("createTableRecordInRestrictedTable")
def create_restricted_record(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new record reached through a connector."""
    record = _record(pipefy, sent["tableId"], None, sent.get("fieldsAttributes"), sent)
    return {"tableRecord": record, "table_record": record}


def _record(
    pipefy: PipefyWorkspace, table_id: Any, title: str | None, attributes: list[Arguments] | None, sent: Arguments
) -> Node:
    table = require(pipefy, "Table", table_id)
    name = title or next((str(_plain(each.get("field_value"))) for each in attributes or ()), "Record")
    record = pipefy.nodes.new_record(table, name, {}, pipefy.clock.now())
    for each in attributes or ():
        store_value(pipefy, record, table["table_fields"], each["field_id"], each.get("field_value"))
    record["assignees"] = _people(pipefy, sent.get("assignee_ids"))
    record["labels"] = _labels(pipefy, sent.get("label_ids"))
    record["due_date"] = sent.get("due_date")
    return record


@mutation("updateTableRecord")
def update_record(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Title, due date and status of a record."""
    record = require(pipefy, "TableRecord", sent["id"], "Record")
    record |= {name: sent[name] for name in ("title", "due_date") if name in sent}
    if sent.get("statusId"):
        statuses = {str(each["id"]): each for each in record["table"]["statuses"]}
        if str(sent["statusId"]) not in statuses:
            raise not_found("Status")
        record["status"] = statuses[str(sent["statusId"])]
    touch(pipefy, record)
    return {"table_record": record}


@mutation("setTableRecordFieldValue")
def set_record_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """One field of a record."""
    record = require(pipefy, "TableRecord", sent["table_record_id"], "Record")
    store_value(pipefy, record, record["table"]["table_fields"], sent["field_id"], sent.get("value"))
    return {"table_record": record, "table_record_field": record_field(record, str(sent["field_id"]))}


@mutation("deleteTableRecord")
def delete_record(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A record is gone."""
    record = require(pipefy, "TableRecord", sent["id"], "Record")
    record["table"]["records"].remove(record)
    pipefy.nodes.remove("TableRecord", record)
    return {}
