"""Everything typedpipes raises. All of it derives from `TypedPipesError`; nothing here imports a sibling.

Messages say what happened, where, and what to do. No message, repr or attribute holds a credential: bodies kept on an
error are bounded and redacted before they get here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime


class TypedPipesError(Exception):
    """Base of every error of this package. Errors can be copied and pickled, with their attributes.

    ``may_have_executed`` is set for GraphQL mutations: False if it is certain that the server executed nothing, True
    if it may have (look before you send it again), None where the question does not arise.
    """

    may_have_executed: bool | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(kind: type[TypedPipesError], args: tuple[object, ...], state: dict[str, object]) -> TypedPipesError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ConfigurationError(TypedPipesError):
    """A setting or argument is missing or contradictory; nothing was sent. ``setting`` names it."""

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting


class ProfileError(ConfigurationError):
    """The profile file is wrong. ``path`` and ``line`` tell where, ``key`` is the dotted key; no value is kept."""

    def __init__(self, message: str, *, path: str, line: int | None = None, key: str | None = None) -> None:
        super().__init__(message, setting=key)
        self.path = path
        self.line = line
        self.key = key


class TransportError(TypedPipesError):
    """No answer arrived. ``sent`` tells whether the server may have seen the request (None: unknown)."""

    def __init__(self, message: str, *, sent: bool | None, attempts: int = 1, operation: str | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.attempts = attempts
        self.operation = operation


class DeadlineExceeded(TransportError):
    """The call's total deadline ran out, waits and retries included."""


class APIError(TypedPipesError):
    """The server answered with a failure.

    ``body`` is at most 4 KiB of the answer, redacted; ``headers`` have lower-case names and no cookies. ``attempts``
    counts the wire requests of the call, earlier failures are the chain of ``__cause__``. ``retry_after`` is the wait
    in seconds that the server, or our own limiter, asks for; ``resume_at`` (UTC) is when it is over.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        operation: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        attempts: int = 1,
        retry_after: float | None = None,
        resume_at: datetime | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.operation = operation
        self.code = code
        self.request_id = request_id
        self.body = body
        self.headers = dict(headers or {})
        self.attempts = attempts
        self.retry_after = retry_after
        self.resume_at = resume_at


class BadRequest(APIError):
    """The server refused the request as malformed or invalid (400, 409, 422 and other 4xx)."""


class AuthenticationError(APIError):
    """The credential is missing, wrong, expired or revoked (401, OAuth errors)."""


class PermissionDenied(APIError):
    """The credential is valid but may not do this (403). Pipefy: only admins and super admins may use the API."""


class NotFound(APIError):
    """The resource does not exist (404), was deleted (410), or is not visible to the credential (404)."""


class RateLimited(APIError):
    """A limit of the server was hit (429), or waiting for our own limiter would exceed the caller's bound.

    ``retry_after`` (seconds) and ``resume_at`` (UTC) say when to try again, if that is known.
    """


class ServerError(APIError):
    """The server failed (5xx)."""


class GraphQLError(APIError):
    """A GraphQL answer carried errors. ``errors`` are the entries, ``data`` the partial result if there was one."""

    def __init__(
        self,
        message: str,
        *,
        errors: Sequence[Mapping[str, object]],
        data: object = None,
        status: int = 200,
        operation: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
        body: str = "",
        attempts: int = 1,
    ) -> None:
        super().__init__(
            message,
            status=status,
            operation=operation,
            code=code,
            request_id=request_id,
            body=body,
            attempts=attempts,
        )
        self.errors = [dict(entry) for entry in errors]
        self.data = data


class GraphQLValidationError(GraphQLError):
    """The server refused the document before executing anything (unknown field, argument or type)."""


class PartialFailure(APIError):
    """A successful status whose body reports failures. ``failures`` are the entries as the server gave them."""

    def __init__(
        self,
        message: str,
        *,
        failures: Sequence[object],
        data: object = None,
        status: int = 200,
        operation: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, operation=operation, request_id=request_id)
        self.failures = list(failures)
        self.data = data


class QuotaExhausted(TypedPipesError):
    """A monthly or daily budget would be exceeded; nothing was sent. ``resets_at`` is UTC."""

    def __init__(self, message: str, *, limit: str, resets_at: datetime) -> None:
        super().__init__(message)
        self.limit = limit
        self.resets_at = resets_at


class ResponseMismatch(TypedPipesError):
    """The answer does not have the shape the schema promises. ``path`` is a JSON path such as ``$.data[3].id``."""

    def __init__(self, message: str, *, operation: str | None = None, path: str = "$") -> None:
        super().__init__(message)
        self.operation = operation
        self.path = path


class SignatureMismatch(TypedPipesError):
    """The signature of a webhook's delivery is missing or wrong. Answer with 401 and ignore the delivery."""


class LimitStoreError(TypedPipesError):
    """The store that counts requests cannot be reached or is damaged."""


class ExportFailed(TypedPipesError):
    """The vendor reports that the export failed: it is over."""

    def __init__(self, message: str, *, export_id: str | None, status: str) -> None:
        super().__init__(message)
        self.export_id = export_id
        self.status = status


class ExportTimeout(TypedPipesError):
    """The export was not finished, or not shown, within the wait. ``token`` resumes it; a journal keeps it."""

    def __init__(self, message: str, *, export_id: str, token: str) -> None:
        super().__init__(message)
        self.export_id = export_id
        self.token = token


class ExportAmbiguous(TypedPipesError):
    """The server may or may not have created the export, and nothing can tell. It was not created again."""


class JournalBusy(TypedPipesError):
    """Another process is creating a job with the same journal right now; nothing was sent."""


class RowsError(TypedPipesError):
    """A file cannot be read as rows: it is not a table, is damaged, or is larger than allowed."""


class DownloadError(TypedPipesError):
    """A file could not be downloaded completely. No file exists under the final name."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
