"""What a document declares of bodies and parameters is what arrives, byte for byte."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.typedpipes_codegen.own.packages import made
from typedpipes.errors import ConfigurationError


class Recorder(ThreadingHTTPServer):
    """Keeps the last request; answers with ``answer``."""

    path = ""
    headers: dict[str, str]
    body = b""
    answer: tuple[str, bytes] = ("application/json", b"{}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self.server.path, self.server.body = self.path, self.rfile.read(length)
        self.server.headers = {name.lower(): value for name, value in self.headers.items()}
        kind, content = self.server.answer
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PATCH = do_POST

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def recorder() -> Iterator[Recorder]:
    server = Recorder(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def body(media: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"required": True, "content": {media: {"schema": schema, **more}}}


def operation(name: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "tags": ["wire"], "responses": {"200": {"description": "ok"}}, **more}


def answering(name: str, *kinds: str) -> dict[str, Any]:
    content = {kind: {"schema": {"type": "object" if "json" in kind else "string"}} for kind in kinds}
    return operation(name, responses={"200": {"description": "ok", "content": content}})


TEXT, FILE = {"type": "string"}, {"type": "string", "format": "binary"}
META = {"type": "object", "properties": {"a": {"type": "integer"}}}
PARTS = {
    "files": {"type": "array", "items": FILE},
    "tags": {"type": "array", "items": TEXT},
    "meta": META,
    "icon": FILE,
    "note": TEXT,
}
WHERE = {"type": "object", "properties": {"color": TEXT, "size": {"type": "integer"}}}
QUERY: list[dict[str, Any]] = [
    {"name": "where", "in": "query", "schema": WHERE},
    {"name": "flat", "in": "query", "explode": False, "schema": WHERE},
    {"name": "ids", "in": "query", "explode": False, "schema": {"type": "array", "items": TEXT}},
    {"name": "any", "in": "query", "schema": {}},
]
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/parts": {
            "post": operation(
                "parts",
                requestBody=body(
                    "multipart/form-data",
                    {"type": "object", "properties": PARTS},
                    encoding={"icon": {"contentType": "image/png"}, "note": {"contentType": "text/markdown"}},
                ),
            )
        },
        "/form": {
            "post": operation(
                "form",
                requestBody=body(
                    "application/x-www-form-urlencoded",
                    {"type": "object", "properties": {"filter": META, "tags": {"type": "array", "items": TEXT}}},
                    encoding={"filter": {"style": "deepObject", "explode": True}, "tags": {"explode": False}},
                ),
            )
        },
        "/plain": {"post": operation("plain", requestBody=body("text/plain", TEXT))},
        "/latin": {"post": operation("latin", requestBody=body("text/plain; charset=iso-8859-1", TEXT))},
        "/xml": {"post": operation("xml", requestBody=body("application/xml", META))},
        "/bytes": {"post": operation("octets", requestBody=body("application/octet-stream", FILE))},
        "/merge": {"patch": operation("merge", requestBody=body("application/merge-patch+json", META))},
        "/patch": {
            "patch": operation(
                "jsonpatch", requestBody=body("application/json-patch+json", {"type": "array", "items": META})
            )
        },
        "/vnd": {"post": operation("vnd", requestBody=body("application/vnd.api+json", META))},
        "/query?fixed=1": {"get": operation("query", parameters=QUERY)},
        "/csv": {"get": answering("csv", "text/csv")},
        "/either": {"get": answering("either", "text/csv", "application/json")},
        "/usual": {"get": answering("usual", "application/json")},
    },
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("wire")
    with made(folder, "wire", json.dumps(DOCUMENT), 'base_url = "https://api.example"\n', ".json") as found:
        yield found


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder() as found:
        yield found


def parts(server: Recorder) -> list[tuple[str, bytes]]:
    boundary = server.headers["content-type"].partition("boundary=")[2]
    pieces = server.body.split(f"--{boundary}".encode())[1:-1]
    return [
        (head.decode().strip(), content[:-2]) for head, _, content in (piece.partition(b"\r\n\r\n") for piece in pieces)
    ]


def test_parts_of_a_multipart_body(package: ModuleType, server: Recorder, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"two")
    with package.Wire(base_url=server.url) as client:
        client.wire.parts(
            files=[("one.bin", b"one"), tmp_path / "b.txt"],
            tags=["x", "y"],
            meta={"a": 1},
            icon=("icon", b"PNG"),
            note="hello",
        )
    octets = "Content-Type: application/octet-stream"
    start = "Content-Disposition: form-data; name="
    assert sorted(parts(server)) == sorted(
        [
            (f'{start}"files"; filename="one.bin"\r\n{octets}', b"one"),
            (f'{start}"files"; filename="b.txt"\r\nContent-Type: text/plain', b"two"),
            (f'{start}"tags"', b"x"),
            (f'{start}"tags"', b"y"),
            (f'{start}"meta"\r\nContent-Type: application/json', b'{"a": 1}'),
            (f'{start}"icon"; filename="icon"\r\nContent-Type: image/png', b"PNG"),
            (f'{start}"note"\r\nContent-Type: text/markdown', b"hello"),
        ]
    )


def test_a_form_is_written_as_its_encoding_says(package: ModuleType, server: Recorder) -> None:
    with package.Wire(base_url=server.url) as client:
        client.wire.form(filter={"a": 1}, tags=["x", "y,z"])
    assert server.body == b"filter[a]=1&tags=x,y%2Cz"


@pytest.mark.parametrize(
    ("name", "given", "sent", "media"),
    [
        ("plain", "ä\n", "ä\n".encode(), "text/plain"),
        ("latin", "ä", b"\xe4", "text/plain; charset=iso-8859-1"),
        ("xml", "<a>1</a>", b"<a>1</a>", "application/xml"),
        ("xml", b"<a/>", b"<a/>", "application/xml"),
        ("octets", b"\x00\x01", b"\x00\x01", "application/octet-stream"),
        ("merge", {"a": 1}, b'{"a":1}', "application/merge-patch+json"),
        ("jsonpatch", [{"a": 1}], b'[{"a":1}]', "application/json-patch+json"),
        ("vnd", {"a": 1}, b'{"a":1}', "application/vnd.api+json"),
    ],
)
def test_a_body_has_the_declared_type_and_nothing_around_it(
    package: ModuleType, server: Recorder, name: str, given: Any, sent: bytes, media: str
) -> None:
    with package.Wire(base_url=server.url) as client:
        getattr(client.wire, name)(body=given)
    assert (server.body, server.headers["content-type"]) == (sent, media)


def test_xml_is_not_made_from_objects_nor_text_from_characters_it_lacks(package: ModuleType, server: Recorder) -> None:
    with package.Wire(base_url=server.url) as client:
        with pytest.raises(ConfigurationError, match="takes application/xml: give its text or its bytes, not dict"):
            client.wire.xml(body={"a": 1})
        with pytest.raises(ConfigurationError, match="iso8859-1 cannot encode"):
            client.wire.latin(body="€")
    assert server.path == ""


def test_parameters_of_a_query(package: ModuleType, server: Recorder) -> None:
    with package.Wire(base_url=server.url) as client:
        client.wire.query(
            where={"color": "red", "size": 2}, flat={"color": "red", "size": 2}, ids=["a,b", "c"], any={"x": 1}
        )
    assert server.path == ("/query?fixed=1&any=%7B%22x%22:1%7D&flat=color,red,size,2&ids=a%2Cb,c&color=red&size=2")


@pytest.mark.parametrize(
    ("name", "accept"), [("csv", "text/csv"), ("either", "application/json"), ("usual", "application/json")]
)
def test_the_declared_types_are_asked_for(package: ModuleType, server: Recorder, name: str, accept: str) -> None:
    server.answer = ("text/csv; charset=latin-1", "ä,b".encode("latin-1")) if name == "csv" else server.answer
    with package.Wire(base_url=server.url) as client:
        answer = getattr(client.wire, name)()
    assert server.headers["accept"] == accept
    if name == "csv":
        assert answer == "ä,b"
