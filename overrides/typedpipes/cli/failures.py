"""From an exception to an exit code and two lines: what happened, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from enum import IntEnum
from typing import Final, TypeVar

import attrs

from typedpipes import errors
from typedpipes._core.redaction import Redactor
from typedpipes.configuration.settings import PAGE

E = TypeVar("E", bound=BaseException)

REDACTOR: Final = Redactor()
"""Knows the secrets among this run's settings."""
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
OPTIONS: Final = frozenset({"allowance", "journal", "limits", "plan", "profile", "seats"})
"""Settings that a command line gives as an option of the same name."""
WIDEST: Final = 600
"""Characters of a message that are shown; ``--debug`` shows all."""


class ExitCode(IntEnum):
    """What the process ends with."""

    OK = 0
    FAILURE = 1
    """The vendor refused or failed, the network is down, a file cannot be written."""
    USAGE = 2
    """The command or one of its arguments is wrong; nothing was sent."""
    CONFIGURATION = 3
    """A setting is missing or contradictory; nothing was sent."""
    LIMITS = 4
    """A quota is used up or a limit was hit."""
    INTERRUPTED = 130
    """Ctrl-C."""


EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 failure; 2 wrong command or argument; 3 missing or contradictory setting; "
    "4 quota or limit; 130 interrupted. On 2 and 3 nothing was sent."
)


class CommandError(Exception):
    """An error of the command line itself: ``str(error)`` says what, ``todo`` what to do."""

    def __init__(self, what: str, todo: str, code: ExitCode = ExitCode.FAILURE, *, resume: str | None = None) -> None:
        super().__init__(what)
        self.todo = todo
        self.code = code
        self.resume = resume
        """Token of the job, with which it can be resumed."""


class UsageError(CommandError):
    """An argument is wrong."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what, todo, ExitCode.USAGE)


@attrs.frozen
class Failure:
    """The facts shown about an error."""

    kind: str
    what: str
    todo: str
    code: ExitCode
    resume: str | None = None


def explain(error: BaseException) -> Failure:
    """What to tell about ``error``. Messages lose line breaks and control characters."""
    if isinstance(error, CommandError):
        kind = type(error.__cause__ or error).__name__
        return Failure(kind, one_line(str(error)), one_line(error.todo, WIDEST * 4), error.code, error.resume)
    what = str(error) or type(error).__name__
    option = getattr(error, "setting", None) if isinstance(error, errors.ConfigurationError) else None
    if option in OPTIONS and not isinstance(error, errors.ProfileError):
        hint = f"correct --{option}, or the setting it is from in the environment or the profile"
        return Failure(type(error).__name__, one_line(what), hint, ExitCode.USAGE)
    for types, code, todo in _TABLE:
        if isinstance(error, types):
            return Failure(type(error).__name__, one_line(what), one_line(todo(error)), code)
    return Failure(
        type(error).__name__,
        one_line(REDACTOR.text(f"unexpected {type(error).__name__}: {what}")),
        "run it again with --debug and report what it shows",
        ExitCode.FAILURE,
    )


def one_line(text: str, widest: int = WIDEST) -> str:
    """``text`` fit for a terminal: one line, no control characters, none of the settings that are secret."""
    # Shapes of secrets are not searched for: our own messages name settings, as in "token= or PIPEFY_TOKEN".
    clean = REDACTOR.path(_UNFIT.sub(" ", text)).strip()
    return clean if len(clean) <= widest else clean[: widest - 1] + "…"


def _configuration(error: BaseException) -> str:
    setting = getattr(error, "setting", None) or ""
    if re.fullmatch(r"[A-Z][A-Z0-9_]+", setting):
        return f"set {setting} in the environment, in a file given with --env-file or in a profile; {_page(setting)}"
    return "set it as the message says; `typedpipes auth check` shows what is configured"


def _page(setting: str) -> str:
    vendor = setting.partition("_")[0].lower()
    place = _PAGES.get(vendor)
    return f"you get it in {place}" if place else "see `typedpipes --help`"


_PAGES: Final = {
    "pipefy": "Pipefy under Account settings, Personal access tokens, or from an admin as a service account",
    "pipedream": "Pipedream under Settings: API for the OAuth client, Account for the user API key",
    "pipedrive": "Pipedrive under Personal preferences, API",
}


def _limited(error: BaseException) -> str:
    if isinstance(error, errors.RateLimited) and (error.resume_at is not None or error.retry_after is not None):
        when = f"at {_moment(error.resume_at)}" if error.resume_at is not None else f"in {error.retry_after:.0f} s"
        return f"try again {when}; `typedpipes limits` shows how the limits stand"
    return "wait and try again; `typedpipes limits` shows how the limits stand"


def _exhausted(error: BaseException) -> str:
    assert isinstance(error, errors.QuotaExhausted)
    return f"wait until {_moment(error.resets_at)}, or give the plan you really have with --plan"


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _no_answer(error: BaseException) -> str:
    if getattr(error, "sent", None) is False:
        return "check the network and the address (*_BASE_URL, proxy variables), then run it again; nothing was sent"
    return "check the network; the server may have done it all the same, so look before you repeat a change"


def _always(todo: str) -> Callable[[BaseException], str]:
    return lambda error: todo


_TABLE: Final[
    tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], ExitCode, Callable[[BaseException], str]], ...]
] = (
    (errors.QuotaExhausted, ExitCode.LIMITS, _exhausted),
    (errors.RateLimited, ExitCode.LIMITS, _limited),
    (
        errors.ProfileError,
        ExitCode.CONFIGURATION,
        _always(f"correct the profile file as the message says; {PAGE} describes every key"),
    ),
    (errors.ConfigurationError, ExitCode.CONFIGURATION, _configuration),
    (
        errors.AuthenticationError,
        ExitCode.FAILURE,
        _always("check that the credential is complete and not revoked; `typedpipes auth check` tries each one"),
    ),
    (
        errors.PermissionDenied,
        ExitCode.FAILURE,
        _always(
            "ask an admin for this permission or use another credential; `typedpipes auth check` shows which is used"
        ),
    ),
    (errors.NotFound, ExitCode.FAILURE, _always("check the id, and that this credential may see it")),
    (
        errors.GraphQLValidationError,
        ExitCode.FAILURE,
        _always(
            "the server does not know this operation or argument; check the arguments, else the schema has changed"
        ),
    ),
    (errors.BadRequest, ExitCode.FAILURE, _always("correct the arguments as the message says")),
    (errors.ServerError, ExitCode.FAILURE, _always("the vendor's server failed; try again later")),
    (
        errors.PartialFailure,
        ExitCode.FAILURE,
        _always("the rest of the request was carried out; correct what failed and send only that again"),
    ),
    (errors.APIError, ExitCode.FAILURE, _always("correct the request as the message says")),
    (errors.TransportError, ExitCode.FAILURE, _no_answer),
    (
        errors.LimitStoreError,
        ExitCode.FAILURE,
        _always("make the store of limits reachable, or name another one with --limits"),
    ),
    (
        errors.ResponseMismatch,
        ExitCode.FAILURE,
        _always("the answer is not what the schema says; run it again with --debug and report it"),
    ),
    (errors.ExportFailed, ExitCode.FAILURE, _always("it is over: run the same command again for a new one")),
    (
        errors.ExportAmbiguous,
        ExitCode.FAILURE,
        _always("look for the export in Pipefy: --resume ID continues it, --forget accepts a second one"),
    ),
    (errors.DownloadError, ExitCode.FAILURE, _always("make room for the file or correct --output, then run it again")),
    (errors.JournalBusy, ExitCode.FAILURE, _always("wait until the other process is done, then run it again")),
    (errors.TypedPipesError, ExitCode.FAILURE, _always("run it again with --debug to see more")),
    (OSError, ExitCode.FAILURE, _always("correct the path or the permission, then run it again")),
)
