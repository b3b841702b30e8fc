"""Answers that Pipedream passes on: those of workflows and of proxied apps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.message import Message
from typing import TYPE_CHECKING, TypeVar

from typedpipes._core.auth import StaticCredential
from typedpipes._core.decoding.model import JSON
from typedpipes._core.flow import Flow
from typedpipes._core.http import WireRequest
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes._core.redaction import while_whole
from typedpipes._core.values import json_bytes, wire_of
from typedpipes.errors import AuthenticationError, ResponseMismatch

if TYPE_CHECKING:
    from typedpipes._core.http.clients import SharedClient


class RelayedResponse:
    """An answer as it came. ``headers`` have lower-case names; ``content`` is the body without content encoding."""

    __slots__ = ("content", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        self.content: bytes = content

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, in the charset its content type names, else UTF-8; undecodable bytes are replaced."""
        try:
            return self.content.decode(self._charset(), "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self) -> JSON:
        """The body as JSON; None if it is empty. Raises `ResponseMismatch` if it is not JSON."""
        if not self.content.strip():
            return None
        try:
            value: JSON = read_json(self.content)
        except NotJSON as error:
            kind = self.headers.get("content-type", "no content type")
            raise ResponseMismatch(
                f"the answer ({self.status}, {kind[:80]}) is not JSON; see content or text"
            ) from error
        return value

    def _charset(self) -> str:
        message = Message()
        message["content-type"] = self.headers.get("content-type", "")
        charset = message.get_content_charset()
        return charset or "utf-8"

    @while_whole
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}, {len(self.content)} bytes>"


R = TypeVar("R", bound=RelayedResponse)


def relayed(
    http: SharedClient, request: WireRequest, make: Callable[[int, Mapping[str, str], bytes], R], *, raising: bool
) -> Flow[R]:
    """Perform ``request``; unless ``raising``, a failure's answer is a result like any other.

    A 401 that ends the renewal of our own token is known by its error only: then ``content`` is the error's body.
    """
    request.stamp.relays = not raising
    try:
        response = yield from http.flow(request)
    except AuthenticationError as error:
        absolve(http, request)
        if raising or error.operation != request.stamp.name:
            raise
        return make(error.status, error.headers, error.body.encode())
    return make(response.status, response.headers, response.content)


def absolve(http: SharedClient, request: WireRequest) -> None:
    """Let a token that was never accepted be sent again: this 401 may be that of somebody behind the API."""
    for kind in request.stamp.credentials or ():
        credential = http.policies.credentials.get(kind)
        if isinstance(credential, StaticCredential):
            credential.forget()


def encoded_body(body: object, headers: dict[str, str], operation: str) -> bytes | None:
    """``body`` as bytes, its content type put into ``headers`` unless given: bytes and text as they are, else JSON."""
    if body is None:
        return None
    if isinstance(body, (bytes, bytearray)):
        headers.setdefault("content-type", "application/octet-stream")
        return bytes(body)
    if isinstance(body, str):
        headers.setdefault("content-type", "text/plain; charset=utf-8")
        return body.encode()
    headers.setdefault("content-type", "application/json")
    return json_bytes(wire_of(body, operation, at="body"), operation, at="body")


__all__ = ["RelayedResponse", "absolve", "encoded_body", "relayed"]
