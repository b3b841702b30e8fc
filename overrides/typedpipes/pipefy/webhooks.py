"""Webhooks of pipes and tables: ``pipefy.webhooks``. It counts existing webhooks before it creates one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol, Unpack, cast
from urllib.parse import urlsplit

from typedpipes._core.arguments import check_options
from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql import JsonInput
from typedpipes._core.rest import CALL_OPTIONS, CallOptions
from typedpipes.errors import ConfigurationError
from typedpipes.events import logger
from typedpipes.limits.pipefy import WEBHOOKS_PER_PIPE

if TYPE_CHECKING:
    from typedpipes_api.pipefy import CreateWebhookInputDict, CreateWebhookPayload

PIPE: Final = "query PipeWebhooks($id: ID!) { pipe(id: $id) { webhooks { id } } }"
TABLE: Final = "query TableWebhooks($id: ID!) { table(id: $id) { webhooks { id } } }"


class Caller(Protocol):
    """The calls of a client that webhooks are made with."""

    def execute(
        self, document: str, variables: Mapping[str, object] | None = None, **options: Unpack[CallOptions]
    ) -> Mapping[str, JSON]:
        """Run a document and return the answer's ``data``."""
        ...

    def create_webhook(
        self, *, input: CreateWebhookInputDict, **options: Unpack[CallOptions]
    ) -> CreateWebhookPayload | None:
        """Create a webhook."""
        ...


class AsyncCaller(Protocol):
    """The asynchronous twin of `Caller`."""

    async def execute(
        self, document: str, variables: Mapping[str, object] | None = None, **options: Unpack[CallOptions]
    ) -> Mapping[str, JSON]:
        """Run a document and return the answer's ``data``."""
        ...

    async def create_webhook(
        self, *, input: CreateWebhookInputDict, **options: Unpack[CallOptions]
    ) -> CreateWebhookPayload | None:
        """Create a webhook."""
        ...


class Webhooks:
    """Webhooks of a synchronous client."""

    def __init__(self, pipefy: Caller) -> None:
        self._pipefy = pipefy

    def create(
        self,
        *,
        name: str,
        url: str,
        actions: Sequence[str],
        pipe_id: str | int | None = None,
        table_id: str | int | None = None,
        email: str | None = None,
        headers: Mapping[str, JsonInput] | None = None,
        filters: Mapping[str, JsonInput] | None = None,
        **options: Unpack[CallOptions],
    ) -> CreateWebhookPayload | None:
        """Create a webhook, after counting the existing ones; above 30 a warning is logged.

        Costs two calls; ``pipefy.create_webhook(input=...)`` costs one and does not look. Raises `ConfigurationError`
        before anything is sent for a URL that is not http or https, and for no owner or two.
        """
        check_options("webhooks.create", options, CALL_OPTIONS, Webhooks.create)
        wanted = _input(name, url, actions, pipe_id, table_id)
        optional = {"email": email, "headers": headers, "filters": filters}
        document, owner_id = (TABLE, table_id) if pipe_id is None else (PIPE, pipe_id)
        _advise(self._pipefy.execute(document, {"id": owner_id}, **options), pipe_id, table_id)
        given = {key: value for key, value in optional.items() if value is not None}
        return self._pipefy.create_webhook(input=_typed({**wanted, **given}), **options)


class AsyncWebhooks:
    """The asynchronous twin of `Webhooks`."""

    def __init__(self, pipefy: AsyncCaller) -> None:
        self._pipefy = pipefy

    async def create(
        self,
        *,
        name: str,
        url: str,
        actions: Sequence[str],
        pipe_id: str | int | None = None,
        table_id: str | int | None = None,
        email: str | None = None,
        headers: Mapping[str, JsonInput] | None = None,
        filters: Mapping[str, JsonInput] | None = None,
        **options: Unpack[CallOptions],
    ) -> CreateWebhookPayload | None:
        """Create a webhook (see `Webhooks.create`)."""
        check_options("webhooks.create", options, CALL_OPTIONS, Webhooks.create)
        wanted = _input(name, url, actions, pipe_id, table_id)
        optional = {"email": email, "headers": headers, "filters": filters}
        document, owner_id = (TABLE, table_id) if pipe_id is None else (PIPE, pipe_id)
        _advise(await self._pipefy.execute(document, {"id": owner_id}, **options), pipe_id, table_id)
        given = {key: value for key, value in optional.items() if value is not None}
        return await self._pipefy.create_webhook(input=_typed({**wanted, **given}), **options)


def _input(
    name: str, url: str, actions: Sequence[str], pipe_id: str | int | None, table_id: str | int | None
) -> dict[str, object]:
    if (pipe_id is None) is (table_id is None):
        raise ConfigurationError("give either pipe_id or table_id", setting="pipe_id")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("url must be http or https with a host", setting="url")
    if isinstance(actions, str) or not actions:
        raise ConfigurationError("actions is a list, such as ['card.create', 'card.move']", setting="actions")
    owner: dict[str, object] = {"table_id": table_id} if pipe_id is None else {"pipe_id": pipe_id}
    return {"name": name, "url": url, "actions": list(actions), **owner}


def _typed(wanted: Mapping[str, object]) -> CreateWebhookInputDict:
    return cast("CreateWebhookInputDict", dict(wanted))


def _advise(data: Mapping[str, JSON], pipe_id: str | int | None, table_id: str | int | None) -> None:
    """A warning in the log for the 31st and further ones: the vendor advises, the server does not refuse."""
    kind, identity = ("pipe", pipe_id) if pipe_id is not None else ("table", table_id)
    owner = data.get(kind)
    present = owner.get("webhooks") if isinstance(owner, dict) else None
    count = len(present) if isinstance(present, list) else 0
    if count >= WEBHOOKS_PER_PIPE:
        logger.warning(
            "%s %s has %d webhooks already; Pipefy advises at most %d",
            kind,
            identity,
            count,
            WEBHOOKS_PER_PIPE,
        )


__all__ = ["AsyncWebhooks", "Webhooks"]
