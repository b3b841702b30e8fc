"""Decisions about answers to job requests: what they mean, what may be repeated, which error to raise. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from typedpipes._core.graphql.outcome import REFUSALS
from typedpipes.errors import (
    APIError,
    ExportFailed,
    ExportTimeout,
    GraphQLError,
    GraphQLValidationError,
    ResponseMismatch,
    TransportError,
    TypedPipesError,
)
from typedpipes.pipefy.exports.jobs import CreateForm, JobDeclaration, JobState, PollForm


def is_passing(error: TypedPipesError) -> bool:
    """Whether the same poll may well succeed later: it was not refused."""
    if isinstance(error, GraphQLError):
        return not isinstance(error, GraphQLValidationError) and error.code not in REFUSALS
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
    """The refusal to raise when several forms were refused: the first, with a note about each later one."""
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
    """Whether the job is finished and its link, where there is one, is known; raises for a failed one.

    An unknown status counts as unfinished: the vendor lists statuses as examples only.
    """
    if state.outcome == "failed":
        raise failure(state)
    return state.outcome == "finished" and (state.link is not None or not state.declaration.links)


def failure(state: JobState) -> ExportFailed:
    """The error for a job that the vendor reports as failed."""
    return ExportFailed(
        f"{state.declaration.what} {state.id} has status {state.status!r}: the vendor reports that it failed; "
        "create a new one",
        export_id=state.id,
        status=state.status,
    )


def overdue(state: JobState, timeout: float, asked: float | None, problem: TypedPipesError | None) -> ExportTimeout:
    """The error for a job that is not finished after ``timeout`` seconds; it says what the last poll showed."""
    what = f"{state.declaration.what} {state.id}"
    now = f"{what} is still {state.status!r} after {timeout:g} s."
    if asked:
        now += f" The server asks to wait {asked:g} s."
    elif problem is not None:
        now += f" The last poll failed: {problem}"
    elif not state.shown:
        now = f"the server shows no {what} after {timeout:g} s (late, deleted, or of another account)."
    elif state.outcome == "finished":
        now = f"{what} is {state.status!r} and the server gives no link to its file after {timeout:g} s."
    elif state.outcome == "unknown":
        now += " typedpipes does not know this status."
    return ExportTimeout(
        f"{now} Nothing says that it ended: resume it later with this error's token. "
        "To give it up on purpose, forget it (`forget=True`); the next call then creates a new one.",
        export_id=state.id,
        token=state.token(),
    )


def created_job(data: object, declaration: JobDeclaration, form: CreateForm) -> tuple[str, Mapping[str, object]]:
    """Id and object of a job that was created. The answer's shape decides, not the ``form`` that was sent.

    The id is "" for a job that is delivered elsewhere and has none. Raises `ResponseMismatch` where there is no id.
    """
    paths = dict.fromkeys((form.path, *(other.path for other in declaration.creates)))
    for path in paths:
        job = _at(data, path)
        if isinstance(job, Mapping) and (identity := identifier(job.get(declaration.id))):
            return identity, job
    job = _at(data, form.path)
    if isinstance(job, Mapping) and not declaration.polls and job.get(declaration.id) is None:
        return "", job
    where = f"$.data.{'.'.join(form.path)}.{declaration.id}"
    raise ResponseMismatch(f"{where}: no id in the answer ({form.operation})", operation=form.operation, path=where)


def _at(data: object, path: Sequence[str]) -> object:
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def identifier(value: object) -> str:
    """An id of an answer as text; "" for what is none."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def find_job(data: object, form: PollForm, state: JobState, declaration: JobDeclaration) -> Mapping[str, object] | None:
    """The job's object. None: the server does not show it, which may be a matter of time."""
    found = _at(data, form.path)
    if isinstance(found, list):
        for item in found:
            if isinstance(item, Mapping) and identifier(item.get(declaration.id)) == state.id:
                return item
        return None
    if found is None:
        return None
    where = f"$.data.{'.'.join(form.path)}"
    if not isinstance(found, Mapping):
        raise ResponseMismatch(f"{where}: expected an object ({form.operation})", operation=form.operation, path=where)
    if identifier(found.get(declaration.id)) != state.id:
        raise ResponseMismatch(
            f"{where}.{declaration.id}: the answer does not name this {declaration.what} ({form.operation})",
            operation=form.operation,
            path=f"{where}.{declaration.id}",
        )
    return found


def status_text(value: object) -> str:
    """A status as a string; a plain success flag counts as one."""
    if isinstance(value, bool):
        return "accepted" if value else "refused"
    return value if isinstance(value, str) else ""


__all__ = [
    "WAY_OUT",
    "blamed",
    "created_job",
    "failure",
    "find_job",
    "first_refusal",
    "identifier",
    "is_finished",
    "is_passing",
    "overdue",
    "status_text",
]
