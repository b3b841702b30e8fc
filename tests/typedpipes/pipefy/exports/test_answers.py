"""Which job of an answer is ours."""

from __future__ import annotations

import pytest

from typedpipes.errors import ResponseMismatch
from typedpipes.pipefy.exports.answers import find_job
from typedpipes.pipefy.exports.jobs import JobDeclaration, JobState, PollForm

FORM = PollForm(name="live", operation="jobs", document="", path=("export",))
DECLARATION = JobDeclaration(kind="k", creates=(), polls=(FORM,))


def found(answer: object, id: str = "7") -> object:
    state = JobState(declaration=DECLARATION, id=id, status="processing")
    return find_job({"export": answer}, FORM, state, DECLARATION)


@pytest.mark.parametrize("wire", ["7", 7])
def test_of_a_list_the_job_with_our_id_is_taken(wire: object) -> None:
    ours = {"id": wire, "status": "done"}
    others = [{"id": "6", "status": "done"}, None, "7", {"status": "done"}, {"id": "77"}]
    assert found([*others, ours, {"id": "8"}]) is ours


@pytest.mark.parametrize("jobs", [[], [None], [{"status": "done"}], [{"id": "6"}, {"id": "77"}], None])
def test_a_list_without_our_id_shows_no_job(jobs: object) -> None:
    assert found(jobs) is None
    assert found(jobs, "None") is None


@pytest.mark.parametrize("wire", ["7", 7, " 7 "])
def test_a_single_job_has_to_be_ours(wire: object) -> None:
    job = {"id": wire}
    assert found(job) is job


@pytest.mark.parametrize("job", [{"id": "6"}, {"id": None}, {}, {"id": True}, {"id": ["7"]}])
def test_a_single_job_that_is_not_ours_is_a_mismatch(job: object) -> None:
    with pytest.raises(ResponseMismatch, match="does not name this export") as caught:
        found(job)
    assert caught.value.path == "$.data.export.id"


def test_what_is_no_job_is_a_mismatch() -> None:
    with pytest.raises(ResponseMismatch, match="expected an object") as caught:
        found("7")
    assert caught.value.path == "$.data.export"
