"""The bookshop of docs/examples as a real HTTP server on loopback: REST, GraphQL and a token endpoint."""

from __future__ import annotations

import json
import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
from graphql import build_schema, graphql_sync

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
KEY = "shop-key-0123456789"
GENRES = ("fiction", "science", "history", "children")


@attrs.define
class Arrived:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    raw_query: str
    headers: dict[str, str]
    body: bytes


@attrs.define
class Bookshop:
    """State of the shop."""

    url: str = ""
    requests: list[Arrived] = attrs.field(factory=list)
    books: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    orders: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    failures: list[int] = attrs.field(factory=list)
    """Statuses to answer with before the shop works."""
    tokens: int = 0

    def stock(self, count: int) -> None:
        """Fill the shelves."""
        for number in range(1, count + 1):
            genre = GENRES[number % 4]
            self.books[number] = {"id": number, "title": f"Book {number}", "genre": genre, "price": 5.5, "class": "A1"}

    def graphql(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Execute a document against the example's SDL."""
        schema = build_schema((EXAMPLES / "bookshop.graphql").read_text(encoding="utf-8"))

        def found(book: dict[str, Any]) -> dict[str, Any]:
            return {**book, "genre": book["genre"].upper(), "author": {"name": "A. Uthor"}}

        def books(_info: object, first: int = 20, after: str | None = None, genre: str | None = None) -> Any:
            start = int(after or 0)
            rows = [found(book) for book in self.books.values() if genre in (None, book["genre"].upper())]
            more = start + first < len(rows)
            info = {"hasNextPage": more, "endCursor": str(start + first) if more else None}
            return {"nodes": rows[start : start + first], "pageInfo": info}

        def add(_info: object, input: dict[str, Any]) -> Any:
            number = len(self.books) + 1
            self.books[number] = {**input, "id": number, "genre": input["genre"].lower()}
            return found(self.books[number])

        root = {"book": lambda _info, id: found(self.books[int(id)]), "books": books, "addBook": add}
        outcome = graphql_sync(schema, asked["query"], root, variable_values=asked.get("variables"))
        return dict(outcome.formatted)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shop: Bookshop

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        arrived = Arrived(self.command, parts.path, parse_qs(parts.query), parts.query, headers, body)
        self.shop.requests.append(arrived)
        status, answer = self._answer(arrived)
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve

    def _answer(self, asked: Arrived) -> tuple[int, Any]:
        shop = self.shop
        if asked.path == "/oauth/token":
            shop.tokens += 1
            signed = asked.headers.get("authorization", "").removeprefix("Basic ")
            good = b64decode(signed) == b"shop:s3cret-value" if signed else False
            return (200, {"access_token": f"token-{shop.tokens}", "expires_in": 3600}) if good else (401, {})
        if shop.failures:
            return shop.failures.pop(0), {"error": "try again"}
        if asked.path == "/graphql":
            if asked.headers.get("authorization") != f"Bearer {KEY}":
                return 401, {"errors": [{"message": "no"}]}
            return 200, shop.graphql(json.loads(asked.body))
        if asked.path == "/v1/opening-hours":
            return 200, {"monday": "9-17"}
        known = asked.headers.get("x-shop-key") == KEY
        if not known:
            return 401, {"error": "unknown key"}
        return self._rest(asked)

    def _rest(self, asked: Arrived) -> tuple[int, Any]:
        shop, path = self.shop, asked.path.removeprefix("/v1")
        given = json.loads(asked.body) if asked.body else {}
        if path == "/books" and asked.method == "GET":
            rows = [book for book in shop.books.values() if book["genre"] in asked.query.get("genre", GENRES)]
            start, limit = int(asked.query.get("cursor", ["0"])[0]), int(asked.query.get("limit", ["20"])[0])
            more = str(start + limit) if start + limit < len(rows) else None
            return 200, {"items": rows[start : start + limit], "next_cursor": more}
        if path == "/books":
            number = len(shop.books) + 1
            shop.books[number] = {"id": number, **given}
            return 201, shop.books[number]
        if path == "/orders":
            number = len(shop.orders) + 1
            shop.orders[number] = {"id": number, "state": "placed", "delivery": given["delivery"]}
            return 201, shop.orders[number]
        if match := re.fullmatch(r"/orders/(\d+)/cancel", path):
            shop.orders[int(match[1])]["state"] = "cancelled"
            return 200, shop.orders[int(match[1])]
        match = re.fullmatch(r"/books/(\d+)", path)
        if match is None or int(match[1]) not in shop.books:
            return 404, {"error": "no such thing"}
        if asked.method == "DELETE":
            del shop.books[int(match[1])]
            return 204, None
        shop.books[int(match[1])] |= given
        return 200, shop.books[int(match[1])]


@contextmanager
def bookshop(books: int = 0) -> Iterator[Bookshop]:
    """A running shop."""
    shop = Bookshop()
    shop.stock(books)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"shop": shop}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
