"""Drives the vendor's own Python client (package ``pipedream``) against a running sandbox.

Settings come from the environment. Run by ``test_vendor_clients.py``. ``walk`` as the argument calls everything but
workflows, ``invoke`` invokes a workflow. The last line printed is a JSON summary. Nothing but the base URL is changed.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from pipedream import Pipedream

DONE: list[str] = []
FAILED: list[str] = []
USER = "user-abc-123"


def attempt(name: str, call: Callable[[], Any]) -> Any:
    """Make one call and note what became of it."""
    try:
        result = call()
    except Exception:
        FAILED.append(f"{name}: {traceback.format_exc(limit=3)}")
        return None
    DONE.append(name)
    return result


def make_client() -> Any:
    """The vendor's client, pointed at the sandbox."""
    return Pipedream(
        base_url=os.environ["PIPEDREAM_ORIGIN"],
        project_id=os.environ["PIPEDREAM_PROJECT_ID"],
        project_environment=os.environ["PIPEDREAM_ENVIRONMENT"],
        client_id=os.environ["PIPEDREAM_CLIENT_ID"],
        client_secret=os.environ["PIPEDREAM_CLIENT_SECRET"],
    )


def walk_accounts(client: Any) -> list[str]:
    """Tokens, accounts over several pages, users, apps, projects; returns the ids of the accounts."""
    token = attempt("tokens.create", lambda: client.tokens.create(external_user_id=USER))
    attempt("tokens.validate", lambda: client.tokens.validate(token.token, app_id="slack"))
    accounts: list[str] = attempt("accounts.list", lambda: [each.id for each in client.accounts.list(limit=10)])
    attempt("accounts.retrieve", lambda: client.accounts.retrieve(accounts[0], include_credentials=True))
    attempt("users.list", lambda: list(client.users.list()))
    attempt("apps.list", lambda: list(client.apps.list(limit=3)))
    attempt("apps.retrieve", lambda: client.apps.retrieve("slack"))
    attempt("app_categories.list", client.app_categories.list)
    attempt("projects.list", lambda: list(client.projects.list()))
    attempt("projects.create", lambda: client.projects.create(name="Novo"))
    attempt("projects.retrieve_info", client.projects.retrieve_info)
    attempt("oauth_apps.list", lambda: list(client.oauth_apps.list()))
    attempt("app_overrides.list", lambda: list(client.app_overrides.list()))
    attempt("usage.list", lambda: client.usage.list(start_ts=1, end_ts=2))
    return accounts


def walk_components(client: Any, kind: str) -> str:
    """Actions or triggers: list, read, configure; returns the key of the first."""
    of_kind = getattr(client, kind)
    key: str = attempt(f"{kind}.list", lambda: [each.key for each in of_kind.list()])[0]
    attempt(f"{kind}.retrieve", lambda: of_kind.retrieve(key))
    attempt(f"{kind}.configure_prop", lambda: of_kind.configure_prop(id=key, prop_name="text", external_user_id=USER))
    attempt(f"{kind}.reload_props", lambda: of_kind.reload_props(id=key, external_user_id=USER))
    return key


def walk_deployed(client: Any, trigger: str) -> None:
    """A deployed trigger from birth to death."""
    made = attempt("triggers.deploy", lambda: client.triggers.deploy(id=trigger, external_user_id=USER))
    deployed = client.deployed_triggers
    attempt("deployed.list", lambda: list(deployed.list(external_user_id=USER)))
    attempt("deployed.retrieve", lambda: deployed.retrieve(made.id, external_user_id=USER))
    attempt("deployed.update", lambda: deployed.update(made.id, external_user_id=USER, active=False))
    attempt("deployed.list_events", lambda: deployed.list_events(made.id, external_user_id=USER, n=3))
    attempt("deployed.list_webhooks", lambda: deployed.list_webhooks(made.id, external_user_id=USER))
    attempt("deployed.delete", lambda: deployed.delete(made.id, external_user_id=USER))


def walk(client: Any) -> dict[str, Any]:
    """Everything but workflows."""
    accounts = walk_accounts(client)
    attempt("components.list", lambda: list(client.components.list()))
    action = walk_components(client, "actions")
    attempt(
        "actions.run",
        lambda: client.actions.run(id=action, external_user_id=USER, configured_props={"text": "x"}),
    )
    walk_deployed(client, walk_components(client, "triggers"))
    target = {"url": "https://api.example.com/x?y=1", "external_user_id": USER, "account_id": accounts[1]}
    attempt("proxy.get", lambda: client.proxy.get(**target))
    attempt("proxy.post", lambda: client.proxy.post(**target, body={"a": 1}))
    attempt("accounts.delete", lambda: client.accounts.delete(accounts[0]))
    attempt("users.delete_external_user", lambda: client.users.delete_external_user(USER))
    return {"accounts": len(accounts)}


def invoke(client: Any) -> dict[str, Any]:
    """A workflow at its absolute URL, as a plain call and for an end user."""
    url = f"{os.environ['PIPEDREAM_WORKFLOWS_URL']}/enabc123"
    workflows = client.workflows
    attempt("invoke", lambda: workflows.invoke(url_or_endpoint=url, body={"a": 1}))
    attempt(
        "invoke_for_external_user",
        lambda: workflows.invoke_for_external_user(url_or_endpoint=url, external_user_id=USER, body={"a": 1}),
    )
    return {}


if __name__ == "__main__":
    facts = {"walk": walk, "invoke": invoke}[sys.argv[1]](make_client())
    print(json.dumps({"done": DONE, "failed": FAILED, **facts}))
