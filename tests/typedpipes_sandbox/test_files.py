"""The file host: links that die, ranges, credentials that do not belong there, content of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from tests.typedpipes_sandbox.pipefy.exports_made import POLL, created, link_of
from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
MakeSandbox = Callable[..., Sandbox]


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
