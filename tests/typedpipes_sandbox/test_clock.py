"""The sandbox's own time."""

from __future__ import annotations

import pytest

from typedpipes_sandbox import Sandbox


def test_the_clock_moves_forward_only() -> None:
    sb = Sandbox()
    before = sb.clock.now()
    assert sb.clock.advance(100) >= before + 100
    with pytest.raises(ValueError, match="cannot go back"):
        sb.clock.advance(-1)
