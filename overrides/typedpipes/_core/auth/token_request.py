"""The request to a token endpoint: bounded in time and number, never redirected, its failures typed."""

from __future__ import annotations

from typing import Final

from typedpipes._core.auth import AuthContext
from typedpipes._core.auth.grant import Grant
from typedpipes._core.flow import Flow, Send, Sleep
from typedpipes._core.http import library
from typedpipes._core.http.bodies import (
    ERROR_BODY_LIMIT,
    WIRE_ERRORS,
    Body,
    bare,
    header_dict,
    is_hopeless,
    is_unsent,
    origin,
    require_https,
    steady,
)
from typedpipes._core.http.inflate import inflated_leniently
from typedpipes._core.http.network import timeouts
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes._core.tokens import Token
from typedpipes.errors import APIError, AuthenticationError, DeadlineExceeded, ResponseMismatch, TransportError
from typedpipes.events import Request

TOKEN_DEADLINE: Final = 45.0
"""Seconds a token may take to get, repetitions included."""
_TIMEOUT: Final = 15.0
TRIES: Final = 3
_PAUSES: Final = (0.5, 2.0)
_REFUSALS: Final = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""What a token endpoint says when it refuses (RFC 6749 section 5.2)."""


def fetch(grant: Grant, current: Token | None, context: AuthContext, *, what: str, most: int = TRIES) -> Flow[Token]:
    """Ask the token endpoint. Raises `AuthenticationError` if it refuses, `TransportError`, `ServerError` if it fails.

    Repeated when no answer came, on 429 and 5xx: a token request does nothing that a second one would do twice. (One
    with a rotating refresh token may have been executed; asking again is then the only way to find out.)
    """
    until = context.clock.monotonic() + TOKEN_DEADLINE
    if context.until is not None:
        until = min(until, context.until)
    sent = False
    tries = 0
    while True:
        tries += 1
        outcome = yield from post(grant.request(current), context, until=until, what=what)
        if isinstance(outcome, bytes):
            return grant.token(answer(outcome, what), current, context.clock)
        if isinstance(outcome, AuthenticationError) and grant.retry_differently(outcome.status, outcome.code):
            tries -= 1
            continue
        pause = None if tries >= most else _pause(outcome, tries)
        if isinstance(outcome, TransportError):
            sent = sent or outcome.sent is not False
            outcome.sent = sent
        if pause is None or context.clock.monotonic() + pause >= until:
            if isinstance(outcome, TransportError) and _too_late(context):
                outcome = _late(outcome, what)
            outcome.attempts = tries
            raise outcome
        yield Sleep(pause)


def _too_late(context: AuthContext) -> bool:
    return context.until is not None and context.clock.monotonic() >= context.until - 1e-6


def _late(failure: TransportError, what: str) -> DeadlineExceeded:
    late = DeadlineExceeded(f"{failure}; the deadline of the call has passed", sent=failure.sent, operation=what)
    late.__cause__ = failure.__cause__
    return late


def post(
    request: library.Request, context: AuthContext, *, until: float, what: str
) -> Flow[bytes | APIError | TransportError]:
    """One request; a failure is returned, not raised. `is_refusal` tells whether the endpoint itself refused."""
    require_https(request.url)
    steady(request)
    request.extensions["timeout"] = timeouts(_TIMEOUT, max(0.001, until - context.clock.monotonic()))
    started = context.clock.monotonic()
    try:
        response: library.Response = yield Send(request)
        headers = header_dict(response)
        raw, cut = yield from Body(response, context.clock, until=until, limit=ERROR_BODY_LIMIT).read()
    except WIRE_ERRORS as error:
        bare(error, context.redactor)
        _tell(request, context, started, None, type(error).__name__)
        failure = TransportError(
            f"{what}: no answer from {request.url.host} ({type(error).__name__})",
            sent=not is_unsent(error),
            operation=what,
        )
        failure.__cause__ = error
        if is_hopeless(error):
            raise failure from error
        return failure
    finally:
        request.headers.pop("authorization", None)
    body = inflated_leniently(headers, raw, ERROR_BODY_LIMIT)
    _tell(request, context, started, response.status_code, None)
    if 200 <= response.status_code < 300 and not cut:
        return body
    from typedpipes._core.http.failures import classify

    error_ = classify(
        response.status_code,
        headers,
        body,
        operation=what,
        wall=context.clock.wall(),
        redactor=context.redactor,
        cut=cut,
    )
    if 300 <= error_.status < 500 and error_.status not in {408, 425, 429}:
        refusal = _refusal(body)
        advice = (
            "check the credential's settings"
            if refusal is not None
            else "no token endpoint refuses like that, so the next call asks again: check the address and any proxy"
        )
        return AuthenticationError(
            f"{error_}; {advice}",
            status=error_.status,
            operation=what,
            code=refusal or error_.code,
            request_id=error_.request_id,
            body=error_.body,
            headers=error_.headers,
        )
    return error_


def _tell(
    request: library.Request, context: AuthContext, started: float, status: int | None, error: str | None
) -> None:
    if context.report.wants(Request):
        elapsed = context.clock.monotonic() - started
        url = origin(request.url) + request.url.path
        context.report(
            Request(
                api="oauth",
                operation="token",
                method="POST",
                url=url,
                attempt=1,
                elapsed=elapsed,
                status=status,
                error=error,
            )
        )


def is_refusal(error: APIError) -> bool:
    """Whether a token endpoint refused the credential in the protocol's own words.

    Anything else may be the page of a proxy or of an address that moved, and says nothing about the credential.
    """
    return error.code in _REFUSALS


def _refusal(body: bytes) -> str | None:
    try:
        content = read_json(body)
    except NotJSON:
        return None
    code = content.get("error") if isinstance(content, dict) else None
    return code if isinstance(code, str) and code in _REFUSALS else None


def answer(body: bytes, what: str) -> dict[str, object]:
    """The JSON object of a token endpoint's answer."""
    try:
        content = read_json(body)
    except NotJSON:
        content = None
    if not isinstance(content, dict):
        raise ResponseMismatch(f"{what}: the token endpoint's answer is no JSON object", operation=what)
    return content


def _pause(outcome: APIError | TransportError, tries: int) -> float | None:
    if isinstance(outcome, TransportError):
        return _PAUSES[tries - 1]
    if outcome.status < 500 and outcome.status not in {408, 425, 429}:
        return None
    return _PAUSES[tries - 1] if outcome.retry_after is None else outcome.retry_after


__all__ = ["TOKEN_DEADLINE", "TRIES", "answer", "fetch", "is_refusal", "post"]
