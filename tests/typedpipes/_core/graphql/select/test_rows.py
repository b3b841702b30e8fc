"""Answers read by the fields they were selected with, as tolerantly as every other answer."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from graphql import parse, validate

from tests.typedpipes._core.graphql.select.workshop import client, schema
from typedpipes._core.graphql.select.rows import Row
from typedpipes._core.redaction import MASK
from typedpipes.errors import ConfigurationError, NotSelected, ResponseMismatch


def asked(fields: Any, data: object, *chosen: Any, strict: bool = False) -> tuple[Any, list[str], str]:
    """The row of an answer, the drift heard, and the document; which must be valid."""
    made, canned = client(data, strict=strict)
    row = made.query(*chosen)
    document = canned.asked[-1][0].document
    assert validate(schema(), parse(document)) == []
    return row, [str(drift) for drift in canned.drift], document


def user(fields: Any, *chosen: Any) -> Any:
    return fields.Query.old().fields(*chosen)


def test_values_are_read_by_the_field_and_plain_json_is_there_too(fields: Any) -> None:
    data = {"old": {"name": "Ada", "size": "big", "data": {"a": [1]}, "settled": None, "parts": [{"serial": 7}, None]}}
    User, Robot = fields.User, fields.Robot
    chosen = (User.name, User.size, User.data, User.settled, User.parts(first=2).fields(Robot.serial))
    row, heard, _ = asked(fields, data, user(fields, *chosen))
    old = row[fields.Query.old]
    assert heard == []
    assert (old[User.name], old[User.data], old[User.settled]) == ("Ada", {"a": [1]}, None)
    assert old[User.size] == "big"
    assert old[User.size].is_known
    assert old[User.parts][0][Robot.serial] == 7
    assert old[User.parts][1] is None
    assert [part[Robot.serial] for part in old.each(User.parts)] == [7]
    assert [part[Robot.serial] for part in row.each(fields.Query.old, User.parts)] == [7]
    assert row.at(fields.Query.old, User.name) == "Ada"
    assert row.json is data
    assert old == row[fields.Query.old]
    assert old != row


def test_a_path_that_ends_early_is_none_and_gives_no_rows(fields: Any) -> None:
    Query, User = fields.Query, fields.User
    row, _, _ = asked(fields, {"old": None}, user(fields, User.owner.fields(User.name)))
    assert row[Query.old] is None
    assert row.at(Query.old, User.owner, User.name) is None
    assert row.each(Query.old, User.owner) == []


def test_an_unknown_enum_value_is_kept_and_reported(fields: Any) -> None:
    row, heard, _ = asked(fields, {"old": {"size": "huge"}}, user(fields, fields.User.size))
    assert row.at(fields.Query.old, fields.User.size) == "huge"
    assert not row.at(fields.Query.old, fields.User.size).is_known
    assert heard == ["Old: $.old.size: expected a known Size, got an unknown value"]


def test_what_is_missing_raises_when_it_is_read_and_only_then(fields: Any) -> None:
    User = fields.User
    row, heard, _ = asked(fields, {"old": {"label": "x"}}, user(fields, User.label, User.name, User.value))
    old = row[fields.Query.old]
    assert old[User.label] == "x"
    assert User.label in old
    assert User.name not in old
    with pytest.raises(ResponseMismatch, match=r"\$\.old\.name") as caught:
        old[User.name]
    assert caught.value.operation == "Old"
    assert heard == [
        "Old: $.old.name: expected a required value, got nothing",
        "Old: $.old.value: expected a required value, got nothing",
    ]


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"name": 5}, "name: expected a string, got integer"),
        ({"name": None}, "name: expected a string, got null"),
        ({"name": "x", "more": 1}, "more: expected no such property, got an unknown property"),
        ({}, "name: expected a required value, got nothing"),
        ([], "old: expected a User object, got array"),
    ],
)
def test_a_departure_is_kept_and_reported_and_raises_when_strict(fields: Any, answer: Any, path: str) -> None:
    chosen = user(fields, fields.User.name)
    row, heard, _ = asked(fields, {"old": answer}, chosen)
    assert row.json == {"old": answer}
    assert len(heard) == 1
    assert heard[0].endswith(path)
    with pytest.raises(ResponseMismatch):
        asked(fields, {"old": answer}, chosen, strict=True)


def test_a_list_of_lists_is_read_as_one(fields: Any) -> None:
    row, heard, _ = asked(fields, {"matrix": [[1, 2], None]}, fields.Query.matrix(scale=1.5))
    assert row[fields.Query.matrix] == [[1, 2], None]
    assert heard == []
    _, heard, _ = asked(fields, {"matrix": [[1, "2"]]}, fields.Query.matrix)
    assert heard == ["Matrix: $.matrix[*][*]: expected an integer, got string"]


def test_one_field_can_be_selected_twice_under_aliases(fields: Any) -> None:
    User, Robot = fields.User, fields.Robot
    few, many = User.parts(first=1).alias("few"), User.parts(first=9).alias("many")
    data = {"old": {"few": [{"serial": 1}], "many": [{"label": "x"}]}}
    row, heard, document = asked(fields, data, user(fields, few.fields(Robot.serial), many.fields(Robot.label)))
    old = row[fields.Query.old]
    assert [part[Robot.serial] for part in old.each(few)] == [1]
    assert [part[Robot.label] for part in old.each(many)] == ["x"]
    assert "few: parts(first: $first)" in document
    assert "many: parts(first: $first_2)" in document
    assert heard == []
    with pytest.raises(NotSelected, match=r"User\.parts> was not selected; this row has few, many"):
        old[User.parts]


def test_the_same_selection_in_two_places_is_one(fields: Any) -> None:
    User = fields.User
    _, _, document = asked(
        fields,
        {"old": {"owner": {"name": "x", "label": None}}},
        user(fields, User.owner.fields(User.name)),
        user(fields, User.owner.fields(User.label, User.name)),
    )
    assert document == "query Old {\n  old {\n    owner {\n      name\n      label\n    }\n  }\n}"


def test_a_union_is_read_as_what_each_object_is(fields: Any) -> None:
    User, Robot, Thing = fields.User, fields.Robot, fields.Thing
    data = {
        "any": [
            {"__typename": "User", "name": "Ada", "value": 3},
            {"__typename": "Robot", "serial": 9, "Robot_value": "nine"},
            {"__typename": "Plant"},
        ]
    }
    chosen = fields.Query.any.on(User, User.name, User.value).on(Robot, Robot.serial, Robot.value)
    row, heard, document = asked(fields, data, chosen.fields(Thing.typename__))
    assert "Robot_value: value" in document, "GraphQL refuses one name for an Int and a String"
    ada, robot, plant = row[fields.Query.any]
    assert ada.on(User)[User.value] == 3
    assert ada.on(Robot) is None
    assert robot.on(Robot)[Robot.value] == "nine"
    assert plant[Thing.typename__] == plant.typename == "Plant"
    assert plant.on(User) is None
    assert heard == []


def test_fields_of_an_interface_are_read_by_either_name(fields: Any) -> None:
    Node, User, Robot = fields.Node, fields.User, fields.Robot
    data = {
        "node": {"__typename": "User", "id": "1", "label": "x", "owner": {"name": "n", "label": "l"}, "name": "Ada"}
    }
    chosen = (
        fields.Query.node(id="1")
        .fields(Node.id, Node.owner.fields(User.name))
        .on(User, User.id, User.name, User.label, User.owner.fields(User.label))
        .on(Robot, Robot.serial)
    )
    row, heard, _ = asked(fields, data, chosen)
    node = row[fields.Query.node]
    assert node[Node.id] == "1"
    mine = node.on(User)
    assert (mine[User.id], mine[User.name], mine[User.label]) == ("1", "Ada", "x")
    assert mine.at(User.owner, User.label) == "l"
    assert node.at(Node.owner, User.name) == "n"
    assert node.on(Robot) is None
    assert heard == []


def test_a_union_may_be_asked_for_an_interface_its_members_share(fields: Any) -> None:
    Node, Never = fields.Node, fields.Never_2
    data = {"mixed": [{"__typename": "Robot", "id": "1"}, {"__typename": "Never", "label": True}]}
    row, heard, _ = asked(fields, data, fields.Query.mixed.on(Node, Node.id).on(Never, Never.label))
    robot, never = row[fields.Query.mixed]
    assert robot.on(Node)[Node.id] == "1"
    assert never.on(Node) is None
    assert never.on(Never)[Never.label] is True
    assert heard == []


def test_what_was_not_selected_is_an_error_that_names_it(fields: Any) -> None:
    User, Robot = fields.User, fields.Robot
    row, _, _ = asked(fields, {"old": {"label": "x"}}, user(fields, User.label))
    old = row[fields.Query.old]
    with pytest.raises(NotSelected, match=r"User\.name> was not selected; this row has label"):
        old[User.name]
    with pytest.raises(NotSelected, match=r"Robot\.label> was not selected; 'label' of this row is User\.label"):
        old[Robot.label]
    with pytest.raises(LookupError):
        old[User.name]
    assert User.name not in old
    assert User.label in old


def test_secrets_are_masked_in_what_is_printed(fields: Any) -> None:
    User = fields.User
    data = {"old": {"clientSecret": "s3cret", "class": "a"}}
    row, _, _ = asked(fields, data, user(fields, User.client_secret, User.class_))
    assert row.at(fields.Query.old, User.client_secret) == "s3cret"
    assert "s3cret" not in repr(row)
    assert MASK in repr(row)
    assert "class='a'" in repr(row)
    assert "s3cret" not in repr(fields.Query.node(id="s3cret"))


def test_rows_come_from_answers_alone(fields: Any) -> None:
    with pytest.raises(TypeError, match="made from answers"):
        Row()
    with pytest.raises(TypeError, match="no instances"):
        fields.User()
    row, _, _ = asked(fields, {"old": {"label": "x"}}, user(fields, fields.User.label))
    with pytest.raises(TypeError):
        hash(row)


def test_fields_and_selections_can_be_pickled(fields: Any) -> None:
    chosen = fields.Query.node(id="7").alias("it").fields(fields.Node.id).on(fields.User, fields.User.name)
    again = pickle.loads(pickle.dumps(chosen))
    data = {"it": {"__typename": "User", "id": "7", "name": "Ada"}}
    row, heard, _ = asked(fields, data, again)
    assert row[chosen].on(fields.User)[fields.User.name] == "Ada"
    assert heard == []


def test_an_answer_that_is_no_object_reads_as_nothing_there(fields: Any) -> None:
    row, heard, _ = asked(fields, None, fields.Query.matrix)
    assert heard[0] == "Matrix: $: expected a Query object, got null"
    with pytest.raises(ResponseMismatch):
        row[fields.Query.matrix]


def test_not_selected_is_a_mistake_in_the_program(fields: Any) -> None:
    assert issubclass(NotSelected, ConfigurationError)


def test_a_row_says_what_to_keep_instead_of_itself(fields: Any) -> None:
    row, _, _ = asked(fields, {"old": {"label": "x"}}, user(fields, fields.User.label))
    with pytest.raises(TypeError, match=r"keep row\.json"):
        pickle.dumps(row)
    with pytest.raises(TypeError, match="not iterable"):
        list(row)
