"""What every origin of one sandbox shares: settings, clock, faults, the log of arrivals, addresses."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable

from typedpipes_sandbox.clock import SandboxClock
from typedpipes_sandbox.faults import Faults
from typedpipes_sandbox.settings import SandboxSettings
from typedpipes_sandbox.wire.arrivals import Arrival, ArrivalLog

#: origin -> the host of the vendor it stands in for, used where there are no sockets
VENDOR_HOSTS = {
    "pipefy": "https://api.pipefy.com",
    "files": "https://files.pipefy.com",
    "pipedream": "https://api.pipedream.com",
    "workflows": "https://enabc123.m.pipedream.net",
    "pipedrive": "https://acme.pipedrive.com",
    "pipedrive_oauth": "https://oauth.pipedrive.com",
}


class World:
    """Made once per sandbox and given to every part of it; it knows none of them."""

    def __init__(self, settings: SandboxSettings, on_request: Callable[[Arrival], None] | None = None) -> None:
        self.settings = settings
        #: in every credential, so that no two sandboxes have one in common: clients count limits by it
        self.name = secrets.token_hex(4)
        self.clock = SandboxClock()
        self.log = ArrivalLog(settings.log_limit)
        self.faults = Faults()
        #: exceptions of the sandbox itself
        self.errors: list[BaseException] = []
        #: origin -> its base URL without a trailing slash
        self.addresses = dict(VENDOR_HOSTS)
        self._random = random.Random(settings.seed)
        self._on_request = on_request

    def inbound_delay(self) -> float:
        """How long the next request takes on its way in."""
        if not self.settings.latency and not self.settings.jitter:
            return 0.0
        return self.settings.latency + self._random.random() * self.settings.jitter

    def note(self, arrival: Arrival) -> None:
        """Tell whoever listens about a completed request."""
        if self._on_request is not None:
            self._on_request(arrival)
