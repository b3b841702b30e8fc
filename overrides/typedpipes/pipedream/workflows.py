"""Invoking workflows by their HTTP triggers.

pd.workflows.invoke_for_external_user("enabc123", "u1", body={"key": "value"})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, Unpack

import attrs

from typedpipes._core.arguments import check_options
from typedpipes._core.auth import checked
from typedpipes._core.flow import Flow
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.headers import add_headers
from typedpipes._core.redaction import Secret, secret
from typedpipes._core.rest import CALL_OPTIONS, SendOptions
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream.addresses import Address, Addresses
from typedpipes.pipedream.relay import RelayedResponse, encoded_body, relayed
from typedpipes.pipedream.rules import check_environment, check_external_user
from typedpipes.pipedream.settings import Core

if TYPE_CHECKING:
    from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient, SharedClient
    from typedpipes.configuration.settings import Environment

HTTPAuthType: TypeAlias = Literal["none", "static_bearer", "oauth"]
"""How a workflow's trigger asks callers to authorize: not at all, by a token of its own, by Pipedream's OAuth."""

_OPTIONS: Final = CALL_OPTIONS - {"extra_headers"}  # `headers` is an argument of its own
_METHOD: Final = re.compile(r"[A-Z]+")
_OURS: Final = ("x-pd-external-user-id", "x-pd-environment")


class WorkflowResponse(RelayedResponse):
    """What a workflow returned: anything; do not expect JSON."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class Invocation:
    """The arguments of one invocation (see `Workflows.invoke`)."""

    endpoint: str
    method: str
    body: object = attrs.field(repr=False)
    headers: Mapping[str, str] | None = attrs.field(repr=False)
    auth: HTTPAuthType
    token: str | Secret | None = attrs.field(repr=False)
    external_user_id: str | None
    environment: Environment | None


class Invocations:
    """Invocations as flows; written once for both clients."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._addresses = Addresses(core.settings)

    def flow(
        self, http: SharedClient, call: Invocation, options: SendOptions, *, raising: bool
    ) -> Flow[WorkflowResponse]:
        """Check the arguments, then send."""
        check_options("workflows.invoke", options, _OPTIONS, Workflows.invoke)
        address = self._addresses.find(call.endpoint)
        headers: dict[str, str] = {}
        add_headers(headers, call.headers or {}, "headers", tokens=_OURS, allowed="content-type")
        bearer = self._bearer(call, address)
        if bearer is not None:
            http.policies.redactor.add(bearer)
            headers["authorization"] = f"Bearer {bearer.reveal()}"
        headers |= self._for_whom(call, address)
        method = call.method.upper()
        if not _METHOD.fullmatch(method):
            raise ConfigurationError(f"method is an HTTP method such as 'POST', not {call.method!r}", setting="method")
        content = encoded_body(call.body, headers, "workflows.invoke")
        stamp = Stamp.of_call(
            options,
            api="workflows",
            operation="invoke",
            safety="unsafe",  # whatever the method, a request runs the workflow
            credentials=("oauth",) if call.auth == "oauth" else (),
            scope={"client": f"workflow:{address.host}"},  # a workflow's 429 pauses calls of that workflow only
        )
        request = WireRequest(method=method, url=address.url, stamp=stamp, headers=headers, content=content)
        return (yield from relayed(http, request, WorkflowResponse, raising=raising))

    def _for_whom(self, call: Invocation, address: Address) -> dict[str, str]:
        """The end user, and the environment: that of the call, the client's, for an end user always one."""
        check_environment(call.environment)
        headers: dict[str, str] = {}
        environment: str | None = call.environment
        if address.trusted:
            environment = environment or self._core.settings.environment
        if call.external_user_id is not None:
            headers["x-pd-external-user-id"] = _one_line(check_external_user(call.external_user_id))
            environment = environment or self._core.environment
        if environment is not None:
            headers["x-pd-environment"] = environment
        return headers

    def _bearer(self, call: Invocation, address: Address) -> Secret | None:
        """The workflow's own token, if that is the way; refuses contradictions, and tokens to foreign hosts."""
        if call.auth not in ("none", "static_bearer", "oauth"):
            raise ConfigurationError(f"auth is 'none', 'static_bearer' or 'oauth', not {call.auth!r}", setting="auth")
        if (call.auth == "static_bearer") is not (call.token is not None):
            raise ConfigurationError(
                "token= is the workflow's own token: give it with auth='static_bearer', and only then", setting="token"
            )
        if call.external_user_id is not None and call.auth != "oauth":
            raise ConfigurationError(
                "external_user_id needs auth='oauth': the workflow runs for that user only with Pipedream's own token",
                setting="external_user_id",
            )
        if call.auth != "none" and not address.trusted:
            raise self._addresses.refuse(address)
        return None if call.token is None else checked(secret(call.token), "token")


def _one_line(user: str) -> str:
    if not user.isascii() or not user.isprintable() or user != user.strip():
        raise ConfigurationError(
            "external_user_id is sent in a header here, which takes printable ASCII without surrounding blanks",
            setting="external_user_id",
        )
    return user


class Workflows:
    """Invokes workflows; ``pd.rest.workflows`` creates and reads them."""

    def __init__(self, http: PolicyClient, core: Core) -> None:
        self._http = http
        self._plan = Invocations(core)

    def invoke(
        self,
        endpoint: str,
        *,
        method: str = "POST",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        auth: HTTPAuthType = "oauth",
        token: str | Secret | None = None,
        external_user_id: str | None = None,
        environment: Environment | None = None,
        raise_for_status: bool = True,
        **options: Unpack[SendOptions],
    ) -> WorkflowResponse:
        """Send one request to a workflow's HTTP trigger.

        ``endpoint`` is its id (``enabc123``), host or URL; ``body`` bytes, text, or what has a JSON form. ``auth`` is
        how the trigger is configured; a token goes only to the workflow domain, over https. A request may have run the
        workflow, so it is repeated only after answers that say it was not carried out (401 once, 429, 503 with
        Retry-After). Raises `APIError` by status unless ``raise_for_status`` is false, which hands over any answer at
        once, and `ConfigurationError` before anything is sent.
        """
        call = Invocation(
            endpoint=endpoint,
            method=method,
            body=body,
            headers=headers,
            auth=auth,
            token=token,
            external_user_id=external_user_id,
            environment=environment,
        )
        return self._http.perform(self._plan.flow(self._http, call, options, raising=raise_for_status))

    def invoke_for_external_user(
        self,
        endpoint: str,
        external_user_id: str,
        *,
        method: str = "POST",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        environment: Environment | None = None,
        raise_for_status: bool = True,
        **options: Unpack[SendOptions],
    ) -> WorkflowResponse:
        """`invoke` for one of your users: the workflow runs with that user's accounts. Always with OAuth."""
        return self.invoke(
            endpoint,
            method=method,
            body=body,
            headers=headers,
            external_user_id=external_user_id,
            environment=environment,
            raise_for_status=raise_for_status,
            **options,
        )


class AsyncWorkflows:
    """The asynchronous twin of `Workflows`."""

    def __init__(self, http: AsyncPolicyClient, core: Core) -> None:
        self._http = http
        self._plan = Invocations(core)

    async def invoke(
        self,
        endpoint: str,
        *,
        method: str = "POST",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        auth: HTTPAuthType = "oauth",
        token: str | Secret | None = None,
        external_user_id: str | None = None,
        environment: Environment | None = None,
        raise_for_status: bool = True,
        **options: Unpack[SendOptions],
    ) -> WorkflowResponse:
        """Send one request to a workflow's HTTP trigger (see `Workflows.invoke`)."""
        call = Invocation(
            endpoint=endpoint,
            method=method,
            body=body,
            headers=headers,
            auth=auth,
            token=token,
            external_user_id=external_user_id,
            environment=environment,
        )
        return await self._http.perform(self._plan.flow(self._http, call, options, raising=raise_for_status))

    async def invoke_for_external_user(
        self,
        endpoint: str,
        external_user_id: str,
        *,
        method: str = "POST",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        environment: Environment | None = None,
        raise_for_status: bool = True,
        **options: Unpack[SendOptions],
    ) -> WorkflowResponse:
        """`invoke` for one of your users (see `Workflows.invoke_for_external_user`)."""
        return await self.invoke(
            endpoint,
            method=method,
            body=body,
            headers=headers,
            external_user_id=external_user_id,
            environment=environment,
            raise_for_status=raise_for_status,
            **options,
        )


__all__ = ["AsyncWorkflows", "HTTPAuthType", "WorkflowResponse", "Workflows"]
