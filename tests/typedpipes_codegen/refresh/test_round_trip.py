"""A changed vendor, all the way to a program that uses what is new."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typedpipes_codegen.refresh.round_trip import round_trip


@pytest.mark.campaign
def test_after_a_refresh_programs_use_what_is_new_and_are_told_what_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    took = dict(round_trip(tmp_path, typed=True))
    with capsys.disabled():
        print("", *(f"{seconds:6.1f} s  {name}" for name, seconds in took.items()), sep="\n")
    assert len(took) == 6
    assert sum(took.values()) < 60
