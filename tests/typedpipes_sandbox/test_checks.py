"""Settings that would pass in silence are refused."""

from __future__ import annotations

from typing import Any

import pytest

from typedpipes_sandbox import Limits, Sandbox


def test_a_fault_of_a_misspelt_api_is_refused_because_it_would_never_strike() -> None:
    sb = Sandbox()
    with pytest.raises(ValueError, match="did you mean 'pipedrive'"):
        sb.faults.add(api="pipdrive", status=500)
    with pytest.raises(ValueError, match="no api 'pipdrive'"):
        sb.log.count("pipdrive")
    sb.faults.add(api="pipedrive", status=500)
    assert sb.log.count("pipedrive") == 0


@pytest.mark.parametrize(
    "wrong", [{"exports": {"rows": -5}}, {"latency": -1.0}, {"pipefy_cards": -1}, {"link_life": -0.5}]
)
def test_a_number_below_zero_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be at least 0"):
        Sandbox(**wrong)
    with pytest.raises(ValueError, match="pipefy_requests must be at least 0, not -1"):
        Limits(pipefy_requests=-1)
    with pytest.raises(ValueError, match="count must be at least 0"):
        Sandbox().faults.add(status=500, count=-1)
