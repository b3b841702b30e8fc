"""Connect: accounts, tokens, users, projects and the rest, kept per project and environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox.clock import iso
from typedpipes_sandbox.data import apps as example
from typedpipes_sandbox.pipedream.paging import listed, page_of
from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.rest import Call, Refused
from typedpipes_sandbox.store import Collection, Record
from typedpipes_sandbox.wire.messages import Response, empty_response, json_response


def scope(workspace: PipedreamWorkspace, call: Call, kind: str) -> Collection:
    """A collection of the call's project and environment."""
    return workspace.connect[f"{call.path_values['project_id']}/{call.request.context['environment']}/{kind}"]


def found(collection: Collection, wanted: str, *by: str) -> Record:
    """The record with that id, or one of the other keys; refused with 404 when there is none."""
    for key in ("id", *by):
        record = collection.get(wanted, key)
        if record is not None:
            return record
    raise Refused(json_response({"error": "record not found", "code": "not_found"}, 404))


def users_of(workspace: PipedreamWorkspace, call: Call) -> Collection:
    """The external users that have accounts or tokens here."""
    users = scope(workspace, call, "users")
    for account in scope(workspace, call, "accounts"):
        external = account.values["external_id"]
        if external and users.get(external, "external_id") is None:
            users.add({"external_id": external, "created_at": account.values["created_at"]})
    return users


def create_token(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /tokens``: a short-lived token for one end user."""
    fields = call.fields
    external = str(fields.get("external_user_id", ""))
    if not external or len(external) > 250:
        return json_response({"error": "external_user_id must have 1 to 250 characters", "code": "invalid"}, 400)
    ceiling = workspace.settings.connect_token_life
    life = max(0.0, min(float(fields.get("expires_in") or ceiling), ceiling))
    token = workspace.tokens.value("ctok_")
    environment = fields.get("environment_name") or call.request.context["environment"]
    project = call.path_values["project_id"]
    workspace.tokens.add(token, "connect_token", external, life, project_id=project, environment=environment)
    users = users_of(workspace, call)
    if users.get(external, "external_id") is None:
        users.add({"external_id": external, "created_at": workspace.clock.iso()})
    link = f"{workspace.world.addresses['pipedream']}/_static/connect.html?token={token}&connectLink=true"
    return json_response(
        {"token": token, "expires_at": workspace.clock.iso(life), "connect_link_url": link}, call.operation.status
    )


def validate_token(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /tokens/{ctok}/validate``."""
    found = workspace.tokens.find(call.path_values["ctok"])
    if found is None or found.kind != "connect_token":
        return json_response({"error": "token is unknown or expired", "code": "invalid_token"}, 404)
    wanted = call.values.get("app_id")
    app = (
        workspace.connect["apps"].get(wanted) or workspace.connect["apps"].get(wanted, "name_slug") if wanted else None
    )
    partial: dict[str, Any] = {"success": True, "project_id": found.facts["project_id"], "error": None}
    partial["project_environment"] = found.facts["environment"]
    if app is not None:
        partial["app"] = app.values
    return json_response(call.synthesise(partial=partial))


def list_accounts(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /accounts`` in the envelope chosen by the settings."""
    records = _matching(workspace, call)
    page, info = page_of(records, call.values)
    return _enveloped(workspace, call, page, info)


def _matching(workspace: PipedreamWorkspace, call: Call) -> list[Record]:
    values, records = call.values, list(scope(workspace, call, "accounts"))
    external = values.get("external_user_id")
    credential = call.request.context["credential"]
    if credential.kind == "connect_token":
        external = credential.identity
    if external:
        records = [record for record in records if record.values["external_id"] == external]
    if values.get("app"):
        wanted = values["app"]
        records = [
            record for record in records if wanted in {record.values["app"]["id"], record.values["app"]["name_slug"]}
        ]
    if values.get("oauth_app_id"):
        records = [record for record in records if record.values.get("oauth_app_id") == values["oauth_app_id"]]
    return records


def _account(call: Call, record: Record, schema: Any) -> Any:
    if not call.values.get("include_credentials"):
        hidden = {key: value for key, value in record.values.items() if key not in {"credentials", "expires_at"}}
        cached = record.projections.get(id(schema))
        if cached is None:
            value = call.synthesizer.value(schema, record.key, partial=hidden)
            value.pop("credentials", None)
            cached = record.projections[id(schema)] = (record.revision, value)
        return cached[1]
    secrets = record.values.get("credentials") or example.credentials(record.key)
    values = {**record.values, "credentials": secrets, "expires_at": iso(example.EPOCH)}
    return call.synthesizer.value(schema, record.key, partial=values)


def _enveloped(workspace: PipedreamWorkspace, call: Call, page: Any, info: dict[str, Any]) -> Response:
    form = workspace.settings.connect_envelopes
    accounts = [_account(call, record, call.schema_of("data", "*")) for record in page]
    if form == "live":
        return json_response({"page_info": info, "data": accounts})
    call.request.context["unvalidated"] = True
    old = [{**account, "app": _old_app(account)} for account in accounts]
    if form == "documented":
        return json_response({"data": {"accounts": old}})
    return json_response({"page_info": info, "data": {"accounts": old}})


def _old_app(account: dict[str, Any]) -> dict[str, Any]:
    app = account.get("app") or {}
    return {"id": app.get("id"), "name": app.get("name")}


def get_account(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /accounts/{account_id}``: bare today, wrapped in the seed."""
    record = found(scope(workspace, call, "accounts"), call.path_values["account_id"])
    account = _account(call, record, call.schema_of())
    if workspace.settings.connect_envelopes != "documented":
        return json_response(account)
    call.request.context["unvalidated"] = True
    if call.values.get("include_credentials"):
        account = {**account, "project_id": 279440, "user_id": record.values["external_id"]}
    return json_response({"data": {**account, "app": _old_app(account)}})


def create_account(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /accounts``: an account from static credentials."""
    fields = call.fields
    slug = str(fields.get("app_slug") or "slack")
    app = workspace.connect["apps"].get(slug, "name_slug") or workspace.connect["apps"].get("slack", "name_slug")
    external = call.values.get("external_user_id") or call.request.context["credential"].identity
    now = workspace.clock.iso()
    values = {"name": fields.get("name"), "external_id": external, "healthy": True, "dead": False, "created_at": now}
    record = scope(workspace, call, "accounts").add(
        {**values, "updated_at": now, "app": app.values if app else {}, "oauth_app_id": call.values.get("oauth_app_id")}
    )
    return json_response(_account(call, record, call.schema_of()), call.operation.status)


def delete_account(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``DELETE /accounts/{account_id}``."""
    accounts = scope(workspace, call, "accounts")
    accounts.remove(found(accounts, call.path_values["account_id"]))
    return empty_response(call.operation.status)


def delete_app_accounts(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``DELETE /apps/{app_id}/accounts``."""
    accounts, wanted = scope(workspace, call, "accounts"), call.path_values["app_id"]
    for record in accounts:
        app = record.values["app"]
        if wanted in {app.get("id"), app.get("name_slug"), record.values.get("oauth_app_id")}:
            accounts.remove(record)
    return empty_response(call.operation.status)


def user_accounts(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /users/{external_user_id}/accounts``: a bare list, not paged."""
    wanted = call.path_values["external_user_id"]
    schema = call.schema_of("*")
    records = [record for record in scope(workspace, call, "accounts") if record.values["external_id"] == wanted]
    return json_response([_account(call, record, schema) for record in records])


def list_users(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /users``."""
    return listed(call, list(users_of(workspace, call)), call.values)


def delete_user(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``DELETE /users/{external_user_id}`` with every account of that user."""
    wanted = call.path_values["external_user_id"]
    users, accounts = users_of(workspace, call), scope(workspace, call, "accounts")
    users.remove(found(users, wanted, "external_id"))
    for record in accounts:
        if record.values["external_id"] == wanted:
            accounts.remove(record)
    return empty_response(call.operation.status)


_P = "/{}"
HANDLERS: dict[tuple[str, str], Callable[[PipedreamWorkspace, Call], Response]] = {
    ("POST", f"{_P}/tokens"): create_token,
    ("GET", "/tokens/{}/validate"): validate_token,
    ("GET", f"{_P}/accounts"): list_accounts,
    ("POST", f"{_P}/accounts"): create_account,
    ("GET", f"{_P}/accounts/{{}}"): get_account,
    ("DELETE", f"{_P}/accounts/{{}}"): delete_account,
    ("DELETE", f"{_P}/apps/{{}}/accounts"): delete_app_accounts,
    ("GET", f"{_P}/users"): list_users,
    ("DELETE", f"{_P}/users/{{}}"): delete_user,
    ("GET", f"{_P}/users/{{}}/accounts"): user_accounts,
}
