"""Turns a failed answer into a typed error: what happened, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from typedpipes._core.http import Stamp, library
from typedpipes._core.http.bodies import bare, is_unsent
from typedpipes._core.http.retry import Failure
from typedpipes._core.http.retry_after import resume_at, server_wait
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes._core.redaction import Redactor
from typedpipes.errors import (
    APIError,
    AuthenticationError,
    BadRequest,
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    TransportError,
    TypedPipesError,
)

# How far a failed request came, and where a redirect leads.


def failure_of(error: Exception) -> Failure:
    """How far a request came that ended in ``error`` instead of response headers."""
    return Failure("unsent" if is_unsent(error) else "sent", timeout=isinstance(error, library.TimeoutException))


BODY_LIMIT: Final = 4096
"""Characters of the body kept on an error."""

REQUEST_ID_HEADERS: Final = ("x-request-id", "x-correlation-id", "x-amzn-requestid", "x-trace-id", "cf-ray")

_UNKEPT_HEADERS: Final = frozenset({"set-cookie", "set-cookie2", "authorization", "proxy-authorization", "cookie"})

_ADDRESSES: Final = frozenset({"location", "content-location", "refresh", "link"})

_HINTS: Final = {
    ("pipefy", 401): "check the personal access token or the service account",
    ("pipefy", 403): "only admins and super admins may use Pipefy's API",
    ("pipedream", 401): "check the credential; some operations take only a user API key",
    ("connect", 401): "check the OAuth client and the project",
    ("pipedrive", 401): "check the API token, or authorize the app again",
}


def classify(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    operation: str,
    wall: float,
    redactor: Redactor,
    attempts: int = 1,
    cut: bool = False,
) -> APIError:
    """The error for an answer that is no success. ``headers`` have lower-case names; ``cut``: the body is longer.

    ``operation`` is ``api.method.path``. Unknown statuses fall into their hundred's class; 1xx and 3xx are `APIError`.
    """
    code, said = explanation(body)
    if _is_html(headers, body):
        said = "an HTML page instead of the API's answer: a proxy, or the edge blocked the request"
        if "cf-ray" in headers:
            said += " (Cloudflare)"
    parts = [f"{operation}: the server answered {status}"]
    if said:
        parts.append(redactor.text(said, 300))
    hint = _HINTS.get((operation.partition(".")[0].partition("_")[0], status))
    if hint:
        parts.append(hint)
    wait = server_wait(headers, wall=wall)
    resume = None if wait is None else resume_at(wait, wall=wall)
    if resume is not None:
        parts.append(f"try again after {resume:%Y-%m-%d %H:%M:%S} UTC")
    return _kind(status)(
        "; ".join(parts),
        status=status,
        operation=operation,
        code=None if code is None else redactor.text(code, 100),
        request_id=request_id(headers, redactor),
        body=redactor.data(body, BODY_LIMIT, cut=cut),
        headers={name: _shown(name, value, redactor) for name, value in headers.items() if name not in _UNKEPT_HEADERS},
        attempts=attempts,
        retry_after=wait,
        resume_at=resume,
    )


def request_id(headers: Mapping[str, str], redactor: Redactor) -> str | None:
    """The server's name for the request, for its support; None if it gave none. At most 200 characters, redacted."""
    for name in REQUEST_ID_HEADERS:
        value = headers.get(name)
        if value:
            return redactor.text(value, 200)
    return None


def _shown(name: str, value: str, redactor: Redactor) -> str:
    if name in _ADDRESSES:  # what follows a question mark may be a secret of any form
        value = value.partition("?")[0]
    return redactor.text(value, 500)


def _kind(status: int) -> type[APIError]:
    exact: dict[int, type[APIError]] = {
        401: AuthenticationError,
        403: PermissionDenied,
        404: NotFound,
        410: NotFound,
        429: RateLimited,
    }
    if status in exact:
        return exact[status]
    if 400 <= status < 500:
        return BadRequest
    return ServerError if status >= 500 else APIError


def _is_html(headers: Mapping[str, str], body: bytes) -> bool:
    return "html" in headers.get("content-type", "").lower() or body[:64].lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    )


def explanation(body: bytes) -> tuple[str | None, str | None]:
    """Code and message of a JSON error, in the shapes the vendors use; None for what it does not say."""
    if not body[:64].lstrip().startswith((b"{", b"[")):
        return None, None
    try:
        content = read_json(body)
    except NotJSON:
        return None, None
    if isinstance(content, list):
        content = next((entry for entry in content if isinstance(entry, dict)), None)
    if not isinstance(content, dict):
        return None, None
    error = content.get("error")
    errors = content.get("errors")
    nested = error if isinstance(error, dict) else errors[0] if isinstance(errors, list) and errors else None
    code = _text(content.get("code")) or _text(content.get("errorCode"))
    said = _text(content.get("error_description")) or _text(content.get("message"))
    if isinstance(error, str) and " " in error:
        said = error  # a sentence (Pipedrive, whose error_info is a standing remark)
    elif isinstance(error, str):
        code = code or error
    if isinstance(nested, dict):
        extensions = nested.get("extensions")
        inner = extensions.get("code") if isinstance(extensions, dict) else None
        details = nested.get("details")
        deep = details.get("code") if isinstance(details, dict) else None
        code = code or _text(nested.get("code")) or _text(inner) or _text(deep)
        said = said or _text(nested.get("message")) or _joined(nested)
    elif isinstance(nested, str):
        said = said or nested
    return code, said or code


def _joined(error: dict[str, object]) -> str | None:
    return ": ".join(text for name in ("title", "detail") if (text := _text(error.get(name)))) or None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


# The error for a request that got no complete answer: how far it came, and what that means.


def transport_error(
    cause: Exception,
    failure: Failure,
    *,
    stamp: Stamp,
    host: str,
    attempts: int,
    late: bool,
    previous: TypedPipesError | None,
    redactor: Redactor,
) -> TransportError:
    """A `TransportError`, or `DeadlineExceeded` if ``late``. Its chain of causes ends in ``previous``."""
    bare(cause, redactor)
    name = stamp.name
    detail = ": ".join(part for part in (type(cause).__name__, redactor.text(str(cause), 200)) if part)
    sent: bool | None
    if failure.phase == "unsent":
        message, sent = f"{name}: no connection to {host} ({detail})", False
    elif failure.phase == "body":
        message, sent = f"{name}: the answer of {host} broke off ({detail})", True
    else:
        message, sent = f"{name}: {host} did not answer ({detail})", None
    if failure.phase != "unsent" and stamp.safety != "safe":
        message += "; the request may have been carried out, so it was not repeated"
    error = (DeadlineExceeded if late else TransportError)(message, sent=sent, attempts=attempts, operation=name)
    last: BaseException = cause
    while last.__cause__ is not None:
        last = last.__cause__
    last.__cause__ = previous
    error.__cause__ = cause
    return error


def too_late(stamp: Stamp, attempts: int) -> DeadlineExceeded:
    """The deadline passed while waiting."""
    return DeadlineExceeded(
        f"{stamp.name}: the deadline passed before the request could be sent",
        sent=False if attempts == 0 else None,
        attempts=attempts,
        operation=stamp.name,
    )


__all__ = ["BODY_LIMIT", "classify", "explanation", "failure_of", "request_id", "too_late", "transport_error"]
