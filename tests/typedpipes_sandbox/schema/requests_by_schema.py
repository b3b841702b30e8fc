"""Makes one valid request per operation from the four documents, about things the example data has."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import httpx

from typedpipes_sandbox import Sandbox
from typedpipes_sandbox.rest import open_api
from typedpipes_sandbox.schema.openapi import OpenApi, Operation
from typedpipes_sandbox.schema.synthesis import Synthesizer

DOCUMENTS = {
    "pipedrive/v1": "https://acme.pipedrive.com/api/v1",
    "pipedrive/v2": "https://acme.pipedrive.com/api/v2",
    "pipedream/connect": "https://api.pipedream.com/v1/connect",
    "pipedream/rest": "https://api.pipedream.com/v1",
}
#: ids of things that exist in the example data, by path parameter
KNOWN = {
    "project_id": "proj_x",
    "org_id": "o_1",
    "workflow_id": "p_abc123",
    "app_id": "slack",
    "url_64": "aHR0cHM6Ly9leGFtcGxlLmNvbQ",
    "external_user_id": "u1",
    "key_or_id": "my-component",
    "field_code": "id",
    "conversion_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
}
FIELD_RESOURCES = ("dealFields", "personFields", "organizationFields", "productFields")

#: what rightly finds nothing on the example data: nothing was converted, subscribed or registered before
NOTHING_THERE = {
    ("GET", "/deals/{id}/convert/status/{conversion_id}"),
    ("GET", "/leads/{id}/convert/status/{conversion_id}"),
    ("DELETE", "/subscriptions"),
    ("POST", "/{project_id}/webhook/regenerate_signing_key"),
}


class RequestMaker:
    """Makes one valid request per operation of one document."""

    def __init__(self, sandbox: Sandbox, document: str) -> None:
        self.sandbox = sandbox
        self.document = document
        self.api: OpenApi = open_api(document)
        self.values = Synthesizer(self.api.compiler, 7)

    def headers(self, operation: Operation) -> dict[str, str]:
        """A credential of a kind the operation takes."""
        if self.document.startswith("pipedrive"):
            return {"x-api-token": self.sandbox.pipedrive.api_token}
        store = self.sandbox.pipedream.tokens
        store.add("oauth-for-tests", "oauth", self.sandbox.pipedream.client_id)
        token = "oauth-for-tests" if "oauth" in operation.credentials else self.sandbox.pipedream.user_api_key
        return {"Authorization": f"Bearer {token}", "X-PD-Environment": "development"}

    def path(self, operation: Operation) -> str:
        """The path with ids of existing things."""
        filled = operation.path
        for name, value in self.path_values(operation).items():
            filled = filled.replace(f"{{{name}}}", quote(value, safe=""), 1)
        return filled

    def path_values(self, operation: Operation) -> dict[str, str]:
        """Ids of existing things by path parameter."""
        return {name: self._identifier(operation, name) for name in re.findall(r"\{([^}]+)\}", operation.path)}

    def parameters(self, operation: Operation) -> list[dict[str, Any]]:
        """The parameters as the document declares them, with their schemas resolved."""
        resolve = self.api.compiler.resolve
        shared = self.api.document["paths"][operation.path].get("parameters") or []
        found = [resolve(each) for each in [*shared, *(operation.raw.get("parameters") or [])]]
        return [{**each, "schema": resolve(each.get("schema") or {})} for each in found]

    def _identifier(self, operation: Operation, name: str) -> str:
        parts = operation.path.strip("/").split("/")
        if name in KNOWN:
            return KNOWN[name]
        if self.document.startswith("pipedrive"):
            if parts[0] in FIELD_RESOURCES:
                return "12470"
            index = parts.index(f"{{{name}}}")
            concrete = [
                KNOWN.get(part[1:-1], self._first(parts[0])) if part[0] == "{" else part for part in parts[:index]
            ]
            return self._first("/".join(concrete))
        return self._pipedream_identifier(operation, parts, name)

    def _first(self, collection: str) -> str:
        records = list(self.sandbox.pipedrive.store[collection])
        return str(records[0].id) if records else "1"

    def _pipedream_identifier(self, operation: Operation, parts: list[str], name: str) -> str:
        pipedream = self.sandbox.pipedream
        connect, rest = pipedream.connect, pipedream.rest
        if self.document == "pipedream/rest":
            if name == "account_id":
                return str(next(iter(connect["proj_x/production/accounts"])).id)
            records = list(rest[parts[0]]) if parts[0] in {"sources", "webhooks"} else []
            return str(records[0].id) if records else "x"
        if name == "ctok":
            token = {"project_id": "proj_x", "environment": "development"}
            return pipedream.tokens.add("ctok_test", "connect_token", "u1", 3600, **token).token
        if name == "component_id":
            kind = "triggers" if parts[1] == "triggers" else "actions"
            return str(next(iter(connect[kind])).values["key"])
        collection = {"account_id": "accounts", "trigger_id": "deployed-triggers"}.get(
            name, parts[1] if len(parts) > 1 else ""
        )
        if parts[0] == "app_categories":
            return str(next(iter(connect["app_categories"])).id)
        scoped = connect[f"proj_x/development/{collection}"]
        if name == "trigger_id" and not len(scoped):
            scoped.add(self._deployed())
        return str(next(iter(scoped)).id) if len(scoped) else "x"

    def _deployed(self) -> dict[str, Any]:
        facts = {"name": "t", "name_slug": "t", "type": "DeployedComponent", "active": True, "created_at": 1}
        return {**facts, "external_user_id": "u1", "_webhooks": [], "_workflows": []}

    def query(self, operation: Operation) -> dict[str, Any]:
        """The required query parameters."""
        found: dict[str, Any] = {}
        for parameter in self.parameters(operation):
            if parameter["in"] != "query" or not parameter.get("required"):
                continue
            name = parameter["name"]
            value = self.values.value(parameter["schema"], f"{operation.name}/{name}", name)
            exploded = parameter.get("explode", parameter.get("style", "form") == "form")
            if isinstance(value, list) and not exploded:
                value = ",".join(map(str, value))
            found[name] = value
        if "account_id" in found:
            accounts = self.sandbox.pipedream.connect["proj_x/development/accounts"]
            found["account_id"] = str(next(iter(accounts)).id)
        if "url" in found:
            found["url"] = "https://example.com/hook"
        return found

    def body(self, operation: Operation) -> dict[str, Any]:
        """The body in the first form the operation takes."""
        schemas = operation.body_schemas
        if "application/json" in schemas:
            value = self.values.value(schemas["application/json"], f"{operation.name}/body")
            if isinstance(value, dict) and "id" in value and operation.path.endswith(("/run", "/deploy")):
                value["id"] = "slack-new-item" if operation.path.endswith("/deploy") else "slack-send-message"
            if isinstance(value, dict):
                value = {key: each for key, each in value.items() if key not in {"include", "exclude"}}
            return {"json": value}
        if "multipart/form-data" in schemas:
            properties = self.values.properties(schemas["multipart/form-data"])
            names = [name for name, each in properties.items() if self.values.flatten(each).get("format") == "binary"]
            return {"files": dict.fromkeys(names or ["file"], ("nota.txt", b"content", "text/plain"))}
        if "application/x-www-form-urlencoded" in schemas:
            value = self.values.value(schemas["application/x-www-form-urlencoded"], f"{operation.name}/body") or {}
            return {"data": {key: str(each) for key, each in value.items()}}
        return {}

    def in_a_safe_order(self) -> list[Operation]:
        """Every operation; what deletes comes last, the deepest paths first, so that all is there when asked for."""
        operations = [each for each in self.api.operations if not each.path.startswith("/oauth/")]
        operations.sort(
            key=lambda each: (each.method == "DELETE", each.path == "/projects/{project_id}", -len(each.path))
        )
        return operations

    def send(self, client: httpx.Client, operation: Operation) -> httpx.Response:
        """Ask for one operation."""
        return client.request(
            operation.method,
            f"{DOCUMENTS[self.document]}{self.path(operation)}",
            params=self.query(operation),
            headers=self.headers(operation),
            **self.body(operation),
        )
