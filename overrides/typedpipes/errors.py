"""Everything typedpipes raises. All of it derives from `TypedPipesError`; nothing here imports a sibling.

Messages say what happened and where, ``remedy`` what to do; a traceback shows both. No message, repr or attribute holds
a credential: bodies kept on an error are bounded and redacted before they get here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar


class TypedPipesError(Exception):
    """Base of every error of this package. Errors can be copied and pickled, with their attributes.

    ``may_have_executed`` is set for GraphQL mutations: False if it is certain that the server executed nothing, True
    if it may have (look before you send it again), None where the question does not arise.
    """

    may_have_executed: bool | None = None
    _remedy: ClassVar[str] = "see the message, and the error that this one was raised from"

    @property
    def remedy(self) -> str:
        """What to do about it, in a sentence; never empty. A traceback shows it below the message."""
        return self._remedy

    @property
    def __notes__(self) -> list[str]:
        notes: list[str] = self.__dict__.setdefault("_notes", [])
        told = f"do: {self.remedy}"
        if told not in notes:
            notes.insert(0, told)
        return notes

    @__notes__.setter
    def __notes__(self, notes: list[str]) -> None:
        self.__dict__["_notes"] = notes

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

    @property
    def remedy(self) -> str:
        if not self.setting:
            return "correct the argument as the message says"
        return f"correct {self.setting} as the message says; `typedpipes auth check` shows which settings are in use"


class NotSelected(ConfigurationError, LookupError):
    """A field was read that the request did not ask for. ``setting`` names it."""

    @property
    def remedy(self) -> str:
        return f"ask for {self.setting} in the call: with fields=, include= or the selection"


class MissingExtra(ConfigurationError):
    """Something needs an optional dependency that is not installed. ``extra`` names the extra that brings it."""

    def __init__(self, what: str, *, extra: str, setting: str | None = None) -> None:
        super().__init__(f"{what} needs the extra {extra}, which is not installed", setting=setting)
        self.extra = extra

    @property
    def remedy(self) -> str:
        return self.how(self.extra)

    @staticmethod
    def how(extra: str) -> str:
        """How to install an extra. The package may come from a checkout or a wheel; an index may hold another's."""
        return f'python -m pip install ".[{extra}]" in the checkout, or "WHEEL[{extra}]" with the path of the wheel'


class ProfileError(ConfigurationError):
    """The profile file is wrong. ``path`` and ``line`` tell where, ``key`` is the dotted key; no value is kept."""

    def __init__(self, message: str, *, path: str, line: int | None = None, key: str | None = None) -> None:
        super().__init__(message, setting=key)
        self.path = path
        self.line = line
        self.key = key

    @property
    def remedy(self) -> str:
        return "correct the profile file as the message says"


class TransportError(TypedPipesError):
    """No answer arrived. ``sent`` tells whether the server may have seen the request (None: unknown)."""

    def __init__(self, message: str, *, sent: bool | None, attempts: int = 1, operation: str | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.attempts = attempts
        self.operation = operation

    @property
    def remedy(self) -> str:
        if self.sent is False:
            return "check the network, the address and the proxy settings, then call again; nothing was sent"
        return "check the network; the server may have done it all the same, so look before you repeat a change"


class DeadlineExceeded(TransportError):
    """The call's total deadline ran out, waits and retries included."""

    @property
    def remedy(self) -> str:
        again = "" if self.sent is False else "; the server may have done it, so look before you repeat a change"
        return f"give the call more time (deadline=), or let it wait less (max_wait=){again}"


class APIError(TypedPipesError):
    """The server answered with a failure.

    ``body`` is at most 4 KiB of the answer, redacted; ``headers`` have lower-case names and no cookies. ``attempts``
    counts the wire requests of the call, earlier failures are the chain of ``__cause__``. ``retry_after`` is the wait
    in seconds that the server, or our own limiter, asks for; ``resume_at`` (UTC) is when it is over.
    """

    _remedy = "correct the request as the message says"

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
        self.headers: dict[str, str] = dict(headers or {})
        self.attempts = attempts
        self.retry_after = retry_after
        self.resume_at = resume_at


class BadRequest(APIError):
    """The server refused the request as malformed or invalid (400, 409, 422 and other 4xx)."""

    _remedy = "correct the arguments as the message says"


class AuthenticationError(APIError):
    """The credential is missing, wrong, expired or revoked (401, OAuth errors)."""

    _remedy = "check that the credential is complete and not revoked; `typedpipes auth check` tries each one"


class PermissionDenied(APIError):
    """The credential is valid but may not do this (403). Pipefy: only admins and super admins may use the API."""

    _remedy = "ask an admin for this permission or use another credential; `typedpipes auth check` shows which is used"


class NotFound(APIError):
    """The resource does not exist (404), was deleted (410), or is not visible to the credential (404)."""

    _remedy = "check the id, and that this credential may see it"


class RateLimited(APIError):
    """A limit of the server was hit (429), or waiting for our own limiter would exceed the caller's bound.

    ``retry_after`` (seconds) and ``resume_at`` (UTC) say when to try again, if that is known.
    """

    @property
    def remedy(self) -> str:
        if self.resume_at is not None:
            when = f"wait until {self.resume_at:%Y-%m-%d %H:%M:%S} UTC"
        elif self.retry_after is not None:
            when = f"wait {self.retry_after:.0f} s"
        else:
            when = "wait"
        return f"{when}, then try again; `typedpipes limits` shows how the limits stand"


class ServerError(APIError):
    """The server failed (5xx)."""

    _remedy = "the vendor's server failed; try again later"


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
        self.errors: list[dict[str, object]] = [dict(entry) for entry in errors]
        self.data = data


class GraphQLValidationError(GraphQLError):
    """The server refused the document before executing anything (unknown field, argument or type)."""

    _remedy = "the server does not know this operation or argument; check the arguments, else the schema has changed"


class PartialFailure(APIError):
    """A successful status whose body reports failures. ``failures`` are the entries as the server gave them."""

    _remedy = "the rest of the request was carried out; correct what failed and send only that again"

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
        self.failures: list[object] = list(failures)
        self.data = data


class QuotaExhausted(TypedPipesError):
    """A monthly or daily budget would be exceeded; nothing was sent. ``resets_at`` is UTC."""

    def __init__(self, message: str, *, limit: str, resets_at: datetime) -> None:
        super().__init__(message)
        self.limit = limit
        self.resets_at = resets_at

    @property
    def remedy(self) -> str:
        return f"wait until {self.resets_at:%Y-%m-%d %H:%M:%S} UTC, or give the plan you really have (plan=, --plan)"


class ResponseMismatch(TypedPipesError):
    """The answer does not have the shape the schema promises. ``path`` is a JSON path such as ``$.data[3].id``."""

    _remedy = "the answer is not what the schema says; read it with .raw, and report what differs"

    def __init__(self, message: str, *, operation: str | None = None, path: str = "$") -> None:
        super().__init__(message)
        self.operation = operation
        self.path = path


class SignatureMismatch(TypedPipesError):
    """The signature of a webhook's delivery is missing or wrong. Answer with 401 and ignore the delivery."""

    _remedy = "check the signing key of the webhook; answer 401 and ignore this delivery"


class LimitStoreError(TypedPipesError):
    """The store that counts requests cannot be reached or is damaged."""

    _remedy = "make the store of limits reachable, or name another one (limits=, --limits)"


class ExportFailed(TypedPipesError):
    """The vendor reports that the export failed: it is over."""

    _remedy = "it is over: create a new export"

    def __init__(self, message: str, *, export_id: str | None, status: str) -> None:
        super().__init__(message)
        self.export_id = export_id
        self.status = status


class ExportTimeout(TypedPipesError):
    """The export was not finished, or not shown, within the wait. ``token`` resumes it; a journal keeps it."""

    _remedy = "continue it with its token, or create it again later with the same journal"

    def __init__(self, message: str, *, export_id: str, token: str) -> None:
        super().__init__(message)
        self.export_id = export_id
        self.token = token


class ExportAmbiguous(TypedPipesError):
    """The server may or may not have created the export, and nothing can tell. It was not created again."""

    _remedy = "look for the export in Pipefy: resume continues it, forget accepts a second one"


class JournalBusy(TypedPipesError):
    """Another process is creating a job with the same journal right now; nothing was sent."""

    _remedy = "wait until the other process is done, then call again"


class RowsError(TypedPipesError):
    """A file cannot be read as rows: it is not a table, is damaged, or is larger than allowed."""

    _remedy = "open the file to see what it is; correct or export it again"


class DownloadError(TypedPipesError):
    """A file could not be downloaded completely. No file exists under the final name."""

    _remedy = "make room for the file or correct the target, then download again"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequest",
    "ConfigurationError",
    "DeadlineExceeded",
    "DownloadError",
    "ExportAmbiguous",
    "ExportFailed",
    "ExportTimeout",
    "GraphQLError",
    "GraphQLValidationError",
    "JournalBusy",
    "LimitStoreError",
    "NotFound",
    "NotSelected",
    "PartialFailure",
    "PermissionDenied",
    "ProfileError",
    "QuotaExhausted",
    "RateLimited",
    "ResponseMismatch",
    "RowsError",
    "ServerError",
    "SignatureMismatch",
    "TransportError",
    "TypedPipesError",
]
