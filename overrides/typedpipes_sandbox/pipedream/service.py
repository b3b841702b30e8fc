"""The Pipedream origin: OAuth, credentials by operation, the two Connect limits, routing to REST and Connect."""

from __future__ import annotations

import re
from functools import cache

from typedpipes_sandbox.credentials import Credential
from typedpipes_sandbox.limits import RollingWindow
from typedpipes_sandbox.pipedream import catalogue, connect, deployed, events, rest_api
from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.rest import Call, Refused, RestService, generic_answer, open_api
from typedpipes_sandbox.schema.openapi import Operation
from typedpipes_sandbox.wire.messages import Request, Response, json_response, path_segments

#: document -> (method, path) -> what answers it; anything else is answered from the schema
HANDLERS = {
    "connect": {**connect.HANDLERS, **deployed.HANDLERS, **catalogue.HANDLERS},
    "rest": {**rest_api.HANDLERS, **events.HANDLERS},
}


class PipedreamService(RestService):
    """Answers for the REST API (``/v1``) and Connect (``/v1/connect``)."""

    def __init__(self, workspace: PipedreamWorkspace) -> None:
        super().__init__(workspace.world)
        self._workspace = workspace
        self._windows: dict[str, RollingWindow] = {}

    def recognise(self, request: Request) -> None:
        """Find the document and the operation."""
        parts = path_segments(request.path)
        if parts[:1] == ["v1"]:
            parts = parts[1:]
        document = "rest"
        if parts[:1] == ["connect"]:
            document, parts = "connect", parts[1:]
            if parts and parts[0] not in _literal_roots() and not parts[0].startswith("proj_"):
                # with a Connect token the project segment may be absent: the token names the project
                parts = ["", *parts]
        elif parts[:1] == ["v1"]:
            parts = parts[1:]  # the seed prints /v1/workspaces/<org_id> below a base URL that ends in /v1 already
        request.context["document"] = document
        if "after=" in request.query_string or "before=" in request.query_string:
            request.context["cursor"] = request.first("after") or request.first("before")
        operation, values, allowed = open_api(f"pipedream/{document}").match(request.method, parts)
        request.context["allowed"] = allowed
        if operation is not None:
            request.context["operation"] = operation
            request.context["path_values"] = values
            request.operation = f"{document}.{operation.name}"

    def admit(self, request: Request) -> Response | None:
        """Check the credential against what the operation takes, then the Connect limits."""
        operation: Operation | None = request.context.get("operation")
        if operation is None or operation.path.startswith("/oauth/"):
            return None
        token = request.bearer()
        found = self._workspace.tokens.find(token) if token else None
        if found is None:
            return self.unauthorized(request)
        request.identity, request.credential = found.identity, found.kind
        request.context["credential"] = found
        if operation.credentials and found.kind not in operation.credentials:
            wanted = " or ".join(sorted(operation.credentials))
            return json_response({"error": f"this endpoint does not take this kind of credential; use {wanted}"}, 403)
        values: dict[str, str] = request.context["path_values"]
        if request.context["document"] == "connect" and (refused := self._scoped(request, found, values)) is not None:
            return refused
        return self._limited(request, operation, values)

    def _scoped(self, request: Request, found: Credential, values: dict[str, str]) -> Response | None:
        environment = request.headers.get("x-pd-environment")
        if found.kind == "connect_token":
            values["project_id"] = values.get("project_id") or found.facts["project_id"]
            environment = found.facts["environment"]
            if values["project_id"] != found.facts["project_id"]:
                return json_response({"error": "the token belongs to another project"}, 403)
        if "project_id" in values:
            if not self._workspace.knows_project(values["project_id"]):
                return json_response({"error": "project not found", "code": "not_found"}, 404)
            if environment is None and self.settings.connect_environment_required:
                return json_response({"error": "header X-PD-Environment is required"}, 400)
            if environment not in {None, "development", "production"}:
                return json_response({"error": f"unknown environment {environment}"}, 400)
        request.context["environment"] = environment or "production"
        return None

    def _limited(self, request: Request, operation: Operation, values: dict[str, str]) -> Response | None:
        limits = self.settings.limits
        if request.context["document"] != "connect":
            return None
        if (
            operation.method == "POST"
            and operation.path == "/{project_id}/tokens"
            and limits.connect_tokens is not None
        ):
            user = _body_field(request, "external_user_id")
            return self._count(request, f"tokens:{user}", limits.connect_tokens, "connect.tokens")
        if "accounts" in operation.path.split("/") and limits.connect_accounts is not None:
            name = f"accounts:{values.get('project_id')}"
            return self._count(request, name, limits.connect_accounts, "connect.accounts")
        return None

    def _count(self, request: Request, name: str, limit: int, violation: str) -> Response | None:
        seconds = self.settings.limits.connect_window
        window = self._windows.setdefault(name, RollingWindow(limit, seconds))
        if window.hit(request.arrived):
            return None
        request.violations.append(violation)
        free_at = window.free_at(request.arrived)
        headers = {
            "retry-after": str(max(1, -int(-(free_at - request.arrived) // 1))),
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-reset": str(int(free_at) + 1),
        }
        return json_response({"error": "Throttled"}, 429, headers)

    def handle(self, request: Request) -> Response:
        """Judge the request and carry it out."""
        if "operation" not in request.context:
            allowed: set[str] = request.context.get("allowed") or set()
            if not allowed:
                return json_response({"error": "not found"}, 404)
            return json_response({"error": "method not allowed"}, 405, {"allow": ", ".join(sorted(allowed))})
        document: str = request.context["document"]
        try:
            call = self.read_call(f"pipedream/{document}", request)
            response = self._answer(document, call)
        except Refused as refused:
            return refused.response
        if request.context.get("unvalidated"):
            return response
        return self.checked(call, response)

    def _answer(self, document: str, call: Call) -> Response:
        handler = HANDLERS[document].get((call.operation.method, re.sub(r"\{[^}]*\}", "{}", call.operation.path)))
        response = handler(self._workspace, call) if handler is not None else generic_answer(call)
        return rest_api.narrowed(call, response) if document == "rest" else response

    def unauthorized(self, request: Request) -> Response:
        """An unknown, expired or revoked credential."""
        return json_response({"error": "unauthorized"}, 401)

    def stale_cursor(self, request: Request) -> Response:
        """A cursor that is no longer known."""
        return json_response({"error": "invalid cursor"}, 400)


def _body_field(request: Request, name: str) -> str:
    try:
        return str(request.json()[name])
    except (ValueError, KeyError, TypeError):
        return ""


@cache
def _literal_roots() -> frozenset[str]:
    """The first segments of Connect's paths that do not begin with a project."""
    roots = (operation.path.split("/")[1] for operation in open_api("pipedream/connect").operations)
    return frozenset(root for root in roots if not root.startswith("{"))
