"""Bulk work, attachments and mutations of one's own: failed only where nothing was executed, otherwise ambiguous."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import Answer, Either, PipefyServer
from typedpipes.errors import (
    GraphQLValidationError,
    PermissionDenied,
    ResponseMismatch,
    ServerError,
    TransportError,
    TypedPipesError,
)
from typedpipes.pipefy import BulkReport, BulkStopped

DENIED = {"message": "Permission denied", "extensions": {"code": "PERMISSION_DENIED"}}
INVALID = {"message": "no title", "extensions": {"code": "RECORD_INVALID"}}
NO_CODE = {"message": "Something went wrong"}


@pytest.fixture
def server() -> Iterator[PipefyServer]:
    with PipefyServer() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def either(request: pytest.FixtureRequest, server: PipefyServer) -> Iterator[Either]:
    with Either(request.param, server) as made:
        yield made


def created(either: Either, cards: list[dict[str, str]], path: Path) -> BulkReport:
    """The report of one run by a new client."""
    try:
        report = either(either.again().client.bulk.create_cards(cards, pipe_id=1, checkpoint=path))
    except BulkStopped as stopped:
        return stopped.report
    assert isinstance(report, BulkReport)
    return report


CARD_LOST: dict[str, Answer] = {
    "408": Answer(b"", 408),
    "500": Answer(b"", 500),
    "503": Answer(b"", 503),
    "503 at a time, with the card": Answer({"data": {"createCard": {"card": {"id": "x"}}}}, 503, {"Retry-After": "0"}),
    "unreadable": Answer(b"<html>"),
    "null": Answer({"data": None}),
    "null payload": Answer({"data": {"createCard": None}}),
    "null object": Answer({"data": {"createCard": {"card": None}}}),
    "null object, denied": Answer({"data": {"createCard": {"card": None}}, "errors": [DENIED]}),
    "null object, no code": Answer({"data": {"createCard": {"card": None}}, "errors": [NO_CODE]}),
    "null bubbled up": Answer(
        {"data": {"createCard": None}, "errors": [DENIED | {"path": ["createCard", "card", "id"]}]}
    ),
    "no code": Answer({"errors": [NO_CODE]}),
    "no code, 400": Answer({"errors": [NO_CODE]}, 400),
    "no code, a place, 504": Answer({"errors": [{"message": "x", "locations": [{"line": 1, "column": 2}]}]}, 504),
    "one of two": Answer({"errors": [DENIED, NO_CODE]}),
    "list of errors in the payload": Answer({"data": {"createCard": {"card": None, "errors": ["late"]}}}),
}


NO_ID: dict[str, Answer] = {
    "an id that is a list": Answer({"data": {"createCard": {"card": {"id": []}}}}),
    "an id that is false": Answer({"data": {"createCard": {"card": {"id": False}}}}),
}


@pytest.mark.parametrize("answer", (CARD_LOST | NO_ID).values(), ids=(CARD_LOST | NO_ID).keys())
def test_a_card_that_may_have_been_created_is_ambiguous_and_never_made_again(
    either: Either, tmp_path: Path, answer: Answer
) -> None:
    either.server.answers["CreateCard"].append(answer)
    cards = [{"title": "a"}, {"title": "b"}]
    reports = []
    for _ in range(2):
        reports.append(created(either, cards, tmp_path / "job.jsonl"))
    stops = isinstance(answer.body, dict) and "Permission denied" in str(answer.body)  # the next would be refused, too
    statuses = [[item.status for item in report.items] for report in reports]
    assert statuses == [["ambiguous", "pending" if stops else "ok"], ["ambiguous", "ok"]]
    assert reports[0].items[0].message
    assert either.server.created["CreateCard"] == ["card-1", "card-2"]
    assert either.server.count("CreateCard") == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"", 400),
        Answer({"errors": [INVALID]}),
        Answer({"data": {"createCard": None}, "errors": [INVALID | {"path": ["createCard"]}]}),
        Answer({"data": {"createCard": {"card": None, "success": False}}}),
        Answer({"errors": [{"message": "no such field", "extensions": {"code": "undefinedField"}}]}, 400),
    ],
    ids=str,
)
def test_a_card_that_was_certainly_not_created_is_made_by_the_rerun(
    either: Either, tmp_path: Path, answer: Answer
) -> None:
    refusal = Answer(answer.body, answer.status, executes=False)
    either.server.answers["CreateCard"].append(refusal)
    reports = []
    for _ in range(2):
        bulk = either.again().client.bulk
        reports.append(either(bulk.create_cards([{"title": "a"}], pipe_id=1, checkpoint=tmp_path / "job.jsonl")))
    assert [report.items[0].status for report in reports] == ["error", "ok"]
    assert either.server.created["CreateCard"] == ["card-1"]


def test_an_id_beside_errors_says_that_the_card_was_made(either: Either) -> None:
    answer = {"data": {"createCard": {"card": {"id": "card-1"}}}, "errors": [NO_CODE]}
    either.server.answers["CreateCard"].extend([Answer(answer), Answer(answer, 500)])
    report = either(either.client.bulk.create_cards([{"title": "a"}, {"title": "b"}], pipe_id=1))
    assert [(item.status, item.id) for item in report.items] == [("ok", "card-1")] * 2


def test_a_job_that_stops_on_an_answer_that_proves_nothing_keeps_the_item_ambiguous(
    either: Either, tmp_path: Path
) -> None:
    denied = {"message": "who are you", "extensions": {"code": "UNAUTHORIZED"}}
    answer = Answer({"data": {"createCard": {"card": None}}, "errors": [denied]})
    either.server.answers["CreateCard"].append(answer)
    path = tmp_path / "job.jsonl"
    with pytest.raises(BulkStopped) as stopped:
        either(either.client.bulk.create_cards([{"title": "a"}, {"title": "b"}], pipe_id=1, checkpoint=path))
    assert [item.status for item in stopped.value.report.items] == ["ambiguous", "pending"]
    report = either(
        either.again().client.bulk.create_cards([{"title": "a"}, {"title": "b"}], pipe_id=1, checkpoint=path)
    )
    assert [item.status for item in report.items] == ["ambiguous", "ok"]
    assert either.server.created["CreateCard"] == ["card-1", "card-2"]


FIELDS = {"1": {"f": 1}}
REPEATABLE: dict[str, tuple[str, Callable[[Any, Path], Any]]] = {
    "DeleteCard": ("deleteCard", lambda bulk, path: bulk.delete_cards(["1"], checkpoint=path)),
    "DeleteTableRecord": ("deleteTableRecord", lambda bulk, path: bulk.delete_records(["1"], checkpoint=path)),
    "UpdateFieldsValues": (
        "updateFieldsValues",
        lambda bulk, path: bulk.update_cards(FIELDS, checkpoint=path),
    ),
}


@pytest.mark.parametrize("operation", REPEATABLE)
@pytest.mark.parametrize("shape", ["null", "empty", "null payload", "empty payload", "null success"])
def test_done_needs_evidence_and_what_lacks_it_is_done_again(
    either: Either, tmp_path: Path, operation: str, shape: str
) -> None:
    root, run = REPEATABLE[operation]
    bodies: dict[str, object] = {
        "null": {"data": None},
        "empty": {"data": {}},
        "null payload": {"data": {root: None}},
        "empty payload": {"data": {root: {}}},
        "null success": {"data": {root: {"success": None}}},
    }
    either.server.answers[operation].append(Answer(bodies[shape]))
    path = tmp_path / "job.jsonl"
    (item,) = either(run(either.client.bulk, path)).items
    assert item.status == "ambiguous"
    assert item.message
    (item,) = either(run(either.again().client.bulk, path)).items
    assert (item.status, item.id) == ("ok", "1")
    assert either.server.count(operation) == 2


@pytest.mark.parametrize(
    "body", [{"data": None}, {"data": {"updateCardField": None}}, {"data": {"updateCardField": {"success": None}}}]
)
def test_files_are_attached_only_where_the_answer_says_so(either: Either, tmp_path: Path, body: object) -> None:
    either.server.answers["UpdateCardField"].append(Answer(body))
    file = tmp_path / "offer.pdf"
    file.write_bytes(b"%PDF")

    def attach() -> list[str]:
        keys: list[str] = either(
            either.client.attachments.attach_to_card(
                card_id=1, field_id="offer", files=[file], organization_id=1, replace=True
            )
        )
        return keys

    with pytest.raises(ResponseMismatch) as raised:
        attach()
    assert raised.value.may_have_executed is True
    assert attach() == ["orgs/1/uploads/x/offer.pdf"]


MUTATION = "mutation CreateCard($input: CreateCardInput!) { createCard(input: $input) { card { id } } }"
WAYS: dict[str, Callable[[Any], Any]] = {
    "execute": lambda client: client.execute(MUTATION, {"input": {"pipe_id": 1}}),
    "generated": lambda client: client.create_card(input={"pipe_id": "1"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [name for name in CARD_LOST if name not in ("null payload", "null object")])
def test_a_mutation_of_ones_own_tells_that_it_may_have_been_executed(either: Either, way: str, name: str) -> None:
    answer = CARD_LOST[name]
    either.server.answers["CreateCard"].append(answer)
    with pytest.raises(TypedPipesError) as raised:
        either(WAYS[way](either.client))
    assert raised.value.may_have_executed is True
    assert "may have been carried out" in str(raised.value.__notes__)
    assert either.server.count("CreateCard") == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b"", 403), PermissionDenied),
        (Answer({"errors": [DENIED]}), PermissionDenied),
        (Answer({"errors": [{"message": "m", "extensions": {"code": "undefinedField"}}]}), GraphQLValidationError),
        (Answer({"errors": [{"message": "m", "extensions": {"code": "undefinedField"}}]}, 400), GraphQLValidationError),
        (Answer({"errors": [{"message": "m", "locations": [{"line": 1, "column": 2}]}]}, 400), GraphQLValidationError),
    ],
)
def test_a_mutation_that_was_certainly_refused_says_so(
    either: Either, way: str, answer: Answer, kind: type[TypedPipesError]
) -> None:
    either.server.answers["CreateCard"].append(Answer(answer.body, answer.status, executes=False))
    with pytest.raises(kind) as raised:
        either(WAYS[way](either.client))
    assert raised.value.may_have_executed is False


def test_a_503_that_names_a_time_is_sent_again_and_makes_one_card(either: Either) -> None:
    either.server.answers["CreateCard"].append(Answer(b"", 503, {"Retry-After": "0"}, executes=False))
    data = either(either.client.execute(MUTATION, {"input": {"pipe_id": 1}}))
    assert data == {"createCard": {"card": {"id": "card-1"}}}
    assert either.server.created["CreateCard"] == ["card-1"]


@pytest.mark.parametrize("status", [400, 429, 503])
@pytest.mark.parametrize("errors", [[], [NO_CODE]], ids=["card", "card and error"])
def test_a_card_in_the_body_says_more_than_any_status(either: Either, status: int, errors: list[object]) -> None:
    body = {"data": {"createCard": {"card": {"id": "card-1"}}}, "errors": errors}
    either.server.answers["CreateCard"].append(Answer(body, status, {"Retry-After": "0"}))
    with pytest.raises(TypedPipesError) as raised:
        either(either.client.execute(MUTATION, {"input": {"pipe_id": 1}}))
    assert raised.value.may_have_executed is True
    assert either.server.created["CreateCard"] == ["card-1"]


def test_a_query_says_nothing_about_execution(either: Either) -> None:
    either.server.always["Me"] = Answer(b"", 500)
    with pytest.raises(ServerError) as raised:
        either(either.client.execute("query Me { me { id } }", retries=0))
    assert raised.value.may_have_executed is None


def test_one_of_two_mutations_in_a_request_that_was_done_is_no_refusal(either: Either) -> None:
    answer = {"data": {"a": {"card": {"id": "1"}}, "b": None}, "errors": [DENIED | {"path": ["b"]}]}
    either.server.answers["Two"].append(Answer(answer))
    document = "mutation Two { a: createCard(input: {}) { card { id } } b: createCard(input: {}) { card { id } } }"
    with pytest.raises(PermissionDenied) as raised:
        either(either.client.execute(document))
    assert raised.value.may_have_executed is True


def test_a_server_that_cannot_be_reached_has_executed_nothing() -> None:
    with PipefyServer() as server:
        made = Either("sync", server, retries=0)
    with made, pytest.raises(TransportError) as raised:
        made(made.client.execute(MUTATION, {"input": {"pipe_id": 1}}))
    assert raised.value.may_have_executed is False


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"errors": [{"title": "Not allowed", "detail": "This pipe is archived"}]},
            "Not allowed: This pipe is archived",
        ),
        ({"error": {"message": "Gone", "details": {"code": "RECORD_NOT_FOUND", "correlation_id": "c-7"}}}, "Gone"),
        ({"errors": ["plain words"]}, "plain words"),
    ],
)
def test_the_words_of_each_form_of_error_reach_the_caller(either: Either, body: object, words: str) -> None:
    either.server.answers["CreateCard"].append(Answer(body))
    with pytest.raises(TypedPipesError, match=words):
        either(either.client.execute(MUTATION, {"input": {}}))


def test_the_code_and_the_correlation_id_of_an_error_object_are_kept(either: Either) -> None:
    body = {"error": {"message": "Gone", "details": {"code": "RECORD_NOT_FOUND", "correlation_id": "c-7"}}}
    either.server.answers["CreateCard"].append(Answer(body))
    with pytest.raises(TypedPipesError) as raised:
        either(either.client.execute(MUTATION, {"input": {}}))
    assert raised.value.code == "RECORD_NOT_FOUND"  # type: ignore[attr-defined]  # of its APIError
    assert raised.value.request_id == "c-7"  # type: ignore[attr-defined]  # of its APIError
