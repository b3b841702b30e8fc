"""REST resources with rules that generated methods cannot express.

Event listings ask for whole events, deleting every event must be asked for, and deleting a subscription names its
event stream, if only by an empty name.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Unpack, overload

from typedpipes._core.rest import ApiResponse, PipedreamOptions
from typedpipes.errors import ConfigurationError
from typedpipes.runtime import (
    Pages,
    RawResource,
    raw_caller,
    raw_method,
    raw_of,
)
from typedpipes_api.pipedream import sources, subscriptions, workflows
from typedpipes_api.pipedream._shared import EventSummary, EventSummaryListResponse, PagedCallOptions

Expand = Literal["event"]


def check_bounds(start_id: str | None, end_id: str | None, everything: bool) -> None:
    """Without bounds the vendor deletes all events of the source."""
    bounded = bool(start_id) or bool(end_id)
    if not bounded and not everything:
        raise ConfigurationError(
            "pipedream.sources.events.delete deletes every event of the source unless start_id or end_id bounds it "
            "(both count in); give one, or everything=True",
            setting="start_id",
        )
    if bounded and everything:
        raise ConfigurationError(
            "pipedream.sources.events.delete: everything=True contradicts start_id and end_id", setting="everything"
        )


class SourcesEvents(sources.SourcesEvents):
    """``sources.events``: whole events, and deletion that asks for bounds."""

    __slots__ = ()

    @property
    def raw(self) -> SourcesEventsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return SourcesEventsRaw(SourcesEvents(raw_caller(self._caller)))

    def list(
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
        return super().list(
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
    ) -> Pages[EventSummary]:
        """All items of `list`, fetched page by page as they are used."""
        return super().iter(id, exclude=exclude, expand=expand, include=include, **options)

    @overload  # type: ignore[override]  # narrower on purpose: without bounds, or everything=True, mypy complains
    def delete(
        self, id: str, *, start_id: str, end_id: str | None = None, **options: Unpack[PipedreamOptions]
    ) -> None: ...
    @overload
    def delete(self, id: str, *, end_id: str, **options: Unpack[PipedreamOptions]) -> None: ...
    @overload
    def delete(self, id: str, *, everything: Literal[True], **options: Unpack[PipedreamOptions]) -> None: ...
    def delete(
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
        return super().delete(id, end_id=end_id or None, start_id=start_id or None, **options)


class SourcesEventsRaw(RawResource):
    """`SourcesEvents` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    list: Final = raw_method(SourcesEvents.list)

    @overload
    def delete(
        self, id: str, *, start_id: str, end_id: str | None = None, **options: Unpack[PipedreamOptions]
    ) -> ApiResponse[None]: ...
    @overload
    def delete(self, id: str, *, end_id: str, **options: Unpack[PipedreamOptions]) -> ApiResponse[None]: ...
    @overload
    def delete(
        self, id: str, *, everything: Literal[True], **options: Unpack[PipedreamOptions]
    ) -> ApiResponse[None]: ...
    @raw_of(SourcesEvents.delete)
    def delete(self, *args: Any, **arguments: Any) -> Any: ...


class Sources(sources.Sources):
    """``sources``, with `SourcesEvents`."""

    __slots__ = ()

    @property
    def events(self) -> SourcesEvents:
        """``sources.events``."""
        return SourcesEvents(self._caller)


class WorkflowsEmits(workflows.WorkflowsEmits):
    """``workflows.emits``: whole events."""

    __slots__ = ()

    @property
    def raw(self) -> WorkflowsEmitsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return WorkflowsEmitsRaw(WorkflowsEmits(raw_caller(self._caller)))

    def list(
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
        return super().list(
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
    ) -> Pages[EventSummary]:
        """All items of `list`, fetched page by page as they are used."""
        return super().iter(workflow_id, exclude=exclude, expand=expand, include=include, **options)


class WorkflowsEmitsRaw(RawResource):
    """`WorkflowsEmits` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    list: Final = raw_method(WorkflowsEmits.list)


class WorkflowsErrors(workflows.WorkflowsErrors):
    """``workflows.errors``: whole events."""

    __slots__ = ()

    @property
    def raw(self) -> WorkflowsErrorsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return WorkflowsErrorsRaw(WorkflowsErrors(raw_caller(self._caller)))

    def list(
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
        return super().list(
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
    ) -> Pages[workflows.WorkflowErrorSummary]:
        """All items of `list`, fetched page by page as they are used."""
        return super().iter(workflow_id, exclude=exclude, expand=expand, include=include, **options)


class WorkflowsErrorsRaw(RawResource):
    """`WorkflowsErrors` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    list: Final = raw_method(WorkflowsErrors.list)


class Workflows(workflows.Workflows):
    """``workflows``, with whole events."""

    __slots__ = ()

    @property
    def emits(self) -> WorkflowsEmits:
        """``workflows.emits``."""
        return WorkflowsEmits(self._caller)

    @property
    def errors(self) -> WorkflowsErrors:
        """``workflows.errors``."""
        return WorkflowsErrors(self._caller)


class Subscriptions(subscriptions.Subscriptions):
    """``subscriptions``: the event name may be left out where it is empty."""

    __slots__ = ()

    @property
    def raw(self) -> SubscriptionsRaw:  # type: ignore[override]  # a raw twin of its own: the same methods with our defaults
        """The same methods, returning status and headers too."""
        return SubscriptionsRaw(Subscriptions(raw_caller(self._caller)))

    def delete(
        self, *, emitter_id: str, listener_id: str, event_name: str = "", **options: Unpack[PipedreamOptions]
    ) -> None:
        """Stop delivering an emitter's events to a listener.

        ``event_name`` is that of the subscription; one made without is deleted with an empty one, which is sent (seed
        001, "Delete a subscription"). See the generated method for the rest.
        """
        return super().delete(emitter_id=emitter_id, event_name=event_name, listener_id=listener_id, **options)


class SubscriptionsRaw(RawResource):
    """`Subscriptions` with status and headers: each method returns an `ApiResponse`."""

    __slots__ = ()

    create: Final = raw_method(subscriptions.Subscriptions.create)
    delete: Final = raw_method(Subscriptions.delete)


__all__ = [
    "Expand",
    "Sources",
    "SourcesEvents",
    "SourcesEventsRaw",
    "Subscriptions",
    "SubscriptionsRaw",
    "Workflows",
    "WorkflowsEmits",
    "WorkflowsEmitsRaw",
    "WorkflowsErrors",
    "WorkflowsErrorsRaw",
    "check_bounds",
]
