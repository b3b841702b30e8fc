"""An effective OpenAPI document as a router: which operation a request means and whether it fits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from typedpipes_sandbox.schema.validation import Check, SchemaCompiler
from typedpipes_sandbox.wire.messages import Request

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
#: names the schemas use for the kinds of credential
CREDENTIAL_KINDS = {
    "OAuthClient": "oauth",
    "UserApiKey": "api_key",
    "ConnectToken": "connect_token",
    "basic_authentication": "basic",
}


@dataclass(slots=True)
class Parameter:
    """One query, header or path parameter."""

    name: str
    place: str
    required: bool
    kind: frozenset[str]
    items: frozenset[str]
    explode: bool
    check: Check


@dataclass(slots=True)
class Operation:
    """One operation with everything needed to judge requests and build answers."""

    api: OpenApi
    method: str
    path: str
    raw: Mapping[str, Any]
    name: str
    parameters: list[Parameter]
    body_required: bool
    bodies: dict[str, Check]
    body_schemas: dict[str, Any]
    credentials: frozenset[str]
    token_cost: int
    status: int
    response_schema: Any
    media_type: str
    _response_check: Check | None = field(default=None, repr=False)

    def check_response(self, payload: Any) -> str | None:
        """What is wrong with an answer to this operation, or None."""
        if self.response_schema is None:
            return None
        if self._response_check is None:
            self._response_check = self.api.compiler.compile(self.response_schema)
        return self._response_check(payload)

    def error_schema(self, status: int) -> Any:
        """The schema of an error answer, where the document declares one."""
        response = self.api.compiler.resolve((self.raw.get("responses") or {}).get(str(status)) or {})
        content = response.get("content") or {}
        return next((each.get("schema") for media, each in content.items() if "json" in media), None)

    def parameter_names(self, place: str) -> set[str]:
        """The names of the parameters in one place (query, header, path)."""
        return {parameter.name for parameter in self.parameters if parameter.place == place}


@dataclass(slots=True)
class _Node:
    static: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    operations: dict[str, Operation] = field(default_factory=dict)


class OpenApi:
    """The operations of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.compiler = SchemaCompiler(document)
        self.operations: list[Operation] = []
        self._root = _Node()
        for path, item in document["paths"].items():
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    operation = self._operation(path, method, item[method], item.get("parameters") or [])
                    self.operations.append(operation)
                    self._insert(operation)

    def match(self, method: str, segments: list[str]) -> tuple[Operation | None, dict[str, str], set[str]]:
        """The operation for a path with its path parameters; without one, the methods the path does have."""
        allowed: set[str] = set()
        for node, values in self._walk(self._root, segments, 0, []):
            operation = node.operations.get(method.upper())
            if operation is not None:
                names = re.findall(r"\{([^}]+)\}", operation.path)
                return operation, dict(zip(names, values, strict=True)), set()
            allowed |= node.operations.keys()
        return None, {}, allowed

    def find(self, method: str, path: str) -> Operation:
        """The operation of a path template; raises LookupError."""
        for operation in self.operations:
            if operation.method == method and operation.path == path:
                return operation
        raise LookupError(f"no operation {method} {path} in the schema")

    def _walk(self, node: _Node, parts: list[str], depth: int, values: list[str]) -> Iterator[tuple[_Node, list[str]]]:
        if depth == len(parts):
            if node.operations:
                yield node, values
            return
        child = node.static.get(parts[depth])
        if child is not None:
            yield from self._walk(child, parts, depth + 1, values)
        if node.parameter is not None:
            yield from self._walk(node.parameter, parts, depth + 1, [*values, parts[depth]])

    def _insert(self, operation: Operation) -> None:
        node = self._root
        for part in operation.path.strip("/").split("/"):
            if part.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.static.setdefault(part, _Node())
        node.operations.setdefault(operation.method, operation)

    def _operation(self, path: str, method: str, raw: Mapping[str, Any], shared: list[Any]) -> Operation:
        resolve = self.compiler.resolve
        parameters = [self._parameter(resolve(each)) for each in [*shared, *(raw.get("parameters") or [])]]
        body = resolve(raw.get("requestBody") or {})
        schemas = {media: content.get("schema") or {} for media, content in (body.get("content") or {}).items()}
        status, schema, media = self._success(raw.get("responses") or {})
        schemes = raw.get("security", self.document.get("security") or [])
        names = {name for scheme in schemes for name in scheme}
        return Operation(
            api=self,
            method=method.upper(),
            path=path,
            raw=raw,
            name=str(raw.get("x-method") or raw.get("operationId") or f"{method} {path}"),
            parameters=parameters,
            body_required=bool(body.get("required")),
            bodies={media: self.compiler.compile(schema) for media, schema in schemas.items()},
            body_schemas=schemas,
            credentials=frozenset(CREDENTIAL_KINDS.get(name, name) for name in names),
            token_cost=int(raw.get("x-token-cost", 0)),
            status=status,
            response_schema=schema,
            media_type=media,
        )

    def _success(self, responses: Mapping[Any, Any]) -> tuple[int, Any, str]:
        for status, response in sorted(responses.items(), key=lambda item: str(item[0])):
            text = str(status)
            if not text.startswith(("2", "3", "default")):
                continue
            content = self.compiler.resolve(response).get("content") or {}
            code = int(text) if text.isdigit() else 200
            for media in content:
                if "json" in media:
                    return code, content[media].get("schema"), media
            return code, None, next(iter(content), "")
        return 200, None, ""

    def _parameter(self, raw: Mapping[str, Any]) -> Parameter:
        schema = self.compiler.resolve(raw.get("schema") or {})
        return Parameter(
            name=raw["name"],
            place=raw["in"],
            required=bool(raw.get("required")),
            kind=_kinds(self.compiler, schema),
            items=_kinds(self.compiler, schema.get("items") or {}),
            explode=bool(raw.get("explode", raw.get("style", "form") == "form")),
            check=self.compiler.compile(raw.get("schema") or {}),
        )


def _kinds(compiler: SchemaCompiler, schema: Any) -> frozenset[str]:
    schema = compiler.resolve(schema)
    wanted = schema.get("type")
    if wanted is not None:
        return frozenset([wanted] if isinstance(wanted, str) else wanted)
    parts = [each for key in ("oneOf", "anyOf", "allOf") for each in schema.get(key) or ()]
    return frozenset(kind for each in parts for kind in _kinds(compiler, each))


def coerce(text: str, kinds: frozenset[str]) -> Any:
    """A parameter's text as the type its schema wants; left as text when it does not fit."""
    if "integer" in kinds and re.fullmatch(r"[+-]?\d{1,4000}", text):
        return int(text)
    if kinds & {"integer", "number"} and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        number = float(text) if re.search(r"[.eE]", text) else int(text)
        if "number" in kinds and math.isfinite(number):
            return number
        if isinstance(number, float) and number.is_integer():
            return int(number)  # 1.2e3 is an integer to JSON schema
    if "boolean" in kinds and text in {"true", "false", "1", "0"}:
        return text in {"true", "1"}
    if "null" in kinds and text == "" and "string" not in kinds:
        return None
    return text


def coerce_form(operation: Operation, media: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """Form fields as the types the body's schema wants."""
    compiler = operation.api.compiler
    schema = compiler.resolve(operation.body_schemas.get(media) or {})
    properties = schema.get("properties") or {}
    return {name: coerce(text, _kinds(compiler, properties.get(name) or {})) for name, text in sent.items()}


def read_parameters(
    operation: Operation, request: Request, path_values: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """The typed parameters of a request by name, and what is wrong with them."""
    sent: dict[str, list[str]] = {}
    if request.query_string:
        for name, value in parse_qsl(request.query_string, keep_blank_values=True):
            sent.setdefault(name.removesuffix("[]"), []).append(value)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for parameter in operation.parameters:
        texts = _texts(parameter, sent, request, path_values)
        if not texts:
            if parameter.required:
                problems.append(f"{parameter.place} parameter {parameter.name} is required")
            continue
        if "array" in parameter.kind:
            parts = (
                [text for text in texts if text]
                if parameter.explode and len(texts) > 1
                else [part for text in texts if text for part in text.split(",")]
            )
            typed: Any = [coerce(part, parameter.items) for part in parts]
        else:
            if len(texts) > 1:
                problems.append(f"{parameter.place} parameter {parameter.name}: is given {len(texts)} times")
            typed = coerce(texts[-1], parameter.kind)
        if (problem := parameter.check(typed)) is not None:
            problems.append(f"{parameter.place} parameter {parameter.name}: {problem}")
        values[parameter.name] = typed
    return values, problems


def _texts(
    parameter: Parameter, sent: Mapping[str, list[str]], request: Request, path_values: Mapping[str, str]
) -> list[str]:
    if parameter.place == "query":
        return sent.get(parameter.name.removesuffix("[]"), [])
    if parameter.place == "path":
        return [path_values[parameter.name]] if parameter.name in path_values else []
    if parameter.place == "header":
        text = request.headers.get(parameter.name.lower())
        return [] if text is None else [text]
    return []
