"""A local stand-in for Pipefy, Pipedream and Pipedrive.

    with Sandbox() as sb:
        ...  # sb.pipefy_url, sb.pipedream_url, sb.pipedrive_url, sb.environment()

It shares the schemas with the client and no code: it is what every promise of the client is measured against.
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
