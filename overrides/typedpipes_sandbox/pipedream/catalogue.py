"""Connect's apps, components, projects, OAuth apps and overrides."""

from __future__ import annotations

from collections.abc import Callable

from typedpipes_sandbox.pipedream.connect import found, scope
from typedpipes_sandbox.pipedream.paging import listed
from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.rest import Call, Refused
from typedpipes_sandbox.store import Collection, Record
from typedpipes_sandbox.wire.messages import Response, empty_response, json_response


def list_apps(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /apps``."""
    wanted = str(call.values.get("q") or "").casefold()
    records = [record for record in workspace.connect["apps"] if wanted in record.values["name"].casefold()]
    return listed(call, records, call.values)


def get_app(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /apps/{app_id}`` by id or slug."""
    record = found(workspace.connect["apps"], call.path_values["app_id"], "name_slug")
    return json_response({"data": call.project(record, call.schema_of("data"))})


def list_components(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /actions``, ``/triggers`` and ``/components``."""
    kind = call.operation.path.rpartition("/")[2]
    names = ["actions", "triggers"] if kind == "components" else [kind]
    if call.values.get("component_type"):
        names = [f"{call.values['component_type']}s"]
    wanted, slug = str(call.values.get("q") or "").casefold(), call.values.get("app")
    records = [
        record
        for name in names
        for record in workspace.connect[name]
        if wanted in record.values["name"].casefold() and (not slug or record.values["key"].startswith(f"{slug}-"))
    ]
    return listed(call, records, call.values)


def get_component(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /actions/{component_id}`` and its siblings, by id or key."""
    kind = call.operation.path.split("/")[2]
    wanted = call.path_values["component_id"]
    for name in ["actions", "triggers"] if kind == "components" else [kind]:
        record = workspace.connect[name].get(wanted, "key")
        if record is not None:
            return json_response({"data": call.project(record, call.schema_of("data"))})
    raise Refused(json_response({"error": "component not found", "code": "not_found"}, 404))


def list_plain(workspace: PipedreamWorkspace, call: Call) -> Response:
    """A paged list of a collection without a project, or with one."""
    kind = call.operation.path.rpartition("/")[2]
    collection = scope(workspace, call, kind) if "project_id" in call.path_values else workspace.connect[kind]
    return listed(call, list(collection), call.values)


def create_plain(workspace: PipedreamWorkspace, call: Call) -> Response:
    """A new record answered bare."""
    kind = call.operation.path.rpartition("/")[2]
    collection = scope(workspace, call, kind) if "project_id" in call.path_values else workspace.connect[kind]
    now = workspace.clock.iso()
    record = collection.add({**call.fields, "created_at": now, "updated_at": now})
    return json_response(call.project(record, call.schema_of()), call.operation.status)


def _plain_record(workspace: PipedreamWorkspace, call: Call) -> tuple[Collection, Record]:
    parts = call.operation.path.strip("/").split("/")
    if parts[0] == "projects":
        collection = workspace.connect["projects"]
        return collection, found(collection, call.path_values["project_id"])
    collection = scope(workspace, call, parts[1])
    return collection, found(collection, call.path_values["id"])


def get_plain(workspace: PipedreamWorkspace, call: Call) -> Response:
    """One record answered bare."""
    return json_response(call.project(_plain_record(workspace, call)[1], call.schema_of()))


def update_plain(workspace: PipedreamWorkspace, call: Call) -> Response:
    """Change a record answered bare."""
    record = _plain_record(workspace, call)[1]
    record.update({**call.fields, "updated_at": workspace.clock.iso()})
    return json_response(call.project(record, call.schema_of()), call.operation.status)


def delete_plain(workspace: PipedreamWorkspace, call: Call) -> Response:
    """Delete a record."""
    collection, record = _plain_record(workspace, call)
    collection.remove(record)
    if call.operation.response_schema is None:
        return empty_response(call.operation.status)
    return json_response(call.synthesise(), call.operation.status)


def categories(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /app_categories``: a bare list."""
    schema = call.schema_of("*")
    return json_response([call.project(record, schema) for record in workspace.connect["app_categories"]])


def category(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /app_categories/{id}``."""
    record = found(workspace.connect["app_categories"], call.path_values["id"], "name")
    return json_response(call.project(record, call.schema_of()))


_P = "/{}"
HANDLERS: dict[tuple[str, str], Callable[[PipedreamWorkspace, Call], Response]] = {
    ("GET", "/apps"): list_apps,
    ("GET", "/apps/{}"): get_app,
    ("GET", "/app_categories"): categories,
    ("GET", "/app_categories/{}"): category,
    **{("GET", f"{_P}/{kind}"): list_components for kind in ("actions", "triggers", "components")},
    **{("GET", f"{_P}/{kind}/{{}}"): get_component for kind in ("actions", "triggers", "components")},
    ("GET", "/projects"): list_plain,
    ("POST", "/projects"): create_plain,
    ("GET", "/projects/{}"): get_plain,
    ("PATCH", "/projects/{}"): update_plain,
    ("DELETE", "/projects/{}"): delete_plain,
    **{("GET", f"{_P}/{kind}"): list_plain for kind in ("oauth_apps", "app_overrides")},
    **{("POST", f"{_P}/{kind}"): create_plain for kind in ("oauth_apps", "app_overrides")},
    **{("GET", f"{_P}/{kind}/{{}}"): get_plain for kind in ("oauth_apps", "app_overrides")},
    **{
        (verb, f"{_P}/{kind}/{{}}"): update_plain
        for kind in ("oauth_apps", "app_overrides")
        for verb in ("PUT", "PATCH")
    },
    **{("DELETE", f"{_P}/{kind}/{{}}"): delete_plain for kind in ("oauth_apps", "app_overrides")},
}
