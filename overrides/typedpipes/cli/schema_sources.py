"""Where a refresh gets its documents: introspection, a published document, or a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from typedpipes._core.addresses import origin
from typedpipes._core.flow import SyncIO, drive
from typedpipes.cli.clients import store_url
from typedpipes.cli.documents import LARGEST, fetch_document
from typedpipes.cli.failures import CommandError, ExitCode, UsageError
from typedpipes.errors import DownloadError, GraphQLError

if TYPE_CHECKING:
    from typedpipes_codegen.documents.apis import Api
    from typedpipes_codegen.refresh import Fetched


def fetch(api: Api, given: str | None, settings: Mapping[str, str], limits: str | None, today: date) -> Fetched:
    """The document to refresh ``api`` from: ``given`` with ``--from``, else what its row says.

    A URL on the API's own host is introspected with the configured credential; any other is fetched without one.
    """
    if given is not None and urlsplit(given).scheme not in ("http", "https"):
        return _file(api, Path(given), today)
    if api.introspect:
        address = _own_address(api, settings)
        if given is None or _origin(given) == _origin(address):
            return _introspected(api, given or address, settings, limits, today)
    url = given or api.published
    if url is None:
        raise UsageError(
            f"no address is known at which {api.package} is published",
            f"give its document: typedpipes schema refresh {api.package} --from URL|FILE",
        )
    return _published(api, url, today)


def has_source(api: Api) -> bool:
    """Whether ``api`` can be refreshed without ``--from``."""
    return api.introspect or api.published is not None


def _file(api: Api, path: Path, today: date) -> Fetched:
    from typedpipes_codegen.refresh import Fetched

    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror}", "give the document's file or URL", ExitCode.USAGE
        ) from error
    return Fetched(api.package, data, path.name, "a file given by hand", today)


def _published(api: Api, url: str, today: date) -> Fetched:
    from typedpipes_codegen.refresh import Fetched

    try:
        data = drive(fetch_document(url), SyncIO())
    except DownloadError as error:
        raise CommandError(
            f"the document of {api.package} could not be fetched: {error}",
            "check the address, or fetch it yourself and give the file with --from; nothing was written",
        ) from error
    return Fetched(api.package, data, _plain(url), "the vendor's published document", today)


def _introspected(api: Api, url: str, settings: Mapping[str, str], limits: str | None, today: date) -> Fetched:
    """Ask the server itself. The facade checks the address and keeps the credential to its host."""
    from typedpipes.cli.capped_http import capped_client
    from typedpipes.pipefy import Pipefy
    from typedpipes_codegen.refresh import Fetched
    from typedpipes_codegen.refresh.introspection import QUERIES

    if api.package != "pipefy":
        raise UsageError(f"there is no client to introspect {api.package} with", "give a document with --from URL|FILE")
    answer: Any = None
    try:
        with (
            capped_client(LARGEST) as wire,
            Pipefy(
                env=settings, base_url=url, limits=store_url(limits, "pipefy", settings), http_client=wire
            ) as client,
        ):
            for query in QUERIES:
                try:
                    answer = client.execute(query, operation_name="IntrospectionQuery")
                    break
                except GraphQLError:
                    if query is QUERIES[-1]:
                        raise
    except DownloadError as error:
        raise CommandError(
            f"the schema of {api.package} could not be fetched: {error}", "check the address; nothing was written"
        ) from error
    # Sorted, so that the digest is that of the schema and not of the order a server happens to list it in.
    data = json.dumps(answer, sort_keys=True).encode()
    return Fetched(api.package, data, _plain(url), "introspection of the live API", today)


def _own_address(api: Api, settings: Mapping[str, str]) -> str:
    return settings.get("PIPEFY_BASE_URL", "").strip() or api.base_url


def _origin(url: str) -> str:
    try:
        return origin(url)
    except ValueError as error:
        raise UsageError(f"this is no URL: {error}", "give --from an https:// URL or a file") from error


def _plain(url: str) -> str:
    """A URL without user, query and fragment: it is written into a file that is committed."""
    parts = urlsplit(url)
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


__all__ = ["fetch", "has_source"]
