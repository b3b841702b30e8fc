"""100,000 items: memory stays flat, one request a page, no page twice. A sample; the campaign does it all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.listings import STYLES
from tests.end_to_end.many_items import SIZES, TOTAL

ROOT = Path(__file__).parents[2]


def check(style: str, mode: str, prefetch: int = 0) -> None:
    command = [sys.executable, "-m", "tests.end_to_end.many_items", style, mode, str(prefetch)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["items"], facts["sum"]) == (TOTAL, TOTAL * (TOTAL + 1) // 2)
    pages = TOTAL // SIZES[next(one for one in STYLES if one == style)]
    closing = style == "pipedream"  # an empty page is all that ends such a listing
    assert facts["requests"] == facts["distinct"]
    assert pages + closing <= facts["requests"] <= pages + closing + prefetch
    assert facts["grown"] <= 20, f"{facts['grown']:.1f} MiB more"


@pytest.mark.parametrize(("style", "mode"), [("cursor", "sync"), ("offset", "async"), ("pipedream", "sync")])
def test_memory_stays_flat_over_100000_items(style: str, mode: str) -> None:
    check(style, mode)


@pytest.mark.campaign
@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("style", STYLES)
def test_memory_stays_flat_in_every_style_and_mode(style: str, mode: str) -> None:
    check(style, mode)


@pytest.mark.campaign
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_memory_stays_flat_with_pages_fetched_ahead(mode: str) -> None:
    check("offset", mode, prefetch=4)
