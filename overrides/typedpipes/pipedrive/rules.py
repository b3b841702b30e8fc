"""Pipedrive's own rules: an argument that would clear more than it says, and failures with status 2xx."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from typedpipes._core.decoding.model import JSON
from typedpipes._core.http import WireRequest, WireResponse
from typedpipes._core.rest import Arguments, CallOptions, Operation
from typedpipes._core.rest.caller import Rest
from typedpipes.errors import APIError, ConfigurationError

T = TypeVar("T")


class PipedriveRest(Rest, frozen=True, kw_only=True):
    """One version of the API, with the rules of this module."""

    def request(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> WireRequest:
        """The wire request of a call. Raises `ConfigurationError` before anything is sent."""
        if operation.method in ("PATCH", "PUT"):
            body = arguments.body
            fields = body.get("custom_fields") if isinstance(body, Mapping) else getattr(body, "custom_fields", None)
            if isinstance(fields, Mapping) and not fields:
                raise ConfigurationError(
                    f"{operation.api}.{operation.name}: custom_fields={{}} would clear every custom field; leave "
                    "custom_fields out to change none, or name those to clear: custom_fields={'KEY': None}",
                    setting="custom_fields",
                )
        return Rest.request(self, operation, arguments, options)


def check_success(operation: Operation[object], value: JSON, built: object, response: WireResponse) -> None:
    """``{"success": false, …}`` with a 2xx status is a failure: raises `APIError` with the reason in its forms."""
    if isinstance(value, dict) and value.get("success") is False:
        from typedpipes._core.http.failures import explanation, request_id

        redactor = response.redactor
        code, said = explanation(response.content)
        parts = (said, value.get("error_info"))
        words = "; ".join(redactor.text(part, 300) for part in parts if isinstance(part, str) and part)
        name = f"{operation.api}.{operation.name}"
        raise APIError(
            f"{name}: the server answered {response.status} but reports failure: {words or 'no reason given'}",
            status=response.status,
            operation=name,
            code=None if code is None else redactor.text(code, 100),
            request_id=request_id(response.headers, redactor),
            body=words,
        )


__all__ = ["PipedriveRest", "check_success"]
