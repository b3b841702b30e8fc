"""Writes GraphQL documents from Pipefy's schema, about things the example data has."""

from __future__ import annotations

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from typedpipes_sandbox import Sandbox

#: an id that exists, by argument or input field; the rest get an id that looks right
KNOWN = {
    "pipe_id": "301",
    "pipeId": "301",
    "table_id": "T1aB2c",
    "tableId": "T1aB2c",
    "organization_id": "123456789",
    "organizationId": "123456789",
    "organizationUuid": "123456789",
    "card_id": "5016",
    "cardId": "5016",
    "nodeId": "5016",
    "childId": "5016",
    "parentId": "5017",
    "connectorId": "1",
    "user_id": "900",
    "repoId": "301",
    "pipeUuid": "301",
}
BY_FIELD = {
    "card": "5016",
    "pipe": "301",
    "table": "T1aB2c",
    "organization": "123456789",
    "automation": "8001",
    "updateCard": "5016",
    "deleteCard": "5016",
    "updatePipe": "301",
    "deletePipe": "303",
    "updateTable": "T1aB2c",
    "deleteTable": "T9xY8z",
    "updateWebhook": "7001",
    "updateOrganizationWebhook": "7001",
    "deleteWebhook": "7002",
    "deleteOrganizationWebhook": "7001",
    "updateLabel": "3010",
    "deleteLabel": "3010",
    "updateAutomation": "8001",
    "deleteAutomation": "8001",
    "updateOrganization": "123456789",
    "updatePhaseField": "cost",
    "deletePhaseField": "details",
    "updateTableField": "city",
    "deleteTableField": "tax_id",
    "removeUserFromOrg": "",
}


class Documents:
    """Writes one document per root field."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.schema: GraphQLSchema = sandbox.pipefy.schema
        nodes = sandbox.pipefy.nodes
        self.phase = nodes.pipe("301")["phases"][1]["id"]
        self.record = nodes.all("TableRecord")[0]["id"]
        self.email = nodes.users[4]["email"]
        comment = nodes.add("Comment", {"text": "x", "__card": nodes.all("Card")[0]})
        nodes.all("Card")[0]["comments"].append(comment)
        self.comment = comment["id"]
        account = nodes.add("ServiceAccount", {"name": "x", "__client": "none"})
        self.account = account["uuid"]
        webhook = nodes.add("Webhook", nodes.webhook("Spare", ["card.move"], "https://example.com"), "7002")
        nodes.pipe("301")["webhooks"].append(webhook)
        self.other_organization = nodes.new_organization(None, "Outra")["id"]
        empty = nodes.phase(nodes.pipe("303"), "Empty")
        self.empty_phase = empty["id"]

    def of(self, kind: str, name: str, field: GraphQLField) -> str:
        """The document for one root field."""
        arguments = [
            f"{key}: {self.value(argument.type, key, name)}"
            for key, argument in field.args.items()
            if isinstance(argument.type, GraphQLNonNull) or key in {"first"}
        ]
        head = f"({', '.join(arguments)})" if arguments else ""
        return f"{kind} {{ {name}{head}{self.selection(field.type, 4)} }}"

    def selection(self, output: Any, depth: int) -> str:
        """Everything below a field, down to ``depth``; connections of connections are asked for one item each."""
        named = get_named_type(output)
        if is_leaf_type(named):
            return ""
        if not isinstance(named, GraphQLObjectType):
            possible = self.schema.get_possible_types(named)[:3]
            spreads = [f"... on {each.name} {{ __typename }}" for each in possible]
            return f" {{ __typename {' '.join(spreads)} }}"
        parts = ["__typename"]
        for name, field in named.fields.items():
            if any(isinstance(each.type, GraphQLNonNull) for each in field.args.values()):
                continue
            inner = get_named_type(field.type)
            if is_leaf_type(inner):
                parts.append(name)
            elif depth > 1 and (depth > 2 or name in {"node", "nodes", "edges", "pageInfo"}):
                paged = "(first: 1)" if "first" in field.args else ""
                parts.append(f"{name}{paged}{self.selection(field.type, depth - 1)}")
        return f" {{ {' '.join(parts)} }}"

    def value(self, kind: Any, key: str, root: str) -> str:
        """A literal for an argument or input field."""
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, key, root)
        if isinstance(kind, GraphQLList):
            return f"[{self.value(kind.of_type, key, root)}]"
        if isinstance(kind, GraphQLInputObjectType):
            return self.input_object(kind, root)
        if isinstance(kind, GraphQLEnumType):
            return sorted(kind.values)[0]
        return self.scalar(kind.name, key, root)

    def input_object(self, kind: GraphQLInputObjectType, root: str) -> str:
        """An input with its required fields, and the one it needs besides."""
        fields: dict[str, GraphQLInputField] = kind.fields
        wanted = {name for name, field in fields.items() if isinstance(field.type, GraphQLNonNull)}
        needs_owner = kind.name.startswith(
            ("CreateLabel", "CreateWebhook", "InviteMembersInput", "SetRole", "SetRoles")
        )
        wanted |= {"pipe_id"} & fields.keys() if needs_owner else set()
        inner = (f"{name}: {self.value(fields[name].type, name, root)}" for name in sorted(wanted))
        return f"{{{', '.join(inner)}}}"

    def scalar(self, kind: str, key: str, root: str) -> str:
        """A scalar literal."""
        if kind in {"Int", "Float"}:
            return "600" if key == "value" else "1"
        if kind == "Boolean":
            return "true"
        if kind in {"JSON", "Json", "UndefinedInput"}:
            return '"x"'
        if "Date" in kind:
            return '"2026-01-01T00:00:00Z"'
        return f'"{self.text(key, root)}"'

    def text(self, key: str, root: str) -> str:
        """An id or text that leads somewhere."""
        other = self.other_organization
        special = {
            "deleteOrganization": {"id": other},
            "phase": {"id": self.phase},
            "updatePhase": {"id": self.phase},
            "deletePhase": {"id": self.empty_phase},
            "table_record": {"id": self.record},
            "updateTableRecord": {"id": self.record},
            "deleteTableRecord": {"id": self.record},
            "updateComment": {"id": self.comment},
            "deleteComment": {"id": self.comment},
            "deleteServiceAccount": {"serviceAccountUuid": self.account},
            "setTableRecordFieldValue": {"field_id": "city", "table_record_id": self.record},
            "updateCardField": {"field_id": "cost"},
            "automationJobsExport": {"id": self._export("automation-jobs")},
            "pipeReportExport": {"id": self._export("pipe-report")},
            "organizationReportExport": {"id": self._export("organization-report")},
        }.get(root, {})
        if key in special:
            return str(special[key])
        if key == "id" and root in BY_FIELD:
            return BY_FIELD[root]
        if key in {"phase_id", "phaseId", "destination_phase_id"}:
            return str(self.phase)
        if key in {"email", "emails"}:
            return str(self.email)
        return KNOWN.get(key, "x1")

    def _export(self, kind: str) -> str:
        return self.sandbox.exports.create("123456789", "last_month", kind).id
