"""Export jobs in both forms, their progress, and the file host."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import openpyxl
import pytest

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
MakeSandbox = Callable[..., Sandbox]
LIVE = """mutation { createAutomationJobsExport(input: {organizationId: "123456789", filter: last_month}) {
  automationJobsExport { id status fileUrl } } }"""
DOCUMENTED = """mutation { createAutomationJobsExport(organizationId: "123456789", filter: last_month) {
  id status createdAt downloadUrl } }"""
POLL = "query ($id: ID!) { automationJobsExport(id: $id) { id status fileUrl } }"


def created(graphql: GraphQL, sb: Sandbox) -> str:
    """The id of a new export in the live form."""
    identifier: str = graphql(sb, LIVE)["data"]["createAutomationJobsExport"]["automationJobsExport"]["id"]
    return identifier


def link_of(graphql: GraphQL, sb: Sandbox) -> str:
    """The link of an export that is finished at once."""
    url: str = graphql(sb, POLL, id=created(graphql, sb))["data"]["automationJobsExport"]["fileUrl"]
    return url


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


def test_the_csv_has_the_rows_asked_for(make_sandbox: MakeSandbox, graphql: GraphQL, http: httpx.Client) -> None:
    sb = make_sandbox(exports={"pace": "once", "rows": 1234})
    text = http.get(link_of(graphql, sb)).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["Job ID"]) for row in rows] == list(range(1, 1235))


@pytest.mark.parametrize("shared", [False, True])
def test_the_xlsx_can_be_read(make_sandbox: MakeSandbox, graphql: GraphQL, http: httpx.Client, shared: bool) -> None:
    sb = make_sandbox(exports={"pace": "once", "format": "xlsx", "rows": 40, "shared_strings": shared})
    content = http.get(link_of(graphql, sb)).content
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 41
    assert rows[0][0] == "Job ID"
    assert rows[40][0] == "0000000040"


def test_a_link_dies_after_fifteen_minutes_and_a_fresh_one_works(
    make_sandbox: MakeSandbox, graphql: GraphQL, http: httpx.Client
) -> None:
    sb = make_sandbox(exports={"pace": "once"})
    sb.clock.freeze()
    identifier = created(graphql, sb)
    old = graphql(sb, POLL, id=identifier)["data"]["automationJobsExport"]["fileUrl"]
    sb.clock.advance(899)
    assert http.get(old).status_code == 200
    sb.clock.advance(1)
    dead = http.get(old)
    assert dead.status_code == 403
    assert "expired" in dead.text
    fresh = graphql(sb, POLL, id=identifier)["data"]["automationJobsExport"]["fileUrl"]
    assert http.get(fresh).status_code == 200


def test_ranges_and_etags_allow_a_download_to_continue(
    make_sandbox: MakeSandbox, graphql: GraphQL, http: httpx.Client
) -> None:
    sb = make_sandbox(exports={"pace": "once", "rows": 2000})
    url = link_of(graphql, sb)
    whole = http.get(url)
    etag = whole.headers["etag"]
    part = http.get(url, headers={"Range": "bytes=70000-", "If-Range": etag})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 70000-{len(whole.content) - 1}/{len(whole.content)}"
    assert whole.content[:70000] + part.content == whole.content
    assert http.get(url, headers={"Range": f"bytes={len(whole.content)}-"}).status_code == 416
    changed = http.get(url, headers={"Range": "bytes=10-", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(whole.content))


def test_ranges_can_be_switched_off(make_sandbox: MakeSandbox, graphql: GraphQL, http: httpx.Client) -> None:
    sb = make_sandbox(exports={"pace": "once"}, file_ranges=False, file_etags=False)
    answer = http.get(link_of(graphql, sb), headers={"Range": "bytes=5-"})
    assert answer.status_code == 200
    assert "etag" not in answer.headers


def test_a_credential_at_the_file_host_is_refused_and_noted(
    make_sandbox: MakeSandbox, graphql: GraphQL, http: httpx.Client
) -> None:
    sb = make_sandbox(exports={"pace": "once"})
    refused = http.get(link_of(graphql, sb), headers={"Authorization": "Bearer planted-secret"})
    assert refused.status_code == 400
    assert [entry.violations for entry in sb.violations] == [["files.credential"]]
    assert "planted-secret" not in str([entry.as_dict() for entry in sb.log])


def test_a_gibibyte_is_served_without_memory(make_sandbox: MakeSandbox, graphql: GraphQL, http: httpx.Client) -> None:
    sb = make_sandbox(exports={"pace": "once", "rows": 10_000_000})
    url = link_of(graphql, sb)
    tail = http.get(url, headers={"Range": "bytes=-200"})
    assert b"\n0010000000," in tail.content
    assert int(tail.headers["content-range"].rpartition("/")[2]) > 1_000_000_000
