"""Which credential the settings make, and what is said when they do not suffice."""

from __future__ import annotations

from typing import Any

import pytest

from typedpipes._core.auth import StaticCredential
from typedpipes._core.auth.token_credential import TokenCredential
from typedpipes._core.redaction import Secret
from typedpipes.configuration import Configuration
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream.oauth import PipedreamOAuth
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedrive.oauth import PipedriveOAuth
from typedpipes.pipedrive.settings import PipedriveSettings
from typedpipes.pipefy.settings import PIPEFY_KINDS, PipefySettings

PIPEFY_ACCOUNT = {"PIPEFY_CLIENT_ID": "id", "PIPEFY_CLIENT_SECRET": "secret-planted"}
OAUTH = {"PIPEDREAM_CLIENT_ID": "id", "PIPEDREAM_CLIENT_SECRET": "secret-planted"}
APP = {"PIPEDRIVE_CLIENT_ID": "id", "PIPEDRIVE_CLIENT_SECRET": "secret-planted"}


def test_pipefy_takes_the_service_account() -> None:
    settings = PipefySettings.resolve(env=PIPEFY_ACCOUNT)
    chosen = settings.credentials().choose(PIPEFY_KINDS, "https://api.pipefy.com:443", "x")
    assert isinstance(chosen, TokenCredential)
    assert chosen.kind == "service_account"
    assert settings.token_url == "https://app.pipefy.com/oauth/token"


def test_pipefy_takes_the_personal_token_otherwise() -> None:
    settings = PipefySettings.resolve(env={"PIPEFY_TOKEN": " token-planted\n", "PIPEFY_CLIENT_ID": ""})
    chosen = settings.credentials().choose(PIPEFY_KINDS, "https://api.pipefy.com:443", "x")
    assert isinstance(chosen, StaticCredential)
    assert chosen.kind == "personal_token"


def test_an_argument_hides_the_environment() -> None:
    settings = PipefySettings.resolve(env=PIPEFY_ACCOUNT, token="mine-planted")
    assert settings.client_id is None
    assert settings.token == Secret("mine-planted")


@pytest.mark.parametrize(
    ("base_url", "token_url"),
    [
        ("https://api.pipefy.com/graphql", "https://app.pipefy.com/oauth/token"),
        ("https://app.pipefy.com/graphql", "https://app.pipefy.com/oauth/token"),
        ("http://127.0.0.1:9/graphql", "http://127.0.0.1:9/oauth/token"),
    ],
)
def test_another_address_means_another_token_endpoint(base_url: str, token_url: str) -> None:
    """A service account meant for a sandbox must not travel to the vendor, nor the other way round."""
    assert PipefySettings.resolve(env={**PIPEFY_ACCOUNT, "PIPEFY_BASE_URL": base_url}).token_url == token_url
    given = PipefySettings.resolve(env={**PIPEFY_ACCOUNT, "PIPEFY_TOKEN_URL": "https://t.example/x"}, base_url=base_url)
    assert given.token_url == "https://t.example/x"


def test_pipedream_keeps_both_and_the_operation_decides() -> None:
    env = {**OAUTH, "PIPEDREAM_API_KEY": "key-planted", "PIPEDREAM_ORG_ID": "o_1", "PIPEDREAM_PROJECT_ID": "proj_1"}
    settings = PipedreamSettings.resolve(env={**env, "PIPEDREAM_ENVIRONMENT": "development"})
    assert (settings.org_id, settings.project_id, settings.environment) == ("o_1", "proj_1", "development")
    credentials = settings.credentials()
    home = "https://api.pipedream.com:443"
    assert isinstance(credentials.choose(("oauth", "api_key"), home, "x"), PipedreamOAuth)
    chosen = credentials.choose(("api_key",), home, "users.me")
    assert chosen is not None
    assert chosen.kind == "api_key"


def test_a_missing_kind_names_its_setting() -> None:
    credentials = PipedreamSettings.resolve(env=OAUTH).credentials()
    with pytest.raises(ConfigurationError, match=r"rest\.users\.me needs a user API key .*PIPEDREAM_API_KEY"):
        credentials.choose(("api_key",), "https://api.pipedream.com:443", "rest.users.me")


def test_the_oauth_token_may_go_to_workflows_but_the_api_key_may_not() -> None:
    credentials = PipedreamSettings.resolve(env={**OAUTH, "PIPEDREAM_API_KEY": "key-planted"}).credentials()
    oauth, key = credentials.get("oauth"), credentials.get("api_key")
    assert oauth is not None
    assert key is not None
    for origin, allowed in [
        ("https://eo1.m.pipedream.net:443", True),
        ("https://m.pipedream.net:443", True),
        ("http://eo1.m.pipedream.net:80", False),
        ("https://m.pipedream.net.evil.example:443", False),
        ("https://evilm.pipedream.net:443", False),
        ("https://api.pipedream.com.evil.example:443", False),
        ("https://api.pipedream.com:8443", False),
    ]:
        assert oauth.permits(origin) is allowed, origin
        assert key.permits(origin) is False


@pytest.mark.parametrize(
    ("kind", "token", "app"), [(PipefySettings, "token", PIPEFY_ACCOUNT), (PipedriveSettings, "api_token", APP)]
)
def test_two_credentials_of_which_one_would_be_dropped_are_refused(kind: Any, token: str, app: dict[str, str]) -> None:
    variable = f"{'PIPEFY' if kind is PipefySettings else 'PIPEDRIVE'}_{token.upper()}"
    with pytest.raises(ConfigurationError, match="both a token") as caught:
        kind.resolve(env={**app, variable: "token-planted"})
    assert caught.value.setting == variable
    for others in ({"client_id": "id", "client_secret": "secret-planted"}, {"client_id": "id"}, {"client_secret": "s"}):
        with pytest.raises(ConfigurationError) as caught:
            kind.resolve(**{token: "token-planted"}, **others)
    assert kind.resolve(env=app, **{token: "token-planted"}).client_id is None, "an argument hides the environment"
    layered = Configuration()
    layered.lay_under(app, "above")
    layered.lay_under({variable: "token-planted"}, "below")
    assert kind.resolve(env=layered).client_id == "id", "so does what is above in a configuration"


@pytest.mark.parametrize("company", ["acme", "acme.pipedrive.com", "https://acme.pipedrive.com/", "ACME"])
def test_pipedrive_goes_to_the_company(company: str) -> None:
    settings = PipedriveSettings.resolve(env={"PIPEDRIVE_COMPANY_DOMAIN": company}, api_token="token-planted")
    assert settings.base_url == "https://acme.pipedrive.com"
    token = settings.credentials().get("api_token")
    assert token is not None
    assert token.origins == {"https://acme.pipedrive.com:443"}
    assert token.header == "x-api-token"


@pytest.mark.parametrize("company", ["a/b", "evil.example#", "", "a b", "acme.pipedrive.com.evil.example"])
def test_a_company_domain_cannot_name_another_host(company: str) -> None:
    if company:
        with pytest.raises(ConfigurationError, match="company_domain"):
            PipedriveSettings.resolve(api_token="token-planted", company_domain=company)
    else:
        assert PipedriveSettings.resolve(api_token="token-planted", company_domain=company).base_url is None


def test_pipedrive_oauth_from_the_environment() -> None:
    env = {**APP, "PIPEDRIVE_REFRESH_TOKEN": "refresh-planted", "PIPEDRIVE_OAUTH_URL": "http://127.0.0.1:9/"}
    credentials = PipedriveSettings.resolve(env=env).credentials()
    oauth, basic = credentials.get("oauth2"), credentials.get("basic")
    assert isinstance(oauth, PipedriveOAuth)
    assert basic is not None
    assert basic.origins == {"http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("settings", "env", "setting"),
    [
        (PipefySettings, {}, "PIPEFY_CLIENT_ID"),
        (PipefySettings, {"PIPEFY_CLIENT_ID": "id"}, "PIPEFY_CLIENT_SECRET"),
        (PipefySettings, {"PIPEFY_CLIENT_SECRET": "s-planted"}, "PIPEFY_CLIENT_ID"),
        (PipedreamSettings, {}, "PIPEDREAM_CLIENT_ID"),
        (PipedreamSettings, {"PIPEDREAM_CLIENT_ID": "id", "PIPEDREAM_API_KEY": "k"}, "PIPEDREAM_CLIENT_SECRET"),
        (PipedriveSettings, {}, "PIPEDRIVE_API_TOKEN"),
        (PipedriveSettings, {"PIPEDRIVE_CLIENT_ID": "id"}, "PIPEDRIVE_CLIENT_SECRET"),
    ],
)
def test_what_is_missing_is_named(settings: type[PipefySettings], env: dict[str, str], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings.resolve(env=env)
    assert caught.value.setting == setting
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "tab\tbed", "line\nbreak", "zero\u200bwidth", "ümlaut"])
def test_a_token_that_cannot_stand_in_a_header_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigurationError, match="PIPEFY_TOKEN") as caught:
        PipefySettings.resolve(token=token).credentials()
    assert token not in str(caught.value)


def test_settings_show_no_secret() -> None:
    env = {**PIPEFY_ACCOUNT, **OAUTH, **APP, "PIPEDREAM_API_KEY": "key-planted"}
    for settings in (PipefySettings, PipedreamSettings, PipedriveSettings):
        made = settings.resolve(env=env)
        assert "planted" not in repr(made)
        assert "planted" not in repr(list(made.credentials()))
