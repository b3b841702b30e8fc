"""A local stand-in for Pipefy, Pipedream and Pipedrive.

    with Sandbox() as sb:
        ...  # sb.pipefy_url, sb.pipedream_url, sb.pipedrive_url, sb.environment()

It shares the schemas with the clients and no code, so that tests compare two independent readings of them.
"""

from __future__ import annotations

from typedpipes_sandbox.clock import SandboxClock
from typedpipes_sandbox.faults import Fault, Faults
from typedpipes_sandbox.limits import Limits
from typedpipes_sandbox.sandbox import Sandbox
from typedpipes_sandbox.settings import ExportSettings, SandboxSettings
from typedpipes_sandbox.wire.arrivals import Arrival, ArrivalLog

__all__ = [
    "Arrival",
    "ArrivalLog",
    "ExportSettings",
    "Fault",
    "Faults",
    "Limits",
    "Sandbox",
    "SandboxClock",
    "SandboxSettings",
]
