"""What Connect posts to the ``webhook_uri`` of a Connect token (vendor's page "Connect webhooks", read for its facts).

These deliveries are not signed as far as any document says; those of deployed triggers are (`verify_signature`).
"""

from __future__ import annotations

from typing import ClassVar

from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.answers import from_wire
from typedpipes._core.decoding.json_body import parse_json
from typedpipes._core.decoding.model import Model, OpenEnum, member
from typedpipes.errors import ResponseMismatch
from typedpipes_api.connect.accounts import Account


class ConnectionEventType(OpenEnum):
    """What happened to a connection."""

    SUCCESS: ClassVar[ConnectionEventType] = member("CONNECTION_SUCCESS")
    ERROR: ClassVar[ConnectionEventType] = member("CONNECTION_ERROR")


class ConnectionEvent(Model):
    """An end user connected an account, or failed to. Credentials are never in it: get the account by its id."""

    _secret_ = frozenset(("connect_token",))
    event: ConnectionEventType
    connect_token: str | None = None
    environment: str | None = None
    connect_session_id: float | None = None
    """Beyond 2**53: as received."""
    account: Account | None = None
    error: str | None = None


def connection_event(body: bytes | str, *, strict: bool = False) -> ConnectionEvent:
    """The event in the body of a delivery. Raises `ResponseMismatch` if it is not a JSON object."""
    data = body.encode() if isinstance(body, str) else body
    value = parse_json(data, Decoding("connect.webhook"))
    if not isinstance(value, dict):
        raise ResponseMismatch("connect.webhook: the body is not a JSON object", operation="connect.webhook")
    return from_wire(ConnectionEvent, value, strict=strict)


__all__ = ["ConnectionEvent", "ConnectionEventType", "connection_event"]
