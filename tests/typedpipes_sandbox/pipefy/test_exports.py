"""Export jobs in both forms and their progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.typedpipes_sandbox.pipefy.exports_made import LIVE, POLL, created
from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
MakeSandbox = Callable[..., Sandbox]
DOCUMENTED = """mutation { createAutomationJobsExport(organizationId: "123456789", filter: last_month) {
  id status createdAt downloadUrl } }"""


def test_an_export_goes_from_created_over_processing_to_finished(sandbox: Sandbox, graphql: GraphQL) -> None:
    first = graphql(sandbox, LIVE)["data"]["createAutomationJobsExport"]["automationJobsExport"]
    assert (first["status"], first["fileUrl"]) == ("created", None)
    states = [graphql(sandbox, POLL, id=first["id"])["data"]["automationJobsExport"]["status"] for _ in range(2)]
    assert states == ["processing", "finished"]


@pytest.mark.parametrize(("form", "right", "wrong"), [("live", LIVE, DOCUMENTED), ("documented", DOCUMENTED, LIVE)])
def test_a_server_knows_one_form_only(
    make_sandbox: MakeSandbox, graphql: GraphQL, form: str, right: str, wrong: str
) -> None:
    sb = make_sandbox(pipefy_form=form)
    refused = graphql(sb, wrong)
    assert "data" not in refused
    assert {"argumentNotAccepted", "undefinedField"} & {each["extensions"]["code"] for each in refused["errors"]}
    assert len(sb.exports) == 0
    assert "errors" not in graphql(sb, right)
    assert len(sb.exports) == 1


@pytest.mark.parametrize(("known", "unknown"), [("fileUrl", "downloadUrl"), ("downloadUrl", "fileUrl")])
def test_a_server_may_know_only_one_link_field(
    make_sandbox: MakeSandbox, graphql: GraphQL, known: str, unknown: str
) -> None:
    sb = make_sandbox(export_link=known, exports={"pace": "once"})
    job = sb.exports.create("123456789", "last_month")
    assert "errors" in graphql(sb, f"query ($id: ID!) {{ automationJobsExport(id: $id) {{ {unknown} }} }}", id=job.id)
    answer = graphql(sb, f"query ($id: ID!) {{ automationJobsExport(id: $id) {{ {known} }} }}", id=job.id)
    assert answer["data"]["automationJobsExport"][known].startswith(sb.files_url)


@pytest.mark.parametrize(
    ("outcome", "status"), [("failed", "failed"), ("unknown", "archived"), ("never", "processing")]
)
def test_exports_end_as_told(make_sandbox: MakeSandbox, graphql: GraphQL, outcome: str, status: str) -> None:
    sb = make_sandbox(exports={"outcome": outcome, "after_polls": 1})
    identifier = created(graphql, sb)
    states = [graphql(sb, POLL, id=identifier)["data"]["automationJobsExport"]["status"] for _ in range(3)]
    assert states[-1] == status


def test_exports_can_follow_the_clock(make_sandbox: MakeSandbox, graphql: GraphQL) -> None:
    sb = make_sandbox(exports={"pace": "clock", "after_seconds": 1800})
    identifier = created(graphql, sb)
    assert graphql(sb, POLL, id=identifier)["data"]["automationJobsExport"]["status"] == "processing"
    sb.clock.advance(1800)
    assert graphql(sb, POLL, id=identifier)["data"]["automationJobsExport"]["status"] == "finished"


def test_the_wrong_organization_is_denied(sandbox: Sandbox, graphql: GraphQL) -> None:
    refused = graphql(sandbox, LIVE.replace("123456789", "987654321"))
    assert refused["errors"][0]["extensions"]["code"] == "PERMISSION_DENIED"
    assert len(sandbox.exports) == 0
