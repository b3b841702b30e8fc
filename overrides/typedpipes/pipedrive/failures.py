"""Failures that Pipedrive reports in the body of a successful status (reference notes, "Answers and errors")."""

from __future__ import annotations

from typedpipes.errors import APIError
from typedpipes.model import JSON
from typedpipes.operation import Operation
from typedpipes.wire import WireResponse


def check_success(operation: Operation[object], value: JSON, built: object, response: WireResponse) -> None:
    """``{"success": false, "error": …}`` with a 2xx status is a failure: raises `APIError`."""
    if isinstance(value, dict) and value.get("success") is False:
        said = "; ".join(str(value[key])[:300] for key in ("error", "error_info") if isinstance(value.get(key), str))
        name = f"{operation.api}.{operation.name}"
        raise APIError(
            f"{name}: the server answered {response.status} but reports failure: {said or 'no reason given'}",
            status=response.status,
            operation=name,
            code=code if isinstance(code := value.get("code"), str) else None,
            request_id=response.headers.get("x-correlation-id"),
            body=said,
        )
