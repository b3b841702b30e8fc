"""What a GraphQL answer says: its data, or which typed error (reference pipefy/notes.md, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from typedpipes._core.http import WireResponse
from typedpipes._core.redaction import Redactor
from typedpipes.errors import (
    AuthenticationError,
    GraphQLError,
    GraphQLValidationError,
    NotFound,
    PartialFailure,
    PermissionDenied,
    ResponseMismatch,
)

_DENIED: Final = frozenset({"PERMISSION_DENIED", "FORBIDDEN"})
_MISSING: Final = frozenset({"RESOURCE_NOT_FOUND", "RECORD_NOT_FOUND", "NOT_FOUND"})
_STATIC: Final = frozenset(
    "undefinedField argumentNotAccepted missingRequiredArguments missingRequiredInputObjectAttribute variableMismatch "
    "undefinedType selectionMismatch argumentLiteralsIncompatible variableRequiresValidType variableNotDefined "
    "GRAPHQL_VALIDATION_FAILED".split()
)
_OPERATION_PATHS: Final = ("query", "mutation", "fragment", "subscription")


class GraphQLPermissionDenied(GraphQLError, PermissionDenied):
    """The server refused a field for lack of permission. Pipefy: only admins and super admins may use the API."""


class GraphQLNotFound(GraphQLError, NotFound):
    """What a field addresses does not exist or is not visible to the credential."""


class GraphQLAuthenticationError(GraphQLError, AuthenticationError):
    """The server did not accept the credential, in a GraphQL answer."""


def answer_data(operation: str, answer: object, response: WireResponse, redactor: Redactor) -> object:
    """The ``data`` of a parsed answer; any top-level error raises, with the partial data on it.

    ``operation`` is the name to report. Raises `ResponseMismatch` if this is no GraphQL answer at all.
    """
    if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
        raise ResponseMismatch(
            f"{operation}: the answer holds neither data nor errors; check that base_url is a GraphQL endpoint",
            operation=operation,
        )
    errors = answer.get("errors")
    if not errors:
        return answer.get("data")
    entries: list[dict[str, object]] = [
        entry if isinstance(entry, dict) else {"message": str(entry)} for entry in _listed(errors)
    ]
    raise _error(operation, entries, answer.get("data"), response, redactor)


def _listed(errors: object) -> list[object]:
    return errors if isinstance(errors, list) else [errors]


def _error(
    operation: str, entries: list[dict[str, object]], data: object, response: WireResponse, redactor: Redactor
) -> GraphQLError:
    code = next((found for entry in entries if (found := _code(entry)) is not None), None)
    said = "; ".join(redactor.text(str(entry.get("message", "no message")), 300) for entry in entries[:3])
    kind: type[GraphQLError] = GraphQLError
    if code in _DENIED:
        kind = GraphQLPermissionDenied
        if operation.startswith("pipefy."):
            said += "; only admins and super admins may use Pipefy's API, and roles of each pipe still apply"
    elif code in _MISSING:
        kind = GraphQLNotFound
    elif code == "UNAUTHORIZED":
        kind = GraphQLAuthenticationError
    elif data is None and all(_is_static(entry) for entry in entries):
        kind = GraphQLValidationError
    more = f" (and {len(entries) - 3} more)" if len(entries) > 3 else ""
    return kind(
        f"{operation}: {said}{more}",
        errors=entries,
        data=data,
        status=response.status,
        operation=operation,
        code=code,
        request_id=_correlation(entries) or response.headers.get("x-request-id"),
        body=redactor.data(response.content, 4096),
    )


def _code(entry: Mapping[str, object]) -> str | None:
    extensions = entry.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    code = entry.get("code") if code is None else code
    return None if code is None else str(code)


def _correlation(entries: list[dict[str, object]]) -> str | None:
    for entry in entries:
        extensions = entry.get("extensions")
        if isinstance(extensions, dict) and extensions.get("correlation_id"):
            return str(extensions["correlation_id"])
    return None


def _is_static(entry: Mapping[str, object]) -> bool:
    """Whether the server refused the document itself: nothing was executed.

    Ruby servers give such errors a path that starts with the operation ("mutation X"), others give none.
    """
    if _code(entry) in _STATIC:
        return True
    path = entry.get("path")
    if isinstance(path, list) and path:
        return str(path[0]).split(" ")[0] in _OPERATION_PATHS
    return "locations" in entry and _code(entry) is None


def check_payloads(operation: str, data: object, response: WireResponse) -> None:
    """A mutation's payload may report failure with no top-level error: raises `PartialFailure`.

    Looked at: ``success: false``, ``userErrors``, ``errors``, ``error_details`` of each root field.
    """
    if not isinstance(data, dict):
        return
    for name, payload in data.items():
        if not isinstance(payload, dict):
            continue
        failures: list[object] = []
        for key in ("userErrors", "errors", "error_details"):
            reported = payload.get(key)
            failures += reported if isinstance(reported, list) else [reported] if isinstance(reported, dict) else []
        if failures or payload.get("success") is False:
            said = "; ".join(_words(failure) for failure in failures[:3]) or "success is false"
            raise PartialFailure(
                f"{operation}: {name} reports failure: {said}",
                failures=failures or [{"success": False}],
                data=data,
                status=response.status,
                operation=operation,
            )


def _words(failure: object) -> str:
    if isinstance(failure, dict):
        return " ".join(str(value)[:200] for value in failure.values() if value not in (None, [], ""))
    return str(failure)[:200]
