"""One document of the campaign, in a process of its own: generated, imported, called once. Prints one JSON object."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tests.support.memory import peak
from typedpipes.errors import TypedPipesError
from typedpipes_codegen.documents import load_document
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.own import OwnPackage, write_own

METHODS: Final = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
DEEPEST: Final = 6
SAMPLES: Final = {"string": "x", "integer": 1, "number": 1.5, "boolean": True, "null": None}
GIVEN: Final = {"str": "x", "int": 1, "float": 1.5, "bool": True}


def sample(document: dict[str, Any], schema: Any, depth: int = 0) -> Any:
    """A small value of a schema: what a server made from the document answers."""
    while isinstance(schema, dict) and "$ref" in schema:
        node: Any = document
        for part in str(schema["$ref"]).split("/")[1:]:
            node = node.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(node, dict) else {}
        schema = node
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if schema.get("enum"):
        return schema["enum"][0]
    for word in ("oneOf", "anyOf"):
        if schema.get(word):
            return sample(document, schema[word][0], depth + 1)
    if schema.get("allOf"):
        parts = [sample(document, part, depth + 1) for part in schema["allOf"]]
        objects = [part for part in parts if isinstance(part, dict)]
        return {key: value for part in objects for key, value in part.items()} if objects else parts[0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "array":
        return [sample(document, schema.get("items"), depth + 1)]
    if kind == "object" or "properties" in schema:
        wanted = schema.get("required") or []
        properties = schema.get("properties") or {}
        return {name: sample(document, properties.get(name), depth + 1) for name in wanted}
    if schema.get("format") == "date-time":
        return "2026-01-02T03:04:05Z"
    return "2026-01-02" if schema.get("format") == "date" else SAMPLES.get(str(kind))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and node of each operation."""
    for path, item in (document.get("paths") or {}).items():
        for method in METHODS if isinstance(item, dict) else ():
            if isinstance(item.get(method), dict):
                yield path, method, item[method]


def answer_of(document: dict[str, Any], operation: dict[str, Any]) -> bytes:
    """The JSON of the first successful answer that has any."""
    for status, one in (operation.get("responses") or {}).items():
        if str(status).startswith("2") and isinstance(one, dict):
            for media, content in (one.get("content") or {}).items():
                if "json" in media or media == "*/*":
                    return json.dumps(sample(document, content.get("schema"))).encode()
    return b""


@contextmanager
def serving(answers: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers any request: by the operation asked for last, ``answers["now"]``."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            seen.append(f"{self.command} {self.path}")
            content = answers["now"]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def arguments(method: Any) -> dict[str, Any] | None:
    """A value for each argument that must be given; None if one of them is more than a plain value."""
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            kind = str(parameter.annotation).partition(" | ")[0].strip("'\"")
            if kind not in GIVEN:
                return None
            found[name] = GIVEN[kind]
    return found


def call_once(package: Any, client_class: str, document: dict[str, Any] | None, package_folder: Path) -> str:
    """Call the first operation that plain values are enough for; what happened in a few words."""
    answers = {"now": b"{}"}
    with serving(answers) as (url, seen):
        credentials = dict.fromkeys(inspect.signature(getattr(package, client_class)).parameters, "x")
        kept = ("token", "api_key", "username", "password", "client_id", "client_secret")
        given = {name: "x" for name in credentials if name.endswith(kept)}
        with getattr(package, client_class)(base_url=url, **given) as client:
            for name, answer in _methods(client, document, package_folder):
                method = client
                for part in name.split("."):
                    method = getattr(method, part)
                values = arguments(method)
                if values is None:
                    continue
                answers["now"] = answer
                try:
                    method(**values)
                except TypedPipesError as error:
                    return f"{name}: {type(error).__name__}"
                return "ok" if seen else f"{name}: nothing sent"
    return "no plain operation"


def _methods(client: Any, document: dict[str, Any] | None, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Method path and answer of each operation, from the package's list of them."""
    if document is None:
        for path in sorted((folder / "operations").glob("[a-z]*.py")):
            text = path.read_text(encoding="utf-8")
            root = text.partition("roots=(")[2].partition(",")[0].strip("'\"")
            if hasattr(type(client), path.stem):
                yield path.stem, json.dumps({"data": {root: None}}).encode()
        return
    answers = {f"{method.upper()} {path}": answer_of(document, node) for path, method, node in operations(document)}
    for line in (folder / "OPERATIONS.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        for request, answer in answers.items():
            if len(cells) > 1 and request in cells and "GET" in request:
                yield cells[0].partition("(")[0], answer


def main(file: Path, folder: Path) -> dict[str, Any]:
    """All figures of one document."""
    name = "c_" + "".join(one if one.isalnum() else "_" for one in file.stem.lower())
    is_sdl = file.suffix == ".graphql"
    config = folder / f"{name}.toml"
    base = 'base_url = "https://api.example/v1"\n'
    config.write_text(base + ('[auth.bearer]\ntype = "bearer"\n' if is_sdl else ""), encoding="utf-8")
    found: dict[str, Any] = {"name": file.name, "package": name}
    wanted = OwnPackage(schema=file, output=folder / name, config=config, package=name, name="Campaign")
    started = time.perf_counter()
    document = None
    try:
        document = None if is_sdl else load_document(file, [])
        found["declared"] = 0 if document is None else sum(1 for _ in operations(document))
        made = write_own(wanted)
    except SchemaError as error:
        return {**found, "failed": str(error)[:300]}
    found["seconds"] = round(time.perf_counter() - started, 1)
    found["operations"] = made.operations
    found["notes"] = list(made.notes)
    found["files"] = sum(1 for _ in (folder / name).rglob("*.py"))
    found["megabytes"] = round(peak())
    sys.path.insert(0, str(folder))
    try:
        package = importlib.import_module(name)
        for public in package.__all__:
            getattr(package, public)
        found["import"] = "ok"
        found["call"] = call_once(package, made.client, document, folder / name)
    except Exception as error:
        found.setdefault("import", f"{type(error).__name__}: {error}"[:120])
        found.setdefault("call", f"{type(error).__name__}: {error}"[:120])
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
