"""From an exception to an exit code and two lines: what happened, and what to do."""

from __future__ import annotations

import re
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
    if option in OPTIONS and not isinstance(error, errors.ProfileError | errors.MissingExtra):
        hint = f"correct --{option}, or the setting it is from in the environment or the profile"
        return Failure(type(error).__name__, one_line(what), hint, ExitCode.USAGE)
    for types, code in _TABLE:
        if isinstance(error, types):
            return Failure(type(error).__name__, one_line(what), one_line(_todo(error)), code)
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


def _todo(error: BaseException) -> str:
    """The error's own remedy, with where to type it in a terminal."""
    setting = getattr(error, "setting", None) or ""
    if isinstance(error, errors.ProfileError):
        return f"{error.remedy}; {PAGE} describes every key"
    if re.fullmatch(r"[A-Z][A-Z0-9_]+", setting):
        return f"set {setting} in the environment, in a file given with --env-file or in a profile; {_page(setting)}"
    if isinstance(error, errors.TypedPipesError):
        return error.remedy
    return "correct the path or the permission, then run it again"


def _page(setting: str) -> str:
    vendor = setting.partition("_")[0].lower()
    place = _PAGES.get(vendor)
    return f"you get it in {place}" if place else "see `typedpipes --help`"


_PAGES: Final = {
    "pipefy": "Pipefy under Account settings, Personal access tokens, or from an admin as a service account",
    "pipedream": "Pipedream under Settings: API for the OAuth client, Account for the user API key",
    "pipedrive": "Pipedrive under Personal preferences, API",
}


_TABLE: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], ExitCode], ...]] = (
    ((errors.QuotaExhausted, errors.RateLimited), ExitCode.LIMITS),
    (errors.ConfigurationError, ExitCode.CONFIGURATION),
    ((errors.TypedPipesError, OSError), ExitCode.FAILURE),
)
