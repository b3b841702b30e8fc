"""When a job stops, what it says then, and how it continues: each item once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import Answer, Either, PipefyServer
from typedpipes.errors import ConfigurationError, PermissionDenied, ServerError
from typedpipes.events import Event, Wait
from typedpipes.pipefy import BulkItem, BulkProgress, BulkReport, BulkStopped

REFUSED = Answer({"errors": [{"message": "m", "extensions": {"code": "RECORD_INVALID"}}]}, executes=False)
DENIED = Answer({"errors": [{"message": "m", "extensions": {"code": "PERMISSION_DENIED"}}]}, executes=False)


def cards(count: int) -> list[dict[str, str]]:
    return [{"title": f"card {number}"} for number in range(count)]


def create(either: Either, given: Any, **options: Any) -> BulkReport:
    report: BulkReport = either(either.client.bulk.create_cards(given, pipe_id=1, **options))
    return report


def statuses(report: BulkReport) -> list[str]:
    return [item.status for item in report.items]


def made(server: PipefyServer) -> list[str]:
    """The titles for which a create was sent."""
    return [arrival.variables["input"]["title"] for arrival in server.log if arrival.operation == "CreateCard"]


def test_an_outage_stops_the_job_and_leaves_what_was_not_begun(plain: Either) -> None:
    plain.server.always["CreateCard"] = Answer(b"", 500)
    with pytest.raises(BulkStopped, match="5 failures in a row") as stopped:
        create(plain, cards(300))
    report = stopped.value.report
    assert isinstance(stopped.value.__cause__, ServerError)
    assert (len(report.ambiguous), len(report.pending), plain.server.count("CreateCard")) == (5, 295, 5)
    plain.server.always.clear()
    again = create(plain, cards(300), resume=report)
    assert (len(again.ambiguous), len(again.ok)) == (5, 295)
    assert len(set(made(plain.server))) == plain.server.count("CreateCard") == 300


def test_what_every_request_is_answered_with_stops_the_job_and_is_tried_again(plain: Either) -> None:
    plain.server.always["CreateCard"] = Answer(b"", 405, executes=False)
    with pytest.raises(BulkStopped) as stopped:
        create(plain, cards(9))
    assert statuses(stopped.value.report) == ["error"] * 5 + ["pending"] * 4
    plain.server.always.clear()
    assert create(plain, cards(9), resume=stopped.value.report).complete


def test_items_that_are_refused_for_themselves_do_not_stop_the_job(plain: Either) -> None:
    plain.server.answers["CreateCard"].extend([REFUSED] * 8)
    assert statuses(create(plain, cards(9))) == ["error"] * 8 + ["ok"]


def test_failures_with_successes_between_them_do_not_stop_the_job(plain: Either) -> None:
    lost, fine = Answer(b"", 500), Answer({"data": {"createCard": {"card": {"id": "7"}}}})
    plain.server.answers["CreateCard"].extend([*[lost] * 4, fine, *[lost] * 4])
    report = create(plain, cards(9))
    assert (len(report.ok), len(report.ambiguous)) == (1, 8)


def test_a_permission_error_in_an_answer_stops_the_job_before_the_next_item(plain: Either) -> None:
    plain.server.answers["CreateCard"].append(DENIED)
    with pytest.raises(BulkStopped) as stopped:
        create(plain, cards(3))
    assert isinstance(stopped.value.__cause__, PermissionDenied)
    assert statuses(stopped.value.report) == ["pending"] * 3
    assert create(plain, cards(3), resume=stopped.value.report).complete
    assert made(plain.server) == ["card 0", "card 0", "card 1", "card 2"]


def test_a_progress_callback_that_raises_stops_the_job_with_its_report(plain: Either) -> None:
    def progress(at: BulkProgress) -> None:
        if at.done == 2:
            raise ValueError("enough")

    with pytest.raises(BulkStopped, match="the progress callback raised ValueError: enough") as stopped:
        create(plain, cards(4), progress=progress)
    assert isinstance(stopped.value.__cause__, ValueError)
    assert statuses(stopped.value.report) == ["ok", "ok", "pending", "pending"]
    assert create(plain, cards(4), resume=stopped.value.report).complete
    assert plain.server.count("CreateCard") == 4


def test_an_async_callback_is_awaited_or_refused(plain: Either) -> None:
    told: list[object] = []

    async def tell(value: object) -> None:
        await asyncio.sleep(0)
        told.append(value)

    if plain.asynchronous:
        create(plain, cards(2), progress=tell, on_cost=tell)
        assert len(told) == 3
        return
    for name in ("progress", "on_cost"):
        with pytest.raises(ConfigurationError, match=f"{name} is an async function"):
            create(plain, cards(2), **{name: tell})
    assert plain.server.log == []
    with pytest.raises(BulkStopped, match="returned an awaitable") as stopped:  # one that does not look async
        create(plain, cards(2), progress=lambda at: tell(at))
    assert statuses(stopped.value.report) == ["ok", "pending"]


def test_an_interrupt_carries_the_report(plain: Either) -> None:
    def progress(at: BulkProgress) -> None:
        if at.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        create(plain, cards(4), progress=progress)
    report = BulkReport.of(stopped.value)
    assert report is not None
    assert statuses(report) == ["ok", "ok", "pending", "pending"]
    assert create(plain.again(), cards(4), resume=BulkReport.from_json(report.to_json())).complete
    assert plain.server.count("CreateCard") == 4


def test_an_error_before_the_first_item_carries_no_report() -> None:
    assert BulkReport.of(ConfigurationError("no")) is None
    assert BulkReport.of(None) is None


def test_an_item_that_was_refused_and_waits_is_not_begun(plain: Either, tmp_path: Path) -> None:
    """Stopped in the wait that a 429 asked for: it was sent once, and provably not executed."""
    path = tmp_path / "job.jsonl"
    plain.server.answers["CreateCard"].append(Answer(b"", 429, {"Retry-After": "50"}, executes=False))

    def waits() -> bool:
        return path.exists() and b'"pending"' in path.read_bytes()

    def interrupt() -> None:
        until = time.monotonic() + 20
        while not waits() and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    async def cancelled() -> None:
        task = asyncio.ensure_future(plain.client.bulk.create_cards(cards(2), pipe_id=1, checkpoint=path))
        while not waits():
            await asyncio.sleep(0.005)
        task.cancel()
        await task

    if plain.asynchronous:
        with pytest.raises(asyncio.CancelledError) as stopped:
            plain(cancelled())
    else:
        watcher = threading.Thread(target=interrupt)
        watcher.start()
        with pytest.raises(KeyboardInterrupt) as stopped:  # type: ignore[assignment]  # of another kind than above
            create(plain, cards(2), checkpoint=path)
        watcher.join()
    report = BulkReport.of(stopped.value)
    assert report is not None
    assert statuses(report) == ["pending", "pending"]
    assert create(plain.again(), cards(2), checkpoint=path).complete
    assert made(plain.server) == ["card 0", "card 0", "card 1"]


def test_an_item_that_waits_for_a_slot_is_not_begun(server: PipefyServer, tmp_path: Path) -> None:
    path = tmp_path / "job.jsonl"

    def on_event(event: Event) -> None:
        if isinstance(event, Wait):
            raise KeyboardInterrupt

    blocked = Answer(b"", 429, {"Retry-After": "50"}, executes=False)
    server.answers["CreateCard"].extend([Answer({"data": {"createCard": {"card": {"id": "7"}}}}), blocked])
    limits = f"sqlite:///{tmp_path / 'limits.db'}"
    with Either("sync", server, limits=limits, retries=0) as first, pytest.raises(BulkStopped):
        create(first, cards(3), checkpoint=path)
    with (
        Either("sync", server, limits=limits, on_event=on_event) as second,
        pytest.raises(KeyboardInterrupt) as stop,
    ):
        create(second, cards(3), checkpoint=path)
    report = BulkReport.of(stop.value)
    assert report is not None
    assert statuses(report) == ["ok", "pending", "pending"]
    with Either("sync", server) as third:
        assert create(third, cards(3), checkpoint=path).complete
    assert made(server) == ["card 0", "card 1", "card 1", "card 2"]


def test_a_grown_list_continues_in_any_order(plain: Either, tmp_path: Path) -> None:
    path = tmp_path / "job.jsonl"
    twice = [*cards(2), *cards(1)]  # two equal rows are two cards
    report = create(plain, iter(twice), checkpoint=path)
    grown = [{"title": "card 5"}, *reversed(twice), {"title": "card 0"}]
    assert create(plain, (card for card in grown), checkpoint=path).complete
    assert sorted(made(plain.server)) == ["card 0", "card 0", "card 0", "card 1", "card 5"]
    assert create(plain, [*twice, {"title": "card 6"}], resume=report).complete
    assert made(plain.server)[5:] == ["card 6"]


def test_a_changed_row_is_no_new_card_without_its_owner_knowing(plain: Either) -> None:
    plain.server.answers["CreateCard"].append(REFUSED)
    report = create(plain, cards(2))
    corrected = [{"title": "corrected"}, {"title": "card 1"}]  # the refused one may change: it was not made
    again = create(plain, corrected, resume=report)
    assert again.complete
    with pytest.raises(ConfigurationError, match="1 items that an earlier run sent are not in this list"):
        create(plain, [{"title": "corrected"}, {"title": "Card 1"}], resume=again)
    assert made(plain.server) == ["card 0", "card 1", "corrected"]


def test_an_item_with_a_key_is_known_again_whatever_it_holds(plain: Either, tmp_path: Path) -> None:
    path = tmp_path / "job.jsonl"
    report = create(plain, {"a": {"title": "first"}, "b": {"title": "second"}}, checkpoint=path)
    assert [item.key for item in report.items] == ["a", "b"]
    later = [("c", {"title": "third"}), ("b", {"title": "changed"})]
    assert [item.id for item in create(plain, later, checkpoint=path).items] == ["card-3", "card-2"]
    assert made(plain.server) == ["first", "second", "third"]
    with pytest.raises(ConfigurationError, match="b is given twice"):
        create(plain, [("b", {}), ("b", {})])


def test_other_values_for_the_same_card_are_set(plain: Either, tmp_path: Path) -> None:
    bulk, path = plain.client.bulk, tmp_path / "job.jsonl"
    for value in ("x", "x", "y"):
        assert plain(bulk.update_cards({"1": {"field": value}}, checkpoint=path)).complete
    sent = [arrival.variables["input"]["values"][0]["value"] for arrival in plain.server.log]
    assert sent == ["x", "y"]


def test_what_the_report_knows_to_be_done_stays_done(plain: Either, tmp_path: Path) -> None:
    path = tmp_path / "job.jsonl"
    report = create(plain, cards(1), checkpoint=path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))  # the disk lost the outcome
    assert [item.status for item in create(plain, cards(1), checkpoint=path).items] == ["ambiguous"]
    assert create(plain, cards(1), checkpoint=path, resume=report).complete


def test_a_report_that_was_read_from_its_text_says_the_same(plain: Either) -> None:
    report = create(plain, cards(2))
    copy = BulkReport.from_json(report.to_json())
    assert copy == report
    assert report.items[-1] == copy.items[1] == BulkItem(**_fields(report.items[1]))
    assert report.items[:1] == copy.items[:1]
    with pytest.raises(IndexError):
        report.items[2]
    old = json.dumps({**json.loads(report.to_json()), "version": 1})
    with pytest.raises(ConfigurationError, match="version 1, not 2"):
        BulkReport.from_json(old)


def _fields(item: BulkItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ("index", "identity", "status", "key", "id", "message", "code")}
