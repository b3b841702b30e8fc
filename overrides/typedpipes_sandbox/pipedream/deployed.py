"""Connect's component calls: configure, reload, run, deploy, deployed triggers, webhooks, proxy, project info."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from typedpipes_sandbox.clock import iso
from typedpipes_sandbox.data import apps as example
from typedpipes_sandbox.pipedream.connect import found, scope
from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.rest import Call, Refused
from typedpipes_sandbox.store import Record
from typedpipes_sandbox.wire.messages import Response, empty_response, json_response


def run_action(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /actions/run``: says back what it was configured with."""
    key = str(call.fields.get("id") or "")
    _component(workspace, "actions", key)
    props = call.fields.get("configured_props") or {}
    partial: dict[str, Any] = {"exports": {"$summary": f"Ran {key}"}, "os": [], "ret": {"ran": key, "props": props}}
    if "stash_id" in call.fields:
        partial["stash_id"] = str(call.fields["stash_id"])
    return json_response(call.synthesise(partial=partial), call.operation.status)


def configure(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST …/configure``: options for one prop."""
    options = [{"label": "First ☕", "value": "1"}, {"label": "Second", "value": "2"}]
    partial = {"options": options, "string_options": None, "stringOptions": None, "errors": []}
    return json_response(call.synthesise(partial=partial), call.operation.status)


def reload_props(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST …/props``: the props after a change of another prop."""
    return json_response(call.synthesise(partial={"errors": [], "observations": []}), call.operation.status)


def _component(workspace: PipedreamWorkspace, kind: str, key: str) -> Record:
    return found(workspace.connect[kind], key, "key")


def deploy(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /triggers/deploy``."""
    fields, now = call.fields, int(workspace.clock.now())
    component = _component(workspace, "triggers", str(fields.get("id") or ""))
    name = component.values["name"]
    record = scope(workspace, call, "deployed-triggers").add(
        {
            "owner_id": fields.get("external_user_id") or "u_abc123",
            "component_id": component.id,
            "component_key": component.values["key"],
            "configurable_props": component.values["configurable_props"],
            "configured_props": fields.get("configured_props") or {},
            "active": True,
            "created_at": now,
            "updated_at": now,
            "name": name,
            "name_slug": name.lower().replace(" ", "-"),
            "type": "DeployedComponent",
            "callback_observations": None,
            "emit_on_deploy": bool(fields.get("emit_on_deploy", True)),
            "external_user_id": fields.get("external_user_id"),
            "_webhooks": [fields["webhook_url"]] if fields.get("webhook_url") else [],
            "_workflows": [fields["workflow_id"]] if fields.get("workflow_id") else [],
        }
    )
    return json_response({"data": call.project(record, call.schema_of("data"), _shown(record))}, call.operation.status)


def _shown(record: Record) -> dict[str, Any]:
    return {key: value for key, value in record.values.items() if not key.startswith("_") and key != "external_user_id"}


def _trigger(workspace: PipedreamWorkspace, call: Call) -> Record:
    return found(scope(workspace, call, "deployed-triggers"), call.path_values["trigger_id"])


def list_deployed(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /deployed-triggers`` of one end user."""
    from typedpipes_sandbox.pipedream.paging import page_of

    wanted = call.values.get("external_user_id")
    records = [
        record
        for record in scope(workspace, call, "deployed-triggers")
        if wanted is None or record.values["external_user_id"] in {None, wanted}
    ]
    page, info = page_of(records, call.values)
    schema = call.schema_of("data", "*")
    return json_response({"page_info": info, "data": [call.project(each, schema, _shown(each)) for each in page]})


def get_deployed(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /deployed-triggers/{trigger_id}``."""
    record = _trigger(workspace, call)
    return json_response({"data": call.project(record, call.schema_of("data"), _shown(record))})


def update_deployed(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``PUT /deployed-triggers/{trigger_id}``: a partial update."""
    record = _trigger(workspace, call)
    record.update({**call.fields, "updated_at": int(workspace.clock.now())})
    return json_response({"data": call.project(record, call.schema_of("data"), _shown(record))})


def delete_deployed(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``DELETE /deployed-triggers/{trigger_id}``."""
    scope(workspace, call, "deployed-triggers").remove(_trigger(workspace, call))
    return empty_response(call.operation.status)


def events(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET …/events``: the last ``n`` events, invented once per trigger."""
    record = _trigger(workspace, call)
    count = min(int(call.values.get("n") or 20), 20, 5)
    schema = call.schema_of("data", "*")
    made = record.values["created_at"]
    data = [
        call.synthesizer.value(schema, f"{record.key}/event/{index}", partial={"ts": made + index, "k": "emit"})
        for index in range(count)
    ]
    return json_response({"data": data})


def listeners(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET`` or ``PUT …/webhooks`` and ``…/pipelines``."""
    record = _trigger(workspace, call)
    is_webhook = call.operation.path.endswith("webhooks")
    key, name = ("_webhooks", "webhook_urls") if is_webhook else ("_workflows", "workflow_ids")
    if call.operation.method == "PUT":
        record.update({key: list(call.fields.get(name) or [])})
    answer = call.synthesise(partial={name: record.values[key], "webhooks": []})
    if name in answer:
        answer[name] = record.values[key]
    return json_response(answer, call.operation.status)


def project_info(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /projects/info`` and the older ``GET /info``."""
    apps = [{"id": row[0], "name_slug": row[1]} for row in example.APPS[:4]]  # the project's own OAuth clients
    return json_response(call.synthesise(partial={"apps": apps}))


def proxy(workspace: PipedreamWorkspace, call: Call) -> Response:
    """The proxy: echoes the request an upstream would have got."""
    account = scope(workspace, call, "accounts").get(call.values["account_id"])
    if account is None:
        raise Refused(json_response({"error": "account not found", "code": "not_found"}, 404))
    encoded = call.path_values["url_64"]
    try:
        padded = encoded.replace("+", "-").replace("/", "_")
        target = base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused(json_response({"error": f"url is not Base64: {error}"}, 400)) from error
    prefix = "x-pd-proxy-"
    headers = {
        name.removeprefix(prefix): text for name, text in call.request.headers.items() if name.startswith(prefix)
    }
    call.request.context["unvalidated"] = True
    echo = {
        "method": call.operation.method,
        "url": target,
        "headers": headers,
        "body": call.body,
        "account": account.id,
    }
    return json_response(echo)


def usage(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /usage``."""
    return json_response(call.synthesise())


def signing_webhook(workspace: PipedreamWorkspace, call: Call) -> Response:
    """The project environment's webhook: one per project and environment."""
    collection = scope(workspace, call, "webhook")
    record = next(iter(collection), None)
    method = call.operation.method
    if call.operation.path.endswith("regenerate_signing_key"):
        if record is None:
            raise Refused(json_response({"error": "no webhook", "code": "not_found"}, 404))
        record.update({"signing_key": workspace.tokens.value("whsec_")})
    elif method == "DELETE":
        collection.clear()
        return empty_response(call.operation.status)
    elif method in {"PUT", "POST"}:
        values = {**call.fields, "updated_at": int(workspace.clock.now())}
        if record is None:
            signing_key = workspace.tokens.value("whsec_")
            record = collection.add({"signing_key": signing_key, **values}, "wh_project")
        else:
            record.update(values)
    if record is None:
        record = collection.add({"url": None, "signing_key": None}, "wh_project")
    partial = {key: value for key, value in record.values.items() if method != "GET" or key != "signing_key"}
    answer = call.synthesise(key=record.key, partial={"data": partial})
    return json_response(answer, call.operation.status)


def file_download(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /file_stash/download``."""
    text = f"stashed file {call.values.get('s3_key')} at {iso(example.EPOCH)}\n"
    return Response(200, text.encode(), [("content-type", call.operation.media_type or "application/octet-stream")])


_T = "/{}/deployed-triggers"
HANDLERS: dict[tuple[str, str], Callable[[PipedreamWorkspace, Call], Response]] = {
    ("POST", "/{}/actions/run"): run_action,
    **{("POST", f"/{{}}/{kind}/configure"): configure for kind in ("actions", "triggers", "components")},
    **{("POST", f"/{{}}/{kind}/props"): reload_props for kind in ("actions", "triggers", "components")},
    ("POST", "/{}/triggers/deploy"): deploy,
    ("GET", _T): list_deployed,
    ("GET", f"{_T}/{{}}"): get_deployed,
    ("PUT", f"{_T}/{{}}"): update_deployed,
    ("DELETE", f"{_T}/{{}}"): delete_deployed,
    ("GET", f"{_T}/{{}}/events"): events,
    **{(verb, f"{_T}/{{}}/{kind}"): listeners for kind in ("webhooks", "pipelines") for verb in ("GET", "PUT")},
    ("GET", "/{}/projects/info"): project_info,
    ("GET", "/{}/info"): project_info,
    **{(verb, "/{}/proxy/{}"): proxy for verb in ("GET", "POST", "PUT", "PATCH", "DELETE")},
    ("GET", "/usage"): usage,
    ("POST", "/{}/webhook/regenerate_signing_key"): signing_webhook,
    **{(verb, "/{}/webhook"): signing_webhook for verb in ("GET", "PUT", "POST", "DELETE")},
    ("GET", "/{}/file_stash/download"): file_download,
}
