"""A setting has one name in constructors of both colours, in `resolve`, in the environment and in profiles."""

from __future__ import annotations

from typing import Any

import pytest

from typedpipes._core.arguments import parameters
from typedpipes.configuration.settings import SETTINGS
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipedrive.settings import PipedriveSettings
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes.pipefy.settings import PipefySettings

CLIENTS = [
    pytest.param("pipefy", Pipefy, AsyncPipefy, PipefySettings, {"journal"}, set(), id="pipefy"),
    # A Connect token belongs to one end user and lives for hours: it is no setting of a machine.
    pytest.param("pipedream", Pipedream, AsyncPipedream, PipedreamSettings, set(), {"connect_token"}, id="pipedream"),
    pytest.param("pipedrive", Pipedrive, AsyncPipedrive, PipedriveSettings, set(), set(), id="pipedrive"),
]


@pytest.mark.parametrize(("vendor", "client", "twin", "settings", "beside", "arguments_only"), CLIENTS)
def test_no_place_knows_a_setting_that_another_does_not(
    vendor: str, client: type, twin: type, settings: Any, beside: set[str], arguments_only: set[str]
) -> None:
    """``beside``: arguments of the constructor that are no settings of the account."""
    named = {setting.key for setting in SETTINGS if setting.vendor == vendor} - {"limits"}
    assert parameters(client) == parameters(twin) == named | arguments_only | beside | {"env"}
    assert parameters(settings.resolve) == named | arguments_only | {"env"}
    assert set(settings.__struct_fields__) == named | arguments_only | {"limits"}
