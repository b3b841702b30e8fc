"""The Pipefy origin: token endpoint, credentials, the rate block, GraphQL."""

from __future__ import annotations

import json
from typing import Any

from graphql import ExecutionResult, execute_sync

from typedpipes_sandbox.limits import Budget, RollingWindow
from typedpipes_sandbox.pipefy import access, configuration, mutations, node_fields, queries, record_filters, transfers
from typedpipes_sandbox.pipefy.complexity import MAX_COMPLEXITY, MAX_DEPTH, measure
from typedpipes_sandbox.pipefy.execution import resolve_field, resolve_type
from typedpipes_sandbox.pipefy.schema import Rejected, checked_document, operations_of
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace
from typedpipes_sandbox.wire.messages import Request, Response, json_response, text_response

#: the modules whose import registers resolvers
RESOLVER_MODULES = (queries, node_fields, record_filters, mutations, configuration, access, transfers)
GRAPHQL_PATHS = frozenset({"/graphql", "/queries"})


class PipefyService:
    """Answers for the API host and the token endpoint."""

    def __init__(self, workspace: PipefyWorkspace) -> None:
        self._workspace = workspace
        self._settings = workspace.settings
        self._tokens = workspace.tokens
        self._blocked_until: dict[str, float] = {}
        self._windows: dict[str, RollingWindow] = {}
        monthly = self._settings.limits.monthly_calls()
        self._budget = None if monthly is None else Budget(monthly, monthly=True)

    def recognise(self, request: Request) -> None:
        """Decode GraphQL requests and name their root fields."""
        if request.path.rstrip("/") not in GRAPHQL_PATHS:
            request.operation = request.path.strip("/").replace("/", ".")
            return
        try:
            sent = json.loads(request.body)
        except ValueError:
            sent = None
        request.context["sent"] = sent
        if not isinstance(sent, dict):
            return
        variables = sent.get("variables")
        request.context["cursor"] = isinstance(variables, dict) and any(
            variables.get(name) for name in ("after", "before")
        )
        try:
            document = checked_document(
                self._settings.pipefy_form, self._settings.export_link, str(sent.get("query") or "")
            )
        except Rejected as rejected:
            request.context["rejected"] = rejected
            request.operation = "invalid"
            return
        request.context["document"] = document
        named = [each for each in operations_of(document) if each.name and each.name.value == sent.get("operationName")]
        operation = (named or operations_of(document) or [None])[0]  # type: ignore[list-item]  # None when there is none
        if operation is not None:
            roots = [node.name.value for node in operation.selection_set.selections if hasattr(node, "name")]
            request.operation = f"{operation.operation.value}.{'+'.join(roots)}"
            request.context["operation"] = operation

    def admit(self, request: Request) -> Response | None:
        """Credential, then the block, then the rate, then the month's calls."""
        if request.path.rstrip("/") not in GRAPHQL_PATHS:
            return None
        token = request.bearer()
        found = self._tokens.find(token) if token else None
        if found is None or (found.kind == "service_account" and found.identity not in self._workspace.clients):
            return self.unauthorized(request)
        request.identity, request.credential = found.identity, found.kind
        request.context["admin"] = found.facts.get("admin", True)
        return self._rate(request) or self._month(request)

    def _rate(self, request: Request) -> Response | None:
        limits, now, who = self._settings.limits, request.arrived, request.identity
        if limits.pipefy_requests is None:
            return None
        until = self._blocked_until.get(who, 0.0)
        if now < until:
            request.violations.append("pipefy.blocked")
            return self._blocked(until - now)
        window = self._windows.get(who)
        if window is None:
            window = self._windows[who] = RollingWindow(limits.pipefy_requests, limits.pipefy_window)
        if window.hit(now):
            return None
        request.violations.append("pipefy.rate")
        self._blocked_until[who] = now + limits.pipefy_block
        window.reset()
        return self._blocked(limits.pipefy_block)

    def _blocked(self, seconds: float) -> Response:
        response = text_response("Too many requests", self._settings.pipefy_block_status)
        if self._settings.pipefy_block_retry_after:
            response.headers.append(("retry-after", str(max(1, -int(-seconds // 1)))))
        return response

    def _month(self, request: Request) -> Response | None:
        if self._budget is None or self._budget.spend(request.arrived):
            return None
        request.violations.append("pipefy.monthly")
        return json_response({"error": "monthly API call limit reached"}, 429)

    def handle(self, request: Request) -> Response:
        """Answer the token endpoint or a GraphQL request."""
        path = request.path.rstrip("/")
        if path == "/oauth/token":
            return self._token(request) if request.method == "POST" else text_response("Not Found", 404)
        if path not in GRAPHQL_PATHS or request.method != "POST":
            return text_response("Not Found", 404)
        sent = request.context.get("sent")
        if not isinstance(sent, dict):
            return json_response({"errors": [{"message": "the body is not a JSON object"}]}, 400)
        if not request.context["admin"]:
            return self._failed("Permission denied: only admins may use the API", "PERMISSION_DENIED")
        if not sent.get("query"):
            return json_response({"errors": [{"message": "No query string was present"}]})
        rejected: Rejected | None = request.context.get("rejected")
        if rejected is not None:
            return json_response({"errors": rejected.errors})
        return self._execute(request, sent)

    def _execute(self, request: Request, sent: dict[str, Any]) -> Response:
        document, operation = request.context["document"], request.context.get("operation")
        variables = sent.get("variables") or {}
        if operation is not None:
            depth, complexity = measure(document, operation, variables)
            if depth > MAX_DEPTH:
                return self._failed(f"Query has depth of {depth}, which exceeds max depth of {MAX_DEPTH}", None)
            if complexity > MAX_COMPLEXITY:
                message = f"Query has complexity of {complexity}, which exceeds max complexity of {MAX_COMPLEXITY}"
                return self._failed(message, None)
        result = execute_sync(
            self._workspace.schema,
            document,
            root_value={},
            context_value=self._workspace,
            variable_values=variables,
            operation_name=sent.get("operationName"),
            field_resolver=resolve_field,
            type_resolver=resolve_type,
        )
        return json_response(self._shaped(result, request))

    def _shaped(self, result: ExecutionResult, request: Request) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        if result.errors:
            answer["errors"] = [self._error(error) for error in result.errors]
        if result.data is not None:
            answer["data"] = result.data
        elif not result.errors or any(error.path for error in result.errors):
            answer["data"] = None
        return answer

    def _error(self, error: Any) -> dict[str, Any]:
        original = error.original_error
        if original is not None and not isinstance(original, type(error)):
            self._workspace.world.errors.append(original)
        extensions = dict(error.extensions or {})
        if not extensions.get("code"):
            extensions["code"] = "argumentLiteralsIncompatible" if not error.path else "INTERNAL_SERVER_ERROR"
        extensions["correlation_id"] = self._tokens.value("cid-")[:20]
        shaped: dict[str, Any] = {"message": error.message, "extensions": extensions}
        if error.locations:
            shaped["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        if error.path:
            shaped["path"] = error.path
        return shaped

    def _failed(self, message: str, code: str | None) -> Response:
        extensions = {"correlation_id": self._tokens.value("cid-")[:20]} | ({"code": code} if code else {})
        answer: dict[str, Any] = {"errors": [{"message": message, "extensions": extensions}]}
        return json_response(answer | ({"data": None} if code else {}))

    def _token(self, request: Request) -> Response:
        try:
            fields = request.json() if request.media_type.endswith("json") else request.form()
        except ValueError:
            return json_response({"error": "invalid_request", "error_description": "the body is not JSON"}, 400)
        if fields.get("grant_type") != "client_credentials":
            return json_response(
                {"error": "unsupported_grant_type", "error_description": "use client_credentials"}, 400
            )
        client_id = str(fields.get("client_id", ""))
        request.identity, request.credential = client_id, "client"
        secret, life, admin = self._workspace.clients.get(client_id, ("", 0.0, False))
        if not secret or fields.get("client_secret") != secret:
            return json_response(
                {"error": "invalid_client", "error_description": "unknown client or wrong secret"}, 401
            )
        token = self._tokens.jwt(client_id, life)
        self._tokens.add(token, "service_account", client_id, life, admin=admin)
        return json_response({"access_token": token, "token_type": "Bearer", "expires_in": int(life)})

    def unauthorized(self, request: Request) -> Response:
        """A missing, unknown or expired token."""
        return json_response(
            {"error": "invalid_token", "error_description": "The access token is invalid or expired"}, 401
        )

    def stale_cursor(self, request: Request) -> Response:
        """A cursor that is no longer known."""
        return self._failed("cursor is not valid", "INVALID_ARGUMENTS")
