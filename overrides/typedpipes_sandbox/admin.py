"""Steering a sandbox in another process over HTTP: ``/__sandbox__/…`` on every origin, loopback only."""

from __future__ import annotations

from typing import Any, Protocol

from typedpipes_sandbox.faults import Fault
from typedpipes_sandbox.pipefy.exports import ExportJobs
from typedpipes_sandbox.wire.messages import Request, Response, json_response
from typedpipes_sandbox.wire.origin import ADMIN_PREFIX
from typedpipes_sandbox.world import World

LOOPBACK = frozenset({"127.0.0.1", "::1", "", "testclient"})


class Steered(Protocol):
    """What can be steered: a sandbox."""

    world: World
    exports: ExportJobs

    def environment(self) -> dict[str, str]:
        """Everything a client needs, as environment variables."""

    def expire_tokens(self, api: str | None = None) -> int:
        """Let tokens expire, of one vendor or of all; returns how many."""


def answer_admin(sandbox: Steered, request: Request) -> Response:
    """Answer one administrative request.

    ``GET health`` · ``GET/POST clock {"advance": seconds}`` · ``GET/POST/DELETE faults`` · ``GET/DELETE log`` with
    ``api``, ``operation``, ``method``, ``path``, ``status`` and ``last`` · ``GET violations`` · ``GET stats`` ·
    ``GET environment`` · ``GET/POST exports`` (fields of ``ExportSettings``) · ``POST expire-tokens``.
    """
    if request.client not in LOOPBACK:
        return json_response({"error": "the sandbox is steered from this machine only"}, 403)
    name = request.path[len(ADMIN_PREFIX) :].strip("/")
    try:
        values = request.json() if request.body else {}
        return _route(sandbox, request, name, values)
    except (ValueError, TypeError, KeyError) as error:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


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
