"""The sandbox itself: three vendors on loopback behind one object."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typedpipes_sandbox.admin import answer_admin
from typedpipes_sandbox.files import FileHost
from typedpipes_sandbox.pipedream.service import PipedreamService
from typedpipes_sandbox.pipedream.workflows import Workflows
from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.pipedrive.oauth import PipedriveOAuth
from typedpipes_sandbox.pipedrive.service import PipedriveService
from typedpipes_sandbox.pipedrive.workspace import PipedriveWorkspace
from typedpipes_sandbox.pipefy.exports import ExportJobs
from typedpipes_sandbox.pipefy.service import PipefyService
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace
from typedpipes_sandbox.rest import open_api
from typedpipes_sandbox.settings import ExportSettings, SandboxSettings
from typedpipes_sandbox.wire.arrivals import Arrival
from typedpipes_sandbox.wire.origin import Origin, Service
from typedpipes_sandbox.wire.serving import OriginServers
from typedpipes_sandbox.world import VENDOR_HOSTS, World

if TYPE_CHECKING:
    from typedpipes_sandbox.wire.transport import SandboxTransport


class Sandbox:
    """Pipefy, Pipedream and Pipedrive on 127.0.0.1, each origin on its own port.

    ``with Sandbox() as sb:`` serves until the block ends. Keyword arguments are the fields of
    :class:`SandboxSettings`; those of ``exports`` may be given as a mapping. ``ports`` fixes ports by origin
    (``pipefy``, ``files``, ``pipedream``, ``workflows``, ``pipedrive``, ``pipedrive_oauth``); others are free ones.
    Without ``start`` (or the ``with`` block) no socket is opened and ``apps`` can be used in process.
    """

    def __init__(
        self,
        settings: SandboxSettings | None = None,
        *,
        ports: Mapping[str, int] | None = None,
        on_request: Callable[[Arrival], None] | None = None,
        **changes: Any,
    ) -> None:
        exports = changes.get("exports")
        if isinstance(exports, Mapping):
            changes["exports"] = ExportSettings(**exports)
        known = {each.name for each in fields(SandboxSettings)}
        if unknown := sorted(set(changes) - known):
            raise TypeError(f"unknown sandbox setting {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        self.settings = replace(settings or SandboxSettings(), **changes)
        self.world = World(self.settings, on_request)
        self.clock, self.log, self.faults = self.world.clock, self.world.log, self.world.faults
        #: steers the sandbox over HTTP: ``Authorization: Bearer TOKEN`` on ``/__sandbox__/…``; another one each time
        self.admin_token = secrets.token_urlsafe(24)
        #: exceptions of the sandbox itself; a test may assert that it is empty
        self.errors = self.world.errors
        self._ports = dict(ports or {})
        self._servers: OriginServers | None = None
        self.files = FileHost(self.world)
        self.exports = ExportJobs(self.world, self.files)
        self.pipefy = PipefyWorkspace(self.world, self.files, self.exports)
        self.pipedream = PipedreamWorkspace(self.world)
        self.pipedrive = PipedriveWorkspace(self.world)
        services: dict[str, Service] = {
            "pipefy": PipefyService(self.pipefy),
            "files": self.files,
            "pipedream": PipedreamService(self.pipedream),
            "workflows": Workflows(self.pipedream),
            "pipedrive": PipedriveService(self.pipedrive),
            "pipedrive_oauth": PipedriveOAuth(self.pipedrive),
        }
        admin = partial(answer_admin, self)
        #: the ASGI application of every origin
        self.apps = {name: Origin(name, self.world, service, admin) for name, service in services.items()}

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bind every origin and serve in a background thread; returns when all are ready."""
        if self._servers is None:
            self._servers = OriginServers(self.apps, "127.0.0.1", self._ports)
            self._servers.start()
            self.world.addresses.update(self._servers.addresses)
            threading.Thread(target=self.warm, name="typedpipes-sandbox-warm", daemon=True).start()

    def stop(self) -> None:
        """Close every origin and connection."""
        if self._servers is not None:
            self._servers.stop()
            self._servers = None
            self.world.addresses.update(VENDOR_HOSTS)

    def url(self, origin: str) -> str:
        """The base URL of an origin without a trailing slash; the vendor's own host while nothing is served."""
        return self.world.addresses[origin]

    @property
    def pipefy_url(self) -> str:
        """The Pipefy API host; GraphQL is at ``/graphql``, tokens at ``/oauth/token``."""
        return self.url("pipefy")

    @property
    def files_url(self) -> str:
        """The file host, an origin of its own."""
        return self.url("files")

    @property
    def pipedream_url(self) -> str:
        """The Pipedream API host; REST is at ``/v1``, Connect at ``/v1/connect``."""
        return self.url("pipedream")

    @property
    def workflows_url(self) -> str:
        """The host of workflow endpoints; the endpoint id is the first path segment."""
        return self.url("workflows")

    @property
    def pipedrive_url(self) -> str:
        """The Pipedrive company host; the APIs are at ``/api/v1`` and ``/api/v2``."""
        return self.url("pipedrive")

    @property
    def pipedrive_oauth_url(self) -> str:
        """The Pipedrive OAuth host."""
        return self.url("pipedrive_oauth")

    def environment(self) -> dict[str, str]:
        """Everything a client needs, as environment variables.

        One credential kind of Pipefy and of Pipedrive: two at once are refused. Pipefy's token is
        ``sb.pipefy.personal_token``; the credentials of Pipedrive's app
        are ``sb.pipedrive.client_id`` and ``sb.pipedrive.client_secret``.
        """
        return {
            "PIPEFY_BASE_URL": f"{self.pipefy_url}/graphql",
            "PIPEFY_TOKEN_URL": f"{self.pipefy_url}/oauth/token",
            "PIPEFY_CLIENT_ID": self.pipefy.client_id,
            "PIPEFY_CLIENT_SECRET": self.pipefy.client_secret,
            "PIPEFY_ORGANIZATION_ID": self.pipefy.nodes.organization["id"],
            "PIPEFY_FILES_URL": self.files_url,
            "PIPEDREAM_BASE_URL": f"{self.pipedream_url}/v1",
            "PIPEDREAM_CLIENT_ID": self.pipedream.client_id,
            "PIPEDREAM_CLIENT_SECRET": self.pipedream.client_secret,
            "PIPEDREAM_API_KEY": self.pipedream.user_api_key,
            "PIPEDREAM_ORG_ID": self.pipedream.org_id,
            "PIPEDREAM_PROJECT_ID": self.pipedream.project_id,
            "PIPEDREAM_ENVIRONMENT": self.pipedream.environment,
            "PIPEDREAM_WORKFLOWS_URL": self.workflows_url,
            "PIPEDRIVE_BASE_URL": self.pipedrive_url,
            "PIPEDRIVE_OAUTH_URL": self.pipedrive_oauth_url,
            "PIPEDRIVE_COMPANY_DOMAIN": self.pipedrive.company,
            "PIPEDRIVE_API_TOKEN": self.pipedrive.api_token,
        }

    @property
    def violations(self) -> list[Arrival]:
        """Every arrival that broke a limit or sent a credential where none belongs."""
        return self.log.violations

    def expire_tokens(self, api: str | None = None) -> int:
        """Let every token that can expire do so now, of one vendor or of all; returns how many."""
        stores = {"pipefy": self.pipefy.tokens, "pipedream": self.pipedream.tokens, "pipedrive": self.pipedrive.tokens}
        return sum(store.expire_all() for name, store in stores.items() if api is None or name == api)

    def transport(self) -> SandboxTransport:
        """An httpx transport that reaches the sandbox without a socket; see `typedpipes_sandbox.wire.transport`."""
        from typedpipes_sandbox.wire.transport import SandboxTransport

        return SandboxTransport(self.apps, self.world.addresses)

    def warm(self) -> None:
        """Load every schema now instead of at the first request; ``start`` does it in the background."""
        _ = self.pipefy.schema
        for name in ("pipedream/rest", "pipedream/connect", "pipedrive/v2", "pipedrive/v1"):
            open_api(name)
