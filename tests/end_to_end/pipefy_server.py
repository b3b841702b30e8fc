"""A Pipefy of the tests' own on loopback: real HTTP, answers given by the test, and a log of what arrived.

It executes every create it receives, and only then gives the answer that was put in place, as a server does whose
answer is lost or damaged on the way.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import attrs

from typedpipes.pipefy import AsyncPipefy, Pipefy

FILE = b"Job ID,Automation\r\n1,Move\r\n"


@attrs.frozen
class Answer:
    """What is sent instead of the usual answer. ``body``: bytes, or a value to send as JSON."""

    body: object = b""
    status: int = 200
    headers: dict[str, str] = attrs.field(factory=dict)
    executes: bool = True
    """Whether a create with this answer was carried out."""


@attrs.frozen
class Arrival:
    """One request: what it asked for, and what was answered."""

    operation: str
    variables: dict[str, Any]
    document: str
    answered: str


Usual = Callable[["PipefyServer", dict[str, Any]], object]


class PipefyServer:
    """``with PipefyServer() as server:``; ``server.answers[operation]`` are the next answers, then the usual ones."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self.always: dict[str, Answer] = {}
        self.log: list[Arrival] = []
        self.created: dict[str, list[str]] = defaultdict(list)
        """Ids of what was created, by operation."""
        self.puts: list[tuple[str, bytes]] = []
        """Address and content of the files that arrived."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def count(self, operation: str) -> int:
        """How many requests of the operation arrived."""
        return sum(arrival.operation == operation for arrival in self.log)

    def answer(self, request: dict[str, Any]) -> Answer:
        """Execute the request, and what to answer."""
        operation = request["operationName"]
        with self._lock:
            queue = self.answers[operation]
            given = queue.popleft() if queue else self.always.get(operation)
            if given is None:
                given = Answer({"data": self._data(operation, request)})
            elif given.executes and operation.startswith("Create"):
                self._data(operation, request)
            shown = given.body.decode() if isinstance(given.body, bytes) else json.dumps(given.body)
            self.log.append(
                Arrival(operation, request.get("variables") or {}, request["query"], f"{given.status} {shown}")
            )
        return given

    def _data(self, operation: str, request: dict[str, Any]) -> object:
        if operation == "CreateAutomationJobsExport":
            job = {"id": self._new(operation, "export"), "status": "created"}
            live = "$input" in request["query"]
            return {"createAutomationJobsExport": {"automationJobsExport": job} if live else job}
        if operation == "AutomationJobsExport":
            asked = request["variables"]["id"]
            job = {"id": asked, "status": "finished", "fileUrl": f"{self.address}/file.csv"}
            return {"automationJobsExport": job}
        if operation == "CreateCard":
            return {"createCard": {"card": {"id": self._new(operation, "card")}}}
        if operation == "CreateTableRecord":
            return {"createTableRecord": {"table_record": {"id": self._new(operation, "record")}}}
        if operation == "CreatePresignedUrl":
            return {"createPresignedUrl": {"url": f"{self.address}/orgs/1/uploads/x/offer.pdf?X-Amz-Expires=300"}}
        root = operation[0].lower() + operation[1:]
        return {root: {"success": True}}

    def _new(self, operation: str, what: str) -> str:
        made = self.created[operation]
        made.append(f"{what}-{len(made) + 1}")
        return made[-1]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

            def _send(self, answer: Answer) -> None:
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            def do_POST(self) -> None:
                self._send(owner.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

            def do_PUT(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                queue = owner.answers["PUT"]
                owner.puts.append((self.path, content))
                self._send(queue.popleft() if queue else Answer())

            def do_GET(self) -> None:
                self._send(Answer(FILE, headers={"Content-Type": "text/csv"}))

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Either:
    """A sync or async client whose results are waited for the same way: ``either(either.client.method(...))``."""

    def __init__(self, name: str, server: PipefyServer, **options: Any) -> None:
        self.server = server
        self._runner = asyncio.Runner()
        self._options = {
            "token": "t",
            "base_url": f"{server.address}/graphql",
            "env": {},
            "limits": "off",
            "retries": 2,
            **options,
        }
        self.asynchronous = name == "async"
        self.client: Any = self.new()

    def new(self) -> Any:
        """Another client with the same settings, as a process that is started again has it."""
        return AsyncPipefy(**self._options) if self.asynchronous else Pipefy(**self._options)

    def __call__(self, value: Any) -> Any:
        return self._runner.run(_awaited(value)) if inspect.isawaitable(value) else value

    def again(self) -> Self:
        """Start anew: the client is closed and replaced."""
        self._close()
        self.client = self.new()
        return self

    def _close(self) -> None:
        self(self.client.aclose() if self.asynchronous else self.client.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._close()
        self._runner.close()


async def _awaited(value: Any) -> Any:
    return await value
