"""Pipedrive's OAuth server: authorize, token with rotating refresh tokens, revoke."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlencode

from typedpipes_sandbox.pipedrive.workspace import PipedriveWorkspace
from typedpipes_sandbox.wire.messages import Request, Response, json_response, text_response

SCOPES = "base deals:full contacts:full activities:full products:full leads:full users:read"
CODE_LIFE = 300.0
REFRESH_LIFE = 60 * 86400.0


class PipedriveOAuth:
    """The service behind the OAuth origin. A person's consent is given at once."""

    def __init__(self, workspace: PipedriveWorkspace) -> None:
        self._workspace = workspace
        self._settings = workspace.settings
        self._tokens = workspace.tokens

    def recognise(self, request: Request) -> None:
        """Name the operation after its path."""
        request.operation = request.path.strip("/").replace("/", ".")

    def admit(self, request: Request) -> Response | None:
        """Nothing is limited here."""
        return None

    def handle(self, request: Request) -> Response:
        """Answer one of the three endpoints."""
        path = request.path.rstrip("/")
        if path == "/oauth/authorize" and request.method == "GET":
            return self._authorize(request)
        if path in {"/oauth/token", "/oauth/revoke"} and request.method == "POST":
            refused = self._authenticate(request)
            if refused is not None:
                return refused
            return self._token(request) if path == "/oauth/token" else self._revoke(request)
        return text_response("Not Found", 404)

    def unauthorized(self, request: Request) -> Response:
        """Client credentials that are not accepted."""
        return _oauth_error("invalid_client", 401)

    def stale_cursor(self, request: Request) -> Response:
        """There are no cursors here."""
        return _oauth_error("invalid_request", 400)

    def _authorize(self, request: Request) -> Response:
        query = dict(request.query)
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != self._workspace.client_id or not redirect:
            return text_response("<h1>Unknown client or missing redirect_uri</h1>", 400, "text/html; charset=utf-8")
        code = self._tokens.value("code_")
        self._tokens.add(code, "code", self._workspace.company, CODE_LIFE, redirect_uri=redirect)
        parameters = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        separator = "&" if "?" in redirect else "?"
        response = text_response("", 302)
        response.headers.append(("location", f"{redirect}{separator}{urlencode(parameters)}"))
        return response

    def _authenticate(self, request: Request) -> Response | None:
        form = request.form()
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        identifier, secret = form.get("client_id", ""), form.get("client_secret", "")
        if scheme.lower() == "basic":
            try:
                identifier, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return _oauth_error("invalid_client", 401)
        request.identity, request.credential = identifier, "basic"
        if (identifier, secret) != (self._workspace.client_id, self._workspace.client_secret):
            return _oauth_error("invalid_client", 401)
        return None

    def _token(self, request: Request) -> Response:
        form = request.form()
        grant = form.get("grant_type")
        if grant == "authorization_code":
            request.operation = "oauth.token.exchange"
            code = self._tokens.find(form.get("code", ""))
            if code is None or code.kind != "code" or code.facts["redirect_uri"] != form.get("redirect_uri"):
                return _oauth_error("invalid_grant", 400)
            self._tokens.revoke(code.token)
            return self._issue()
        if grant == "refresh_token":
            request.operation = "oauth.token.refresh"
            old = self._tokens.find(form.get("refresh_token", ""))
            if old is None or old.kind != "refresh":
                return _oauth_error("invalid_grant", 400)
            self._tokens.revoke(old.token)
            return self._issue()
        return _oauth_error("unsupported_grant_type", 400)

    def _issue(self) -> Response:
        life = self._settings.pipedrive_token_life
        access, refresh = self._tokens.value("v1u:"), self._tokens.value("r:")
        self._tokens.add(refresh, "refresh", self._workspace.company, REFRESH_LIFE)
        self._tokens.add(access, "oauth2", self._workspace.company, life, refresh=refresh)
        return json_response(
            {
                "access_token": access,
                "token_type": "Bearer",
                "refresh_token": refresh,
                "scope": SCOPES,
                "expires_in": int(life),
                "api_domain": self._workspace.world.addresses["pipedrive"],
            }
        )

    def _revoke(self, request: Request) -> Response:
        token = request.form().get("token", "")
        found = self._tokens.find(token)
        if found is not None and found.kind == "oauth2":
            self._tokens.revoke(found.facts.get("refresh", ""))
        self._tokens.revoke(token)
        return json_response({"success": True})


def _oauth_error(code: str, status: int) -> Response:
    return json_response({"success": False, "error": code, "error_description": f"sandbox: {code}"}, status)
