"""The error for a request that got no complete answer: how far it came, and what that means."""

from __future__ import annotations

from typedpipes._core.http import Stamp
from typedpipes._core.http.bodies import bare
from typedpipes._core.http.retry import Failure
from typedpipes._core.redaction import Redactor
from typedpipes.errors import DeadlineExceeded, TransportError, TypedPipesError


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


__all__ = ["too_late", "transport_error"]
