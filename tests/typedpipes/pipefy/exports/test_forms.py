"""Forms of the API: one refused request tells all there is to know, and nothing is asked twice."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Literal

import pytest

from tests.typedpipes.pipefy.exports.fake_time import FakeClock
from tests.typedpipes.pipefy.exports.vendor import Vendor, refusal
from typedpipes._core.flow import drive
from typedpipes.errors import ConfigurationError, GraphQLError
from typedpipes.pipefy.exports.engine import JobEngine
from typedpipes.pipefy.exports.forms import KEPT, FileFormStore
from typedpipes.pipefy.exports.jobs import FormStore
from typedpipes.pipefy.exports.kinds import AUTOMATION_JOBS

ARGUMENTS = {"organizationId": "1", "filter": "last_month"}


def requests(vendor: Vendor, forms: FormStore | None) -> int:
    """How many requests one export takes in a new process that shares ``forms``."""
    before, clock = len(vendor.calls), FakeClock()
    engine = JobEngine(vendor, clock=clock, forms=forms, account="https://api.example.com|user")
    state = drive(engine.start(AUTOMATION_JOBS, ARGUMENTS), clock.sync_io())
    drive(engine.wait(state, timeout=600), clock.sync_io())
    assert state.link is not None
    return len(vendor.calls) - before


@pytest.mark.parametrize("form", ["live", "documented"])
@pytest.mark.parametrize("link", ["fileUrl", "downloadUrl"])
def test_one_extra_request_at_most_and_none_in_the_next_process(
    tmp_path: Path, form: Literal["live", "documented"], link: str
) -> None:
    vendor = Vendor(form=form, links=(link,))
    expected = (form, link) == ("live", "fileUrl")
    assert requests(vendor, FileFormStore(tmp_path / "forms.json")) == 2 + (not expected)
    assert requests(vendor, FileFormStore(tmp_path / "forms.json")) == 2
    assert len(vendor.exports) == 2


def test_a_server_that_renamed_everything_since_costs_one_request_again(tmp_path: Path) -> None:
    vendor = Vendor(form="documented", links=("downloadUrl",))
    forms = FileFormStore(tmp_path / "forms.json")
    assert requests(vendor, forms) == 3
    vendor.form, vendor.links = "live", ("fileUrl",)
    assert requests(vendor, forms) == 4  # the create and the poll are each refused once
    assert requests(vendor, forms) == 2


@pytest.mark.parametrize("message", ["Field 'fileUrl' doesn't exist", "Variable $filter is invalid"])
def test_a_server_that_refuses_everything_is_not_asked_in_vain_for_the_form_without_a_link(message: str) -> None:
    vendor, clock = Vendor(), FakeClock()
    vendor.faults.extend([refusal(message, "Variable $filter is invalid"), refusal("second"), refusal("third")])
    with pytest.raises(GraphQLError):
        drive(JobEngine(vendor, clock=clock).start(AUTOMATION_JOBS, ARGUMENTS), clock.sync_io())
    assert len(vendor.calls) == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"a": 1', b'{"a": 1}'])
def test_a_damaged_file_of_forms_counts_as_empty_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    store = FileFormStore(tmp_path / "forms.json")
    store.path.write_bytes(content)
    assert store.get("a") is None
    store.put("a", "live")
    assert FileFormStore(store.path).get("a") == "live"
    assert [path.name for path in tmp_path.iterdir()] == ["forms.json"]
    if sys.platform != "win32":
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_file_of_forms_does_not_grow_without_bound(tmp_path: Path) -> None:
    store = FileFormStore(tmp_path / "forms.json")
    for number in range(KEPT + 5):
        store.put(f"account {number}", "live")
    assert store.get("account 4") is None
    assert store.get("account 5") == store.get(f"account {KEPT + 4}") == "live"


def test_a_file_of_forms_that_cannot_be_written_costs_a_request_and_no_export(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FileFormStore(tmp_path / "file" / "forms.json")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        store.put("a", "live")
    vendor = Vendor(form="documented")
    assert [requests(vendor, store), requests(vendor, store)] == [3, 3]
