"""The vendor behind real HTTP on loopback: one `Vendor` per organization, and a file host. Counts what it created."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.typedpipes._core.files.file_server import FileServer
from tests.typedpipes.pipefy.exports.vendor import Vendor
from typedpipes.errors import GraphQLValidationError

Hook = Callable[[str], None]
"""Called with the stage a request has reached."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        owner = self.server.owner
        with owner.working:
            owner.in_flight += 1
        try:
            self._answer(owner, request)
        finally:
            with owner.working:
                owner.in_flight -= 1
                owner.working.notify_all()

    def _answer(self, owner: LoopbackVendor, request: dict[str, object]) -> None:
        kind = "create" if str(request["query"]).startswith("mutation") else "poll"
        owner.hook(f"{kind} received")
        time.sleep(owner.latency)
        try:
            answer: dict[str, object] = {"data": owner.answer(request)}
        except GraphQLValidationError as error:
            answer = {"errors": [{**entry, "extensions": {"code": "undefinedField"}} for entry in error.errors]}
        owner.hook(f"{kind} executed")
        time.sleep(owner.latency)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        owner.hook(f"{kind} answered")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: LoopbackVendor

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that die are part of the tests."""


class LoopbackVendor:
    """``with LoopbackVendor() as vendor:``; exports of each organization are counted on their own."""

    def __init__(self, content: bytes, *, latency: float = 0.002, busy: int = 2) -> None:
        self.files = FileServer()
        self.files.put("export", content)
        self.latency = latency
        self.hook: Hook = lambda stage: None
        self.in_flight = 0
        self.working = threading.Condition()
        self._busy = busy
        self._vendors: dict[str, Vendor] = {}
        self._by_export: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/graphql"

    def created(self, organization: str) -> int:
        """How many exports the organization has, once the server has worked off what it received."""
        with self.working:
            assert self.working.wait_for(lambda: self.in_flight == 0, 30)
        with self._lock:
            vendor = self._vendors.get(organization)
            return len(vendor.exports) if vendor else 0

    def answer(self, request: dict[str, object]) -> object:
        """What the vendor answers; ids are unique over organizations."""
        variables = request["variables"]
        assert isinstance(variables, dict)
        arguments = variables.get("input", variables)
        with self._lock:
            if "id" in arguments:
                organization, _, inner = str(arguments["id"]).partition(":")
                answer = self._vendors[organization].answer(str(request["query"]), {"id": inner})
                found = answer["automationJobsExport"]
                assert isinstance(found, dict)
                return {"automationJobsExport": {**found, "id": arguments["id"]}}
            organization = str(arguments["organizationId"])
            vendor = self._vendors.setdefault(
                organization, Vendor(form="documented", busy=self._busy, link=lambda: self.files.link("export"))
            )
            job = vendor.answer(str(request["query"]), variables)["createAutomationJobsExport"]
            assert isinstance(job, dict)
            return {"createAutomationJobsExport": {**job, "id": f"{organization}:{job['id']}"}}

    def __enter__(self) -> Self:
        self.files.__enter__()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.files.__exit__(kind, error, tb)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
