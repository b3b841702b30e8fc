"""Validates the arguments of bulk jobs and builds the inputs of their requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql import JsonInput
from typedpipes._core.values import json_bytes, wire_of
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy.bulk.flows import BulkJob, BulkWork

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
) -> list[BulkWork]:
    """One request per item. ``owner`` (``pipe_id``, ``table_id``) is filled in where an item lacks it."""
    work = []
    for index, item in enumerate(given):
        wire = wire_of(item, f"item {index}")
        if not isinstance(wire, dict):
            raise ConfigurationError(f"item {index} is no {model.__name__} and no mapping", setting=owner)
        if owner_id is not None:
            wire = {owner: owner_id, **wire}
        _check(wire, model, index)
        work.append(BulkWork(None, (wire,)))
    return work


def updates(
    given: Mapping[str, Mapping[str, JsonInput]] | Iterable[tuple[str | int, Mapping[str, JsonInput]]],
) -> list[BulkWork]:
    """As many requests per item as its fields take."""
    pairs = given.items() if isinstance(given, Mapping) else given
    work = []
    for identity, fields in pairs:
        if not isinstance(fields, Mapping) or not fields:
            raise ConfigurationError(f"{identity}: give the fields to set as {{field id: value}}", setting="updates")
        values: list[JSON] = [
            {"fieldId": str(name), "value": _value(value, f"{identity}: {name}")} for name, value in fields.items()
        ]
        chunks = [values[start : start + FIELDS_PER_CALL] for start in range(0, len(values), FIELDS_PER_CALL)]
        work.append(BulkWork(str(identity), tuple({"nodeId": str(identity), "values": chunk} for chunk in chunks)))
    return _distinct(work)


def _value(value: object, what: str) -> JSON:
    """A value to set; one that cannot be sent is refused before the job begins."""
    wire = wire_of(value, what)
    json_bytes(wire, what)
    return wire


def deletions(given: Iterable[str | int]) -> list[BulkWork]:
    """One request per id."""
    if isinstance(given, str):
        raise ConfigurationError("ids is a list of ids; wrap the one in [ ]", setting="ids")
    return _distinct([BulkWork(str(identity), ({"id": str(identity)},)) for identity in given])


def _distinct(work: list[BulkWork]) -> list[BulkWork]:
    seen: set[str | None] = set()
    for entry in work:
        if entry.key in seen:
            raise ConfigurationError(f"{entry.key} is given twice", setting="ids")
        seen.add(entry.key)
    return work


def _check(wire: dict[str, JSON], model: type[InputModel], index: int) -> None:
    """Raise `ConfigurationError` naming item and field for an input the server would refuse."""
    from pydantic import ValidationError

    content = json_bytes(wire, f"item {index}")
    try:
        model.model_validate_json(content)
    except ValidationError as error:
        for found in error.errors(include_input=False, include_url=False):
            if found["type"] == "list_type":  # the server takes a single value for a list of one
                continue
            place = ".".join(map(str, found["loc"]))
            raise ConfigurationError(f"item {index}: {place}: {found['msg']}", setting=place) from None
