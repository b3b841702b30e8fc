"""Calls of the Pipedrive stand-in."""

from __future__ import annotations

from typing import Any

import httpx

from typedpipes_sandbox import Sandbox


def send(sb: Sandbox, http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """One request with the API token."""
    headers = {"x-api-token": sb.pipedrive.api_token}
    return http.request(method, f"{sb.pipedrive_url}/api{path}", headers=headers, **options)
