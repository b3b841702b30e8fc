"""Failures that Connect reports in the body of a successful status (reference notes, "Error shapes")."""

from __future__ import annotations

from typedpipes.errors import PartialFailure
from typedpipes.model import JSON
from typedpipes.operation import Operation
from typedpipes.wire import WireResponse


def check_observations(operation: Operation[object], value: JSON, built: object, response: WireResponse) -> None:
    """Configure and reload report in ``errors``, run reports in ``os``: either raises `PartialFailure`.

    The built answer is on the error as ``data``, so that what did succeed is not lost.
    """
    if not isinstance(value, dict):
        return
    failures: list[object] = []
    errors = value.get("errors")
    if isinstance(errors, list):
        failures += errors
    observations = value.get("os")
    if isinstance(observations, list):
        failures += [entry for entry in observations if isinstance(entry, dict) and entry.get("err") is not None]
    if failures:
        name = f"{operation.api}.{operation.name}"
        raise PartialFailure(
            f"{name}: the answer reports {len(failures)} failure(s), the first: {_words(failures[0])}",
            failures=failures,
            data=built,
            status=response.status,
            operation=name,
        )


def _words(failure: object) -> str:
    if isinstance(failure, dict):
        err = failure.get("err")
        if isinstance(err, dict):
            return ": ".join(str(err[key])[:200] for key in ("name", "message") if err.get(key))
    return str(failure)[:200]
