"""The variables and addresses of the vendors' own clients mean here what they mean there."""

from __future__ import annotations

from pathlib import Path

import pytest

from typedpipes.configuration import configuration
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipefy.settings import PipefySettings

PIPEDREAM = {"PIPEDREAM_CLIENT_ID": "id", "PIPEDREAM_CLIENT_SECRET": "s3cret"}


def test_the_environment_of_the_vendors_client_is_ours() -> None:
    env = {**PIPEDREAM, "PIPEDREAM_PROJECT_ENVIRONMENT": "development"}
    assert PipedreamSettings.resolve(env=env).environment == "development"
    assert PipedreamSettings.resolve(env=configuration(environ=env)).environment == "development"
    both = {**env, "PIPEDREAM_ENVIRONMENT": "production"}
    for given in (both, configuration(environ=both)):
        with pytest.raises(
            ConfigurationError, match="PIPEDREAM_ENVIRONMENT and PIPEDREAM_PROJECT_ENVIRONMENT have dif"
        ):
            PipedreamSettings.resolve(env=given)
    assert PipedreamSettings.resolve(env=both, environment="development").environment == "development"


def test_a_variable_of_the_vendors_client_hides_a_profile_as_ours_does(tmp_path: Path) -> None:
    profile = tmp_path / "typedpipes.toml"
    profile.write_text('pipedream.environment = "production"\n', encoding="utf-8")
    env = {**PIPEDREAM, "PIPEDREAM_PROJECT_ENVIRONMENT": "development"}
    assert PipedreamSettings.resolve(env=configuration(environ=env, config=profile)).environment == "development"


def test_a_service_account_of_the_vendors_toolkit_is_read() -> None:
    env = {
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": "id",
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": "planted",
        "PIPEFY_BASE_URL": "https://app.pipefy.com",
    }
    settings = PipefySettings.resolve(env=env)
    assert (settings.client_id, settings.base_url) == ("id", "https://app.pipefy.com/graphql")
    assert settings.token_url == "https://app.pipefy.com/oauth/token"
    with pytest.raises(ConfigurationError) as caught:
        PipefySettings.resolve(env={**env, "PIPEFY_CLIENT_SECRET": "other"})
    assert "planted" not in str(caught.value) + "other"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://api.example.com", "https://api.example.com/v1"),
        ("https://api.example.com/", "https://api.example.com/v1"),
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("https://api.example.com/other", "https://api.example.com/other"),
    ],
)
def test_a_host_without_a_path_means_the_vendors_api_there(given: str, meant: str) -> None:
    assert PipedreamSettings.resolve(env={**PIPEDREAM, "PIPEDREAM_BASE_URL": given}).base_url == meant


@pytest.mark.parametrize("client", [Pipedream, AsyncPipedream])
def test_an_access_token_stands_for_the_client_that_made_it(client: type[Pipedream] | type[AsyncPipedream]) -> None:
    made = client(env={"PIPEDREAM_ACCESS_TOKEN": "planted" * 4})
    assert "planted" not in repr(made)
    credential = PipedreamSettings.resolve(env={"PIPEDREAM_ACCESS_TOKEN": "planted" * 4}).credentials().get("oauth")
    assert credential is not None
    with pytest.raises(ConfigurationError, match="keep one"):
        PipedreamSettings.resolve(env={**PIPEDREAM, "PIPEDREAM_ACCESS_TOKEN": "planted" * 4})
