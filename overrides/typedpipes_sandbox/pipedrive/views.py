"""How a stored record looks in v1: nested owners, string visibility, hash keys at the top, SQL times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox.data.crm import FIELD_RESOURCES
from typedpipes_sandbox.store import CollectionSet, Record

#: v1 name of a request field -> what the record calls it
V1_NAMES = {"user_id": "owner_id", "email": "emails", "phone": "phones", "label": "label_ids", "org_id": "org_id"}
CUSTOM_FIELD_HOLDERS = {"deals", "persons", "organizations", "products", "activities", "leads"}
#: what only v1 says of a field; v2 calls it by its code
V1_FIELD_NAMES = {"id", "key", "name", "edit_flag"}


def is_hash(name: str) -> bool:
    """Whether a name is a custom field's key, or a companion of one."""
    return len(name) >= 40 and all(letter in "0123456789abcdef" for letter in name[:40])


def _sql(value: Any) -> Any:
    return value.replace("T", " ").removesuffix("Z") if isinstance(value, str) else value


def _user(store: CollectionSet, user_id: Any) -> dict[str, Any]:
    found = store["users"].get(user_id)
    values = found.values if found is not None else {"name": "Ana Souza", "email": "ana@example.com"}
    facts = {"name": values["name"], "email": values["email"], "has_pic": False, "pic_hash": None, "active_flag": True}
    return {"id": user_id, "value": user_id, **facts}


def _person(store: CollectionSet, person_id: Any) -> dict[str, Any] | None:
    found = store["persons"].get(person_id)
    if found is None:
        return None
    values = found.values
    return {
        "active_flag": True,
        "name": values.get("name"),
        "email": values.get("emails") or [],
        "phone": values.get("phones") or [],
        "owner_id": values.get("owner_id", 1),
        "value": person_id,
    }


def _organization(store: CollectionSet, org_id: Any) -> dict[str, Any] | None:
    found = store["organizations"].get(org_id)
    if found is None:
        return None
    return {
        "name": found.values.get("name"),
        "people_count": 3,
        "owner_id": found.values.get("owner_id", 1),
        "address": (found.values.get("address") or {}).get("value", ""),
        "active_flag": True,
        "cc_email": "acme@pipedrivemail.com",
        "value": org_id,
    }


def _flat_custom_fields(values: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in (values.get("custom_fields") or {}).items():
        if isinstance(value, dict) and "value" in value:
            flat[key] = value["value"]
            if "currency" in value:
                flat[f"{key}_currency"] = value["currency"]
        else:
            flat[key] = value
    return flat


def v1_values(resource: str, record: Record, store: CollectionSet) -> dict[str, Any]:
    """The values of a record under v1's names and forms."""
    if resource not in CUSTOM_FIELD_HOLDERS:
        return dict(record.values)
    values = {key: _sql(value) if key.endswith("_time") else value for key, value in record.values.items()}
    values.update(_flat_custom_fields(values))
    values.pop("custom_fields", None)
    values["visible_to"] = str(values.get("visible_to", 3))
    builder = _V1.get(resource)
    if builder is not None:
        builder(values, store)
    return values


def v2_values(resource: str, record: Record) -> dict[str, Any]:
    """The values of a record under v2's names."""
    if resource not in FIELD_RESOURCES:
        return record.values
    return {key: value for key, value in record.values.items() if key not in V1_FIELD_NAMES}


def _v1_deal(values: dict[str, Any], store: CollectionSet) -> None:
    owner = values.pop("owner_id", 1)
    values["user_id"] = values["creator_user_id"] = _user(store, owner)
    values["owner_name"] = values["user_id"]["name"]
    person, org = _person(store, values.get("person_id")), _organization(store, values.get("org_id"))
    values["person_id"], values["org_id"] = person, org
    values["person_name"] = person["name"] if person else None
    values["org_name"] = org["name"] if org else None
    values["formatted_value"] = f"{values.get('currency', 'EUR')} {_amount(values.get('value')):,.0f}"
    values["active"] = values.get("status") == "open"
    values["deleted"] = bool(values.pop("is_deleted", False))


def _amount(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0


def _v1_contact(values: dict[str, Any], store: CollectionSet) -> None:
    values["owner_id"] = _user(store, values.get("owner_id", 1))
    if "emails" in values:
        values["email"], values["phone"] = values.pop("emails") or [], values.pop("phones", None) or []
        values["org_id"] = _organization(store, values.get("org_id"))
    if isinstance(values.get("address"), dict):
        values["address"] = values["address"].get("value", "")
    values["active_flag"] = not values.pop("is_deleted", False)


def _v1_activity(values: dict[str, Any], store: CollectionSet) -> None:
    values["user_id"] = values.pop("owner_id", 1)
    values["active_flag"] = not values.pop("is_deleted", False)


_V1: dict[str, Callable[[dict[str, Any], CollectionSet], None]] = {
    "deals": _v1_deal,
    "persons": _v1_contact,
    "organizations": _v1_contact,
    "activities": _v1_activity,
}


def absorbed(resource: str, version: str, sent: dict[str, Any]) -> dict[str, Any]:
    """What a request body says, in the record's own terms."""
    if version != "v1" or resource not in CUSTOM_FIELD_HOLDERS:
        return dict(sent)
    values: dict[str, Any] = {}
    for name, value in sent.items():
        if is_hash(name):
            values.setdefault("custom_fields", {})[name] = value
        else:
            values[V1_NAMES.get(name, name)] = value
    for name in ("emails", "phones"):
        if isinstance(values.get(name), str):
            values[name] = [{"value": values[name], "primary": True, "label": "work"}]
        elif isinstance(values.get(name), list) and values[name] and isinstance(values[name][0], str):
            values[name] = [
                {"value": each, "primary": index == 0, "label": "work"} for index, each in enumerate(values[name])
            ]
    if resource == "deals" and isinstance(values.get("value"), str):
        values["value"] = _amount(values["value"])
    if isinstance(values.get("address"), str):
        values["address"] = {"value": values["address"]}
    if isinstance(values.get("visible_to"), str) and values["visible_to"].isdigit():
        values["visible_to"] = int(values["visible_to"])
    return values
