"""The asynchronous twins of `typedpipes.pipedream.resources`."""

from __future__ import annotations

from typing import Any, Final, Literal, Unpack, overload

from typedpipes._core.rest import ApiResponse, PipedreamOptions
from typedpipes.pipedream.resources import Expand, check_bounds
from typedpipes.runtime import (
    AsyncPages,
    RawAsyncResource,
    async_raw_method,
    raw_async_caller,
    raw_of,
)
from typedpipes_api.pipedream import sources, subscriptions, workflows
from typedpipes_api.pipedream._shared import EventSummary, EventSummaryListResponse, PagedCallOptions


class AsyncSourcesEvents(sources.AsyncSourcesEvents):
    """The asynchronous twin of `SourcesEvents`."""

    __slots__ = ()

    @property
    def raw(self) -> AsyncSourcesEventsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return AsyncSourcesEventsRaw(AsyncSourcesEvents(raw_async_caller(self._caller)))

    async def list(
        self,
        id: str,
        *,
        exclude: str | None = None,
        expand: Expand | None = "event",
        include: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **options: Unpack[PipedreamOptions],
    ) -> EventSummaryListResponse:
        """Up to the last 100 events of a source, whole: ``expand=None`` lets the vendor cut those above 1 KB.

        See the generated method for the rest.
        """
        return await super().list(
            id,
            exclude=exclude,
            expand=expand,
            include=include,
            limit=limit,
            after=after,
            before=before,
            **options,
        )

    def iter(
        self,
        id: str,
        *,
        exclude: str | None = None,
        expand: Expand | None = "event",
        include: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[EventSummary]:
        """All items of `list`, fetched page by page as they are used."""
        return super().iter(id, exclude=exclude, expand=expand, include=include, **options)

    @overload  # type: ignore[override]  # narrower on purpose: without bounds, or everything=True, mypy complains
    async def delete(
        self, id: str, *, start_id: str, end_id: str | None = None, **options: Unpack[PipedreamOptions]
    ) -> None: ...
    @overload
    async def delete(self, id: str, *, end_id: str, **options: Unpack[PipedreamOptions]) -> None: ...
    @overload
    async def delete(self, id: str, *, everything: Literal[True], **options: Unpack[PipedreamOptions]) -> None: ...
    async def delete(
        self,
        id: str,
        *,
        end_id: str | None = None,
        start_id: str | None = None,
        everything: bool = False,
        **options: Unpack[PipedreamOptions],
    ) -> None:
        """Delete the events from ``start_id`` to ``end_id``, both included; all of them only with ``everything=True``.

        Raises `ConfigurationError` without either. See the generated method for the rest.
        """
        check_bounds(start_id, end_id, everything)
        return await super().delete(id, end_id=end_id or None, start_id=start_id or None, **options)


class AsyncSourcesEventsRaw(RawAsyncResource):
    """`AsyncSourcesEvents` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    list: Final = async_raw_method(AsyncSourcesEvents.list)

    @overload
    async def delete(
        self, id: str, *, start_id: str, end_id: str | None = None, **options: Unpack[PipedreamOptions]
    ) -> ApiResponse[None]: ...
    @overload
    async def delete(self, id: str, *, end_id: str, **options: Unpack[PipedreamOptions]) -> ApiResponse[None]: ...
    @overload
    async def delete(
        self, id: str, *, everything: Literal[True], **options: Unpack[PipedreamOptions]
    ) -> ApiResponse[None]: ...
    @raw_of(AsyncSourcesEvents.delete)
    async def delete(self, *args: Any, **arguments: Any) -> Any: ...


class AsyncSources(sources.AsyncSources):
    """The asynchronous twin of `Sources`."""

    __slots__ = ()

    @property
    def events(self) -> AsyncSourcesEvents:
        """``sources.events``."""
        return AsyncSourcesEvents(self._caller)


class AsyncWorkflowsEmits(workflows.AsyncWorkflowsEmits):
    """The asynchronous twin of `WorkflowsEmits`."""

    __slots__ = ()

    @property
    def raw(self) -> AsyncWorkflowsEmitsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return AsyncWorkflowsEmitsRaw(AsyncWorkflowsEmits(raw_async_caller(self._caller)))

    async def list(
        self,
        workflow_id: str,
        *,
        exclude: str | None = None,
        expand: Expand | None = "event",
        include: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **options: Unpack[PipedreamOptions],
    ) -> EventSummaryListResponse:
        """Up to the last 100 events a workflow emitted, whole: ``expand=None`` lets the vendor cut those above 1 KB.

        See the generated method for the rest.
        """
        return await super().list(
            workflow_id,
            exclude=exclude,
            expand=expand,
            include=include,
            limit=limit,
            after=after,
            before=before,
            **options,
        )

    def iter(
        self,
        workflow_id: str,
        *,
        exclude: str | None = None,
        expand: Expand | None = "event",
        include: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[EventSummary]:
        """All items of `list`, fetched page by page as they are used."""
        return super().iter(workflow_id, exclude=exclude, expand=expand, include=include, **options)


class AsyncWorkflowsEmitsRaw(RawAsyncResource):
    """`AsyncWorkflowsEmits` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    list: Final = async_raw_method(AsyncWorkflowsEmits.list)


class AsyncWorkflowsErrors(workflows.AsyncWorkflowsErrors):
    """The asynchronous twin of `WorkflowsErrors`."""

    __slots__ = ()

    @property
    def raw(self) -> AsyncWorkflowsErrorsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return AsyncWorkflowsErrorsRaw(AsyncWorkflowsErrors(raw_async_caller(self._caller)))

    async def list(
        self,
        workflow_id: str,
        *,
        exclude: str | None = None,
        expand: Expand | None = "event",
        include: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **options: Unpack[PipedreamOptions],
    ) -> workflows.WorkflowErrorListResponse:
        """Up to the last 100 events a workflow failed on, whole: ``expand=None`` lets the vendor cut those above 1 KB.

        See the generated method for the rest.
        """
        return await super().list(
            workflow_id,
            exclude=exclude,
            expand=expand,
            include=include,
            limit=limit,
            after=after,
            before=before,
            **options,
        )

    def iter(
        self,
        workflow_id: str,
        *,
        exclude: str | None = None,
        expand: Expand | None = "event",
        include: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[workflows.WorkflowErrorSummary]:
        """All items of `list`, fetched page by page as they are used."""
        return super().iter(workflow_id, exclude=exclude, expand=expand, include=include, **options)


class AsyncWorkflowsErrorsRaw(RawAsyncResource):
    """`AsyncWorkflowsErrors` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    list: Final = async_raw_method(AsyncWorkflowsErrors.list)


class AsyncWorkflows(workflows.AsyncWorkflows):
    """The asynchronous twin of `Workflows`."""

    __slots__ = ()

    @property
    def emits(self) -> AsyncWorkflowsEmits:
        """``workflows.emits``."""
        return AsyncWorkflowsEmits(self._caller)

    @property
    def errors(self) -> AsyncWorkflowsErrors:
        """``workflows.errors``."""
        return AsyncWorkflowsErrors(self._caller)


class AsyncSubscriptions(subscriptions.AsyncSubscriptions):
    """The asynchronous twin of `Subscriptions`."""

    __slots__ = ()

    @property
    def raw(self) -> AsyncSubscriptionsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return AsyncSubscriptionsRaw(AsyncSubscriptions(raw_async_caller(self._caller)))

    async def delete(
        self, *, emitter_id: str, listener_id: str, event_name: str = "", **options: Unpack[PipedreamOptions]
    ) -> None:
        """Stop delivering an emitter's events to a listener.

        ``event_name`` is that of the subscription; one made without is deleted with an empty one, which is sent (seed
        001, "Delete a subscription"). See the generated method for the rest.
        """
        return await super().delete(emitter_id=emitter_id, event_name=event_name, listener_id=listener_id, **options)


class AsyncSubscriptionsRaw(RawAsyncResource):
    """`AsyncSubscriptions` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    create: Final = async_raw_method(subscriptions.AsyncSubscriptions.create)
    delete: Final = async_raw_method(AsyncSubscriptions.delete)


__all__ = [
    "AsyncSources",
    "AsyncSourcesEvents",
    "AsyncSourcesEventsRaw",
    "AsyncSubscriptions",
    "AsyncSubscriptionsRaw",
    "AsyncWorkflows",
    "AsyncWorkflowsEmits",
    "AsyncWorkflowsEmitsRaw",
    "AsyncWorkflowsErrors",
    "AsyncWorkflowsErrorsRaw",
]
