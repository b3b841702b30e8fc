"""Pure decisions about the answers to job requests: what they mean, what may be repeated, what to tell the person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from typedpipes.errors import (
    APIError,
    ConfigurationError,
    ExportFailed,
    ExportTimeout,
    GraphQLError,
    GraphQLValidationError,
    QuotaExhausted,
    ResponseMismatch,
    TransportError,
    TypedPipesError,
)
from typedpipes.pipefy.exports.jobs import CreateForm, JobDeclaration, JobState, PollForm

# Codes with which the server says that it refused (notes section 5): nothing was created.
REFUSALS: Final = frozenset(
    "PERMISSION_DENIED RESOURCE_NOT_FOUND RECORD_NOT_FOUND RECORD_INVALID FORBIDDEN UNAUTHORIZED NOT_FOUND "
    "INVALID_ARGUMENTS BAD_USER_INPUT ARGUMENT_ERROR FEATURE_NOT_ENABLED FEATURE_DISABLED FEATURE_UNAVAILABLE".split()
)


def created_nothing(error: TypedPipesError) -> bool:
    """Whether a failed create certainly created nothing; False means that nobody can know."""
    if isinstance(error, TransportError):
        return error.sent is False
    if isinstance(error, GraphQLValidationError | ConfigurationError | QuotaExhausted):
        return True
    if isinstance(error, GraphQLError):
        return error.code in REFUSALS
    if isinstance(error, APIError):
        # A 503 that names a time to come back was refused at the door, like a 429; other 5xx may have been executed.
        return error.status < 500 or (error.status == 503 and error.retry_after is not None)
    return False


def is_passing(error: TypedPipesError) -> bool:
    """Whether the same poll may well succeed later."""
    if isinstance(error, GraphQLError):
        return error.code == "INTERNAL_SERVER_ERROR" or error.status >= 500
    if isinstance(error, APIError):
        return error.status in (408, 425, 429) or error.status >= 500
    return isinstance(error, TransportError | ResponseMismatch)


WAY_OUT: Final = (
    "Look in the vendor's application or mail for a result of that time. If you find its id, resume it; "
    "if you accept that there may be two, forget this one (`forget=True`) and create it again."
)


def first_refusal(
    refusal: GraphQLValidationError | None, error: GraphQLValidationError, form: str
) -> GraphQLValidationError:
    if refusal is None:
        return error
    refusal.add_note(f"The {form} form was refused as well: {error}")
    return refusal


def blamed(error: GraphQLValidationError, field: str) -> tuple[bool, bool]:
    """Whether the server refused ``field``, and whether it refused nothing else."""
    word = re.compile(rf"\b{re.escape(field)}\b")
    entries = [bool(word.search(str(entry.get("message")))) for entry in error.errors]
    return any(entries), bool(entries) and all(entries)


def is_finished(state: JobState) -> bool:
    """True for finished, False for pending; raises for failed and unknown."""
    outcome = state.outcome
    if outcome in ("failed", "unknown"):
        raise failure(state)
    return outcome == "finished"


def failure(state: JobState) -> ExportFailed:
    meaning = (
        "the vendor reports that it failed; create a new one"
        if state.outcome == "failed"
        else "typedpipes does not know this status and will not guess; look at it in the vendor's application"
    )
    return ExportFailed(
        f"{state.declaration.what} {state.id} has status {state.status!r}: {meaning}",
        export_id=state.id,
        status=state.status,
    )


def overdue(state: JobState, timeout: float, asked: float | None, problem: TypedPipesError | None) -> ExportTimeout:
    why = ""
    if asked:
        why = f" The server asks to be left alone for {asked:g} s."
    elif problem is not None:
        why = f" The last poll failed: {problem}"
    return ExportTimeout(
        f"{state.declaration.what} {state.id} is still {state.status!r} after {timeout:g} s.{why} "
        "It goes on at the vendor; resume it later with this error's token.",
        export_id=state.id,
        token=state.token(),
    )


def job_object(data: object, path: Sequence[str], operation: str) -> Mapping[str, object]:
    where = "$.data"
    for name in path:
        where = f"{where}.{name}"
        data = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping):
        raise ResponseMismatch(f"{where}: expected an object ({operation})", operation=operation, path=where)
    return data


def has_id(data: object, path: Sequence[str], name: str) -> bool:
    for step in (*path, name):
        data = data.get(step) if isinstance(data, Mapping) else None
    return isinstance(data, str | int) and bool(str(data))


def job_id(job: Mapping[str, object], declaration: JobDeclaration, form: CreateForm) -> str:
    value = job.get(declaration.id)
    accepted_only = not declaration.polls and value is None
    if accepted_only:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        path = f"$.data.{'.'.join(form.path)}.{declaration.id}"
        raise ResponseMismatch(f"{path}: no id in the answer ({form.operation})", operation=form.operation, path=path)
    return str(value)


def find_job(data: object, form: PollForm, state: JobState, declaration: JobDeclaration) -> Mapping[str, object] | None:
    """The job's object. None: a history that does not show the job yet."""
    found: object = data
    for name in form.path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, list):
        for item in found:
            if isinstance(item, Mapping) and str(item.get(declaration.id)) == state.id:
                return item
        return None
    if found is None:
        raise ExportFailed(
            f"the server knows no {declaration.what} with id {state.id!r} (wrong account, or deleted)",
            export_id=state.id,
            status="missing",
        )
    return job_object(data, form.path, form.operation)


def status_text(value: object) -> str:
    """A status as a string; a plain success flag counts as one."""
    if isinstance(value, bool):
        return "accepted" if value else "refused"
    return value if isinstance(value, str) else ""
