"""Pipedream's REST API: accounts, apps, components, sources, events, subscriptions, webhooks, workflows, workspaces."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from typedpipes_sandbox.data import apps as example
from typedpipes_sandbox.data import words
from typedpipes_sandbox.pipedream.paging import listed, page_of
from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.rest import Call, Refused
from typedpipes_sandbox.store import Collection, Record
from typedpipes_sandbox.wire.messages import Response, empty_response, encode_json, json_response


def found(workspace: PipedreamWorkspace, name: str, wanted: str, *by: str) -> Record:
    """The record with that id, or another key; refused with 404 when there is none."""
    for key in ("id", *by):
        record = workspace.rest[name].get(wanted, key)
        if record is not None:
            return record
    raise Refused(json_response({"error": "record not found"}, 404))


def accounts(workspace: PipedreamWorkspace) -> Collection:
    """The accounts REST shows: those of the project's production environment."""
    return workspace.connect[f"{example.PROJECT}/production/accounts"]


def check_access(workspace: PipedreamWorkspace, wanted: str) -> None:
    """Refuse a workspace the caller is not in."""
    if wanted != workspace.org_id:
        raise Refused(json_response({"error": "you do not have access to this workspace"}, 403))


def narrowed(call: Call, response: Response) -> Response:
    """An answer after ``include`` and ``exclude``."""
    include, exclude = call.values.get("include"), call.values.get("exclude")
    include, exclude = include or call.fields.get("include"), exclude or call.fields.get("exclude")
    if not (include or exclude) or not isinstance(response.payload, dict) or response.status >= 300:
        return response
    wanted = {name.strip() for name in str(include).split(",")} if include else None
    unwanted = {name.strip() for name in str(exclude).split(",")} if exclude else set()

    def narrow(item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        return {key: value for key, value in item.items() if (wanted is None or key in wanted) and key not in unwanted}

    data = response.payload.get("data")
    if isinstance(data, list):
        response.payload["data"] = [narrow(item) for item in data]
    elif isinstance(data, dict):
        response.payload["data"] = narrow(data)
    response.body = encode_json(response.payload)
    call.request.context["unvalidated"] = True
    return response


def token(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /oauth/token``."""
    return _issue_token(workspace, call.fields)


def revoke(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /oauth/revoke``."""
    return _revoke_token(workspace, call.fields)


def _issue_token(workspace: PipedreamWorkspace, fields: dict[str, Any]) -> Response:
    """``POST /oauth/token``."""
    if fields.get("grant_type") != "client_credentials":
        return json_response({"error": "unsupported_grant_type"}, 400)
    if (fields.get("client_id"), fields.get("client_secret")) != (workspace.client_id, workspace.client_secret):
        return json_response({"error": "invalid_client", "error_description": "unknown client"}, 401)
    life = workspace.settings.pipedream_token_life
    token = workspace.tokens.jwt(workspace.client_id, life)
    workspace.tokens.add(token, "oauth", workspace.client_id, life)
    answer = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(life),
        "created_at": int(workspace.clock.now()),
    }
    return json_response(answer)


def _revoke_token(workspace: PipedreamWorkspace, fields: dict[str, Any]) -> Response:
    """``POST /oauth/revoke``."""
    if (fields.get("client_id"), fields.get("client_secret")) != (workspace.client_id, workspace.client_secret):
        return json_response({"error": "invalid_client"}, 401)
    workspace.tokens.revoke(str(fields.get("token")))
    return json_response({})


def _account_values(call: Call, record: Record) -> dict[str, Any]:
    values = {key: record.values[key] for key in ("id", "name", "healthy", "created_at", "updated_at")}
    app = record.values.get("app") or {}
    values["app"] = {"id": app.get("id", "app_x"), "name": app.get("name", "App")}
    if call.values.get("include_credentials"):
        values["credentials"] = record.values.get("credentials") or example.credentials(record.key)
        values["expires_at"] = record.values["updated_at"]
    return values


def _shown_account(call: Call, record: Record, schema: Any) -> Any:
    values = _account_values(call, record)
    shown = call.synthesizer.value(schema, record.key, partial=values)
    return {key: value for key, value in shown.items() if key in values}


def list_accounts(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /accounts`` and ``GET /workspaces/{org_id}/accounts``."""
    if "org_id" in call.path_values:
        check_access(workspace, call.path_values["org_id"])
    records, values = list(accounts(workspace)), call.values
    wanted = values.get("app") or values.get("query")
    if wanted:
        records = [
            record for record in records if wanted in {record.values["app"]["id"], record.values["app"]["name_slug"]}
        ]
    if values.get("external_user_id"):
        records = [record for record in records if record.values["external_id"] == values["external_user_id"]]
    page, info = page_of(records, values)
    schema = call.schema_of("data", "*")
    return json_response({"page_info": info, "data": [_shown_account(call, record, schema) for record in page]})


def get_account(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /accounts/{account_id}``."""
    record = accounts(workspace).get(call.path_values["account_id"])
    if record is None:
        raise Refused(json_response({"error": "record not found"}, 404))
    return json_response({"data": _shown_account(call, record, call.schema_of("data"))})


def list_apps(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /apps``."""
    wanted = str(call.values.get("q") or "").casefold()
    return listed(
        call,
        [record for record in workspace.rest["apps"] if wanted in record.values["name"].casefold()],
        {**call.fields, **call.values},
    )


def get_app(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /apps/{app_id}``; the seed's example shows a one-element list, the documented form of the switch."""
    record = found(workspace, "apps", call.path_values["app_id"], "name_slug")
    shown = call.project(record, call.schema_of("data"))
    if workspace.settings.connect_envelopes == "documented":
        call.request.context["unvalidated"] = True
        return json_response({"data": [shown]})
    return json_response({"data": shown})


def _listing(name: str) -> Callable[[PipedreamWorkspace, Call], Response]:
    def list_all(workspace: PipedreamWorkspace, call: Call) -> Response:
        if "org_id" in call.path_values:
            check_access(workspace, call.path_values["org_id"])
        return listed(call, list(workspace.rest[name]), {**call.fields, **call.values})

    return list_all


def create_component(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /components`` from code or a URL."""
    fields, now = call.fields, int(workspace.clock.now())
    if not fields.get("component_code") and not fields.get("component_url"):
        return json_response({"error": "component_code or component_url is required"}, 400)
    code = fields.get("component_code") or f"// {fields['component_url']}"
    name = (
        str(fields.get("component_url") or "component")
        .rstrip("/")
        .rpartition("/")[2]
        .removesuffix(".js")
        .removesuffix(".mjs")
    )
    values = {"name": name, "key": name, "code": code, "version": "0.0.1", "created_at": now, "updated_at": now}
    record = workspace.rest["components"].add(values)
    return json_response({"data": call.project(record, call.schema_of("data"))}, call.operation.status)


def get_component(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /components/{key_or_id}``."""
    record = found(workspace, "components", call.path_values["key_or_id"], "key")
    return json_response({"data": call.project(record, call.schema_of("data"))})


def create_source(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /sources``."""
    fields, now = call.fields, int(workspace.clock.now())
    if not any(fields.get(name) for name in ("component_id", "component_code", "component_url")):
        return json_response({"error": "component_id, component_code or component_url is required"}, 400)
    name = str(fields.get("name") or "new-source")
    record = workspace.rest["sources"].add(
        {
            "name": name,
            "name_slug": name.lower().replace(" ", "-"),
            "component_id": fields.get("component_id") or f"sc_{words.token(name)}",
            "configured_props": fields.get("configured_props") or {},
            "active": True,
            "user_id": example.USER_ID,
            "created_at": now,
            "updated_at": now,
        }
    )
    return json_response({"data": call.project(record, call.schema_of("data"))}, call.operation.status)


def update_source(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``PUT /sources/{id}``."""
    record = found(workspace, "sources", call.path_values["id"])
    allowed = {"component_id", "name", "active", "configured_props"}
    changes = {key: value for key, value in call.fields.items() if key in allowed}
    record.update({**changes, "updated_at": int(workspace.clock.now())})
    if call.operation.response_schema is None:
        return empty_response(call.operation.status)
    return json_response({"data": call.project(record, call.schema_of("data"))}, call.operation.status)


def _deleting(name: str) -> Callable[[PipedreamWorkspace, Call], Response]:
    def delete(workspace: PipedreamWorkspace, call: Call) -> Response:
        workspace.rest[name].remove(found(workspace, name, call.path_values["id"]))
        return done(call)

    return delete


def done(call: Call) -> Response:
    """An answer without anything to tell."""
    if call.operation.response_schema is None:
        return empty_response(call.operation.status)
    return json_response(call.synthesise(), call.operation.status)


def create_webhook(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /webhooks``."""
    url, now = str(call.values.get("url")), int(workspace.clock.now())
    if not re.match(r"^https?://[^/]+", url):
        return json_response({"error": "url must be http or https with a host"}, 400)
    record = workspace.rest["webhooks"].add(
        {"url": url, "name": call.values.get("name"), "description": call.values.get("description"), "active": True,
         "user_id": example.USER_ID, "created_at": now, "updated_at": now}
    )  # fmt: skip
    return json_response({"data": call.project(record, call.schema_of("data"))}, call.operation.status)


def me(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /users/me``."""
    organization = {
        "id": workspace.org_id,
        "name": "Padaria Pão Quente",
        "orgname": "padaria",
        "email": "ops@example.com",
    }
    partial = {"id": example.USER_ID, "username": "ana", "email": "ana@example.com", "orgs": [organization]}
    shown = call.synthesise(partial={"data": partial})
    shown["data"]["orgs"] = [{**organization, "daily_credits_quota": 100, "daily_credits_used": 3}]
    return json_response(shown)


def get_workspace(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /workspaces/{org_id}``."""
    check_access(workspace, call.path_values["org_id"])
    partial = {"id": workspace.org_id, "name": "Padaria Pão Quente", "orgname": "padaria", "email": "ops@example.com"}
    return json_response(call.synthesise(partial={"data": partial}))


HANDLERS: dict[tuple[str, str], Callable[[PipedreamWorkspace, Call], Response]] = {
    ("POST", "/oauth/token"): token,
    ("POST", "/oauth/revoke"): revoke,
    ("GET", "/accounts"): list_accounts,
    ("GET", "/accounts/{}"): get_account,
    ("GET", "/workspaces/{}/accounts"): list_accounts,
    ("GET", "/apps"): list_apps,
    ("GET", "/apps/{}"): get_app,
    ("POST", "/components"): create_component,
    ("GET", "/components/{}"): get_component,
    ("POST", "/sources"): create_source,
    ("PUT", "/sources/{}"): update_source,
    ("DELETE", "/sources/{}"): _deleting("sources"),
    ("GET", "/users/me/sources"): _listing("sources"),
    ("GET", "/orgs/{}/sources"): _listing("sources"),
    ("GET", "/workspaces/{}/subscriptions"): _listing("subscriptions"),
    ("POST", "/webhooks"): create_webhook,
    ("GET", "/users/me/webhooks"): _listing("webhooks"),
    ("DELETE", "/webhooks/{}"): _deleting("webhooks"),
    ("GET", "/users/me"): me,
    ("GET", "/workspaces/{}"): get_workspace,
}
