"""Killed with -9 at any moment and started again: never two exports, and never a wrong word about it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.typedpipes.pipefy.exports.killed_runs import run_campaign


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a folder: a kill leaves the page cache alone, so syncing proves nothing here."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


def test_killed_and_restarted_exports_are_created_exactly_once_or_reported_as_ambiguous(folder: Path) -> None:
    campaign = run_campaign(20, folder, seed=20261121)
    assert sum(campaign.outcomes.values()) == 20
    assert campaign.outcomes["ambiguous"] > 0
    assert campaign.outcomes["continued"] > 0
    assert campaign.kills["killed"] >= 10


@pytest.mark.campaign
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_killed_runs(folder: Path, seed: int) -> None:
    campaign = run_campaign(200, folder, seed)
    print(campaign)
    assert sum(campaign.outcomes.values()) == 200
    assert campaign.kills["killed"] >= 120
