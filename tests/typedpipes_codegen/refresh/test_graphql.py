"""Refreshing a GraphQL schema, and the saved documents with it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from graphql import build_schema, introspection_from_schema, parse, print_ast
from graphql.language import DocumentNode, StringValueNode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.committed_schemas import root_fields
from tests.typedpipes_codegen.refresh.checkout import ROOT, Checkout, document
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.documents import read_documents
from typedpipes_codegen.graphql.sdl import read_schema
from typedpipes_codegen.refresh import Prepared, prepare, write
from typedpipes_codegen.refresh.introspection import read_vendor_schema
from typedpipes_codegen.refresh.sdl_form import canonical_sdl

LIVE = (ROOT / "schemas" / "pipefy" / "live" / "schema.graphql").read_text(encoding="utf-8")
WEATHER = "\ntype Weather {\n  city: String!\n  degrees: Float\n}\n"


@pytest.fixture
def sdl(checkout: Checkout) -> str:
    """The checked-in schema."""
    return (checkout.schemas / "pipefy/documented/schema.graphql").read_text()


def refresh(checkout: Checkout, text: str, *, accept_removals: bool = False, mend: bool = False) -> Prepared:
    """Refresh Pipefy and write."""
    prepared = prepare(
        checkout.schemas, [document("pipefy", text, "given.graphql")], accept_removals=accept_removals, mend=mend
    )
    write(checkout.schemas, prepared)
    return prepared


def operations(checkout: Checkout) -> Path:
    return checkout.schemas / "pipefy/documented/operations"


def retold(text: str, seed: int) -> str:
    """The same schema in another order and with other descriptions."""
    shuffle = random.Random(seed)
    tree = parse(text)
    for node in tree.definitions:
        for name in ("fields", "values", "types"):
            members = list(getattr(node, name, None) or ())
            shuffle.shuffle(members)
            if members:
                setattr(node, name, tuple(members))
            for each in members:
                if hasattr(each, "description"):
                    each.description = StringValueNode(value=f"Edition {seed}.")
    definitions = list(tree.definitions)
    shuffle.shuffle(definitions)
    return print_ast(DocumentNode(definitions=tuple(definitions)))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_other_words_and_another_order_change_no_byte(tmp_path: Path, sdl: str, seed: int) -> None:
    source = tmp_path / "given.graphql"
    source.write_text(retold(sdl, seed))
    assert canonical_sdl(read_vendor_schema(source), sdl) == sdl


def test_a_large_schema_retold_changes_no_byte(tmp_path: Path) -> None:
    source = tmp_path / "given.graphql"
    source.write_text(retold(LIVE, 7))
    assert canonical_sdl(read_vendor_schema(source), LIVE) == LIVE


def test_introspection_gives_the_checked_in_bytes_with_our_annotations(tmp_path: Path) -> None:
    source = tmp_path / "answer.json"
    source.write_text(json.dumps({"data": introspection_from_schema(build_schema(LIVE), input_value_deprecation=True)}))
    assert canonical_sdl(read_vendor_schema(source), LIVE) == LIVE


def test_the_reasons_of_the_vendor_are_dropped_and_ours_are_kept(checkout: Checkout, sdl: str) -> None:
    ours = sdl.replace("  createdAt: DateTime\n", '  createdAt: DateTime @deprecated(reason: "Ask for the day.")\n')
    schema = checkout.schemas / "pipefy/documented/schema.graphql"
    schema.write_text(ours)
    theirs = sdl.replace("  createdAt: DateTime\n", '  createdAt: DateTime @deprecated(reason: "Theirs.")\n')
    theirs = theirs.replace("  status: ExportStatus\n", '  status: ExportStatus @deprecated(reason: "Theirs too.")\n')
    refresh(checkout, theirs)
    assert schema.read_text() == ours.replace("  status: ExportStatus\n", "  status: ExportStatus @deprecated\n")


def test_a_new_root_field_gets_a_document_and_everything_else_stays(checkout: Checkout, sdl: str) -> None:
    new = sdl.replace("type Query {", "type Query {\n  weather(city: String!): Weather") + WEATHER
    prepared = refresh(checkout, new)
    assert sorted(change.path for change in prepared.changes) == [
        "apis.toml",
        "pipefy/documented/operations/fragments/Weather.graphql",
        "pipefy/documented/operations/queries/Weather.graphql",
        "pipefy/documented/schema.graphql",
    ]
    text = (checkout.schemas / "pipefy/documented/schema.graphql").read_text()
    assert text.startswith("# Pipefy's automation jobs export")
    assert [line for line in sdl.splitlines() if line not in text.splitlines()] == []
    read_documents(read_schema(checkout.schemas / "pipefy/documented/schema.graphql"), operations(checkout))


def test_the_documents_of_a_removed_root_field_go_and_are_reported(checkout: Checkout, sdl: str) -> None:
    folder = operations(checkout) / "mutations"
    there = sorted(f"mutations/{path.name}" for path in folder.iterdir())
    tree = parse(sdl)
    for node in tree.definitions:
        if getattr(getattr(node, "name", None), "value", "") == "Mutation":
            node.fields = parse("type Mutation { other: ID }").definitions[0].fields  # type: ignore[attr-defined]
    prepared = refresh(checkout, print_ast(tree), accept_removals=True)
    assert set(prepared.packages[0].gone) == {f"mutation {name}" for name in root_fields("documented", "Mutation")}
    assert prepared.packages[0].documents.removed == there
    assert [path.name for path in folder.iterdir()] == ["Other.graphql"]


def test_a_saved_document_that_no_longer_fits_is_an_error_naming_file_and_line(checkout: Checkout, sdl: str) -> None:
    before = checkout.state()
    gone = sdl.replace("  downloadUrl: String\n", "")
    with pytest.raises(SchemaError, match="downloadUrl") as caught:
        refresh(checkout, gone)
    assert caught.value.file is not None
    assert caught.value.file.startswith(str(operations(checkout)))
    assert caught.value.line
    assert "--mend" in caught.value.remedy
    assert checkout.state() == before


def test_mending_takes_out_what_is_gone_and_says_where(checkout: Checkout, sdl: str) -> None:
    before = [path.read_text() for path in operations(checkout).rglob("*.graphql")]
    prepared = refresh(checkout, sdl.replace("  downloadUrl: String\n", ""), mend=True)
    texts = [path.read_text() for path in sorted(operations(checkout).rglob("*.graphql"))]
    assert not any(line.strip() == "downloadUrl" for text in texts for line in text.splitlines())
    asked = [line for text in before for line in text.splitlines() if line.strip() == "downloadUrl"]
    assert len(prepared.packages[0].documents.mended) == len(asked) >= 2
    assert all("downloadUrl" in line for line in prepared.packages[0].documents.mended)
    read_documents(read_schema(checkout.schemas / "pipefy/documented/schema.graphql"), operations(checkout))


def test_mending_keeps_comments_and_every_line_it_has_no_reason_to_touch(checkout: Checkout, sdl: str) -> None:
    path = operations(checkout) / "queries" / "AutomationJobsExportDownloadUrl.graphql"
    path.write_text("# Ours (), to stay.\n" + path.read_text())
    before = path.read_text().splitlines()
    refresh(checkout, sdl.replace("  downloadUrl: String\n", ""), mend=True)
    assert path.read_text().splitlines() == [line for line in before if line.strip() != "downloadUrl"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("automationJobsExport(id: ID!)", "automationJobsExport(id: ID!, day: Int!)", "day: $day"),
        ("(organizationId: ID!, filter: PeriodFilter!)", "(organizationId: ID!)", None),
        ("(organizationId: ID!, filter: PeriodFilter!)", "(organizationId: String!, filter: PeriodFilter!)", "String!"),
    ],
    ids=["argument required now", "argument gone", "argument of another type"],
)
def test_mending_follows_arguments(checkout: Checkout, sdl: str, old: str, new: str, expected: str | None) -> None:
    refresh(checkout, sdl.replace(old, new), mend=True)
    texts = "".join(path.read_text() for path in sorted(operations(checkout).rglob("*.graphql")))
    if expected is None:
        assert "$filter" not in texts
    else:
        assert expected in texts
    read_documents(read_schema(checkout.schemas / "pipefy/documented/schema.graphql"), operations(checkout))


def test_what_mending_cannot_cure_stays_an_error(checkout: Checkout, sdl: str) -> None:
    before = checkout.state()
    (operations(checkout) / "queries" / "Bad.graphql").write_text(
        "query Bad { a: automationJobsExport(id: true) { id } }\n"
    )
    with pytest.raises(SchemaError, match="ID cannot represent"):
        refresh(checkout, sdl.replace("  downloadUrl: String\n", ""), mend=True)
    (operations(checkout) / "queries" / "Bad.graphql").unlink()
    assert checkout.state() == before


def test_a_secret_field_that_vanishes_is_pointed_out(checkout: Checkout, sdl: str) -> None:
    schema = checkout.schemas / "pipefy/documented/schema.graphql"
    marked = sdl.replace("  createdAt: DateTime\n", "  createdAt: DateTime\n  pin: String @secret\n")
    head, _, rest = marked.partition("schema {")
    schema.write_text(f'{head}"""Masked."""\ndirective @secret on FIELD_DEFINITION\n\nschema {{{rest}')
    theirs = sdl.replace("  createdAt: DateTime\n", "  createdAt: DateTime\n  secretPin: String\n")
    prepared = refresh(checkout, theirs)
    told = "\n".join(prepared.packages[0].notices)
    assert "AutomationJobsExport.pin carried" in told
    assert "AutomationJobsExport.secretPin is new and may be a secret" in told
    assert "directive @secret" in schema.read_text()
