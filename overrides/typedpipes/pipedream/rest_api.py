"""The REST API with our own `typedpipes.pipedream.resources` in place of the generated ones."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from typedpipes_api.pipedream import AsyncPipedreamApi, PipedreamApi

if TYPE_CHECKING:
    from typedpipes.pipedream import async_resources, resources


class RestApi(PipedreamApi):
    """Every resource of the REST API."""

    @cached_property
    def sources(self) -> resources.Sources:
        """``sources``, with rules of its own."""
        from typedpipes.pipedream.resources import Sources

        return Sources(self._caller)

    @cached_property
    def subscriptions(self) -> resources.Subscriptions:
        """``subscriptions``, with rules of its own."""
        from typedpipes.pipedream.resources import Subscriptions

        return Subscriptions(self._caller)

    @cached_property
    def workflows(self) -> resources.Workflows:
        """``workflows``, with rules of its own."""
        from typedpipes.pipedream.resources import Workflows

        return Workflows(self._caller)


class AsyncRestApi(AsyncPipedreamApi):
    """Every resource of the REST API."""

    @cached_property
    def sources(self) -> async_resources.AsyncSources:
        """``sources``, with rules of its own."""
        from typedpipes.pipedream.async_resources import AsyncSources

        return AsyncSources(self._caller)

    @cached_property
    def subscriptions(self) -> async_resources.AsyncSubscriptions:
        """``subscriptions``, with rules of its own."""
        from typedpipes.pipedream.async_resources import AsyncSubscriptions

        return AsyncSubscriptions(self._caller)

    @cached_property
    def workflows(self) -> async_resources.AsyncWorkflows:
        """``workflows``, with rules of its own."""
        from typedpipes.pipedream.async_resources import AsyncWorkflows

        return AsyncWorkflows(self._caller)


__all__ = ["AsyncRestApi", "RestApi"]
