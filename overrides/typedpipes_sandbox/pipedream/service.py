"""The Pipedream origin: OAuth, credentials by operation, the two Connect limits, routing to REST and Connect."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from typedpipes_sandbox.credentials import Credential, TokenStore
from typedpipes_sandbox.data.apps import PROJECT, WORKSPACE
from typedpipes_sandbox.limits import RollingWindow
from typedpipes_sandbox.pipedream.connect import Connect
from typedpipes_sandbox.pipedream.rest_api import RestApi
from typedpipes_sandbox.rest import Refused, RestService, open_api
from typedpipes_sandbox.schema.openapi import Operation
from typedpipes_sandbox.wire.messages import Request, Response, json_response
from typedpipes_sandbox.wire.origin import path_segments

if TYPE_CHECKING:
    from typedpipes_sandbox.sandbox import Sandbox


class Pipedream(RestService):
    """Answers for the REST API (``/v1``) and Connect (``/v1/connect``)."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        seed = self.settings.seed
        self.tokens = TokenStore(self.clock, seed, "pipedream")
        self.client_id = f"sandbox-pipedream-{seed}"
        self.client_secret = self.tokens.value("pdc_")
        self.user_api_key = self.tokens.value("pduk_")
        self.project_id = PROJECT
        self.org_id = WORKSPACE
        self.environment = "development"
        self.tokens.add(self.user_api_key, "api_key", "user")
        self.connect = Connect(self)
        self.rest = RestApi(self)
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
                # with a Connect token the project segment may be absent: the token names the project (notes)
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
        found = self.tokens.find(token) if token else None
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
            if not self.connect.knows_project(values["project_id"]):
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
            response = self.connect.answer(call) if document == "connect" else self.rest.answer(call)
        except Refused as refused:
            return refused.response
        if request.context.get("unvalidated"):
            return response
        return self.checked(call, response)

    def issue_token(self, call_fields: dict[str, Any]) -> Response:
        """``POST /oauth/token``."""
        if call_fields.get("grant_type") != "client_credentials":
            return json_response({"error": "unsupported_grant_type"}, 400)
        if (call_fields.get("client_id"), call_fields.get("client_secret")) != (self.client_id, self.client_secret):
            return json_response({"error": "invalid_client", "error_description": "unknown client"}, 401)
        life = self.settings.pipedream_token_life
        token = self.tokens.jwt(self.client_id, life)
        self.tokens.add(token, "oauth", self.client_id, life)
        answer = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(life),
            "created_at": int(self.clock.now()),
        }
        return json_response(answer)

    def revoke_token(self, call_fields: dict[str, Any]) -> Response:
        """``POST /oauth/revoke``."""
        if (call_fields.get("client_id"), call_fields.get("client_secret")) != (self.client_id, self.client_secret):
            return json_response({"error": "invalid_client"}, 401)
        self.tokens.revoke(str(call_fields.get("token")))
        return json_response({})

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
