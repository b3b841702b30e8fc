"""The English behind component names."""

from __future__ import annotations

import pytest

from typedpipes_codegen.documents.words import camel, is_plural, plural, singular


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("deals", "deal"),
        ("activities", "activity"),
        ("roleAssignments", "roleAssignment"),
        ("DealFields", "DealField"),
        ("people", "person"),
        ("addresses", "address"),
        ("statuses", "status"),
        ("boxes", "box"),
        ("batches", "batch"),
        ("legacyTeams", "legacyTeam"),
        ("app_categories", "app_category"),
    ],
)
def test_plurals_and_singulars(many: str, one: str) -> None:
    assert singular(many) == one
    assert is_plural(many)
    assert not is_plural(one)
    assert singular(plural(one)) == one


@pytest.mark.parametrize(
    "word", ["status", "address", "data", "settings", "news", "bus", "analysis", "id", "is", "class"]
)
def test_words_that_only_look_plural_stay(word: str) -> None:
    assert singular(word) == word


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("person_id", "PersonId"),
        ("mailMessages", "MailMessages"),
        ("HTTPHeader", "HttpHeader"),
        ("x-token-cost", "XTokenCost"),
        ("größe", "Groe"),
        ("2fa", "N2Fa"),
        ("名前", "Unnamed"),
        ("", "Unnamed"),
    ],
)
def test_any_wire_name_becomes_an_identifier(name: str, identifier: str) -> None:
    assert camel(name) == identifier
    assert camel(name).isidentifier()
