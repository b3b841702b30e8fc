"""Every error says what to do: as an attribute, and below the message of a traceback."""

from __future__ import annotations

import copy
import inspect
import pickle
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

from typedpipes import errors
from typedpipes.errors import TypedPipesError
from typedpipes.pipefy.attachments.uploads import UploadError
from typedpipes.pipefy.bulk.report import BulkReport, BulkStopped

GIVEN = {
    "attempts": 1,
    "errors": [],
    "export_id": "7",
    "extra": "redis",
    "failures": [],
    "limit": "calls",
    "path": "$.data",
    "report": BulkReport(job="create_cards", items=()),
    "resets_at": datetime(2026, 12, 1, tzinfo=UTC),
    "sent": None,
    "status": 500,
    "token": "t",
}


def kinds() -> Iterator[type[TypedPipesError]]:
    found: list[type[TypedPipesError]] = [TypedPipesError]
    for kind in found:
        yield kind
        found += [each for each in kind.__subclasses__() if each.__module__.startswith("typedpipes.")]


def test_kinds_include_those_that_modules_define_themselves() -> None:
    assert {UploadError, BulkStopped, errors.NotFound, errors.DeadlineExceeded} <= set(kinds())


def test_every_error_says_what_to_do_and_a_traceback_shows_it() -> None:
    for kind in kinds():
        needed = [
            name
            for name, parameter in inspect.signature(kind.__init__).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        ]
        error = kind("something happened", **{name: GIVEN[name] for name in needed})

        assert len(error.remedy.split()) >= 3
        assert "\n" not in error.remedy
        assert traceback.format_exception_only(error)[-1] == f"do: {error.remedy}\n"
        for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            assert other.remedy == error.remedy


def test_a_note_that_somebody_adds_is_kept_below_the_remedy() -> None:
    error = errors.NotFound("no such card", status=404)
    error.add_note("while reading the board")

    assert error.__notes__ == [f"do: {error.remedy}", "while reading the board"]
    assert pickle.loads(pickle.dumps(error)).__notes__ == error.__notes__


def test_the_remedy_of_a_limit_says_until_when_to_wait() -> None:
    assert "wait 12 s" in errors.RateLimited("too many", status=429, retry_after=12.2).remedy
    at = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    assert "2026-12-01 10:00:00 UTC" in errors.RateLimited("too many", status=429, resume_at=at).remedy
    assert "2026-12-01 10:00:00 UTC" in errors.QuotaExhausted("used up", limit="calls", resets_at=at).remedy


def test_an_error_without_an_answer_says_whether_anything_was_sent() -> None:
    assert "nothing was sent" in errors.TransportError("refused", sent=False).remedy
    assert "before you repeat a change" in errors.TransportError("reset", sent=True).remedy
