"""Bulk jobs: an outcome per item, nothing created twice whatever happens, and the cost told first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.typedpipes.pipefy.either import Either
from typedpipes.errors import ConfigurationError, PermissionDenied, QuotaExhausted, TransportError
from typedpipes.limits.snapshot import Cost
from typedpipes.pipefy import BulkProgress, BulkReport, BulkStopped
from typedpipes_sandbox import Sandbox

CREATE = "mutation.createCard"


def titles(either: Either, pipe: str) -> list[str]:
    found = [card.title for card in either.listed(either.client.iter_cards(pipe_id=pipe))]
    return sorted(title for title in found if title.startswith("bulk"))


def cards(count: int) -> list[dict[str, str]]:
    return [{"title": f"bulk {number}"} for number in range(count)]


def test_cards_are_created_updated_and_deleted(either: Either) -> None:
    bulk, pipe = either.client.bulk, either.pipe()
    seen: list[BulkProgress] = []
    report = either(bulk.create_cards(cards(3), pipe_id=pipe, progress=seen.append))
    assert report.complete
    assert titles(either, pipe) == ["bulk 0", "bulk 1", "bulk 2"]
    assert [(each.done, each.total, each.ok) for each in seen] == [(1, 3, 1), (2, 3, 2), (3, 3, 3)]
    ids = [item.id for item in report.items]
    updated = either(bulk.update_cards({ids[0]: {"details": "new"}, ids[1]: {"no_such_field": "x"}}))
    assert [item.status for item in updated.items] == ["ok", "error"]
    assert "no_such_field" in updated.failed[0].message
    assert "new" in [field.value for field in either(either.client.card(id=ids[0])).fields]
    gone = either(bulk.delete_cards([*ids, "99999999"]))
    assert [item.status for item in gone.items] == ["ok", "ok", "ok", "error"]
    assert gone.items[3].code == "RESOURCE_NOT_FOUND"
    assert titles(either, pipe) == []


def test_records_are_created_updated_and_deleted(either: Either) -> None:
    bulk, table = either.client.bulk, either.table()
    field = next(each for each in either(either.client.table(id=table)).table_fields if each.type_ == "short_text")
    value = {"field_id": field.id, "field_value": "bulk"}
    report = either(bulk.create_records([{"title": "bulk", "fields_attributes": [value]}], table_id=table))
    (item,) = report.items
    assert either(bulk.update_records([(item.id, {field.id: "changed"})])).complete
    values = [each.value for each in either(either.client.table_record(id=item.id)).record_fields]
    assert "changed" in values
    assert either(bulk.delete_records([item.id])).complete


def test_a_create_without_an_answer_is_ambiguous_and_never_sent_again(either: Either) -> None:
    pipe, bulk = either.pipe(), either.client.bulk
    either.sandbox.faults.add(api="pipefy", operation=CREATE, skip=1, count=1, reset=True, when="after")
    report = either(bulk.create_cards(cards(3), pipe_id=pipe))
    assert [item.status for item in report.items] == ["ok", "ambiguous", "ok"]
    assert titles(either, pipe) == ["bulk 0", "bulk 1", "bulk 2"]
    again = either(bulk.create_cards(cards(3), pipe_id=pipe, resume=BulkReport.from_json(report.to_json())))
    assert [item.status for item in again.items] == ["ok", "ambiguous", "ok"]
    assert either.sent(CREATE) == 3


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 502}, "ambiguous"),
        ({"status": 200, "body": "<html>"}, "ambiguous"),
        ({"status": 400}, "error"),
        ({"status": 200, "body": {"errors": [{"message": "no", "extensions": {"code": "RECORD_INVALID"}}]}}, "error"),
        ({"status": 200, "body": {"data": {"createCard": None}}}, "ambiguous"),
    ],
)
def test_what_each_answer_says_about_a_create(either: Either, fault: dict[str, Any], status: str) -> None:
    pipe = either.pipe()
    either.sandbox.faults.add(api="pipefy", operation=CREATE, **fault)
    report = either(either.client.bulk.create_cards(cards(1), pipe_id=pipe))
    assert report.items[0].status == status
    assert report.items[0].message
    assert either.sent(CREATE) == 1


def test_a_delete_without_an_answer_is_done_when_resumed(either: Either) -> None:
    pipe, bulk = either.pipe(), either.client.bulk
    ids = [item.id for item in either(bulk.create_cards(cards(2), pipe_id=pipe)).items]
    either.sandbox.faults.add(api="pipefy", operation="mutation.deleteCard", count=1, reset=True, when="after")
    report = either(bulk.delete_cards(ids))
    assert [item.status for item in report.items] == ["ambiguous", "ok"]
    assert either(bulk.delete_cards(ids, resume=report)).complete


def test_a_job_that_cannot_go_on_stops_with_its_report_and_resumes(either: Either) -> None:
    pipe, bulk = either.pipe(), either.client.bulk
    fault = either.sandbox.faults.add(api="pipefy", operation=CREATE, skip=1, status=403)
    with pytest.raises(BulkStopped) as caught:
        either(bulk.create_cards(cards(3), pipe_id=pipe))
    assert isinstance(caught.value.__cause__, PermissionDenied)
    report = caught.value.report
    assert [item.status for item in report.items] == ["ok", "pending", "pending"]
    either.sandbox.faults.remove(fault)
    with Either("async" if either.asynchronous else "sync", either.sandbox) as other:
        assert other(other.client.bulk.create_cards(cards(3), pipe_id=pipe, resume=report)).complete
    assert titles(either, pipe) == ["bulk 0", "bulk 1", "bulk 2"]


def test_a_network_that_is_gone_stops_the_job_without_touching_the_rest(either: Either) -> None:
    pipe = either.pipe()
    either.sandbox.stop()
    with pytest.raises(BulkStopped) as caught:
        either(either.client.bulk.create_cards(cards(50), pipe_id=pipe))
    assert isinstance(caught.value.__cause__, TransportError)
    assert len(caught.value.report.pending) == 50


@pytest.mark.parametrize("name", ["sync", "async"])
def test_the_cost_counts_calls_not_items(name: str, tmp_path: Path) -> None:
    with Sandbox() as sandbox, Either(name, sandbox, limits=f"sqlite:///{tmp_path / 'limits.db'}") as either:
        card = either.listed(either.client.iter_cards(pipe_id=either.pipe(), max_items=1))[0].id
        costs: list[Cost] = []
        fields = {f"field {number}": number for number in range(61)}
        either(either.client.bulk.update_cards({card: fields}, on_cost=costs.append))
        assert [row.amount for row in costs[0].rows if row.name == "pipefy.requests"] == [3]
        assert either.sent("mutation.updateFieldsValues") == 1  # what the first call refuses is the item's failure


def test_without_limits_there_is_nothing_to_tell(either: Either) -> None:
    assert either(either.client.bulk.cost(5)).fits


@pytest.mark.parametrize("name", ["sync", "async"])
def test_a_budget_that_does_not_suffice_is_told_before_anything_is_sent(name: str, tmp_path: Path) -> None:
    options = {"plan": "starter", "limits": f"sqlite:///{tmp_path / 'limits.db'}"}
    with Sandbox() as sandbox, Either(name, sandbox, **options) as either:
        pipe = either.pipe()
        before = sandbox.log.total
        with pytest.raises(QuotaExhausted, match="the job takes 20 calls and 18 are left") as caught:
            either(either.client.bulk.create_cards(cards(20), pipe_id=pipe))
        assert caught.value.limit == "pipefy.calls_per_month"
        assert sandbox.log.total == before
        cost = either(either.client.bulk.cost(18))
        assert cost.fits
        with pytest.raises(BulkStopped) as stopped:
            either(either.client.bulk.create_cards(cards(20), pipe_id=pipe, over_budget=True))
        assert len(stopped.value.report.ok) == 18


def test_items_that_cannot_be_right_are_named_before_anything_is_sent(either: Either) -> None:
    bulk = either.client.bulk
    refused: list[tuple[Callable[[], Any], str]] = [
        (lambda: bulk.create_cards([{"title": "a"}]), "item 0: pipe_id: Field required"),
        (lambda: bulk.create_cards([{}, {"titel": "a"}], pipe_id=1), "item 1: titel: Extra inputs"),
        (lambda: bulk.create_cards([3], pipe_id=1), "item 0 is no CreateCardInput"),
        (lambda: bulk.update_cards({"1": {}}), "give the fields to set"),
        (lambda: bulk.delete_cards("123"), "wrap the one"),
        (lambda: bulk.delete_cards(["1", 1]), "1 is given twice"),
    ]
    for call, message in refused:
        with pytest.raises(ConfigurationError, match=message):
            either(call())
    assert either.sandbox.log.total == 0


def test_a_report_resumes_only_the_job_it_is_of(either: Either) -> None:
    report = either(either.client.bulk.delete_cards([]))
    with pytest.raises(ConfigurationError, match="of delete_cards, not of delete_records"):
        either(either.client.bulk.delete_records(["1"], resume=report))
    with pytest.raises(ConfigurationError, match="no bulk report"):
        BulkReport.from_json("{}")


KILLED = """
import os, sys
from typedpipes.events import Request
from typedpipes.pipefy import Pipefy
pipe, path, url, token = sys.argv[1:]
seen = []
def on_event(event):
    seen.append(event) if isinstance(event, Request) else None
    if len(seen) == 3:
        os._exit(9)
with Pipefy(token=token, base_url=url, on_event=on_event) as pipefy:
    cards = ({"title": f"bulk {number}"} for number in range(4))
    pipefy.bulk.create_cards(cards, pipe_id=pipe, checkpoint=path)
"""


def test_a_killed_process_goes_on_from_its_checkpoint_and_creates_each_card_once(
    either: Either, tmp_path: Path
) -> None:
    pipe, path = either.pipe(), tmp_path / "job.jsonl"
    sandbox = either.sandbox
    run = subprocess.run(
        [sys.executable, "-c", KILLED, pipe, str(path), f"{sandbox.pipefy_url}/graphql", sandbox.pipefy.personal_token],
        check=False,
        timeout=60,
    )
    assert run.returncode == 9  # between the third answer and its record
    with path.open("ab") as file:
        file.write(b'{"beg')  # in the middle of a line
    report = either(either.client.bulk.create_cards(cards(4), pipe_id=pipe, checkpoint=path))
    assert [item.status for item in report.items] == ["ok", "ok", "ambiguous", "ok"]
    assert titles(either, pipe) == ["bulk 0", "bulk 1", "bulk 2", "bulk 3"]
    again = either(either.client.bulk.create_cards(cards(4), pipe_id=pipe, checkpoint=path))
    assert again.items == report.items


def test_two_jobs_do_not_share_a_checkpoint(either: Either, tmp_path: Path) -> None:
    pipe, path = either.pipe(), tmp_path / "job.jsonl"
    refused: list[str] = []

    def meanwhile(_seen: BulkProgress) -> None:
        with Either("sync", either.sandbox) as other, pytest.raises(ConfigurationError) as caught:
            other.client.bulk.create_cards(cards(1), pipe_id=pipe, checkpoint=path)
        refused.append(str(caught.value))

    assert either(either.client.bulk.create_cards(cards(1), pipe_id=pipe, checkpoint=path, progress=meanwhile)).complete
    assert len(refused) == 1
    assert "in use" in refused[0]
