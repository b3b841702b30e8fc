"""Mutations on organizations, pipes, phases, fields and tables."""

from __future__ import annotations

from typing import Any

from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.mutations import mutation
from typedpipes_sandbox.pipefy.queries import require, require_organization, slug_of
from typedpipes_sandbox.pipefy.resolvers import failure, not_found
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace

Arguments = dict[str, Any]
_NOT_VALUES = {"clientMutationId", "id", "organization_id", "phases", "start_form_fields", "labels", "members",
               "preferences", "publicFormSettings", "title_field_id", "pipe_id", "table_id", "phase_id"}  # fmt: skip


def _values(sent: Arguments) -> Arguments:
    return {name: value for name, value in sent.items() if name not in _NOT_VALUES and not isinstance(value, dict)}


@mutation("createOrganization")
def create_organization(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new, empty organization."""
    return {"organization": pipefy.nodes.new_organization(None, sent["name"])}


@mutation("updateOrganization")
def update_organization(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Settings of an organization."""
    organization = require_organization(pipefy, sent["id"])
    organization.update(_values(sent))
    return {"organization": organization}


@mutation("deleteOrganization")
def delete_organization(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """An organization is gone; the example one is refused, because everything hangs on it."""
    organization = require_organization(pipefy, sent["id"])
    if organization is pipefy.nodes.organization:
        raise failure("the example organization cannot be deleted", "RECORD_INVALID")
    pipefy.nodes.remove("Organization", organization)
    return {}


@mutation("createPipe")
def create_pipe(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new pipe with the phases asked for, or three."""
    require_organization(pipefy, sent["organization_id"])
    pipe = pipefy.nodes.new_pipe(sent["name"], **({"icon": sent["icon"]} if sent.get("icon") else {}))
    for each in sent.get("phases") or [{"name": "Inbox"}, {"name": "Doing"}, {"name": "Done", "done": True}]:
        phase = pipefy.nodes.phase(pipe, each["name"], done=bool(each.get("done")))
        phase["fields"] = [
            _field(pipefy, "PhaseField", field, field["type_id"], phase=phase) for field in each.get("fields") or ()
        ]
    pipe["start_form_fields"] = [
        _field(pipefy, "PhaseField", field, field["type_id"], phase=None)
        for field in sent.get("start_form_fields") or ()
    ]
    for label in sent.get("labels") or ():
        pipe["labels"].append(pipefy.nodes.add("Label", dict(label)))
    return {"pipe": pipe}


def _field(pipefy: PipefyWorkspace, kind: str, sent: Arguments, field_type: str, **extra: Any) -> Node:
    values = {name: value for name, value in _values(sent).items() if name not in {"label", "type", "type_id", "uuid"}}
    return pipefy.nodes.field(kind, slug_of(sent["label"]), sent["label"], field_type, **values, **extra)


@mutation("updatePipe")
def update_pipe(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Settings of a pipe."""
    pipe = require(pipefy, "Pipe", sent["id"])
    pipe.update(_values(sent))
    return {"pipe": pipe}


@mutation("deletePipe")
def delete_pipe(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A pipe is gone, with its cards and phases."""
    pipe = require(pipefy, "Pipe", sent["id"])
    for kind, nodes in (("Card", pipe["cards"]), ("Phase", pipe["phases"])):
        for node in nodes:
            pipefy.nodes.remove(kind, node)
    pipe["organization"]["pipes"].remove(pipe)
    pipefy.nodes.remove("Pipe", pipe)
    return {}


@mutation("createPhase")
def create_phase(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new phase at the end of a pipe."""
    pipe = require(pipefy, "Pipe", sent["pipe_id"])
    values = {name: value for name, value in _values(sent).items() if name not in {"name", "done"}}
    return {"phase": pipefy.nodes.phase(pipe, sent["name"], done=bool(sent.get("done")), **values)}


@mutation("updatePhase")
def update_phase(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Settings of a phase."""
    phase = require(pipefy, "Phase", sent["id"])
    phase.update(_values(sent))
    return {"phase": phase}


@mutation("deletePhase")
def delete_phase(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A phase is gone; one with cards is refused."""
    phase = require(pipefy, "Phase", sent["id"])
    if phase["cards"]:
        raise failure("the phase still has cards", "RECORD_INVALID")
    pipefy.nodes.pipe(str(phase["repo_id"]))["phases"].remove(phase)
    pipefy.nodes.remove("Phase", phase)
    return {}


@mutation("createPhaseField")
def create_phase_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new field of a phase or of the start form."""
    phase = pipefy.nodes.get("Phase", sent["phase_id"])
    if phase is not None:
        field = _field(pipefy, "PhaseField", sent, str(sent["type"]), phase=phase)
        phase["fields"].append(field)
        return {"phase_field": field}
    pipes = [pipe for pipe in pipefy.nodes.all("Pipe") if str(pipe["startFormPhaseId"]) == str(sent["phase_id"])]
    if not pipes:
        raise not_found("Phase")
    field = _field(pipefy, "PhaseField", sent, str(sent["type"]), phase=None)
    pipes[0]["start_form_fields"].append(field)
    return {"phase_field": field}


def _existing_field(pipefy: PipefyWorkspace, kind: str, sent: Arguments) -> Node:
    wanted = {str(sent["id"]), str(sent.get("uuid"))}
    found = [node for node in pipefy.nodes.all(kind) if wanted & {node["id"], node["uuid"], str(node["internal_id"])}]
    if not found:
        raise not_found("Field")
    return found[0]


@mutation("updatePhaseField")
def update_phase_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Settings of a field; its slug stays."""
    field = _existing_field(pipefy, "PhaseField", sent)
    field.update({name: value for name, value in _values(sent).items() if name != "uuid"})
    return {"phase_field": field}


@mutation("deletePhaseField")
def delete_phase_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A field is gone."""
    field = _existing_field(pipefy, "PhaseField", sent)
    for holder in [*(phase["fields"] for phase in pipefy.nodes.all("Phase")),
                   *(pipe["start_form_fields"] for pipe in pipefy.nodes.all("Pipe"))]:  # fmt: skip
        if field in holder:
            holder.remove(field)
    pipefy.nodes.by_type["PhaseField"].pop(field["internal_id"], None)
    return {}


@mutation("createTable")
def create_table(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new table."""
    require_organization(pipefy, sent["organization_id"])
    values = {name: value for name, value in _values(sent).items() if name != "name"}
    return {"table": pipefy.nodes.new_table(sent["name"], **values)}


@mutation("updateTable")
def update_table(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Settings of a table."""
    table = require(pipefy, "Table", sent["id"])
    table.update({name: value for name, value in _values(sent).items() if name != "summary_attributes"})
    return {"table": table}


@mutation("deleteTable")
def delete_table(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A table is gone, with its records."""
    table = require(pipefy, "Table", sent["id"])
    for record in table["records"]:
        pipefy.nodes.remove("TableRecord", record)
    table["organization"]["tables"].remove(table)
    pipefy.nodes.remove("Table", table)
    return {}


@mutation("createTableField")
def create_table_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A new field of a table."""
    table = require(pipefy, "Table", sent["table_id"])
    field = _field(pipefy, "TableField", sent, str(sent["type"]))
    table["table_fields"].append(field)
    return {"table_field": field}


@mutation("updateTableField")
def update_table_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Settings of a table's field."""
    field = _existing_field(pipefy, "TableField", sent)
    field.update(_values(sent))
    return {"table_field": field}


@mutation("deleteTableField")
def delete_table_field(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A table's field is gone."""
    field = _existing_field(pipefy, "TableField", sent)
    for table in pipefy.nodes.all("Table"):
        if field in table["table_fields"]:
            table["table_fields"].remove(field)
    pipefy.nodes.by_type["TableField"].pop(field["internal_id"], None)
    return {}
