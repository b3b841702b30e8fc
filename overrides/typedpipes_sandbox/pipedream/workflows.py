"""Workflow endpoints (``https://{endpoint_id}.m.pipedream.net``): echo what was sent to them."""

from __future__ import annotations

import json
import re
from typing import Any

from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.wire.messages import Request, Response, json_response, text_response

_ENDPOINT = re.compile(r"^e[no][a-z0-9-]+$")


class Workflows:
    """The endpoint id is the first label of the host, or else the first segment of the path."""

    def __init__(self, workspace: PipedreamWorkspace) -> None:
        self._tokens = workspace.tokens

    def recognise(self, request: Request) -> None:
        """Find the endpoint id."""
        label = request.headers.get("host", "").partition(".")[0].lower()
        path = request.path
        if not _ENDPOINT.match(label):
            label, _, rest = path.lstrip("/").partition("/")
            path = f"/{rest}"
        request.context["endpoint"] = label
        request.context["endpoint_path"] = path
        request.operation = f"workflows.invoke.{label}"

    def admit(self, request: Request) -> Response | None:
        """An end user's call needs a Pipedream token; any other credential is the workflow's own business."""
        token = request.bearer()
        found = self._tokens.find(token) if token else None
        if found is not None:
            request.identity, request.credential = found.identity, found.kind
        elif token or "authorization" in request.headers:
            request.credential = "static"
        if "x-pd-external-user-id" in request.headers and (found is None or found.kind != "oauth"):
            return self.unauthorized(request)
        return None

    def handle(self, request: Request) -> Response:
        """Answer with what arrived."""
        if not _ENDPOINT.match(request.context["endpoint"]):
            return text_response("No workflow lives here", 404)
        try:
            body: Any = json.loads(request.body) if request.body else None
        except ValueError:
            body = request.body.decode("utf-8", "replace")
        return json_response(
            {
                "workflow": request.context["endpoint"],
                "method": request.method,
                "path": request.context["endpoint_path"],
                "query": dict(request.query),
                "body": body,
                "external_user_id": request.headers.get("x-pd-external-user-id"),
                "environment": request.headers.get("x-pd-environment"),
                "authenticated_as": request.credential or None,
            }
        )

    def unauthorized(self, request: Request) -> Response:
        """A call for an end user without a valid token."""
        return json_response({"error": "unauthorized"}, 401)

    def stale_cursor(self, request: Request) -> Response:
        """There are no cursors here."""
        return json_response({"error": "bad request"}, 400)
