"""Exports of the stand-in, created and finished at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
LIVE = """mutation { createAutomationJobsExport(input: {organizationId: "123456789", filter: last_month}) {
  automationJobsExport { id status fileUrl } } }"""
POLL = "query ($id: ID!) { automationJobsExport(id: $id) { id status fileUrl } }"


def created(graphql: GraphQL, sb: Sandbox) -> str:
    """The id of a new export in the live form."""
    identifier: str = graphql(sb, LIVE)["data"]["createAutomationJobsExport"]["automationJobsExport"]["id"]
    return identifier


def link_of(graphql: GraphQL, sb: Sandbox) -> str:
    """The link of an export that is finished at once."""
    url: str = graphql(sb, POLL, id=created(graphql, sb))["data"]["automationJobsExport"]["fileUrl"]
    return url
