"""Connect: accounts, tokens, users, projects and the rest, kept per project and environment."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from typedpipes_sandbox.clock import iso
from typedpipes_sandbox.data import apps as example
from typedpipes_sandbox.data import words
from typedpipes_sandbox.pipedream.paging import page_of
from typedpipes_sandbox.rest import Call, Refused
from typedpipes_sandbox.store import Collection, CollectionSet, Record, prefixed
from typedpipes_sandbox.wire.messages import Response, empty_response, json_response

if TYPE_CHECKING:
    from typedpipes_sandbox.pipedream.service import Pipedream

PREFIXES = {
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


class Connect:
    """The Connect API of one sandbox."""

    def __init__(self, service: Pipedream) -> None:
        self.service = service
        self.seed = service.settings.seed
        self.store = CollectionSet(self._make)

    def _make(self, name: str) -> Collection:
        kind = name.rpartition("/")[2]
        collection = Collection(name, prefixed(PREFIXES.get(kind, "id_"), words.number(f"{self.seed}:{name}")))
        if kind == "apps":
            for row in example.APPS:
                collection.add(example.app(row), row[0])
        elif kind == "app_categories":
            for category in sorted({row[4] for row in example.APPS}):
                collection.add({"name": category, "description": f"Apps for {category}"})
        elif kind == "projects":
            collection.add({"name": "Integrations", "app_name": "Sandbox"}, example.PROJECT)
        elif kind in {"actions", "triggers"}:
            for index in range(14):
                made = example.component(self.seed, kind.removesuffix("s"), index)
                if collection.get(made["key"], "key") is None:
                    collection.add(made)
        elif kind in {"oauth_apps", "app_overrides"} and name.startswith(f"{example.PROJECT}/"):
            collection.add({"name": "Own Slack client", "app": example.app(example.APPS[0])})
        elif kind == "accounts" and name.startswith(f"{example.PROJECT}/"):
            for index in range(self.service.settings.connect_accounts):
                collection.add(example.account(self.seed, index, words.pick(EXTERNAL_USERS, f"{self.seed}:{index}")))
        return collection

    def knows_project(self, project_id: str) -> bool:
        """Whether a project exists."""
        return self.store["projects"].get(project_id) is not None

    def scope(self, call: Call, kind: str) -> Collection:
        """A collection of the call's project and environment."""
        return self.store[f"{call.path_values['project_id']}/{call.request.context['environment']}/{kind}"]

    def answer(self, call: Call) -> Response:
        """Answer one judged request."""
        path = re.sub(r"\{[^}]*\}", "{}", call.operation.path)
        from typedpipes_sandbox.pipedream import catalogue, deployed

        for handlers in (HANDLERS, deployed.HANDLERS, catalogue.HANDLERS):
            handler = handlers.get((call.operation.method, path))
            if handler is not None:
                return handler(self, call)
        return self.service.generic(call)

    def listed(self, call: Call, records: list[Record]) -> Response:
        """A page of records as ``{page_info, data}``."""
        page, info = page_of(records, call.values)
        schema = call.schema_of("data", "*")
        data = [call.project(record, schema) for record in page]
        return json_response({"page_info": info, "data": data})

    def found(self, collection: Collection, wanted: str, *by: str) -> Record:
        """The record with that id, or one of the other keys; refused with 404 when there is none."""
        for key in ("id", *by):
            record = collection.get(wanted, key)
            if record is not None:
                return record
        raise Refused(json_response({"error": "record not found", "code": "not_found"}, 404))

    def users_of(self, call: Call) -> dict[str, Collection]:
        """The external users that have accounts or tokens here."""
        users = self.scope(call, "users")
        for account in self.scope(call, "accounts"):
            external = account.values["external_id"]
            if external and users.get(external, "external_id") is None:
                users.add({"external_id": external, "created_at": account.values["created_at"]})
        return {"users": users}


def create_token(connect: Connect, call: Call) -> Response:
    """``POST /tokens``: a short-lived token for one end user."""
    fields, service = call.fields, connect.service
    external = str(fields.get("external_user_id", ""))
    if not external or len(external) > 250:
        return json_response({"error": "external_user_id must have 1 to 250 characters", "code": "invalid"}, 400)
    ceiling = service.settings.connect_token_life
    life = max(0.0, min(float(fields.get("expires_in") or ceiling), ceiling))
    token = service.tokens.value("ctok_")
    environment = fields.get("environment_name") or call.request.context["environment"]
    project = call.path_values["project_id"]
    service.tokens.add(token, "connect_token", external, life, project_id=project, environment=environment)
    users = connect.users_of(call)["users"]
    if users.get(external, "external_id") is None:
        users.add({"external_id": external, "created_at": service.clock.iso()})
    link = f"{service.sandbox.pipedream_url}/_static/connect.html?token={token}&connectLink=true"
    return json_response(
        {"token": token, "expires_at": service.clock.iso(life), "connect_link_url": link}, call.operation.status
    )


def validate_token(connect: Connect, call: Call) -> Response:
    """``GET /tokens/{ctok}/validate``."""
    found = connect.service.tokens.find(call.path_values["ctok"])
    if found is None or found.kind != "connect_token":
        return json_response({"error": "token is unknown or expired", "code": "invalid_token"}, 404)
    app = connect.store["apps"].get(call.values["app_id"]) or connect.store["apps"].get(
        call.values["app_id"], "name_slug"
    )
    partial: dict[str, Any] = {"success": True, "project_id": found.facts["project_id"], "error": None}
    partial["project_environment"] = found.facts["environment"]
    if app is not None:
        partial["app"] = app.values
    return json_response(call.synthesise(partial=partial))


def list_accounts(connect: Connect, call: Call) -> Response:
    """``GET /accounts`` in the envelope chosen by the settings."""
    records = _matching(connect, call)
    page, info = page_of(records, call.values)
    return _enveloped(connect, call, page, info)


def _matching(connect: Connect, call: Call) -> list[Record]:
    values, records = call.values, list(connect.scope(call, "accounts"))
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


def _enveloped(connect: Connect, call: Call, page: Any, info: dict[str, Any]) -> Response:
    form = connect.service.settings.connect_envelopes
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


def get_account(connect: Connect, call: Call) -> Response:
    """``GET /accounts/{account_id}``: bare today, wrapped in the seed."""
    record = connect.found(connect.scope(call, "accounts"), call.path_values["account_id"])
    account = _account(call, record, call.schema_of())
    if connect.service.settings.connect_envelopes != "documented":
        return json_response(account)
    call.request.context["unvalidated"] = True
    if call.values.get("include_credentials"):
        account = {**account, "project_id": 279440, "user_id": record.values["external_id"]}
    return json_response({"data": {**account, "app": _old_app(account)}})


def create_account(connect: Connect, call: Call) -> Response:
    """``POST /accounts``: an account from static credentials."""
    fields = call.fields
    slug = str(fields.get("app_slug") or "slack")
    app = connect.store["apps"].get(slug, "name_slug") or connect.store["apps"].get("slack", "name_slug")
    external = call.values.get("external_user_id") or call.request.context["credential"].identity
    now = connect.service.clock.iso()
    values = {"name": fields.get("name"), "external_id": external, "healthy": True, "dead": False, "created_at": now}
    record = connect.scope(call, "accounts").add(
        {**values, "updated_at": now, "app": app.values if app else {}, "oauth_app_id": call.values.get("oauth_app_id")}
    )
    return json_response(_account(call, record, call.schema_of()), call.operation.status)


def delete_account(connect: Connect, call: Call) -> Response:
    """``DELETE /accounts/{account_id}``."""
    accounts = connect.scope(call, "accounts")
    accounts.remove(connect.found(accounts, call.path_values["account_id"]))
    return empty_response(call.operation.status)


def delete_app_accounts(connect: Connect, call: Call) -> Response:
    """``DELETE /apps/{app_id}/accounts``."""
    accounts, wanted = connect.scope(call, "accounts"), call.path_values["app_id"]
    for record in accounts:
        app = record.values["app"]
        if wanted in {app.get("id"), app.get("name_slug"), record.values.get("oauth_app_id")}:
            accounts.remove(record)
    return empty_response(call.operation.status)


def user_accounts(connect: Connect, call: Call) -> Response:
    """``GET /users/{external_user_id}/accounts``: a bare list, not paged."""
    wanted = call.path_values["external_user_id"]
    schema = call.schema_of("*")
    records = [record for record in connect.scope(call, "accounts") if record.values["external_id"] == wanted]
    return json_response([_account(call, record, schema) for record in records])


def list_users(connect: Connect, call: Call) -> Response:
    """``GET /users``."""
    return connect.listed(call, list(connect.users_of(call)["users"]))


def delete_user(connect: Connect, call: Call) -> Response:
    """``DELETE /users/{external_user_id}`` with every account of that user."""
    wanted = call.path_values["external_user_id"]
    users, accounts = connect.users_of(call)["users"], connect.scope(call, "accounts")
    users.remove(connect.found(users, wanted, "external_id"))
    for record in accounts:
        if record.values["external_id"] == wanted:
            accounts.remove(record)
    return empty_response(call.operation.status)


_P = "/{}"
HANDLERS: dict[tuple[str, str], Callable[[Connect, Call], Response]] = {
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
