"""Reads a GraphQL answer: its data, or a typed error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql.outcome import AT_THE_DOOR, code_of
from typedpipes._core.http import WireResponse
from typedpipes._core.http.failures import request_id
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes._core.redaction import Redactor
from typedpipes._core.rest import Safety
from typedpipes.errors import (
    APIError,
    AuthenticationError,
    GraphQLError,
    GraphQLValidationError,
    NotFound,
    PartialFailure,
    PermissionDenied,
    ResponseMismatch,
    ServerError,
)

_DENIED: Final = frozenset({"PERMISSION_DENIED", "FORBIDDEN", "INVALID_ROLE"})
_DENIED_WORDS: Final = "permission denied"
"""What some errors without a code say. docs/vendor-facts/pipefy.md#errors"""
_MISSING: Final = frozenset({"RESOURCE_NOT_FOUND", "RECORD_NOT_FOUND", "NOT_FOUND"})
_STATIC: Final = frozenset(
    "undefinedField argumentNotAccepted missingRequiredArguments missingRequiredInputObjectAttribute variableMismatch "
    "undefinedType selectionMismatch argumentLiteralsIncompatible variableRequiresValidType variableNotDefined "
    "GRAPHQL_VALIDATION_FAILED".split()
)
_VALIDATED: Final = AT_THE_DOOR | {422}
_SAY_IT_ALL: Final = frozenset({401, 403, 404, 429})
_ALIAS: Final = re.compile(r"([A-Za-z_]\w*)\s*:\s*(success|userErrors|errors|error_details)\b")
_OPERATION_PATHS: Final = ("query", "mutation", "fragment", "subscription")


class GraphQLPermissionDenied(GraphQLError, PermissionDenied):
    """The server refused a field for lack of permission. Pipefy: only admins and super admins may use the API."""


class GraphQLNotFound(GraphQLError, NotFound):
    """What a field addresses does not exist or is not visible to the credential."""


class GraphQLAuthenticationError(GraphQLError, AuthenticationError):
    """The server did not accept the credential, in a GraphQL answer."""


class GraphQLServerError(GraphQLError, ServerError):
    """A GraphQL answer with errors whose status is 5xx."""


def answer_data(operation: str, answer: object, response: WireResponse, redactor: Redactor) -> dict[str, JSON]:
    """The ``data`` of a parsed answer; any top-level error raises, with the partial data on it.

    ``operation`` is the name to report. Raises `ResponseMismatch` if this is no GraphQL answer at all.
    """
    entries = _entries(answer)
    if entries and isinstance(answer, dict):
        raise _error(operation, entries, answer, response, redactor)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        what = "data that is no object" if isinstance(answer, dict) and "data" in answer else "neither data nor errors"
        raise ResponseMismatch(
            f"{operation}: the answer holds {what}; check that base_url is a GraphQL endpoint",
            operation=operation,
            path="$.data",
        )
    return data


def failed_answer(error: APIError, body: bytes, redactor: Redactor, safety: Safety) -> APIError:
    """The error for an answer that is no success by its status but GraphQL by its body: a `GraphQLError`.

    Whatever the status: a root field of a mutation that has a value was resolved; ``may_have_executed`` is then True.

    ``error`` is what its status says, and what is returned for any other body and for statuses that say more than the
    body does: 401, 403, 404, 429, unless validation refused the document.
    """
    try:
        answer = read_json(body)
    except NotJSON:
        return error
    data = answer.get("data") if isinstance(answer, dict) else None
    if safety != "safe" and isinstance(data, dict) and any(value is not None for value in data.values()):
        error.may_have_executed = True
    entries = _entries(answer)
    if not entries or not isinstance(answer.get("errors"), list):
        return error
    response = WireResponse(error.status, error.headers, body, "")
    made = _error(error.operation or "", entries, answer, response, redactor)
    if error.status in _SAY_IT_ALL and not isinstance(made, GraphQLValidationError):
        return error
    made.headers, made.attempts = error.headers, error.attempts
    made.retry_after, made.resume_at = error.retry_after, error.resume_at
    made.request_id = made.request_id or error.request_id
    made.may_have_executed = error.may_have_executed
    return made


def _entries(answer: object) -> list[dict[str, object]]:
    """The errors of an answer, in the forms servers give them; empty if it holds none."""
    if not isinstance(answer, dict):
        return []
    errors = answer.get("errors") or ("data" not in answer and answer.get("error"))
    listed = errors if isinstance(errors, list) else [errors] if errors else []
    return [_entry(each) for each in listed]


def _entry(given: object) -> dict[str, object]:
    """As the GraphQL specification has it: given ``{title, detail}``, or ``{message, details: {code, …}}``."""
    if not isinstance(given, dict):
        return {"message": str(given)}
    entry = dict(given)
    if "message" not in entry:
        words = [str(entry[name]) for name in ("title", "detail") if entry.get(name)]
        entry["message"] = ": ".join(words) or "no message"
    details = entry.get("details")
    if "extensions" not in entry and isinstance(details, dict):
        entry["extensions"] = details
    return entry


def _error(
    operation: str,
    entries: list[dict[str, object]],
    answer: dict[str, JSON],
    response: WireResponse,
    redactor: Redactor,
) -> GraphQLError:
    data = answer.get("data")
    code = next((found for entry in entries if (found := code_of(entry)) is not None), None)
    said = "; ".join(redactor.text(str(entry.get("message")), 300) for entry in entries[:3])
    kind: type[GraphQLError] = GraphQLServerError if response.status >= 500 else GraphQLError
    if code in _DENIED or (code is None and any(_says_denied(entry) for entry in entries)):
        kind = GraphQLPermissionDenied
        if operation.startswith("pipefy."):
            said += "; only admins and super admins may use Pipefy's API, and roles of each pipe still apply"
    elif code in _MISSING:
        kind = GraphQLNotFound
    elif code == "UNAUTHORIZED":
        kind = GraphQLAuthenticationError
    elif data is None and all(_is_static(entry, "data" in answer, response.status) for entry in entries):
        kind = GraphQLValidationError
    more = f" (and {len(entries) - 3} more)" if len(entries) > 3 else ""
    return kind(
        f"{operation}: {said}{more}",
        errors=[cast("dict[str, object]", redactor.value(entry)) for entry in entries],
        data=data,
        status=response.status,
        operation=operation,
        code=None if code is None else redactor.text(code, 100),
        request_id=_correlation(entries, redactor) or request_id(response.headers, redactor),
        body=redactor.data(response.content, 4096),
    )


def _says_denied(entry: Mapping[str, object]) -> bool:
    return str(entry.get("message", "")).strip().lower().startswith(_DENIED_WORDS)


def _correlation(entries: list[dict[str, object]], redactor: Redactor) -> str | None:
    for entry in entries:
        extensions = entry.get("extensions")
        if isinstance(extensions, dict) and extensions.get("correlation_id"):
            return redactor.text(str(extensions["correlation_id"]), 200)
    return None


def _is_static(entry: Mapping[str, object], executed: bool, status: int) -> bool:
    """Whether the server refused the document itself: nothing was executed.

    Ruby servers give such errors a path that starts with the operation ("mutation X"), others give none.
    ``executed``: the answer has ``data``, if only null: by the specification it was executed, unless a code denies it.
    Without a code the status has to be one that validation gives: what a 504 says may have been said by a timer.
    """
    if code_of(entry) in _STATIC:
        return True
    if executed or not (200 <= status < 300 or status in _VALIDATED):
        return False
    path = entry.get("path")
    if isinstance(path, list) and path:
        return str(path[0]).split(" ")[0] in _OPERATION_PATHS
    return "locations" in entry and code_of(entry) is None


def check_payloads(operation: str, data: object, response: WireResponse, document: str = "") -> None:
    """A mutation's payload may report failure with no top-level error: raises `PartialFailure`.

    Looked at: ``success: false``, ``userErrors``, ``errors``, ``error_details`` of each root field, under aliases too.
    """
    if not isinstance(data, dict):
        return
    redactor = response.redactor
    names = {name: name for name in ("success", "userErrors", "errors", "error_details")}
    names.update(_ALIAS.findall(document))
    for name, payload in data.items():
        if not isinstance(payload, dict):
            continue
        failures: list[object] = []
        failed = False
        for key, reported in payload.items():
            if names.get(key) == "success":
                failed = failed or reported is False
            elif key in names:
                failures += reported if isinstance(reported, list) else [reported] if isinstance(reported, dict) else []
        if failures or failed:
            told = [redactor.value(failure) for failure in failures]
            said = redactor.text("; ".join(_words(failure) for failure in told[:3])) or "success is false"
            raise PartialFailure(
                f"{operation}: {name} reports failure: {said}",
                failures=told or [{"success": False}],
                data=data,
                status=response.status,
                operation=operation,
            )


def _words(failure: object) -> str:
    if isinstance(failure, dict):
        return " ".join(str(value)[:200] for value in failure.values() if value not in (None, [], ""))
    return str(failure)[:200]
