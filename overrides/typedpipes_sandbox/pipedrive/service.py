"""The Pipedrive API origin: credentials, limits with their headers, routing to v1 and v2."""

from __future__ import annotations

import re

from typedpipes_sandbox.limits import Budget, RollingWindow
from typedpipes_sandbox.pipedrive import special
from typedpipes_sandbox.pipedrive.answers import failure
from typedpipes_sandbox.pipedrive.resources import Resources, selected
from typedpipes_sandbox.pipedrive.workspace import PipedriveWorkspace
from typedpipes_sandbox.rest import Call, Refused, RestService, open_api
from typedpipes_sandbox.schema.openapi import Operation
from typedpipes_sandbox.wire.arrivals import fingerprint
from typedpipes_sandbox.wire.messages import Request, Response, path_segments, text_response

_SELECTOR = re.compile(r"^(?P<name>[A-Za-z]+):\((?P<fields>[^()]*)\)$")
_EDGE_PAGE = "<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Error 1015</h1></body></html>"


class PipedriveService(RestService):
    """Answers for both versions of the API."""

    def __init__(self, workspace: PipedriveWorkspace) -> None:
        super().__init__(workspace.world)
        self._tokens = workspace.tokens
        self._resources = Resources(workspace)
        self._windows: dict[str, RollingWindow] = {}
        self._refused_in_a_row: dict[str, int] = {}
        daily = self.settings.limits.daily_tokens()
        self._budget = None if daily is None else Budget(daily, monthly=False)

    def recognise(self, request: Request) -> None:
        """Find version, field selector and operation."""
        parts = path_segments(request.path)
        if parts[:1] == ["api"]:
            parts = parts[1:]
        version = parts[0] if parts and parts[0] in {"v1", "v2"} else ""
        rest = parts[1:]
        if version == "v1" and rest and (selected := _SELECTOR.match(rest[-1])):
            rest[-1] = selected["name"]
            request.context["selector"] = [name.strip() for name in selected["fields"].split(",") if name.strip()]
        request.context["version"] = version
        request.context["cursor"] = request.first("cursor") if "cursor=" in request.query_string else None
        if not version:
            return
        operation, values, allowed = open_api(f"pipedrive/{version}").match(request.method, rest)
        request.context["allowed"] = allowed
        if operation is not None and not operation.path.startswith("/oauth/"):
            request.context["operation"] = operation
            request.context["path_values"] = values
            request.operation = f"{version}.{operation.name}"

    def admit(self, request: Request) -> Response | None:
        """Credential first, then burst, search and daily budget."""
        operation: Operation | None = request.context.get("operation")
        credential = request.headers.get("x-api-token") or request.first("api_token")
        token = credential or request.bearer()
        found = self._tokens.find(token) if token else None
        wanted = "api_token" if credential else "oauth2"
        if found is None or found.kind != wanted:
            return self.unauthorized(request)
        request.identity, request.credential = f"{found.kind}:{found.identity}", found.kind
        if found.kind == "oauth2":
            request.identity = f"oauth2:{fingerprint(found.token)}"
        return self._limited(request, operation)

    def _limited(self, request: Request, operation: Operation | None) -> Response | None:
        limits, now = self.settings.limits, request.arrived
        burst = limits.burst(request.credential)
        if burst is not None:
            window = self._window(f"burst:{request.identity}", burst, limits.pipedrive_window)
            fits = window.hit(now)
            reset = window.free_at(now) - now if not fits else window.seconds
            request.extra_headers += [
                ("x-ratelimit-limit", str(burst)),
                ("x-ratelimit-remaining", str(max(0, burst - window.used(now)))),
                ("x-ratelimit-reset", str(max(1, round(reset)))),
            ]
            if not fits:
                return self._too_many(request, "pipedrive.burst")
        searching = operation is not None and (
            operation.path.endswith("/search") or operation.path.startswith("/itemSearch")
        )
        if searching and limits.pipedrive_search is not None:
            window = self._window(f"search:{request.identity}", limits.pipedrive_search, limits.pipedrive_window)
            if not window.hit(now):
                return self._too_many(request, "pipedrive.search")
        self._refused_in_a_row[request.identity] = 0
        if self._budget is None:
            return None
        fits = self._budget.spend(now, operation.token_cost if operation is not None else 1)
        if self.settings.pipedrive_daily_headers:
            request.extra_headers += [
                ("x-daily-ratelimit-token-limit", str(self._budget.allowance)),
                ("x-daily-ratelimit-token-remaining", str(self._budget.remaining(now))),
            ]
        if not fits:
            request.violations.append("pipedrive.daily")
            return failure(429, "daily request limit exceeded", "The company's token budget is used up until midnight.")
        return None

    def _window(self, name: str, limit: int, seconds: float) -> RollingWindow:
        window = self._windows.get(name)
        if window is None:
            window = self._windows[name] = RollingWindow(limit, seconds)
        return window

    def _too_many(self, request: Request, violation: str) -> Response:
        request.violations.append(violation)
        refused = self._refused_in_a_row.get(request.identity, 0) + 1
        self._refused_in_a_row[request.identity] = refused
        edge = self.settings.limits.pipedrive_edge_after
        if edge is not None and refused > edge:
            return text_response(_EDGE_PAGE, 403, "text/html; charset=utf-8")
        return failure(429, "request over limit", "The burst limit of this token is exceeded.")

    def handle(self, request: Request) -> Response:
        """Judge the request and carry it out."""
        if "operation" not in request.context:
            allowed: set[str] = request.context.get("allowed") or set()
            if allowed:
                response = failure(405, "Method not allowed")
                response.headers.append(("allow", ", ".join(sorted(allowed))))
                return response
            return failure(404, "Unknown method.")
        version: str = request.context["version"]
        try:
            call = self.read_call(f"pipedrive/{version}", request)
            response = self._answer(version, call)
        except Refused as refused:
            return self.fitted_error(f"pipedrive/{version}", request, refused.response)
        if response.status >= 400:
            return self.fitted_error(f"pipedrive/{version}", request, response)
        if "selector" in request.context:
            return selected(response, request.context["selector"])
        return self.checked(call, response)

    def _answer(self, version: str, call: Call) -> Response:
        path = re.sub(r"\{[^}]*\}", "{}", call.operation.path)
        handler = special.HANDLERS.get((call.operation.method, path), Resources.answer)
        return handler(self._resources, version, call)

    def refuse(self, status: int, problem: str, request: Request) -> Response:
        """A refusal in Pipedrive's shape."""
        return failure(status, f"Bad request: {problem}")

    def unauthorized(self, request: Request) -> Response:
        """An unknown or expired credential."""
        return failure(401, "unauthorized access", "The credential is unknown, expired or revoked.")

    def stale_cursor(self, request: Request) -> Response:
        """A cursor that is no longer known."""
        return failure(400, "The cursor is not valid or no longer known")
