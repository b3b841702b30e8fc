"""Words of the command line become the arguments that were meant: each by its type, a repeated one as a list."""

from __future__ import annotations

from typing import Any

import pytest

from typedpipes.cli.failures import UsageError
from typedpipes.cli.operations import find


def arguments(name: str, *words: str, json: str | None = None) -> dict[str, Any]:
    found = find(name)
    assert found is not None
    return found.call.arguments(words, json)


def test_a_repeated_argument_makes_a_list() -> None:
    assert arguments("pipedrive.v2.deals.list", "ids=1", "ids=2") == {"ids": [1, 2]}
    assert arguments("pipedrive.v2.deals.list", "ids=1,2", "ids:=[3]", "ids=4") == {"ids": [1, 2, 3, 4]}
    assert arguments("pipedrive.v2.deals.update", "1", "label_ids=1", "label_ids=2")["label_ids"] == [1, 2]
    assert arguments("pipefy.pipes", "ids=1", "ids=2") == {"ids": ["1", "2"]}
    named = arguments("pipefy.create_card", "input.pipe_id=1", "input.label_ids=7", "input.label_ids=8")
    assert named == {"input": {"pipe_id": "1", "label_ids": ["7", "8"]}}


@pytest.mark.parametrize("words", [("id=1", "id=2"), ("1", "id=2")], ids=" ".join)
def test_a_repeated_argument_that_takes_one_value_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="id"):
        arguments("pipedrive.v2.deals.get", *words)
    with pytest.raises(UsageError, match=r"input\.title is given twice, and takes one value"):
        arguments("pipefy.create_card", "input.title=a", "input.title=b")


def test_a_word_goes_before_the_same_name_in_json() -> None:
    assert arguments("pipedrive.v2.deals.list", "ids=3", json='{"ids": [1], "limit": 2}') == {"ids": [3], "limit": 2}


def test_a_part_of_an_object_is_typed_by_its_own_type() -> None:
    assert arguments("pipefy.create_table", "input.name=true", "input.public=true", "input.organization_id=7") == {
        "input": {"name": "true", "public": True, "organization_id": "7"}
    }
    deal = arguments("pipedrive.v2.deals.create", "body.title=1", "body.value=2.5", "body.is_archived=false")
    assert deal == {"body": {"title": "1", "value": 2.5, "is_archived": False}}
    nested = arguments("pipefy.create_card", "input.fields_attributes:=[]", "input.parent_ids=1", "input.due_date=null")
    assert nested == {"input": {"fields_attributes": [], "parent_ids": ["1"], "due_date": "null"}}
    free = arguments("pipedrive.v2.deals.update", "1", "custom_fields.abc=5")
    assert free["custom_fields"] == {"abc": "5"}, "what has no type is text; := takes JSON"
    with pytest.raises(UsageError, match=r"input\.public takes bool, not 'maybe'"):
        arguments("pipefy.create_table", "input.public=maybe")
