"""How many examples a property is tried with: some in the suite, many more in the campaigns."""

from __future__ import annotations

import pytest


def counted(suite: int, campaign: int) -> pytest.MarkDecorator:
    """Gives a test the argument ``examples``."""
    return pytest.mark.parametrize("examples", [suite, pytest.param(campaign, marks=pytest.mark.campaign)])
