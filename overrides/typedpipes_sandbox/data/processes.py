"""An example Pipefy organization: pipes, phases, fields, cards, tables, people."""

from __future__ import annotations

from typing import Any

from typedpipes_sandbox.clock import iso_seconds
from typedpipes_sandbox.data import words

EPOCH = 1_790_000_000.0
ORGANIZATION = "123456789"
OTHER_ORGANIZATION = "987654321"
Node = dict[str, Any]

PIPES = (("301", "Purchase requests"), ("302", "Onboarding – novos clientes"), ("303", "Service desk"))
PHASES = ("Inbox", "Doing", "Waiting for supplier", "Done")
START_FIELDS = (
    ("what_do_you_need", "What do you need?", "short_text"),
    ("cost", "Cost", "currency"),
    ("needed_by", "Needed by", "date"),
    ("category", "Category", "select"),
    ("details", "Details", "long_text"),
    ("attachments", "Attachments", "attachment"),
)
TABLE_FIELDS = (
    ("supplier", "Supplier", "short_text"),
    ("tax_id", "Tax ID", "short_text"),
    ("city", "City", "short_text"),
)
OPTIONS = ["Hardware", "Software", "Serviços", "Travel"]
LABELS = (("Urgent", "#C62828"), ("Approved", "#2E7D32"), ("Aguardando", "#FF8A00"))


class Nodes:
    """All nodes of one organization by type and id; nodes are plain dicts that reference each other."""

    def __init__(self, seed: int, cards: int) -> None:
        self.seed = seed
        self._next = 5_000
        self.by_type: dict[str, dict[str, Node]] = {}
        self.comments: dict[str, list[Node]] = {}
        self.users = [self._user(index) for index in range(5)]
        self.organization = self.new_organization(ORGANIZATION, "Padaria Pão Quente")
        for index, (identifier, name) in enumerate(PIPES):
            self._pipe(identifier, name, (cards, min(cards, 35), 0)[index])
        for index, (identifier, name) in enumerate((("T1aB2c", "Suppliers"), ("T9xY8z", "Cidades"))):
            self._table(identifier, name, index, (60, 8)[index])
        for index in range(3):
            self._automation(index)
        self.add("Webhook", self.webhook("Card created", ["card.create"], "https://hooks.example.com/pipefy"), "7001")
        self.pipe("301")["webhooks"].append(self.get("Webhook", "7001"))

    def new_id(self) -> str:
        """The next numeric id."""
        self._next += 1
        return str(self._next)

    def add(self, kind: str, node: Node, identifier: str | None = None) -> Node:
        """Remember a node under its type and ids."""
        node.setdefault("id", identifier or self.new_id())
        node["__typename"] = kind
        node["__key"] = f"{kind}:{node['id']}"
        node.setdefault("uuid", words.uuid_of(f"{self.seed}:{node['__key']}"))
        self.by_type.setdefault(kind, {})[str(node["id"])] = node
        return node

    def get(self, kind: str, identifier: Any) -> Node | None:
        """A node by id, uuid or internal id."""
        known = self.by_type.get(kind, {})
        found = known.get(str(identifier))
        if found is not None:
            return found
        wanted = str(identifier)
        return next(
            (node for node in known.values() if wanted in {node.get("uuid"), str(node.get("internal_id"))}), None
        )

    def remove(self, kind: str, node: Node) -> None:
        """Forget a node."""
        self.by_type.get(kind, {}).pop(str(node["id"]), None)

    def all(self, kind: str) -> list[Node]:
        """Every node of a type, in the order made."""
        return list(self.by_type.get(kind, {}).values())

    def pipe(self, identifier: str) -> Node:
        """A pipe that must exist."""
        return self.by_type["Pipe"][identifier]

    def _user(self, index: int) -> Node:
        key = f"{self.seed}:user:{index}"
        first, last = words.person(key)
        handle = f"{first}.{last}".lower().replace(" ", "")
        return self.add(
            "User",
            {"name": f"{first} {last}", "displayName": f"{first} {last}", "email": words.email(key), "username": handle,
             "locale": "pt-BR", "timezone": "America/Sao_Paulo", "confirmed": True, "invited": False,
             "created_at": iso_seconds(EPOCH - 9e7), "createdAt": iso_seconds(EPOCH - 9e7)},
            str(900 + index),
        )  # fmt: skip

    def new_organization(self, identifier: str | None, name: str) -> Node:
        """An organization with everyone in it and nothing else."""
        members = [
            {"role_name": "admin" if index == 0 else "normal", "user": user} for index, user in enumerate(self.users)
        ]
        return self.add(
            "Organization",
            {"name": name, "pipes": [], "tables": [], "members": members, "users": self.users, "membersCount": 5,
             "users_count": 5, "planName": "Enterprise", "role": "admin", "webhooks": [], "createdBy": self.users[0],
             "created_at": iso_seconds(EPOCH - 9e7), "createdAt": iso_seconds(EPOCH - 9e7), "freemium": False},
            identifier,
        )  # fmt: skip

    def field(self, kind: str, slug: str, label: str, field_type: str, **extra: Any) -> Node:
        """A phase or table field; its ``id`` is the slug, not unique across pipes."""
        internal = self.new_id()
        node = {
            "id": slug,
            "label": label,
            "type": field_type,
            "internal_id": internal,
            "index_name": f"field_{internal}",
            "required": False,
            "options": OPTIONS if field_type == "select" else [],
            "editable": True,
            "description": "",
            "help": "",
            "is_multiple": False,
            "minimal_view": False,
            "index": 0.0,
            **extra,
        }
        node["__typename"], node["__key"] = kind, f"{kind}:{internal}"
        node["uuid"] = words.uuid_of(f"{self.seed}:{node['__key']}")
        self.by_type.setdefault(kind, {})[internal] = node
        return node

    def phase(self, pipe: Node, name: str, *, done: bool = False, **extra: Any) -> Node:
        """A phase at the end of a pipe."""
        node = {
            "name": name,
            "done": done,
            "index": float(len(pipe["phases"])),
            "repo_id": int(pipe["id"]),
            "fields": [],
            "cards": [],
            "description": "",
            "color": "blue",
            "created_at": iso_seconds(EPOCH - 8e7),
            **extra,
        }
        pipe["phases"].append(self.add("Phase", node))
        return node

    def new_pipe(self, name: str, identifier: str | None = None, **extra: Any) -> Node:
        """An empty pipe with a start form."""
        pipe = self.add(
            "Pipe",
            {
                "name": name,
                "phases": [],
                "labels": [],
                "members": list(self.organization["members"]),
                "users": self.users,
                "webhooks": [],
                "organization": self.organization,
                "organizationId": self.organization["id"],
                "cards": [],
                "icon": "pipefy",
                "color": "blue",
                "public": False,
                "created_at": iso_seconds(EPOCH - 8e7),
                "anyone_can_create_card": True,
                "noun": "card",
                "role": "admin",
                "start_form_fields": [],
                **extra,
            },
            identifier,
        )
        pipe["suid"] = words.token(f"{self.seed}:{pipe['id']}", 8)
        pipe["startFormPhaseId"] = self.new_id()
        self.organization["pipes"].append(pipe)
        return pipe

    def _pipe(self, identifier: str, name: str, cards: int) -> None:
        pipe = self.new_pipe(name, identifier)
        pipe["start_form_fields"] = [self.field("PhaseField", *row, phase=None) for row in START_FIELDS]
        pipe["title_field"] = pipe["start_form_fields"][0]
        for index, (label, color) in enumerate(LABELS):
            pipe["labels"].append(self.add("Label", {"name": label, "color": color}, f"{identifier}{index}"))
        for index, phase in enumerate(PHASES):
            node = self.phase(pipe, phase, done=index == len(PHASES) - 1)
            slug = f"comment_{index}"
            node["fields"] = [self.field("PhaseField", slug, f"{phase} notes", "long_text", phase=node)]
        for index in range(cards):
            self._example_card(pipe, index)

    def _example_card(self, pipe: Node, index: int) -> None:
        key = f"{self.seed}:card:{pipe['id']}:{index}"
        phase = pipe["phases"][words.number(key) % len(pipe["phases"])]
        made = words.moment(key, EPOCH, 120)
        values = {
            "what_do_you_need": words.pick(words.PRODUCTS, key),
            "cost": f"{words.number(key) % 900000 / 100:.2f}",
            "needed_by": iso_seconds(made + 30 * 86400)[:10],
            "category": words.pick(OPTIONS, key),
            "details": words.pick(words.SENTENCES, key),
        }
        title = f"{values['what_do_you_need']} – {words.pick(words.COMPANIES, key)}"
        card = self.new_card(pipe, phase, title, values, made)
        card["labels"] = [pipe["labels"][index % 3]] if index % 2 else []
        card["assignees"] = [self.users[index % 5]]

    def new_card(self, pipe: Node, phase: Node, title: str, values: dict[str, Any], made: float) -> Node:
        """A card in a phase, with its field values by slug."""
        moment = iso_seconds(made)
        card = self.add(
            "Card",
            {
                "title": title,
                "pipe": pipe,
                "current_phase": phase,
                "created_at": moment,
                "createdAt": moment,
                "updated_at": moment,
                "started_current_phase_at": moment,
                "created_by": self.users[0],
                "createdBy": self.users[0],
                "assignees": [],
                "labels": [],
                "comments": [],
                "attachments": [],
                "due_date": None,
                "done": phase["done"],
                "late": False,
                "expired": False,
                "overdue": False,
                "finished_at": moment if phase["done"] else None,
                "checklist_items_count": 0,
                "checklist_items_checked_count": 0,
                "inboxEmailsRead": True,
                "inbox_emails": [],
                "__values": values,
                "__history": [{"phase": phase, "firstTimeIn": moment, "lastTimeIn": moment}],
            },
        )
        card["suid"] = words.token(f"{self.seed}:{card['id']}", 8)
        card["url"] = f"https://app.pipefy.com/open-cards/{card['id']}"
        card["path"] = f"/open-cards/{card['id']}"
        phase["cards"].append(card)
        pipe["cards"].append(card)
        return card

    def new_table(self, name: str, identifier: str | None = None, **extra: Any) -> Node:
        """An empty table."""
        table = self.add(
            "Table",
            {
                "name": name,
                "table_fields": [],
                "records": [],
                "labels": [],
                "members": list(self.organization["members"]),
                "webhooks": [],
                "organization": self.organization,
                "icon": "database",
                "color": "green",
                "public": False,
                "authorization": "write",
                "statuses": [{"id": "1", "name": "Active"}, {"id": "2", "name": "Inactive"}],
                **extra,
            },
            identifier,
        )
        table["internal_id"] = self.new_id()
        self.organization["tables"].append(table)
        return table

    def _table(self, identifier: str, name: str, offset: int, records: int) -> None:
        table = self.new_table(name, identifier)
        table["table_fields"] = [self.field("TableField", *row) for row in TABLE_FIELDS]
        table["title_field"] = table["table_fields"][0]
        for index in range(records):
            key = f"{self.seed}:record:{identifier}:{index}"
            values = {"supplier": words.pick(words.COMPANIES, key), "tax_id": f"{words.number(key):010d}",
                      "city": words.pick(words.CITIES, key)}  # fmt: skip
            self.new_record(table, f"{values['supplier']} {index + offset + 1}", values, words.moment(key, EPOCH, 200))

    def new_record(self, table: Node, title: str, values: dict[str, Any], made: float) -> Node:
        """A record of a table."""
        moment = iso_seconds(made)
        record = self.add(
            "TableRecord",
            {"title": title, "table": table, "created_at": moment, "updated_at": moment, "created_by": self.users[0],
             "assignees": [], "labels": [], "status": table["statuses"][0], "done": False, "due_date": None,
             "finished_at": None, "parent_relations": [], "__values": values},
        )  # fmt: skip
        record["url"] = f"https://app.pipefy.com/records/{record['id']}"
        record["path"] = f"/records/{record['id']}"
        table["records"].append(record)
        return record

    def _automation(self, index: int) -> None:
        name = ("Notify the buyer", "Mover para Done", "SLA de 2 dias")[index]
        self.add(
            "Automation",
            {
                "name": name,
                "active": index != 2,
                "event_id": ("card_created", "card_moved", "sla_based")[index],
                "action_id": ("send_email_template", "move_single_card", "send_a_task")[index],
                "event_repo": self.pipe("301"),
                "action_repo_v2": self.pipe("301"),
                "created_at": iso_seconds(EPOCH - 6e7),
                "condition": None,
                "related_cards": [],
                "actionEnabled": True,
            },
            str(8001 + index),
        )

    def webhook(self, name: str, actions: list[str], url: str, **extra: Any) -> Node:
        """A webhook that is not remembered yet."""
        return {"name": name, "actions": actions, "url": url, "email": None, "headers": {}, "filters": {}, **extra}
