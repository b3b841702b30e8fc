"""A host on loopback that answers as told and keeps what it was asked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import attrs


@attrs.frozen
class Answer:
    """One answer: ``length`` is announced, whatever the body's own; nothing is if it is not ``framed``."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = attrs.field(factory=dict)
    length: int | None = None
    framed: bool = True


class DocumentServer:
    """``answers[path]`` is given to every GET and POST of a path; ``requests`` are the headers of all that came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.rfile.read(int(self.headers.get("content-length") or 0))
                answer = outer.answers.get(self.path.partition("?")[0], Answer(b"nothing here", 404))
                self.send_response(answer.status)
                length = len(answer.body) if answer.length is None else answer.length
                framing = {"Content-Length": str(length)} if answer.framed else {}
                for name, value in {**framing, "Connection": "close", **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection = True

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def publish(self, body: bytes, path: str = "/openapi.yaml", **facts: object) -> str:
        """Serve a body; returns its URL."""
        self.answers[path] = Answer(body, **facts)  # type: ignore[arg-type]  # the fields of Answer by name
        return self.url + path

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
