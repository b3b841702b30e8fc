"""Export files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import openpyxl
import pytest

from tests.typedpipes_sandbox.pipefy.exports_made import link_of
from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
MakeSandbox = Callable[..., Sandbox]


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
