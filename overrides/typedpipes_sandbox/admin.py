"""Steering a sandbox in another process over HTTP: ``/__sandbox__/…`` on every origin, loopback only.

A page in a browser on this machine can send requests here, too. It can neither leave out its ``Origin``, nor name this
machine as the host under a name of its own, nor know the token; each of the three is looked at.
"""

from __future__ import annotations

import hmac
from typing import Any, Protocol
from urllib.parse import urlsplit

from typedpipes_sandbox.faults import Fault
from typedpipes_sandbox.pipefy.exports import ExportJobs
from typedpipes_sandbox.wire.messages import Request, Response, json_response
from typedpipes_sandbox.wire.origin import ADMIN_PREFIX
from typedpipes_sandbox.world import World

IN_PROCESS = frozenset({"", "testclient"})
LOOPBACK = frozenset({"127.0.0.1", "::1"})
HOSTS = LOOPBACK | {"localhost"}


class Steered(Protocol):
    """What can be steered: a sandbox."""

    world: World
    exports: ExportJobs
    admin_token: str

    def environment(self) -> dict[str, str]:
        """Everything a client needs, as environment variables."""

    def expire_tokens(self, api: str | None = None) -> int:
        """Let tokens expire, of one vendor or of all; returns how many."""


def answer_admin(sandbox: Steered, request: Request) -> Response:
    """Answer one administrative request. All but ``GET health`` need the sandbox's token as ``Authorization: Bearer``.

    ``GET health`` · ``GET/POST clock {"advance": seconds}`` · ``GET/POST/DELETE faults`` · ``GET/DELETE log`` with
    ``api``, ``operation``, ``method``, ``path``, ``status`` and ``last`` · ``GET violations`` · ``GET stats`` ·
    ``GET environment`` · ``GET/POST exports`` (fields of ``ExportSettings``) · ``POST expire-tokens``.
    """
    name = request.path[len(ADMIN_PREFIX) :].strip("/")
    refusal = _refusal(sandbox, request, name)
    if refusal is not None:
        return refusal
    try:
        values = request.json() if request.body else {}
        return _route(sandbox, request, name, values)
    except (ValueError, TypeError, KeyError) as error:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


def _refusal(sandbox: Steered, request: Request, name: str) -> Response | None:
    if request.client not in IN_PROCESS:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        if request.client not in LOOPBACK or host not in HOSTS:
            return json_response({"error": "the sandbox is steered from this machine only, by its address"}, 403)
    if "origin" in request.headers:
        return json_response({"error": "no page of a browser steers the sandbox"}, 403)
    if name == "health" and request.method == "GET":
        return None
    if not hmac.compare_digest((request.bearer() or "").encode(), sandbox.admin_token.encode()):
        said = "send Authorization: Bearer with the token that the sandbox printed (Sandbox.admin_token)"
        return json_response({"error": said}, 401, {"www-authenticate": "Bearer"})
    if request.body and request.media_type != "application/json":
        return json_response({"error": "send JSON, with Content-Type: application/json"}, 415)
    return None


def _route(sandbox: Steered, request: Request, name: str, values: Any) -> Response:
    method = request.method
    if name == "health":
        return json_response({"ready": True, "time": sandbox.world.clock.now()})
    if name == "environment":
        return json_response(sandbox.environment())
    if name == "clock":
        if method == "POST":
            sandbox.world.clock.advance(float(values["advance"]))
        return json_response({"now": sandbox.world.clock.now()})
    if name == "faults":
        return _faults(sandbox, method, values)
    if name == "log":
        return _log(sandbox, request)
    if name == "violations":
        return json_response([entry.as_dict() for entry in sandbox.world.log.violations])
    if name == "stats":
        return json_response({"arrivals": sandbox.world.log.total, "counts": dict(sandbox.world.log.counts)})
    if name == "exports":
        if method == "POST":
            sandbox.exports.configure(**values)
        return json_response(sandbox.exports.as_dict())
    if name == "expire-tokens" and method == "POST":
        return json_response({"expired": sandbox.expire_tokens(values.get("api"))})
    return json_response({"error": f"no such administrative path: {name}"}, 404)


def _faults(sandbox: Steered, method: str, values: Any) -> Response:
    if method == "DELETE":
        sandbox.world.faults.clear()
    elif method == "POST":
        for rule in values if isinstance(values, list) else [values]:
            sandbox.world.faults.add(Fault.from_mapping(rule))
    return json_response([rule.as_dict() for rule in sandbox.world.faults])


def _log(sandbox: Steered, request: Request) -> Response:
    if request.method == "DELETE":
        sandbox.world.log.clear()
        return json_response([])
    status = request.first("status")
    entries = sandbox.world.log.find(
        request.first("api"),
        operation=request.first("operation"),
        method=request.first("method"),
        path=request.first("path"),
        status=int(status) if status else None,
    )
    last = int(request.first("last") or 1000)
    return json_response([entry.as_dict() for entry in entries[-last:]])
