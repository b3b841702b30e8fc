"""Every root field of Pipefy's schema runs with arguments and selections made from the schema, to depth four."""

from __future__ import annotations

import httpx
import pytest

from tests.support.committed_schemas import root_fields
from tests.typedpipes_sandbox.schema.documents_by_schema import Documents
from typedpipes_sandbox import Limits, Sandbox


@pytest.mark.parametrize("form", ["live", "documented"])
@pytest.mark.parametrize("kind", ["query", "mutation"])
def test_every_root_field_runs(form: str, kind: str) -> None:
    sandbox = Sandbox(limits=Limits.off(), pipefy_form=form, exports={"pace": "once"})
    documents = Documents(sandbox)
    root = documents.schema.query_type if kind == "query" else documents.schema.mutation_type
    assert root is not None
    assert set(root.fields) == root_fields(form, "Query" if kind == "query" else "Mutation")
    failures: dict[str, str] = {}
    with httpx.Client(transport=sandbox.transport()) as client:
        headers = {"Authorization": f"Bearer {sandbox.pipefy.personal_token}"}
        fields = sorted(root.fields.items(), key=lambda item: item[0].startswith(("delete", "remove")))
        for name, field in fields:
            document = documents.of(kind, name, field)
            response = client.post("https://api.pipefy.com/graphql", json={"query": document}, headers=headers)
            answer = response.json()
            if response.status_code != 200 or "errors" in answer:
                failures[name] = str(answer.get("errors"))[:300]
    assert failures == {}
    assert sandbox.errors == []
