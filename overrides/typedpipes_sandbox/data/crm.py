"""Example records of a sales team, in Pipedrive v2's terms."""

from __future__ import annotations

import hashlib
from typing import Any

from typedpipes_sandbox.clock import iso_seconds, sql_time
from typedpipes_sandbox.data import words
from typedpipes_sandbox.store import Collection, counting

#: example times lie before this moment
EPOCH = 1_790_000_000.0
STAGE_NAMES = ("Qualified", "Contact made", "Demo scheduled", "Proposal made", "Negotiations started")
FIELD_RESOURCES = {
    "dealFields",
    "personFields",
    "organizationFields",
    "productFields",
    "activityFields",
    "projectFields",
}
STANDARD_FIELDS = {
    "dealFields": (
        ("id", "int"),
        ("title", "varchar"),
        ("value", "monetary"),
        ("currency", "varchar"),
        ("status", "status"),
    ),
    "personFields": (("id", "int"), ("name", "varchar"), ("email", "varchar"), ("phone", "phone")),
    "organizationFields": (("id", "int"), ("name", "varchar"), ("address", "address")),
    "productFields": (("id", "int"), ("name", "varchar"), ("code", "varchar"), ("unit", "varchar")),
}


def field_hash(name: str) -> str:
    """The 40-character key of a custom field."""
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


#: the custom fields every deal of the example data carries
RENEWAL_DATE = field_hash("deal/renewal date")
BUDGET = field_hash("deal/budget")
REGION = field_hash("deal/region")


def _times(key: str) -> dict[str, Any]:
    made = words.moment(key, EPOCH, 300)
    return {"add_time": iso_seconds(made), "update_time": iso_seconds(made + words.number(key) % 600_000)}


def deal(key: str, index: int) -> dict[str, Any]:
    """One deal."""
    status = ("open", "open", "open", "won", "lost")[words.number(key) % 5]
    times = _times(key)
    closed = times["update_time"] if status != "open" else None
    return {
        "title": f"{words.pick(words.COMPANIES, key)} – {words.pick(words.PRODUCTS, key)}",
        "value": float(words.number(key) % 90_000 + 500),
        "currency": words.pick(words.CURRENCIES, key),
        "status": status,
        "owner_id": words.number(key) % 4 + 1,
        "person_id": words.number(key) % 40 + 1,
        "org_id": words.number(key) % 12 + 1,
        "pipeline_id": 1,
        "stage_id": words.number(key) % len(STAGE_NAMES) + 1,
        "stage_change_time": times["update_time"],
        "probability": None,
        "lost_reason": "Price" if status == "lost" else None,
        "close_time": closed,
        "won_time": closed if status == "won" else None,
        "lost_time": closed if status == "lost" else None,
        "expected_close_date": sql_time(words.moment(key, EPOCH + 90 * 86400, 60))[:10],
        "visible_to": 3,
        "is_deleted": False,
        "is_archived": False,
        "label_ids": [],
        "origin": "ManuallyCreated",
        "custom_fields": {
            RENEWAL_DATE: sql_time(words.moment(key, EPOCH, 200))[:10],
            BUDGET: {"value": float(words.number(key) % 5000), "currency": "EUR"},
            REGION: None if index % 3 else words.number(key) % 4 + 1,
        },
        **times,
    }


def person(key: str, _index: int) -> dict[str, Any]:
    """One person."""
    first, last = words.person(key)
    return {
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "owner_id": words.number(key) % 4 + 1,
        "org_id": words.number(key) % 12 + 1,
        "emails": [{"value": words.email(key), "primary": True, "label": "work"}],
        "phones": [{"value": f"+45 {words.number(key) % 90000000}", "primary": True, "label": "mobile"}],
        "visible_to": 3,
        "is_deleted": False,
        "label_ids": [],
        "custom_fields": {},
        **_times(key),
    }


def organization(key: str, index: int) -> dict[str, Any]:
    """One organization."""
    return {
        "name": words.COMPANIES[index % len(words.COMPANIES)],
        "owner_id": words.number(key) % 4 + 1,
        "address": {"value": f"Rua Harmonia {index + 1}, {words.pick(words.CITIES, key)}"},
        "visible_to": 3,
        "is_deleted": False,
        "label_ids": [],
        "custom_fields": {},
        **_times(key),
    }


def activity(key: str, _index: int) -> dict[str, Any]:
    """One activity."""
    return {
        "subject": words.pick(words.TASKS, key),
        "type": words.pick(("call", "meeting", "task", "email"), key),
        "owner_id": words.number(key) % 4 + 1,
        "deal_id": words.number(key) % 100 + 1,
        "person_id": words.number(key) % 40 + 1,
        "org_id": words.number(key) % 12 + 1,
        "due_date": sql_time(words.moment(key, EPOCH, 90))[:10],
        "due_time": "09:30",
        "duration": "00:45",
        "done": bool(words.number(key) & 1),
        "is_deleted": False,
        **_times(key),
    }


def product(key: str, index: int) -> dict[str, Any]:
    """One product."""
    return {
        "name": words.PRODUCTS[index % len(words.PRODUCTS)],
        "code": f"P-{index + 1:03d}",
        "unit": "pc",
        "tax": 19,
        "is_deleted": False,
        "owner_id": 1,
        "custom_fields": {},
        **_times(key),
    }


def note(key: str, _index: int) -> dict[str, Any]:
    """One note."""
    return {
        "content": f"<p>{words.pick(words.SENTENCES, key)}</p>",
        "deal_id": words.number(key) % 100 + 1,
        "user_id": 1,
    }


def lead(key: str, _index: int) -> dict[str, Any]:
    """One lead; its id is a UUID."""
    return {"title": f"{words.pick(words.COMPANIES, key)} lead", "owner_id": 1, "is_archived": False}


def user(key: str, index: int) -> dict[str, Any]:
    """One colleague."""
    first, last = words.person(key)
    return {"name": f"{first} {last}", "email": words.email(key), "active_flag": True, "is_admin": int(index == 0)}


def pipeline(_key: str, index: int) -> dict[str, Any]:
    """One pipeline."""
    return {"name": ("Sales", "Renewals")[index % 2], "order_nr": index, "is_deleted": False, "is_selected": index == 0}


def stage(_key: str, index: int) -> dict[str, Any]:
    """One stage of the first pipeline."""
    return {
        "name": STAGE_NAMES[index % 5],
        "order_nr": index + 1,
        "pipeline_id": 1,
        "is_deleted": False,
        "deal_probability": 20 * index + 10,
    }


MAKERS = {
    "deals": deal,
    "persons": person,
    "organizations": organization,
    "activities": activity,
    "products": product,
    "notes": note,
    "leads": lead,
    "users": user,
    "pipelines": pipeline,
    "stages": stage,
}
#: collections whose ids are UUIDs
UUID_COLLECTIONS = {"leads", "leadLabels", "comments", "discounts", "userProviderLinks"}
FIXED_SIZES = {
    "organizations": 12,
    "users": 4,
    "pipelines": 2,
    "stages": 5,
    "products": 6,
    "notes": 15,
    "leads": 12,
    "persons": 40,
}


def fields(resource: str) -> list[dict[str, Any]]:
    """Field definitions with both APIs' names for the key."""
    known = [
        {
            "key": key,
            "field_code": key,
            "name": key.title(),
            "field_name": key.title(),
            "field_type": kind,
            "edit_flag": False,
            "is_custom_field": False,
        }
        for key, kind in STANDARD_FIELDS.get(resource, (("id", "int"), ("name", "varchar")))
    ]
    if resource == "dealFields":
        customs = ((RENEWAL_DATE, "Renewal date", "date"), (BUDGET, "Budget", "monetary"), (REGION, "Região", "enum"))
        for key, name, kind in customs:
            known.append(
                {"key": key, "field_code": key, "name": name, "field_name": name, "field_type": kind, "edit_flag": True,
                 "is_custom_field": True}
            )  # fmt: skip
    return known


def make_collection(name: str, seed: int, size: int) -> Collection:
    """A collection with its example records; sub-collections of one record are small."""
    resource = name.rpartition("/")[2]
    if name in FIELD_RESOURCES:
        collection = Collection(name, counting(12470))
        for values in fields(name):
            collection.add(values)
        return collection
    if resource in UUID_COLLECTIONS:
        collection = Collection(name, lambda made: words.uuid_of(f"{seed}:{name}:{made}"))
    else:
        collection = Collection(name, counting())
    maker = MAKERS.get(resource) if "/" not in name else None
    count = FIXED_SIZES.get(name, size if name in {"deals", "activities"} else 3) if "/" not in name else 2
    for index in range(count):
        collection.add(maker(f"{seed}:{name}:{index}", index) if maker else {})
    return collection
