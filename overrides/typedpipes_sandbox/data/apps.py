"""Example apps, components and accounts of a Pipedream workspace."""

from __future__ import annotations

from typing import Any

from typedpipes_sandbox.clock import iso
from typedpipes_sandbox.data import words
from typedpipes_sandbox.store import Collection, prefixed

EPOCH = 1_790_000_000.0
PROJECT = "proj_x"
WORKSPACE = "o_1"
USER_ID = "u_abc123"

APPS = (
    ("app_OkrhR1", "slack", "Slack", "oauth", "Communication"),
    ("app_OrZhaO", "github", "GitHub", "oauth", "Developer Tools"),
    ("app_XBxhAl", "airtable_oauth", "Airtable", "oauth", "Productivity"),
    ("app_168hvn", "google_sheets", "Google Sheets", "oauth", "Productivity"),
    ("app_mWnheL", "slack_bot", "Slack Bot", "keys", "Communication"),
    ("app_13Gh2V", "pipedrive", "Pipedrive", "oauth", "CRM"),
    ("app_1dBhRX", "pipefy", "Pipefy", "keys", "Business Management"),
    ("app_ZmQh3z", "http", "HTTP / Webhook", "none", "Developer Tools"),
    ("app_q1W2e3", "padaria", "Padaria Pão Quente", "keys", "Food ☕"),
)


def app(row: tuple[str, str, str, str, str]) -> dict[str, Any]:
    """One app as Connect shows it; REST shows fewer fields."""
    identifier, slug, name, auth_type, category = row
    return {
        "id": identifier,
        "name_slug": slug,
        "name": name,
        "auth_type": auth_type,
        "description": f"Connect {name} to your workflows.",
        "img_src": f"https://assets.example.com/{identifier}/logo.png",
        "custom_fields_json": "[]",
        "categories": [category],
        "featured_weight": float(words.number(slug) % 1000),
        "scope_profiles": [],
    }


def account(seed: int, index: int, external_user: str) -> dict[str, Any]:
    """One connected account."""
    key = f"{seed}:account:{index}"
    made = words.moment(key, EPOCH)
    return {
        "name": words.person(key)[0] if index % 3 else None,
        "external_id": external_user,
        "healthy": index % 11 != 7,
        "dead": False,
        "app": app(words.pick(APPS[:7], key)),
        "created_at": iso(made),
        "updated_at": iso(made + 86_400),
        "authorized_scopes": ["read", "write"],
        "error": None,
        "last_refreshed_at": None,
        "next_refresh_at": None,
    }


def credentials(key: str) -> dict[str, str]:
    """What ``include_credentials`` adds: recognisable as planted secrets."""
    return {
        "oauth_client_id": words.uuid_of(key),
        "oauth_access_token": f"secret-access-{words.token(key, 20)}",
        "oauth_refresh_token": f"secret-refresh-{words.token(key, 20)}",
        "oauth_uid": words.email(key),
    }


def component(seed: int, kind: str, index: int) -> dict[str, Any]:
    """One action or trigger of the registry."""
    row = APPS[index % 7]
    verb = (
        ("send-message", "create-item", "find-record")[index % 3]
        if kind == "action"
        else ("new-item", "new-event")[index % 2]
    )
    return {
        "key": f"{row[1]}-{verb}",
        "name": f"{verb.replace('-', ' ').title()} ({row[2]})",
        "version": f"0.{index % 5}.{index % 7}",
        "description": f"Works with {row[2]}.",
        "component_type": kind,
        "stash": None,
        "annotations": None,
        "configurable_props": [
            {"name": row[1], "type": "app", "app": row[1]},
            {"name": "text", "type": "string", "label": "Text", "optional": True},
        ],
    }


_CONNECT_PREFIXES = {
    "accounts": "apn_",
    "users": "exu_",
    "projects": "proj_",
    "oauth_apps": "oa_",
    "app_overrides": "ao_",
    "deployed-triggers": "dc_",
    "actions": "sc_",
    "triggers": "sc_",
    "apps": "app_",
    "app_categories": "cat_",
}
EXTERNAL_USERS = ("user-abc-123", "u1", "joão@example.com", "müller/7")
_REST_PREFIXES = {
    "sources": "dc_",
    "webhooks": "wh_",
    "subscriptions": "sub_",
    "workflows": "p_",
    "components": "sc_",
    "apps": "app_",
}


def connect_collection(name: str, seed: int, accounts: int) -> Collection:
    """A collection of the Connect API with what it holds at first."""
    kind = name.rpartition("/")[2]
    collection = Collection(name, prefixed(_CONNECT_PREFIXES.get(kind, "id_"), words.number(f"{seed}:{name}")))
    if kind == "apps":
        for row in APPS:
            collection.add(app(row), row[0])
    elif kind == "app_categories":
        for category in sorted({row[4] for row in APPS}):
            collection.add({"name": category, "description": f"Apps for {category}"})
    elif kind == "projects":
        collection.add({"name": "Integrations", "app_name": "Sandbox"}, PROJECT)
    elif kind in {"actions", "triggers"}:
        for index in range(14):
            made = component(seed, kind.removesuffix("s"), index)
            if collection.get(made["key"], "key") is None:
                collection.add(made)
    elif kind in {"oauth_apps", "app_overrides"} and name.startswith(f"{PROJECT}/"):
        collection.add({"name": "Own Slack client", "app": app(APPS[0])})
    elif kind == "accounts" and name.startswith(f"{PROJECT}/"):
        for index in range(accounts):
            collection.add(account(seed, index, words.pick(EXTERNAL_USERS, f"{seed}:{index}")))
    return collection


def rest_collection(name: str, seed: int) -> Collection:
    """A collection of the REST API with what it holds at first."""
    collection = Collection(name, prefixed(_REST_PREFIXES.get(name, "id_"), words.number(f"{seed}:{name}")))
    now = int(EPOCH)
    if name == "apps":
        for row in APPS:
            collection.add(app(row), row[0])
    elif name == "sources":
        for index, title in enumerate(("rss", "padaria-orders", "new-github-issue")):
            collection.add(
                {
                    "name": title,
                    "name_slug": title,
                    "component_id": f"sc_{words.token(title)}",
                    "active": index != 1,
                    "configured_props": {"url": "https://example.com/feed"},
                    "created_at": now,
                    "updated_at": now,
                    "user_id": USER_ID,
                }
            )
    elif name == "components":
        collection.add({"name": "rss", "key": "my-component", "version": "0.0.1", "created_at": now, "updated_at": now})
    elif name == "workflows":
        collection.add({"name": "Orders to CRM", "active": True, "key": "enabc123"}, "p_abc123")
    return collection
