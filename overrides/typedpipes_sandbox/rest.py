"""What the REST stand-ins share: routing by schema, judging requests, synthesising answers, checking them."""

from __future__ import annotations

import email
import email.policy
import threading
from collections.abc import Mapping
from typing import Any

from typedpipes_sandbox.schema.openapi import OpenApi, Operation, coerce_form, read_parameters
from typedpipes_sandbox.schema.schemas import load_openapi
from typedpipes_sandbox.schema.synthesis import MISSING, Synthesizer
from typedpipes_sandbox.store import Record
from typedpipes_sandbox.wire.messages import Request, Response, json_response, text_response
from typedpipes_sandbox.world import World

_OPENING = threading.RLock()
_OPENED: dict[str, OpenApi] = {}


def open_api(name: str) -> OpenApi:
    """The router of one document, made once per process."""
    found = _OPENED.get(name)
    if found is not None:
        return found
    with _OPENING:
        if name not in _OPENED:
            _OPENED[name] = OpenApi(load_openapi(name))
        return _OPENED[name]


class ResponseInvalid(AssertionError):
    """The sandbox was about to answer something the schema does not allow: a bug of the sandbox."""


class Refused(Exception):
    """Ends a handler with an answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"refused with {response.status}")
        self.response = response


class Call:
    """One request that fits an operation: its typed parameters and decoded body."""

    __slots__ = ("body", "operation", "path_values", "request", "synthesizer", "values")

    def __init__(
        self,
        request: Request,
        operation: Operation,
        path_values: dict[str, str],
        values: dict[str, Any],
        body: Any,
        synthesizer: Synthesizer,
    ) -> None:
        self.request = request
        self.operation = operation
        self.path_values = path_values
        self.values = values
        self.body = body
        self.synthesizer = synthesizer

    @property
    def fields(self) -> dict[str, Any]:
        """The body as an object; empty when there is none."""
        return self.body if isinstance(self.body, dict) else {}

    def schema_of(self, *names: str) -> Any:
        """The schema at a dot path of the answer (``data``, ``data.0``), or an empty one."""
        schema = self.synthesizer.flatten(self.operation.response_schema)
        for name in names:
            part = schema.get("items") if name == "*" else (schema.get("properties") or {}).get(name)
            schema = self.synthesizer.flatten(_real(part, self.synthesizer))
        return schema

    def project(self, record: Record, schema: Any, partial: Mapping[str, Any] | None = None) -> Any:
        """A record as this schema wants it, cached until the record changes."""
        cached = record.projections.get(id(schema)) if partial is None else None
        if cached is not None:
            return cached[1]
        given = record.values if partial is None else dict(partial)
        value = self.synthesizer.value(schema, record.key, partial=given)
        if partial is None:
            record.projections[id(schema)] = (record.revision, value)
        return value

    def synthesise(self, key: str | None = None, partial: Any = MISSING) -> Any:
        """A whole answer for the operation."""
        salt = key or f"{self.operation.name}/{'/'.join(self.path_values.values())}"
        return self.synthesizer.value(self.operation.response_schema or {}, salt, partial=partial)


def _real(schema: Any, synthesizer: Synthesizer) -> Any:
    """The first alternative of a nullable reference that is not null."""
    flat = synthesizer.flatten(schema)
    for alternatives in (flat.get("oneOf"), flat.get("anyOf")):
        for each in alternatives or ():
            if synthesizer.flatten(each).get("type") != "null":
                return each
    return flat


class RestService:
    """A vendor whose operations come from an OpenAPI document."""

    def __init__(self, world: World) -> None:
        self.settings = world.settings
        self._synthesizers: dict[str, Synthesizer] = {}

    def synthesizer(self, name: str) -> Synthesizer:
        """The synthesizer of one document under this sandbox's seed."""
        found = self._synthesizers.get(name)
        if found is None:
            found = self._synthesizers[name] = Synthesizer(open_api(name).compiler, self.settings.seed)
        return found

    def refuse(self, status: int, problem: str, request: Request) -> Response:
        """The vendor's error answer; overridden by each vendor."""
        return json_response({"error": problem}, status)

    def read_call(self, name: str, request: Request) -> Call:
        """Judge the request against its operation; raises :class:`Refused` with the vendor's status and a reason."""
        operation: Operation = request.context["operation"]
        path_values: dict[str, str] = request.context["path_values"]
        values, problems = read_parameters(operation, request, path_values)
        body, problem = self._read_body(operation, request)
        if problem is not None:
            problems.append(problem)
        if problems and self.settings.validate_requests:
            raise Refused(self.refuse(400, "; ".join(problems), request))
        return Call(request, operation, path_values, values, body, self.synthesizer(name))

    def _read_body(self, operation: Operation, request: Request) -> tuple[Any, str | None]:
        if not operation.bodies:
            return (None, None)
        if not request.body:
            return None, "a request body is required" if operation.body_required else None
        media = request.media_type or "application/json"
        check = operation.bodies.get(media)
        if media.endswith("json"):
            try:
                body = request.json()
            except ValueError:
                return None, "the body is not valid JSON"
        elif media == "application/x-www-form-urlencoded":
            used = media if check is not None else "application/json"
            form = coerce_form(operation, used, request.form())
            check = check or operation.bodies.get(used)
            return form, None if check is None else check(form)
        elif media == "multipart/form-data":
            parts = read_multipart(request)
            schema = operation.api.compiler.resolve(operation.body_schemas.get(media) or {})
            missing = [name for name in schema.get("required") or () if name not in parts]
            if not parts or "None" in parts or missing:
                return parts, f"the multipart body lacks {', '.join(missing) or 'named parts'}"
            texts = {name: part for name, part in parts.items() if isinstance(part, str)}
            typed = coerce_form(operation, media, texts)
            return {**parts, **typed}, _part_problem(operation, schema, typed)
        else:
            problem = None if media in operation.bodies else f"content type {media} is not accepted"
            return request.body, problem
        if check is None:
            check = operation.bodies.get("application/json")
        return body, None if check is None else check(body)

    def checked(self, call: Call, response: Response) -> Response:
        """Let an answer leave only when it fits the schema. Raises :class:`ResponseInvalid`."""
        if self.settings.validate_responses and response.status < 300 and response.payload is not None:
            problem = call.operation.check_response(response.payload)
            if problem is not None:
                raise ResponseInvalid(f"{call.operation.method} {call.operation.path}: {problem}")
        return response

    def fitted_error(self, name: str, request: Request, response: Response) -> Response:
        """An error answer as the operation declares it: a part that may not be null is left out."""
        operation: Operation | None = request.context.get("operation")
        schema = operation.error_schema(response.status) if operation is not None else None
        if operation is None or schema is None or not isinstance(response.payload, dict):
            return response
        if operation.api.compiler.compile(schema)(response.payload) is None:
            return response
        known = {key: value for key, value in response.payload.items() if value is not None}
        fitted = self.synthesizer(name).value(schema, f"{operation.name}/{response.status}", partial=known)
        headers = {key: value for key, value in response.headers if key.lower() != "content-type"}
        return json_response(fitted, response.status, headers)


def _part_problem(operation: Operation, schema: Mapping[str, Any], typed: Mapping[str, Any]) -> str | None:
    properties = schema.get("properties") or {}
    for name, value in typed.items():
        problem = operation.api.compiler.compile(properties.get(name))(value)
        if problem is not None:
            return f"{name}: {problem}"
    return None


def generic_answer(call: Call) -> Response:
    """An answer for an operation without a handler of its own: synthesised, echoing what was sent."""
    operation = call.operation
    if operation.response_schema is None:
        if operation.media_type and "json" not in operation.media_type:
            return text_response(f"{operation.name}\n", operation.status, operation.media_type)
        return Response(operation.status)
    echo = {**_plain(call.path_values), **without_files(call.fields)}
    flat = call.synthesizer.flatten(operation.response_schema)
    properties = flat.get("properties") or {}
    partial: Any = {"success": True, "data": echo} if "data" in properties else echo
    return json_response(call.synthesise(partial=partial), operation.status)


def without_files(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a multipart body that are not files."""
    return {
        name: value
        for name, value in fields.items()
        if not (isinstance(value, dict) and isinstance(value.get("content"), bytes))
    }


def _plain(path_values: Mapping[str, str]) -> dict[str, Any]:
    return {name: int(text) if text.isdigit() and len(text) < 16 else text for name, text in path_values.items()}


def read_multipart(request: Request) -> dict[str, Any]:
    """The parts of a multipart body: text as str, files as ``{filename, content_type, content}``."""
    head = f"content-type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    parts: dict[str, Any] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        filename = part.get_filename()
        if filename is None:
            parts[str(name)] = data.decode("utf-8", "replace")
        else:
            parts[str(name)] = {"filename": filename, "content_type": part.get_content_type(), "content": data}
    return parts
