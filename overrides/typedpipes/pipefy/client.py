"""`Pipefy`: every generated operation as a typed method, `execute`, and helpers."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, TypeVar, Unpack, cast

from typedpipes._core.arguments import check_options
from typedpipes._core.client import ApiClient
from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql import GraphQLOperation
from typedpipes._core.graphql.calls import WirePort
from typedpipes._core.graphql.clients import bind
from typedpipes._core.graphql.outcome import telling
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.options import Given, check_client
from typedpipes._core.rest import CALL_OPTIONS, CallOptions
from typedpipes.pipefy.settings import MAX_DEPTH, Core, PipefySettings, page_limit
from typedpipes_api.pipefy.client import Client

if TYPE_CHECKING:
    from typedpipes._core.graphql.clients import GraphQLClient
    from typedpipes.pipefy.attachments import Attachments
    from typedpipes.pipefy.bulk import Bulk
    from typedpipes.pipefy.exports import Exports
    from typedpipes.pipefy.options import PipefyClientOptions
    from typedpipes.pipefy.webhooks import Webhooks
    from typedpipes_api.pipefy import OrganizationDetails

R = TypeVar("R")
C = TypeVar("C", bound="GraphQLClient")


class Pipefy(ApiClient, Client):
    """Pipefy's GraphQL API. Every operation under ``schemas/pipefy/live/operations`` is a method.

    Give a service account (``client_id``, ``client_secret``) or a personal access token (``token``). Use it as a
    context manager, or call `close`. May be shared by threads. Raises `ConfigurationError` for missing or
    contradictory settings.
    """

    _core: Core
    _http: PolicyClient

    def __init__(self, *, env: Mapping[str, str] | None = None, **options: Unpack[PipefyClientOptions]) -> None:
        check_client(type(self), options, PipefySettings.__struct_fields__)
        self._core = Core(PipefySettings.of(Given("pipefy", options, env)), options)
        self._http = PolicyClient(**self._core.policies(), http_client=options.get("http_client"))
        self._calls = self._core.calls(self._http)

    @classmethod
    def from_env(
        cls,
        *,
        profile: str | None = None,
        config: str | os.PathLike[str] | None = None,
        env_file: str | os.PathLike[str] | None = None,
        **options: Unpack[PipefyClientOptions],
    ) -> Self:
        """From ``PIPEFY_CLIENT_ID`` and ``_CLIENT_SECRET``, or ``PIPEFY_TOKEN``, and the other ``PIPEFY_`` settings.

        The environment goes before ``env_file`` (``NAME=value`` lines) and that before the ``profile`` of the profile
        file ``config``; which file and which profile by default: `typedpipes.configuration.configuration`. Raises
        `ProfileError` and other `ConfigurationError`s.
        """
        from typedpipes.configuration import configuration

        check_client(cls, options, PipefySettings.__struct_fields__, factory="from_env")
        return cls(env=configuration(profile=profile, config=config, env_file=env_file), **options)

    def execute(
        self,
        document: str,
        variables: Mapping[str, object] | None = None,
        *,
        operation_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> dict[str, JSON]:
        """Run a document of your own and return the answer's ``data``. A query may be retried, a mutation is not.

        Raises `GraphQLError` with the partial data, `PartialFailure` for a mutation payload that reports failure.
        """
        request, read, safety = self._calls.own(document, variables, operation_name, options)
        with telling(safety):
            return read(self._http.exchange(request))

    def bind(self, client: type[C]) -> C:
        """An instance of ``client``, the ``Client`` that `typedpipes generate` made from your own operations.

        Its calls go over this client's connections, under its credentials, limits and retries; close this one.
        Raises `ConfigurationError` for anything else, the generated asynchronous client included.
        """
        return cast(C, bind(client, self))

    def find_organization(self, organization: str | int, **options: Unpack[CallOptions]) -> OrganizationDetails | None:
        """The organization with this number or URL (``https://app.pipefy.com/organizations/123``)."""
        from typedpipes.pipefy.exports.requests import organization_number

        check_options("find_organization", options, CALL_OPTIONS, ("organization",))
        return self.organization(id=organization_number(organization), **options)

    def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        return self._calls.run(self._http, operation, variables, options)

    def _page_limit(self, field: str) -> int:
        return page_limit(field)

    def _depth_limit(self) -> int:
        return MAX_DEPTH

    @functools.cached_property
    def exports(self) -> Exports:
        """Two-step exports: create, wait, download."""
        from typedpipes.pipefy.exports import Exports

        return Exports(WirePort(self._calls, self._http), self._http.io, self._core.export_settings())

    @functools.cached_property
    def attachments(self) -> Attachments:
        """Files of cards and table records: upload, attach, download."""
        from typedpipes.pipefy.attachments import Attachments

        return Attachments(WirePort(self._calls, self._http), self._http.io, self._core.export_settings())

    @functools.cached_property
    def bulk(self) -> Bulk:
        """Many cards or table records: create, update, delete, with a report of each item, and resumable."""
        from typedpipes.pipefy.bulk import Bulk

        return Bulk(WirePort(self._calls, self._http), self._http.io, self._core.limiter)

    @functools.cached_property
    def webhooks(self) -> Webhooks:
        """Webhooks of pipes and tables, with the vendor's advice on their number."""
        from typedpipes.pipefy.webhooks import Webhooks

        return Webhooks(self)


__all__ = ["Pipefy"]
