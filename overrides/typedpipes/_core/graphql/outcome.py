"""Whether a mutation that failed may have been executed: one rule, for whoever has to decide on sending it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from typedpipes._core.rest import Safety
from typedpipes.errors import (
    APIError,
    ConfigurationError,
    GraphQLError,
    GraphQLValidationError,
    JournalBusy,
    PartialFailure,
    QuotaExhausted,
    TransportError,
    TypedPipesError,
)

REFUSALS: Final = frozenset(
    "PERMISSION_DENIED FORBIDDEN UNAUTHORIZED INVALID_ROLE RESOURCE_NOT_FOUND RECORD_NOT_FOUND NOT_FOUND "
    "RECORD_INVALID INVALID_ARGUMENTS BAD_USER_INPUT ARGUMENT_ERROR FEATURE_NOT_ENABLED FEATURE_DISABLED "
    "FEATURE_UNAVAILABLE".split()
)
"""Codes with which a resolver says that it refused."""

AT_THE_DOOR: Final = frozenset({400, 401, 403, 404, 405, 411, 413, 414, 415, 417, 421, 426, 428, 429, 431})
"""Statuses about the request itself: its address, credential, size or syntax. They are given before anything runs."""

_UNAVAILABLE: Final = 503


def nothing_executed(error: TypedPipesError) -> bool:
    """Whether ``error`` proves that the server executed nothing of a mutation. False means that it is unknown.

    A mutation is *failed*, and may be sent again, only where this is True; otherwise it is *ambiguous*.

    ===============================================================  ==========================================
    What was answered                                                Nothing was executed
    ===============================================================  ==========================================
    no connection was made; refused by us before it was sent         yes
    (setting, limit, budget, credential, deadline)
    sent, and no answer or half an answer came                       unknown
    400, 401, 403, 404, 405, 411, 413, 414, 415, 417, 421, 426,      yes: about the request, not its effect
    428, 429, 431
    503 that names a time to come back                               yes: turned away at the door, like 429
    any of these whose body is GraphQL with a value of a root field  unknown: it was resolved
    any other status: 3xx, 408, 409, 410, 422, 499, 5xx              unknown: a proxy or a timer may speak while,
                                                                     or after, the server works
    GraphQL: validation refused the document: by its codes; or by    yes
    an error without code and ``data`` that names a place in the
    document, where the status is 2xx, 422 or one of the line above
    that begins with 400
    GraphQL: every error has a code of `REFUSALS`, none is of a      yes: the resolver refused
    place inside a payload, and no root field has a value
    GraphQL: a root field has a value, were it an object of nulls    unknown: it was resolved
    GraphQL: an error without a code, or with any other code         unknown
    a payload that says ``success: false``, ``userErrors`` or        yes: the mutation's own word
    ``error_details`` and holds no object
    a payload that reports ``errors``, or failure beside an object   unknown
    a body that cannot be read, or is no GraphQL answer              unknown
    anything else                                                    unknown
    ===============================================================  ==========================================

    With several mutations in one request, nothing was executed only if that holds for all of them.
    """
    if error.may_have_executed is not None:
        return not error.may_have_executed
    if isinstance(error, TransportError):
        return error.sent is False
    if isinstance(error, ConfigurationError | GraphQLValidationError | JournalBusy | QuotaExhausted):
        return True
    if isinstance(error, GraphQLError):
        return _refused(error)
    if isinstance(error, PartialFailure):
        return isinstance(error.data, Mapping) and all(_says_no(payload) for payload in error.data.values())
    if isinstance(error, APIError):
        return error.status in AT_THE_DOOR or (error.status == _UNAVAILABLE and error.retry_after is not None)
    return False


@contextmanager
def telling(safety: Safety) -> Iterator[None]:
    """Tell on every error of the block whether the mutation may have been executed. Queries: nothing to tell."""
    try:
        yield
    except TypedPipesError as error:
        if safety != "safe":
            error.may_have_executed = not nothing_executed(error)
            if error.may_have_executed:
                error.add_note("The mutation may have been carried out. Look before you send it again.")
        raise


def code_of(entry: Mapping[str, object]) -> str | None:
    """The code of an entry of ``errors``, where servers put it."""
    extensions = entry.get("extensions")
    code = extensions.get("code") if isinstance(extensions, Mapping) else None
    code = entry.get("code") if code is None else code
    return None if code is None else str(code)


def _refused(error: GraphQLError) -> bool:
    data = error.data
    if isinstance(data, Mapping):
        if any(value is not None for value in data.values()):
            return False
    elif data is not None:
        return False
    # Where data has a null for the field, it says nothing without a path: an error inside the payload nulls it, too.
    lengths = (1,) if isinstance(data, Mapping) else (0, 1)
    return bool(error.errors) and all(
        code_of(entry) in REFUSALS and _length(entry.get("path")) in lengths for entry in error.errors
    )


def _length(path: object) -> int:
    return len(path) if isinstance(path, list) else 0


def _says_no(payload: object) -> bool:
    if not isinstance(payload, Mapping):
        return False
    reports = [payload.get("userErrors"), payload.get("error_details")]
    if payload.get("success") is not False and not any(reports):
        return False
    told = {"userErrors", "error_details", "errors"}
    return not any(isinstance(value, (Mapping, list)) and value for name, value in payload.items() if name not in told)


__all__ = ["AT_THE_DOOR", "REFUSALS", "code_of", "nothing_executed", "telling"]
