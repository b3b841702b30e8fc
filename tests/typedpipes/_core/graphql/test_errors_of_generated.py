"""Bad input: one clear `SchemaError` with file and line, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typedpipes_codegen.graphql.packages import render_to, write
from typedpipes_codegen.errors import SchemaError

SCHEMA = "type Query { one(id: ID): Thing two: Int }\ntype Thing { id: ID! thing: Thing name: String }\n"


def refusal(tmp_path: Path, schema: str = SCHEMA, **documents: str) -> SchemaError:
    """The error that rendering raises; the output folder must stay empty."""
    write(tmp_path / "in", schema, **documents)
    with pytest.raises(SchemaError) as caught:
        render_to(tmp_path / "out", tmp_path / "in", complete=False)
    assert list((tmp_path / "out").iterdir()) == []
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("schema", "line", "message"),
    [
        ("type Query {\n  one: Int\n  two Int\n}", 3, "Expected ':'"),
        ("type Query { one: Int }\n\ntype Query { two: Int }", 3, "There can be only one type named 'Query'"),
        ("type Query {\n  one: Missing\n}", 2, "Unknown type 'Missing'"),
        ("type Query { one: Int }\ntype Empty", 2, "must define one or more fields"),
        ("type Thing { one: Int }", None, "Query root type must be provided"),
        ("type Query { one: Int }\nenum E { __a }", 2, "must not begin with"),
        ("type Query { one: Int }\ninput A { b: B = {} }\ninput B { a: A! = {} }", 2, "in a circle"),
        ("type Query { " + "one: " + "[" * 2000 + "Int" + "]" * 2000 + " }", 1, "nested too deeply"),
    ],
)
def test_an_invalid_schema_is_refused_with_its_line(
    tmp_path: Path, schema: str, line: int | None, message: str
) -> None:
    error = refusal(tmp_path, schema, Two="query Two { two }")
    assert message in error.message
    assert error.line == line
    assert str(error.file).endswith("in/schema.graphql")


def test_every_fault_of_the_documents_is_listed_with_file_and_line(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        First="query First {\n  one {\n    id\n    missing\n  }\n}",
        Second="query Second($id: Nope) {\n  two\n}\n\nquery Third { two { id } }",
    )
    assert "First.graphql:4:5: Cannot query field 'missing' on type 'Thing'." in error.message
    assert "Second.graphql:1:19: Unknown type 'Nope'." in error.message
    assert "Second.graphql:5:19: Field 'two' must not have a selection" in error.message
    assert str(error.file).endswith("First.graphql")
    assert error.line == 4


@pytest.mark.parametrize(
    ("documents", "line", "message"),
    [
        ({"A": "query A { two }", "B": "\n\nquery A { two }"}, 3, "There can be only one operation named 'A'"),
        ({"A": "query A {\n  two"}, 2, "Expected Name"),
        ({"A": "{ two }"}, 1, "needs a name"),
        ({"A": "query import { two }"}, 1, "Python keyword"),
        ({"A": "query Execute { two }"}, 1, "which the client has already"),
        ({"A": "query MyQuery { two }\nquery my_query { two }"}, 2, "would both make the method my_query"),
        ({"A": "query _1 { two }"}, 1, "makes no method name"),
        ({"A": "query A($myId: ID, $my_id: ID) { a: one(id: $myId) { id } b: one(id: $my_id) { id } }"}, 1, "my_id"),
        ({"A": "query A { one { ...Field } }\nfragment Field on Thing { id }"}, 2, "a name generated code needs"),
        ({"A": "query A { one { ...none } }\nfragment none on Thing { id }"}, 2, "a name generated code needs"),
        ({"A": "query A { one { ...a } }\nfragment a on Thing { id ...a }"}, 2, "Cannot spread fragment 'a' within"),
        ({"A": "query A { one " + "{ thing " * 15 + "{ id }" + "}" * 15 + " }"}, 1, "17 levels deep; at most 15"),
        ({"A": "query A { one " + "{ thing " * 3000 + "{ id }" + "}" * 3000 + " }"}, 1, "nested too deeply"),
        ({"A": "query A { one " + "{ thing " * 300 + "{ id }" + "}" * 300 + " }"}, None, "deep"),
    ],
)
def test_a_document_that_cannot_be_generated_is_refused(
    tmp_path: Path, documents: dict[str, str], line: int | None, message: str
) -> None:
    error = refusal(tmp_path, **documents)
    assert message in error.message
    assert error.line == (line or error.line)
    assert "operations" in str(error.file)


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ("enum class { a }", "type class would be a class called Class"),
        ("input None { a: Int }", "type None would be a class called None"),
        ("enum OpenEnum { a }", "a name generated code needs"),
        ("enum foo_bar { a }\nenum FooBar { a }", "would both be a class called FooBar"),
        ("enum Foo { a }\nenum FooLiteral { a }", "two classes would be called FooLiteral"),
    ],
)
def test_a_type_whose_class_could_not_exist_is_refused(tmp_path: Path, types: str, message: str) -> None:
    assert message in refusal(tmp_path, f"{SCHEMA}\n{types}", Two="query Two { two }").message


def test_two_result_classes_of_one_name_are_refused(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        A="query A { one { ...Outer } }\nfragment Outer on Thing { thing { id } }",
        B="query B { one { ...OuterThing } }\nfragment OuterThing on Thing { name }",
    )
    assert "two result classes would be called OuterThing" in error.message


def test_one_field_selected_in_two_ways_is_refused(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        A="query A { one { ...X ...Y } }\nfragment X on Thing { thing { id } }\nfragment Y on Thing { thing { name } }",
    )
    assert "AData.thing is selected in two ways" in error.message
    assert "select that field in one place" in error.remedy


def test_a_document_that_lies_outside_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.graphql"
    outside.write_text("query Outside { two }", encoding="utf-8")
    _, operations = write(tmp_path / "in", SCHEMA, Two="query Two { two }")
    (operations / "link.graphql").symlink_to(outside)
    with pytest.raises(SchemaError, match="leads out of the operations directory"):
        render_to(tmp_path / "out", tmp_path / "in", complete=False)


def test_an_empty_or_unreadable_input_is_refused(tmp_path: Path) -> None:
    assert "no operation documents" in refusal(tmp_path / "none").message
    schema, _ = write(tmp_path / "in", SCHEMA, Two="query Two { two }")
    schema.write_bytes(b"type Query { one: Int } # \xff")
    with pytest.raises(SchemaError, match="cannot read the schema"):
        render_to(tmp_path / "out", tmp_path / "in")


def test_an_output_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "in", SCHEMA, Two="query Two { two }")
    (tmp_path / "out" / "kept").mkdir(parents=True)
    with pytest.raises(FileExistsError):
        render_to(tmp_path / "out", tmp_path / "in", complete=False)
    from typedpipes_codegen.graphql import render

    with pytest.raises(SchemaError, match="not empty"):
        render(
            tmp_path / "in" / "schema.graphql",
            tmp_path / "in" / "operations",
            tmp_path / "out",
            package="x",
            header="x",
            complete=False,
        )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept"]


@pytest.mark.parametrize("package", ["", "../x", "a.b;import os", "class", "a-b", "a..b"])
def test_a_package_name_that_is_no_name_is_refused(tmp_path: Path, package: str) -> None:
    from typedpipes_codegen.graphql import render

    schema, operations = write(tmp_path / "in", SCHEMA, Two="query Two { two }")
    with pytest.raises(SchemaError, match="is not a package name"):
        render(schema, operations, tmp_path / "out", package=package, header="x", complete=False)
    assert not (tmp_path / "out").exists()
