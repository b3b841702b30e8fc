"""A setting is declared once: clients, the environment, profiles and the documentation follow the table."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest

from typedpipes._core.options import AsyncClientOptions, ClientOptions
from typedpipes.configuration.settings import ACCOUNTS, BY_PATH, SETTINGS
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedream import options as pipedream
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipedrive import options as pipedrive
from typedpipes.pipedrive.settings import PipedriveSettings
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes.pipefy import options as pipefy
from typedpipes.pipefy.settings import PipefySettings

CLIENTS = [
    pytest.param("pipefy", Pipefy, pipefy.PipefyClientOptions, PipefySettings, id="Pipefy"),
    pytest.param("pipefy", AsyncPipefy, pipefy.AsyncPipefyClientOptions, PipefySettings, id="AsyncPipefy"),
    pytest.param("pipedream", Pipedream, pipedream.PipedreamClientOptions, PipedreamSettings, id="Pipedream"),
    pytest.param(
        "pipedream", AsyncPipedream, pipedream.AsyncPipedreamClientOptions, PipedreamSettings, id="AsyncPipedream"
    ),
    pytest.param("pipedrive", Pipedrive, pipedrive.PipedriveClientOptions, PipedriveSettings, id="Pipedrive"),
    pytest.param(
        "pipedrive", AsyncPipedrive, pipedrive.AsyncPipedriveClientOptions, PipedriveSettings, id="AsyncPipedrive"
    ),
]


@pytest.mark.parametrize(("vendor", "client", "keywords", "settings"), CLIENTS)
def test_a_client_takes_the_settings_of_the_table_and_the_options_of_every_client(
    vendor: str, client: Any, keywords: Any, settings: Any
) -> None:
    table = get_type_hints(ACCOUNTS[vendor])
    assert set(settings.__struct_fields__) == {*table, "limits"}
    shared = AsyncClientOptions if client.__name__.startswith("Async") else ClientOptions
    assert set(keywords.__annotations__) == {*table, *shared.__annotations__}
    for function in (client, client.from_env):
        extra = [one for one in inspect.signature(function).parameters.values() if one.kind is one.VAR_KEYWORD]
        assert [one.annotation for one in extra] == [f"Unpack[{keywords.__name__}]"]


@pytest.mark.parametrize("vendor", ACCOUNTS)
def test_every_keyword_is_a_variable_and_a_key_unless_only_code_gives_it(vendor: str) -> None:
    keys = {setting.key for setting in SETTINGS if setting.vendor == vendor} - {"limits"}
    assert get_type_hints(ACCOUNTS[vendor]).keys() - keys <= {"journal", "connect_token"}
    for key in keys:
        assert BY_PATH[f"{vendor}.{key}"].variable == f"{vendor}_{key}".upper()


def test_the_types_say_what_a_variable_may_hold() -> None:
    assert BY_PATH["pipefy.plan"].choices == ("starter", "business", "enterprise", "unlimited")
    assert BY_PATH["pipedrive.seats"].kind == "count"
    assert BY_PATH["pipefy.organization_id"].kind == "id"
    assert {setting.path for setting in SETTINGS if setting.secret and setting.key != "limits"} == {
        "pipefy.client_secret",
        "pipefy.token",
        "pipedream.client_secret",
        "pipedream.access_token",
        "pipedream.api_key",
        "pipedrive.api_token",
        "pipedrive.client_secret",
        "pipedrive.refresh_token",
    }


VALUES = {"plan": "business", "environment": "development", "figures": "documented", "allowance": 9, "seats": 9}


@pytest.mark.parametrize(("vendor", "settings"), [(row.values[0], row.values[3]) for row in CLIENTS[::2]])
def test_every_setting_is_read_from_its_keyword_and_from_its_variable(vendor: str, settings: Any) -> None:
    """The credential beside it, if it is none, is the token's."""
    token = {"pipefy": "token", "pipedream": "api_key", "pipedrive": "api_token"}[vendor]
    pair = {"client_id": "id", "client_secret": "planted"}
    for key, hint in get_type_hints(ACCOUNTS[vendor]).items():
        beside = pair if key in (*pair, "refresh_token") else {token: "planted"}
        value = VALUES.get(key) or (f"https://{key.replace('_', '-')}.example/path" if "url" in key else "given")
        if key == "plan" and vendor == "pipedrive":
            value = "growth"
        given = {**beside, key: value}
        shown = getattr(settings.resolve(**given), key)
        assert (shown.reveal() if hasattr(shown, "reveal") else shown) == value, key
        if f"{vendor}.{key}" in BY_PATH:
            env = {f"{vendor}_{name}".upper(): str(each) for name, each in given.items()}
            assert getattr(settings.resolve(env=env), key) == shown, key
        assert hint
