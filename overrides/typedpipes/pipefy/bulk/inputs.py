"""Validates the arguments of bulk jobs and builds the inputs of their requests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql import JsonInput, check_input
from typedpipes._core.rest.times import timed
from typedpipes._core.values import json_bytes, wire_of
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy.bulk.flows import BulkJob
from typedpipes.pipefy.bulk.ledger import BulkWork

if TYPE_CHECKING:
    from typedpipes._core.graphql.results import InputModel

FIELDS_PER_CALL: Final = 30
"""Fields one ``updateFieldsValues`` takes."""

CREATE_CARDS: Final = BulkJob(
    name="create_cards",
    operation="CreateCard",
    document="mutation CreateCard($input: CreateCardInput!) { createCard(input: $input) { card { id } } }",
    payload="createCard",
    node="card",
)
CREATE_RECORDS: Final = BulkJob(
    name="create_records",
    operation="CreateTableRecord",
    document=(
        "mutation CreateTableRecord($input: CreateTableRecordInput!) "
        "{ createTableRecord(input: $input) { table_record { id } } }"
    ),
    payload="createTableRecord",
    node="table_record",
)
_UPDATE: Final = (
    "mutation UpdateFieldsValues($input: UpdateFieldsValuesInput!) "
    "{ updateFieldsValues(input: $input) { success userErrors { field message } } }"
)
UPDATE_CARDS: Final = BulkJob(
    name="update_cards",
    operation="UpdateFieldsValues",
    document=_UPDATE,
    payload="updateFieldsValues",
    repeatable=True,
)
UPDATE_RECORDS: Final = BulkJob(
    name="update_records",
    operation="UpdateFieldsValues",
    document=_UPDATE,
    payload="updateFieldsValues",
    repeatable=True,
)
DELETE_CARDS: Final = BulkJob(
    name="delete_cards",
    operation="DeleteCard",
    document="mutation DeleteCard($input: DeleteCardInput!) { deleteCard(input: $input) { success } }",
    payload="deleteCard",
    repeatable=True,
    removes=True,
)
DELETE_RECORDS: Final = BulkJob(
    name="delete_records",
    operation="DeleteTableRecord",
    document=(
        "mutation DeleteTableRecord($input: DeleteTableRecordInput!) { deleteTableRecord(input: $input) { success } }"
    ),
    payload="deleteTableRecord",
    repeatable=True,
    removes=True,
)


def creations(
    given: Iterable[object], model: type[InputModel], owner: str, owner_id: str | int | None
) -> Iterator[BulkWork]:
    """One request per item. ``owner`` (``pipe_id``, ``table_id``) is filled in where an item lacks it."""
    for index, (key, item) in enumerate(_keyed(given, owner)):
        wire = wire_of(timed(item, "due_date", "date-time"), f"item {index}")
        if not isinstance(wire, dict):
            raise ConfigurationError(f"item {index} is no {model.__name__} and no mapping", setting=owner)
        if owner_id is not None:
            wire = {owner: owner_id, **wire}
        check_input(model, wire, f"item {index}")
        if key is None:
            yield BulkWork(None, _name("c", wire), (wire,))
        else:
            yield BulkWork(key, _name("k", [key, str(wire.get(owner))]), (wire,))


def _keyed(given: Iterable[object], setting: str) -> Iterator[tuple[str | None, object]]:
    """The items, each with its key if the caller gave one: ``{key: item}``, or pairs."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ConfigurationError(f"give the items as a list, a generator or {{key: item}}, not {type(given).__name__}")
    for entry in given.items() if isinstance(given, Mapping) else given:
        if isinstance(entry, tuple) and len(entry) == 2:
            if isinstance(entry[0], bool) or not isinstance(entry[0], (str, int)):
                raise ConfigurationError(f"a key is a text or a number, not {type(entry[0]).__name__}", setting=setting)
            yield str(entry[0]), entry[1]
        else:
            yield None, entry


def _name(kind: str, content: object) -> str:
    return kind + hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:32]


def updates(
    given: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
) -> Iterator[BulkWork]:
    """As many requests per item as its fields take."""
    pairs = given.items() if isinstance(given, Mapping) else given
    for identity, fields in pairs:
        if not isinstance(fields, Mapping) or not fields:
            raise ConfigurationError(f"{identity}: give the fields to set as {{field id: value}}", setting="updates")
        values: list[JSON] = [
            {"fieldId": str(name), "value": _value(value, f"{identity}: {name}")} for name, value in fields.items()
        ]
        chunks = [values[start : start + FIELDS_PER_CALL] for start in range(0, len(values), FIELDS_PER_CALL)]
        # Other values for the same id are another item: they were not set yet.
        yield BulkWork(
            str(identity),
            _name("k", [str(identity), values]),
            tuple({"nodeId": str(identity), "values": chunk} for chunk in chunks),
        )


def _value(value: object, what: str) -> JSON:
    """A value to set; one that cannot be sent is refused before the job begins."""
    wire = wire_of(value, what)
    json_bytes(wire, what)
    return wire


def deletions(given: Iterable[str | int]) -> Iterator[BulkWork]:
    """One request per id."""
    if isinstance(given, str):
        raise ConfigurationError("ids is a list of ids; wrap the one in [ ]", setting="ids")
    for identity in given:
        yield BulkWork(str(identity), _name("k", [str(identity)]), ({"id": str(identity)},))


__all__ = [
    "CREATE_CARDS",
    "CREATE_RECORDS",
    "DELETE_CARDS",
    "DELETE_RECORDS",
    "FIELDS_PER_CALL",
    "UPDATE_CARDS",
    "UPDATE_RECORDS",
    "creations",
    "deletions",
    "updates",
]
